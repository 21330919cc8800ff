"""Querysets of maintenances, windows and impacts."""

from datetime import timedelta

from django.test import TestCase

from nautobot_circuit_maintenance.choices import (
    CircuitImpactChoices as Impact,
    CircuitMaintenanceStatusChoices as Status,
)
from nautobot_circuit_maintenance.models import CircuitImpact, CircuitMaintenance, MaintenanceWindow, Notification
from nautobot_circuit_maintenance.models.severity import SEVERITIES, impact_of_severity, worst_impact
from nautobot_circuit_maintenance.tests.factories import app, core
from nautobot_circuit_maintenance.tests.factories.mail import NOON

NOON = NOON
HOUR = timedelta(hours=1)


class QuerySetTest(TestCase):
    """Maintenances around noon, one of them in two windows."""

    @classmethod
    def setUpTestData(cls):
        cls.isp = core.create_provider("ISP 1")
        for name, hours, status in (
            ("past", -10, Status.CONFIRMED),
            ("running", -1, Status.IN_PROCESS),
            ("cancelled", -1, Status.CANCELLED),
            ("completed", -1, Status.COMPLETED),
            ("tonight", 10, Status.CONFIRMED),
        ):
            app.create_maintenance(name, cls.isp, start=NOON + hours * HOUR, hours=4, status=status)
        nights = app.create_maintenance("two nights", cls.isp, start=NOON - 24 * HOUR, hours=4)
        app.add_window(nights, NOON + 20 * HOUR)
        CircuitMaintenance.objects.create(name="no time", provider=cls.isp)

    def assert_names(self, maintenances, *names: str) -> None:
        """Check which maintenances these are."""
        self.assertCountEqual(maintenances.values_list("name", flat=True), names)

    def test_active_at_asks_each_window(self):
        objects = CircuitMaintenance.objects

        self.assert_names(objects.active_at(NOON), "running", "cancelled", "completed")
        self.assert_names(objects.active_at(NOON - 24 * HOUR), "two nights")
        self.assert_names(objects.active_at(NOON + 3 * HOUR))  # the end of a window is not part of it

    def test_in_progress_at_needs_a_status_that_is_open(self):
        objects = CircuitMaintenance.objects

        self.assert_names(objects.in_progress_at(NOON), "running")
        self.assert_names(
            objects.not_in_progress_at(NOON), "past", "cancelled", "completed", "tonight", "two nights", "no time"
        )

    def test_overlapping_takes_open_ranges(self):
        objects = CircuitMaintenance.objects

        self.assert_names(objects.overlapping(NOON + 4 * HOUR, None), "tonight", "two nights")
        self.assert_names(objects.overlapping(None, NOON - 9 * HOUR), "past", "two nights")
        self.assert_names(objects.overlapping(NOON + 9 * HOUR, NOON + 10 * HOUR), "tonight")
        self.assertEqual(MaintenanceWindow.objects.overlapping(NOON + 4 * HOUR, None).count(), 2)

    def test_over_and_not_over_are_opposites(self):
        objects = CircuitMaintenance.objects

        self.assert_names(objects.over(NOON), "past", "cancelled", "completed")
        self.assert_names(objects.not_over(NOON), "running", "tonight", "two nights", "no time")

    def test_a_replaced_maintenance_is_over(self):
        tonight = CircuitMaintenance.objects.get(name="tonight")
        CircuitMaintenance.objects.filter(name="running").update(replaced_by=tonight)

        self.assert_names(CircuitMaintenance.objects.in_progress_at(NOON))
        self.assert_names(CircuitMaintenance.objects.not_over(NOON), "tonight", "two nights", "no time")
        self.assert_names(CircuitMaintenance.objects.open(), "past", "tonight", "two nights", "no time")

    def test_doubtful_maintenances_have_doubts(self):
        doubt = {"kind": "no-circuit", "sentence": "No circuit is named.", "fingerprint": "a"}
        CircuitMaintenance.objects.filter(name="past").update(doubts=[doubt])

        self.assert_names(CircuitMaintenance.objects.doubtful(), "past")

    def test_open_asks_the_status_alone(self):
        self.assert_names(CircuitMaintenance.objects.open(), "past", "running", "tonight", "two nights", "no time")
        self.assert_names(
            CircuitMaintenance.objects.not_cancelled(),
            "past",
            "running",
            "completed",
            "tonight",
            "two nights",
            "no time",
        )

    def test_starting_between_includes_both_ends(self):
        found = CircuitMaintenance.objects.starting_between(NOON - 10 * HOUR, NOON - HOUR)

        self.assert_names(found, "past", "running", "cancelled", "completed")

    def test_methods_can_be_chained_on_related_managers(self):
        self.assert_names(self.isp.circuit_maintenances.open().active_at(NOON), "running")

    def test_impact_summary_counts_only_the_given_impacts(self):
        maintenance = CircuitMaintenance.objects.get(name="tonight")
        app.create_impact(maintenance, core.create_circuit(self.isp, "C-1"), Impact.DEGRADED)
        app.create_impact(maintenance, "UNKNOWN", Impact.OUTAGE)

        def summary(impacts) -> tuple[int, int, str]:
            row = CircuitMaintenance.objects.with_impact_summary(impacts).get(name="tonight")
            return row.circuit_count, row.unmatched_count, impact_of_severity(row.worst_severity)

        self.assertEqual(summary(CircuitImpact.objects.all()), (2, 1, Impact.OUTAGE))
        self.assertEqual(summary(CircuitImpact.objects.filter(cid="C-1")), (1, 0, Impact.DEGRADED))
        self.assertEqual(summary(CircuitImpact.objects.none()), (0, 0, ""))
        self.assertEqual([each.cid for each in CircuitImpact.objects.unmatched()], ["UNKNOWN"])


class OwnWindowsTest(TestCase):
    """Three circuits in a maintenance of two nights: one in both, one in the second only, one that is affected no longer."""

    @classmethod
    def setUpTestData(cls):
        isp = core.create_provider("ISP 1")
        cls.nights = app.create_maintenance("two nights", isp)
        second = app.add_window(cls.nights, NOON + 24 * HOUR)
        app.create_impact(cls.nights, "BOTH", Impact.DEGRADED)
        app.create_impact(cls.nights, "SECOND").limit_to([second])
        app.create_impact(cls.nights, "NONE", Impact.OUTAGE).limit_to([])

    def test_circuits_are_asked_for_their_own_windows(self):
        def active_at(moment) -> set[str]:
            return set(CircuitImpact.objects.active_at(moment).values_list("cid", flat=True))

        self.assertEqual(active_at(NOON + HOUR), {"BOTH"})
        self.assertEqual(active_at(NOON + 25 * HOUR), {"BOTH", "SECOND"})
        self.assertEqual(active_at(NOON + 10 * HOUR), set())
        self.assertEqual(CircuitImpact.objects.overlapping(None, None).count(), 2)

    def test_a_circuit_without_windows_is_not_affected(self):
        self.assertCountEqual(CircuitImpact.objects.affected().values_list("cid", flat=True), ["BOTH", "SECOND"])

    def test_the_summary_counts_what_is_affected(self):
        CircuitImpact.objects.filter(cid="SECOND").update(impact=Impact.NO_IMPACT)

        row = CircuitMaintenance.objects.with_impact_summary(CircuitImpact.objects.all()).get()

        self.assertEqual((row.circuit_count, impact_of_severity(row.worst_severity)), (2, Impact.DEGRADED))


class NeedingAttentionTest(TestCase):
    """Which notifications a person should look at."""

    def test_failed_refused_and_partly_read_ones_need_attention(self):
        isp = core.create_provider("ISP 1")
        for state, error in (("failed", "a"), ("refused", "b"), ("parsed", "c"), ("parsed", ""), ("ignored", "d")):
            app.create_notification(isp, state=state, error=error, subject=f"{state} {error}")

        subjects = Notification.objects.needing_attention().values_list("subject", flat=True)

        self.assertCountEqual(subjects, ["failed a", "refused b", "parsed c"])
        self.assertEqual(Notification.objects.partly_read().get().subject, "parsed c")


class SeverityTest(TestCase):
    """How impacts compare."""

    def test_worst_impact_is_the_most_severe(self):
        self.assertEqual(worst_impact([Impact.DEGRADED, Impact.OUTAGE, Impact.NO_IMPACT]), Impact.OUTAGE)
        self.assertEqual(worst_impact([]), "")

    def test_severities_count_from_one(self):
        self.assertEqual([impact_of_severity(place) for place in range(5)], ["", *SEVERITIES])
