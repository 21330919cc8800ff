"""Acknowledging: one function for the pages and the REST API."""

from datetime import timedelta

from django.contrib.auth import get_user_model
from django.test import TestCase

from nautobot_circuit_maintenance.models import CircuitMaintenance
from nautobot_circuit_maintenance.models.acknowledgement import acknowledge, unacknowledge
from nautobot_circuit_maintenance.tests.factories.mail import NOON


class AcknowledgeTest(TestCase):
    """The result of acknowledging and of removing the acknowledgement."""

    def setUp(self):
        """Create three unacknowledged maintenances and a user."""
        self.user = get_user_model().objects.create(username="operator")
        for name in ("M-1", "M-2", "M-3"):
            CircuitMaintenance.objects.create(name=name)
        self.maintenances = CircuitMaintenance.objects.all()

    def names(self, rows):
        """Return the names of maintenances."""
        return [row.name for row in rows]

    def test_result_names_acknowledged_changed_and_already_acknowledged_ones(self):
        already = CircuitMaintenance.objects.get(name="M-1")
        already.acknowledge(None, NOON)
        already.save()
        seen_at = CircuitMaintenance.objects.get(name="M-2").last_updated
        newer = seen_at + timedelta(seconds=1)
        CircuitMaintenance.objects.filter(name="M-2").update(last_updated=newer)
        CircuitMaintenance.objects.filter(name="M-3").update(last_updated=seen_at)

        result = acknowledge(self.maintenances, self.user, now=NOON, seen_at=seen_at)

        self.assertEqual(self.names(result.acknowledged), ["M-3"])
        self.assertEqual(self.names(result.changed), ["M-2"])
        self.assertEqual(self.names(result.already), ["M-1"])
        stored = CircuitMaintenance.objects.values_list("name", "ack", "acknowledged_by")
        self.assertEqual(sorted(stored), [("M-1", True, None), ("M-2", False, None), ("M-3", True, self.user.pk)])

    def test_without_seen_at_changes_do_not_matter(self):
        result = acknowledge(self.maintenances, self.user, now=NOON)

        self.assertEqual(self.names(result.acknowledged), ["M-1", "M-2", "M-3"])
        self.assertEqual(
            set(self.maintenances.values_list("acknowledged_by", "acknowledged_at")), {(self.user.pk, NOON)}
        )

    def test_unacknowledge_returns_the_maintenances_that_were_acknowledged(self):
        acknowledge(self.maintenances.filter(name="M-1"), self.user, now=NOON)

        self.assertEqual(self.names(unacknowledge(self.maintenances)), ["M-1"])
        self.assertFalse(self.maintenances.exclude(ack=False, acknowledged_by=None, acknowledged_at=None).exists())

    def test_when_it_was_removed_is_recorded_where_there_was_one_however_it_is_removed(self):
        acknowledge(self.maintenances.exclude(name="M-3"), self.user, now=NOON)
        unacknowledge(self.maintenances.exclude(name="M-2"))
        for name in ("M-2", "M-3"):
            maintenance = CircuitMaintenance.objects.get(name=name)
            maintenance.ack = False
            maintenance.validated_save()

        removed = dict(self.maintenances.values_list("name", "unacknowledged_at"))
        self.assertEqual([name for name, at in sorted(removed.items()) if at], ["M-1", "M-2"])
