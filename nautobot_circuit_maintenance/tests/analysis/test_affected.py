"""Locations and devices whose circuits are affected."""

from datetime import timedelta

from django.test import TestCase
from nautobot.circuits.models import Circuit
from nautobot.dcim.models import Location

from nautobot_circuit_maintenance import models
from nautobot_circuit_maintenance.analysis import affected
from nautobot_circuit_maintenance.analysis.visibility import Visibility
from nautobot_circuit_maintenance.choices import (
    CircuitImpactChoices as Impact,
    CircuitMaintenanceStatusChoices as Status,
)
from nautobot_circuit_maintenance.tests.factories import app, core, users
from nautobot_circuit_maintenance.tests.factories.mail import NOON

NOON = NOON  # Friday, 20 November 2026
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


class AffectedTest(TestCase):
    """Affected locations and devices."""

    @classmethod
    def setUpTestData(cls):
        cls.user = users.superuser()
        isp = core.create_provider("ISP 1")
        cls.athens, cls.berlin = core.create_sites("Athens", "Berlin")
        cls.device = core.create_device("edge-1", cls.athens)
        other = core.create_device("edge-2", cls.berlin)
        cls.circuits = [core.create_circuit(isp, f"C-{number}") for number in range(3)]
        # Both ends are cabled, as usual: the path that starts at an interface leads to the far device.
        core.terminate(cls.circuits[0], "A", cls.athens, cls.device)
        core.terminate(cls.circuits[0], "Z", cls.berlin, other)
        core.terminate(cls.circuits[1], "A", cls.athens, cls.device)
        core.terminate(cls.circuits[2], "A", cls.athens)
        first = app.create_maintenance("first", isp, start=NOON + 2 * HOUR)
        second = app.create_maintenance("second", isp, start=NOON + 9 * HOUR)
        app.create_impact(first, cls.circuits[1], Impact.DEGRADED)
        app.create_impact(first, cls.circuits[2], Impact.NO_IMPACT)
        app.create_impact(second, cls.circuits[0], Impact.OUTAGE)
        app.create_impact(second, cls.circuits[1], Impact.REDUCED_REDUNDANCY)
        cancelled = app.create_maintenance("off", isp, start=NOON + HOUR, status=Status.CANCELLED)
        app.create_impact(cancelled, cls.circuits[2])

    def terminations(self, user=None):
        """Return the ends that are affected in the next 30 days."""
        return affected.read_terminations(Visibility.of(user or self.user), NOON, NOON + 30 * DAY)

    def test_locations_count_affected_circuits_and_all_that_end_there(self):
        found = [
            (each.name, each.start - NOON, len(each.circuits), each.circuit_count, each.impact)
            for each in affected.affected_locations(Visibility.of(self.user), self.terminations(), NOON).rows
        ]

        self.assertEqual(
            found, [("Athens", 2 * HOUR, 1, 3, Impact.DEGRADED), ("Berlin", 9 * HOUR, 1, 1, Impact.OUTAGE)]
        )

    def test_what_happens_in_another_night_is_not_said_of_the_next_window(self):
        isp = self.circuits[0].provider
        for number, circuit in enumerate(self.circuits):
            app.create_impact(app.create_maintenance(f"night {number}", isp, start=NOON + (2 + number) * DAY), circuit)

        athens, _ = affected.affected_locations(Visibility.of(self.user), self.terminations(), NOON).rows
        self.assertEqual((len(athens.circuits), athens.impact), (1, Impact.DEGRADED))

    def test_what_is_in_progress_counts_together(self):
        found = affected.affected_locations(Visibility.of(self.user), self.terminations(), NOON + 9.5 * HOUR).rows

        self.assertEqual((len(found[0].circuits), found[0].impact), (2, Impact.OUTAGE))

    def test_devices_are_those_that_circuits_are_cabled_to(self):
        found = [
            (each.name, each.start - NOON, len(each.circuits), each.impact)
            for each in affected.affected_devices(Visibility.of(self.user), self.terminations(), NOON).rows
        ]

        self.assertEqual(found, [("edge-1", 2 * HOUR, 1, Impact.DEGRADED), ("edge-2", 9 * HOUR, 1, Impact.OUTAGE)])

    def test_a_circuit_is_affected_in_its_own_windows_only(self):
        for impact in models.CircuitImpact.objects.all():
            impact.limit_to([])
        self.assertEqual(self.terminations(), [])
        impact = models.CircuitImpact.objects.get(maintenance__name="first", circuit=self.circuits[1])
        late = app.add_window(impact.maintenance, NOON + 5 * DAY)
        impact.limit_to([late])

        self.assertEqual({each.start for each in self.terminations()}, {late.start_time})

    def test_affected_objects_are_restricted_by_permissions(self):
        every = set(users.ALL)
        for model in (models.CircuitMaintenance, models.CircuitImpact, Circuit):
            with self.subTest(model=model):
                self.assertEqual(self.terminations(users.viewer(*every - {model})), [])
        narrow = users.viewer(*every, constraints={Location: {"name": "Berlin"}})
        found = affected.affected_locations(Visibility.of(narrow), self.terminations(narrow), NOON)
        self.assertEqual([each.name for each in found.rows], ["Berlin"])
        self.assertEqual(found.pks, [self.berlin.pk])
