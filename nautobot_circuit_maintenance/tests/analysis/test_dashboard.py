"""The numbers and rows of the dashboard, asked for data that is written by hand."""

from datetime import date, timedelta

from django.test import TestCase
from nautobot.circuits.models import Circuit
from nautobot.dcim.models import Location

from nautobot_circuit_maintenance import models
from nautobot_circuit_maintenance.analysis import affected, dashboard, trends
from nautobot_circuit_maintenance.analysis.visibility import Visibility
from nautobot_circuit_maintenance.choices import (
    CircuitImpactChoices as Impact,
    CircuitMaintenanceStatusChoices as Status,
    NotificationStateChoices as State,
)
from nautobot_circuit_maintenance.tests import fixtures
from nautobot_circuit_maintenance.tests.analysis import world

NOON = fixtures.NOON  # Friday, 20 November 2026
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


class CountsTest(TestCase):
    """How many."""

    @classmethod
    def setUpTestData(cls):
        cls.user = world.superuser()
        cls.isp = fixtures.create_provider("ISP 1")

    def plan(self, name, hours_ahead, status=Status.CONFIRMED, **fields):
        """Create a maintenance of four hours."""
        return fixtures.create_maintenance(name, self.isp, start=NOON + hours_ahead * HOUR, status=status, **fields)

    def test_each_span_counts_what_works_in_it(self):
        self.plan("running", -1)
        self.plan("tonight", 12)
        self.plan("this week", 100)
        self.plan("this month", 600)
        self.plan("later", 1000)
        self.plan("over", -10)
        self.plan("cancelled", 1, Status.CANCELLED)
        self.plan("done early", -1, Status.COMPLETED)
        counts = dashboard.count_maintenances(Visibility.of(self.user), NOON)

        self.assertEqual(counts, dashboard.Counts(1, 2, 3, 4, in_span=4, unacknowledged=5))

    def test_between_two_windows_nothing_is_in_progress(self):
        fixtures.add_window(self.plan("two nights", -24), NOON + 20 * HOUR)
        counts = dashboard.count_maintenances(Visibility.of(self.user), NOON)

        self.assertEqual((counts.in_progress, counts.next_day), (0, 1))

    def test_several_windows_count_as_one_maintenance(self):
        fixtures.add_window(self.plan("two nights", 10), NOON + 34 * HOUR)

        self.assertEqual(dashboard.count_maintenances(Visibility.of(self.user), NOON).next_week, 1)

    def test_what_is_acknowledged_or_over_waits_for_nobody(self):
        self.plan("acknowledged", 10, ack=True)
        self.plan("over", -10)
        models.CircuitMaintenance.objects.create(name="no time yet", provider=self.isp)

        self.assertEqual(dashboard.count_maintenances(Visibility.of(self.user), NOON).unacknowledged, 1)

    def test_attention_counts_mail_sources_and_circuit_ids_ahead(self):
        failing = models.NotificationSource.objects.create(name="A", last_error="refused")
        models.NotificationSource.objects.create(name="B")
        for state in (State.FAILED, State.FAILED, State.REFUSED, State.PARSED, State.IGNORED, State.RECEIVED):
            fixtures.create_notification(self.isp, failing, state=state)
        fixtures.create_impact(self.plan("ahead", 10), "X-1")
        fixtures.create_impact(self.plan("over", -10), "X-2")
        sources = dashboard.read_sources(Visibility.of(self.user))

        self.assertEqual([(each.source.name, each.waiting) for each in sources], [("A", 1), ("B", 0)])
        attention = dashboard.count_problems(Visibility.of(self.user), NOON, sources)
        self.assertEqual(attention, dashboard.OpenProblems(failed=2, refused=1, unmatched=1, failing_sources=1))
        self.assertEqual(attention.total, 5)


class ComingTest(TestCase):
    """What comes."""

    @classmethod
    def setUpTestData(cls):
        cls.user = world.superuser()
        cls.isp = fixtures.create_provider("ISP 1")
        cls.places = world.create_sites("Athens", "Berlin", "Cairo")

    def coming(self, user=None):
        return dashboard.read_upcoming(Visibility.of(user or self.user), NOON, 30 * DAY)

    def test_in_progress_first_then_by_the_start_of_the_next_window(self):
        two_nights = fixtures.create_maintenance("two nights", self.isp, start=NOON - 24 * HOUR)
        fixtures.add_window(two_nights, NOON + 20 * HOUR, hours=2)
        for name, hours, status in (
            ("running", -1, Status.IN_PROCESS),
            ("tonight", 12, Status.CONFIRMED),
            ("tomorrow", 24, Status.TENTATIVE),
            ("cancelled", 5, Status.CANCELLED),
            ("far", 24 * 31, Status.CONFIRMED),
        ):
            fixtures.create_maintenance(name, self.isp, start=NOON + hours * HOUR, status=status)
        coming = self.coming()

        self.assertEqual([each.maintenance.name for each in coming], ["running", "tonight", "two nights", "tomorrow"])
        self.assertEqual((coming[2].start, coming[2].end), (NOON + 20 * HOUR, NOON + 22 * HOUR))

    def test_no_more_rows_than_a_page_wants(self):
        for number in range(20):
            fixtures.create_maintenance(f"M-{number:02}", self.isp, start=NOON + number * HOUR)

        self.assertEqual([each.maintenance.name for each in self.coming()], [f"M-{number:02}" for number in range(15)])

    def test_places_are_those_of_the_circuits_by_name_and_once(self):
        circuits = [fixtures.create_circuit(self.isp, f"C-{number}") for number in range(2)]
        maintenance = fixtures.create_maintenance("M", self.isp)
        for circuit, side, place in ((0, "A", 2), (0, "Z", 0), (1, "A", 0)):
            world.terminate(circuits[circuit], side, self.places[place])
        for circuit in circuits:
            fixtures.create_impact(maintenance, circuit, Impact.DEGRADED)
        fixtures.create_impact(maintenance, "X", Impact.NO_IMPACT)
        row = self.coming()[0]

        self.assertEqual([place.name for place in row.places], ["Athens", "Cairo"])
        self.assertEqual((row.maintenance.circuit_count, row.maintenance.unmatched_count), (3, 1))

    def test_who_may_only_view_may_not_acknowledge(self):
        fixtures.create_maintenance("M", self.isp)
        viewer = world.viewer(models.CircuitMaintenance)

        self.assertTrue(self.coming()[0].may_acknowledge)
        self.assertFalse(self.coming(viewer)[0].may_acknowledge)

    def test_places_are_withheld_from_who_may_not_view_locations_or_impacts(self):
        circuit = fixtures.create_circuit(self.isp, "C", location=self.places[0])
        fixtures.create_impact(fixtures.create_maintenance("M", self.isp), circuit)
        every = set(world.ALL)

        self.assertTrue(self.coming(world.viewer(*every))[0].places)
        for model in (models.CircuitImpact, Circuit, Location):
            with self.subTest(model=model):
                self.assertFalse(self.coming(world.viewer(*every - {model}))[0].places)


class AffectedTest(TestCase):
    """Where it hurts."""

    @classmethod
    def setUpTestData(cls):
        cls.user = world.superuser()
        isp = fixtures.create_provider("ISP 1")
        cls.athens, cls.berlin = world.create_sites("Athens", "Berlin")
        cls.device = world.create_device("edge-1", cls.athens)
        other = world.create_device("edge-2", cls.berlin)
        cls.circuits = [fixtures.create_circuit(isp, f"C-{number}") for number in range(3)]
        # Both ends are cabled, as they usually are: the interface's own path leads to the far device.
        world.terminate(cls.circuits[0], "A", cls.athens, cls.device)
        world.terminate(cls.circuits[0], "Z", cls.berlin, other)
        world.terminate(cls.circuits[1], "A", cls.athens, cls.device)
        world.terminate(cls.circuits[2], "A", cls.athens)
        first = fixtures.create_maintenance("first", isp, start=NOON + 2 * HOUR)
        second = fixtures.create_maintenance("second", isp, start=NOON + 9 * HOUR)
        fixtures.create_impact(first, cls.circuits[1], Impact.DEGRADED)
        fixtures.create_impact(first, cls.circuits[2], Impact.NO_IMPACT)
        fixtures.create_impact(second, cls.circuits[0], Impact.OUTAGE)
        fixtures.create_impact(second, cls.circuits[1], Impact.REDUCED_REDUNDANCY)
        cancelled = fixtures.create_maintenance("off", isp, start=NOON + HOUR, status=Status.CANCELLED)
        fixtures.create_impact(cancelled, cls.circuits[2])

    def hits(self, user=None):
        return affected.read_terminations(Visibility.of(user or self.user), NOON, NOON + 30 * DAY)

    def test_locations_with_the_circuits_that_are_hit_of_those_that_end_there(self):
        found = [
            (each.name, each.start - NOON, len(each.circuits), each.circuit_count, each.impact)
            for each in affected.affected_locations(Visibility.of(self.user), self.hits()).rows
        ]

        self.assertEqual(found, [("Athens", 2 * HOUR, 2, 3, Impact.OUTAGE), ("Berlin", 9 * HOUR, 1, 1, Impact.OUTAGE)])

    def test_devices_are_those_that_the_circuits_are_cabled_to(self):
        found = [
            (each.name, each.start - NOON, len(each.circuits), each.impact)
            for each in affected.affected_devices(Visibility.of(self.user), self.hits()).rows
        ]

        self.assertEqual(found, [("edge-1", 2 * HOUR, 2, Impact.OUTAGE), ("edge-2", 9 * HOUR, 1, Impact.OUTAGE)])

    def test_what_a_user_may_not_view_is_left_out(self):
        every = set(world.ALL)
        for model in (models.CircuitMaintenance, models.CircuitImpact, Circuit):
            with self.subTest(model=model):
                self.assertEqual(self.hits(world.viewer(*every - {model})), [])
        narrow = world.viewer(*every, constraints={Location: {"name": "Berlin"}})
        found = affected.affected_locations(Visibility.of(narrow), self.hits(narrow))
        self.assertEqual([each.name for each in found.rows], ["Berlin"])
        self.assertEqual(found.pks, [self.berlin.pk])


class TrendsTest(TestCase):
    """How much, by whom, how early."""

    @classmethod
    def setUpTestData(cls):
        cls.user = world.superuser()
        cls.isps = [fixtures.create_provider(name) for name in ("ISP 1", "ISP 2")]

    def plan(self, name, days, isp=0, **fields):
        return fixtures.create_maintenance(name, self.isps[isp], start=NOON + days * DAY, **fields)

    def test_weeks_are_stacked_by_the_worst_impact(self):
        now = self.plan("now", 0)
        fixtures.create_impact(now, "X-1", Impact.NO_IMPACT)
        fixtures.create_impact(now, "X-2", Impact.OUTAGE)
        fixtures.create_impact(self.plan("next week", 4), "X-1", Impact.DEGRADED)
        self.plan("not told", -7)
        self.plan("off", 0, status=Status.CANCELLED)
        self.plan("long ago", -100)
        weeks = trends.by_week(Visibility.of(self.user), NOON)

        self.assertEqual((weeks.mondays[0], weeks.mondays[-1]), (date(2026, 8, 24), date(2026, 12, 14)))
        told = {
            (weeks.mondays[place], impact): count
            for impact, counts in weeks.counts.items()
            for place, count in enumerate(counts)
            if count
        }
        self.assertEqual(
            told,
            {
                (date(2026, 11, 16), Impact.OUTAGE): 1,
                (date(2026, 11, 23), Impact.DEGRADED): 1,
                (date(2026, 11, 9), ""): 1,
            },
        )

    def test_providers_with_the_most_maintenances_first(self):
        for number in range(3):
            self.plan(f"M-{number}", -number - 1, isp=1 if number else 0)
        self.plan("ahead", 1)
        self.plan("last year", -366)

        self.assertEqual(trends.by_provider(Visibility.of(self.user), NOON), [("ISP 2", 2), ("ISP 1", 1)])

    def test_notice_counts_from_the_first_word_to_the_start(self):
        for name, notice in (("late", -1 * HOUR), ("day", 30 * HOUR), ("weeks", 20 * DAY)):
            maintenance = self.plan(name, -1)
            for again in (timedelta(), 30 * DAY):
                fixtures.create_parsed(
                    fixtures.create_notification(self.isps[0]),
                    maintenance,
                    issued_at=maintenance.start_time - notice + again,
                )
        self.plan("by hand", -1)

        self.assertEqual(
            [count for _, count in trends.notice_given(Visibility.of(self.user), NOON)], [1, 0, 1, 0, 0, 1]
        )

    def test_hours_by_month_sum_up_windows(self):
        fixtures.add_window(self.plan("now", 0, hours=4), NOON + 30 * DAY, hours=1.5)
        self.plan("off", 0, status=Status.CANCELLED)
        hours = trends.hours_by_month(Visibility.of(self.user), NOON)

        self.assertEqual(len(hours), 13)
        self.assertEqual(hours[0], (date(2025, 12, 1), 0))
        self.assertEqual(hours[-2:], [(date(2026, 11, 1), 4), (date(2026, 12, 1), 1.5)])

    def test_figures_count_what_started_lately(self):
        for days, hours in ((-1, 2), (-20, 4), (-200, 6), (-400, 100), (1, 100)):
            self.plan(f"M {days}", days, hours=hours)
        figures = trends.figures(Visibility.of(self.user), NOON)

        self.assertEqual((figures.last_week, figures.last_month, figures.last_year), (1, 2, 3))
        self.assertEqual((figures.mean_duration, figures.mean_per_month), (4 * HOUR, 0.25))

    def test_nothing_is_counted_for_who_may_see_nothing(self):
        fixtures.create_parsed(fixtures.create_notification(self.isps[0]), self.plan("M", -1))
        nobody = world.viewer()

        self.assertEqual(trends.figures(Visibility.of(nobody), NOON), trends.Figures(0, 0, 0, None))
        self.assertFalse(trends.by_provider(Visibility.of(nobody), NOON))
        self.assertFalse(sum(count for _, count in trends.notice_given(Visibility.of(nobody), NOON)))
        self.assertFalse(sum(count for _, count in trends.hours_by_month(Visibility.of(nobody), NOON)))
        self.assertFalse(any(map(any, trends.by_week(Visibility.of(nobody), NOON).counts.values())))
