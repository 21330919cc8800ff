"""Counts and rows of the dashboard."""

from datetime import timedelta

from django.test import TestCase
from nautobot.circuits.models import Circuit
from nautobot.dcim.models import Location

from nautobot_circuit_maintenance import models
from nautobot_circuit_maintenance.analysis import dashboard
from nautobot_circuit_maintenance.analysis.freshness import read_sources
from nautobot_circuit_maintenance.analysis.visibility import Visibility
from nautobot_circuit_maintenance.choices import (
    CircuitImpactChoices as Impact,
    CircuitMaintenanceStatusChoices as Status,
    NotificationStateChoices as State,
)
from nautobot_circuit_maintenance.filters import CircuitMaintenanceFilterSet
from nautobot_circuit_maintenance.tests.factories import app, core, users
from nautobot_circuit_maintenance.tests.factories.mail import NOON

NOON = NOON  # Friday, 20 November 2026
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


class CountsTest(TestCase):
    """Numbers of maintenances and of open problems."""

    @classmethod
    def setUpTestData(cls):
        cls.user = users.superuser()
        cls.isp = core.create_provider("ISP 1")

    def plan(self, name, hours_ahead, status=Status.CONFIRMED, **fields):
        """Create a maintenance of four hours."""
        return app.create_maintenance(name, self.isp, start=NOON + hours_ahead * HOUR, status=status, **fields)

    def test_each_span_counts_maintenances_with_a_window_in_it(self):
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

    def test_maintenance_between_two_windows_is_not_in_progress(self):
        app.add_window(self.plan("two nights", -24), NOON + 20 * HOUR)
        counts = dashboard.count_maintenances(Visibility.of(self.user), NOON)

        self.assertEqual((counts.in_progress, counts.next_day), (0, 1))

    def test_maintenance_with_several_windows_counts_once(self):
        app.add_window(self.plan("two nights", 10), NOON + 34 * HOUR)

        self.assertEqual(dashboard.count_maintenances(Visibility.of(self.user), NOON).next_week, 1)

    def test_acknowledged_and_past_maintenances_are_not_unacknowledged(self):
        self.plan("acknowledged", 10, ack=True)
        self.plan("over", -10)
        models.CircuitMaintenance.objects.create(name="no time yet", provider=self.isp)

        self.assertEqual(dashboard.count_maintenances(Visibility.of(self.user), NOON).unacknowledged, 1)

    def test_problems_count_notifications_sources_and_upcoming_circuit_ids(self):
        failing = models.NotificationSource.objects.create(name="A", last_error="refused")
        models.NotificationSource.objects.create(name="B")
        for state in (State.FAILED, State.FAILED, State.REFUSED, State.PARSED, State.IGNORED, State.RECEIVED):
            app.create_notification(self.isp, failing, state=state)
        app.create_notification(self.isp, failing, state=State.PARSED, error="READ-06: No DTSTART.")
        app.create_unknown_sender(failing, "who@elsewhere.example")
        models.UnknownSender.objects.filter(pk=app.create_unknown_sender(failing, "ad@x.example").pk).update(
            dismissed=True
        )
        app.create_impact(self.plan("ahead", 10), "X-1")
        app.create_impact(self.plan("over", -10), "X-2")
        doubt = {"kind": "no-circuit", "sentence": "No circuit is named.", "fingerprint": ""}
        models.CircuitMaintenance.objects.update(doubts=[doubt])  # one that is past needs no attention any more
        sources = read_sources(Visibility.of(self.user), NOON)

        self.assertEqual([(each.source.name, each.waiting) for each in sources], [("A", 1), ("B", 0)])
        problems = dashboard.count_problems(Visibility.of(self.user), NOON, sources)
        self.assertEqual(
            problems,
            dashboard.OpenProblems(
                2,
                1,
                partly_read=1,
                doubtful=1,
                unmatched=1,
                failing_sources=1,
                stale_sources=0,
                silent_sources=0,
                unknown_senders=1,
                suspended_layouts=0,
                overdue=0,
                failing_subscriptions=0,
                failed_deliveries=0,
                channels_down=0,
            ),
        )
        self.assertEqual(problems.total, 8)

    def test_a_doubtful_maintenance_without_a_time_needs_attention(self):
        doubt = {"kind": "no-circuit", "sentence": "No circuit is named.", "fingerprint": ""}
        models.CircuitMaintenance.objects.create(name="no time yet", provider=self.isp, doubts=[doubt])

        self.assertEqual(dashboard.count_problems(Visibility.of(self.user), NOON, []).doubtful, 1)
        listed = CircuitMaintenanceFilterSet(
            {"needs_attention": True, "past": False}, models.CircuitMaintenance.objects.all()
        )
        self.assertEqual([row.name for row in listed.qs], ["no time yet"])


class UpcomingTest(TestCase):
    """Upcoming maintenances."""

    @classmethod
    def setUpTestData(cls):
        cls.user = users.superuser()
        cls.isp = core.create_provider("ISP 1")
        cls.places = core.create_sites("Athens", "Berlin", "Cairo")

    def upcoming(self, user=None):
        """Return the rows of the next 30 days."""
        return dashboard.read_upcoming(Visibility.of(user or self.user), NOON, 30 * DAY)

    def test_rows_are_sorted_by_the_start_of_the_next_window(self):
        two_nights = app.create_maintenance("two nights", self.isp, start=NOON - 24 * HOUR)
        app.add_window(two_nights, NOON + 20 * HOUR, hours=2)
        for name, hours, status in (
            ("running", -1, Status.IN_PROCESS),
            ("tonight", 12, Status.CONFIRMED),
            ("tomorrow", 24, Status.TENTATIVE),
            ("cancelled", 5, Status.CANCELLED),
            ("far", 24 * 31, Status.CONFIRMED),
        ):
            app.create_maintenance(name, self.isp, start=NOON + hours * HOUR, status=status)
        upcoming = self.upcoming()

        self.assertEqual([each.maintenance.name for each in upcoming], ["running", "tonight", "two nights", "tomorrow"])
        self.assertEqual(len(upcoming[2].spans), 2)
        self.assertEqual(upcoming[2].spans[1], (NOON + 20 * HOUR, NOON + 22 * HOUR))

    def test_rows_are_limited(self):
        for number in range(20):
            app.create_maintenance(f"M-{number:02}", self.isp, start=NOON + number * HOUR)

        self.assertEqual([each.maintenance.name for each in self.upcoming()], [f"M-{number:02}" for number in range(8)])

    def test_places_are_named_once_in_alphabetical_order(self):
        circuits = [core.create_circuit(self.isp, f"C-{number}") for number in range(2)]
        maintenance = app.create_maintenance("M", self.isp)
        for circuit, side, place in ((0, "A", 2), (0, "Z", 0), (1, "A", 0)):
            core.terminate(circuits[circuit], side, self.places[place])
        for circuit in circuits:
            app.create_impact(maintenance, circuit, Impact.DEGRADED)
        app.create_impact(maintenance, "X", Impact.NO_IMPACT)
        row = self.upcoming()[0]

        self.assertEqual([place.name for place in row.places], ["Athens", "Cairo"])
        self.assertEqual((row.maintenance.circuit_count, row.maintenance.unmatched_count), (3, 1))

    def test_acknowledging_requires_permission_to_change(self):
        app.create_maintenance("M", self.isp)
        viewer = users.viewer(models.CircuitMaintenance)

        self.assertTrue(self.upcoming()[0].may_acknowledge)
        self.assertFalse(self.upcoming(viewer)[0].may_acknowledge)

    def test_places_require_permission_to_view_impacts_circuits_and_locations(self):
        circuit = core.create_circuit(self.isp, "C", location=self.places[0])
        app.create_impact(app.create_maintenance("M", self.isp), circuit)
        every = set(users.ALL)

        self.assertTrue(self.upcoming(users.viewer(*every))[0].places)
        for model in (models.CircuitImpact, Circuit, Location):
            with self.subTest(model=model):
                self.assertFalse(self.upcoming(users.viewer(*every - {model}))[0].places)
