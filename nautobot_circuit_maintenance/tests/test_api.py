"""Nautobot's generic tests of each REST endpoint."""

from datetime import timedelta

from nautobot.apps.testing import APIViewTestCases
from nautobot.circuits.models import Circuit, Provider
from rest_framework import status

from nautobot_circuit_maintenance import models
from nautobot_circuit_maintenance.choices import (
    CircuitImpactChoices as Impact,
    CircuitMaintenanceStatusChoices as Status,
)
from nautobot_circuit_maintenance.tests import inherited
from nautobot_circuit_maintenance.tests.factories import app
from nautobot_circuit_maintenance.tests.factories.mail import NOON
from nautobot_circuit_maintenance.tests.risk_case import configured


class _WorldMixin:
    @classmethod
    def setUpTestData(cls):  # pylint: disable=invalid-name  # Django's name
        app.create_world()


class CircuitMaintenanceAPITest(_WorldMixin, APIViewTestCases.APIViewTestCase):
    """Nautobot's tests, all of them."""

    model = models.CircuitMaintenance
    bulk_update_data = {"description": "All of them"}
    choices_fields = ["status"]
    validation_excluded_fields = ["windows"]  # rows of their own; test_csv_round_trip.py compares them

    @classmethod
    def setUpTestData(cls):
        super().setUpTestData()
        provider = Provider.objects.first()
        cls.create_data = [
            {
                "name": f"NEW-{number}",
                "provider": provider.pk,
                "status": Status.CONFIRMED,
                "start_time": NOON + timedelta(days=number),
                "end_time": NOON + timedelta(days=number, hours=1),
            }
            for number in range(3)
        ]
        # A start and an end are a window, too.
        window = {name: cls.create_data[0][name] for name in ("start_time", "end_time")}
        cls.update_data = {**cls.create_data[0], "windows": [window]}


class CircuitImpactAPITest(inherited.ListWithoutTagsApiTestCase, APIViewTestCases.APIViewTestCase):
    """Nautobot's tests, all of them."""

    model = models.CircuitImpact
    bulk_update_data = {"impact": Impact.NO_IMPACT}
    choices_fields = ["impact"]

    @classmethod
    def setUpTestData(cls):
        app.create_world()
        maintenance = models.CircuitMaintenance.objects.get(name="M-3")
        cls.create_data = [
            {"maintenance": maintenance.pk, "cid": f"NEW-{number}", "impact": Impact.OUTAGE} for number in range(3)
        ]
        cls.update_data = {"cid": "ANOTHER", "impact": Impact.DEGRADED}

    def test_circuit_id_defaults_to_the_circuits(self):
        self.add_permissions("nautobot_circuit_maintenance.add_circuitimpact", "circuits.view_circuit")
        self.add_permissions("nautobot_circuit_maintenance.view_circuitmaintenance")
        maintenance = app.create_maintenance("M", Provider.objects.get(name="ISP 1"))
        data = {"maintenance": maintenance.pk, "circuit": Circuit.objects.get(cid="C-1").pk, "impact": Impact.OUTAGE}

        response = self.client.post(self._get_list_url(), data, format="json", **self.header)

        self.assertHttpStatus(response, status.HTTP_201_CREATED)
        self.assertEqual(response.data["cid"], "C-1")

    def test_another_field_is_edited_after_the_circuit_moved_to_another_provider(self):
        self.add_permissions("nautobot_circuit_maintenance.change_circuitimpact")
        self.add_permissions("nautobot_circuit_maintenance.view_circuitimpact", "circuits.view_circuit")
        self.add_permissions("nautobot_circuit_maintenance.view_circuitmaintenance")
        impact = models.CircuitImpact.objects.filter(circuit__isnull=False).first()
        other = Provider.objects.exclude(pk=impact.circuit.provider_id).first()
        Circuit.objects.filter(pk=impact.circuit_id).update(provider=other)

        for data in ({"impact": Impact.NO_IMPACT}, {"impact": Impact.DEGRADED, "circuit": str(impact.circuit_id)}):
            response = self.client.patch(self._get_detail_url(impact), data, format="json", **self.header)

            self.assertHttpStatus(response, status.HTTP_200_OK)
            self.assertEqual(response.data["impact"], data["impact"])


class NoteAPITest(inherited.ListWithoutTagsApiTestCase, APIViewTestCases.APIViewTestCase):
    """Nautobot's tests, all of them."""

    model = models.Note
    bulk_update_data = {"comment": "All of them"}
    choices_fields = ["level"]

    @classmethod
    def setUpTestData(cls):
        app.create_world()
        maintenance = models.CircuitMaintenance.objects.first()
        cls.create_data = [{"maintenance": maintenance.pk, "title": f"New {number}"} for number in range(3)]


class MailLayoutAPITest(APIViewTestCases.APIViewTestCase):
    """Nautobot's tests, all of them."""

    model = models.MailLayout
    bulk_update_data = {"tags": []}

    @classmethod
    def setUpTestData(cls):
        app.create_world()
        layout = models.MailLayout.objects.first()
        content = {"provider": layout.provider.pk, "applies_to": layout.applies_to, "fields": layout.fields}
        cls.create_data = [{"name": f"New {number}", **content} for number in range(3)]


class SubscriptionAPITest(APIViewTestCases.APIViewTestCase):
    """Nautobot's tests, all of them."""

    model = models.Subscription
    bulk_update_data = {"enabled": False}
    choices_fields = ["audience", "digest_day", "events", "rhythm"]

    def setUp(self):
        """Configure the channel; who saves a subscription owns it, so that these belong to the user already."""
        super().setUp()
        models.Subscription.objects.update(owner=self.user, channel="hook")
        hook = {"name": "hook", "kind": "webhook", "url": "https://hooks.example/1", "secret": "x"}
        self.enterContext(configured(instance="test", channels=[hook]))

    @classmethod
    def setUpTestData(cls):
        app.create_world()
        content = {"channel": "hook", "events": ["new"], "maintenance_filter": {"status": ["CONFIRMED"]}}
        cls.create_data = [{"name": f"New {number}", **content} for number in range(3)]


# Notifications and parsed notifications are evidence: no create, update, delete, bulk operation. They are not change-logged
# models, so that there are no notes either.


class NotificationAPITest(_WorldMixin, APIViewTestCases.GetObjectViewTestCase, inherited.ListWithoutTagsApiTestCase):
    """Nautobot's tests of what can be read."""

    model = models.Notification
    choices_fields = ["state"]


class ParsedNotificationAPITest(
    _WorldMixin, APIViewTestCases.GetObjectViewTestCase, inherited.ListWithoutTagsApiTestCase
):
    """Nautobot's tests of what can be read."""

    model = models.ParsedNotification


class DeliveryAPITest(_WorldMixin, APIViewTestCases.GetObjectViewTestCase, inherited.ListWithoutTagsApiTestCase):
    """Nautobot's tests of what can be read."""

    model = models.Delivery
    choices_fields = ["event", "phase", "state"]


class UnknownSenderAPITest(_WorldMixin, APIViewTestCases.GetObjectViewTestCase, inherited.ListWithoutTagsApiTestCase):
    """Nautobot's tests of what can be read."""

    model = models.UnknownSender


# Sources follow the settings: no create, no delete. Their update accepts the providers alone; Nautobot's test of updates
# ends with a PUT, which is not offered.


class NotificationSourceAPITest(
    _WorldMixin,
    APIViewTestCases.GetObjectViewTestCase,
    APIViewTestCases.ListObjectsViewTestCase,
    APIViewTestCases.NotesURLViewTestCase,
):
    """Nautobot's tests of what can be read."""

    model = models.NotificationSource
