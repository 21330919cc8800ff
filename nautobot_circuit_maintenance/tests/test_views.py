"""Nautobot's own tests of each model's views."""

from datetime import timedelta

from nautobot.apps.testing import ViewTestCases
from nautobot.circuits.models import Provider
from nautobot.extras.models import Tag

from nautobot_circuit_maintenance import models
from nautobot_circuit_maintenance.choices import (
    CircuitImpactChoices as Impact,
    CircuitMaintenanceStatusChoices as Status,
    NoteLevelChoices as Level,
)
from nautobot_circuit_maintenance.tests import inherited
from nautobot_circuit_maintenance.tests.factories import app
from nautobot_circuit_maintenance.tests.factories.mail import NOON
from nautobot_circuit_maintenance.tests.risk_case import configured

APP = "nautobot_circuit_maintenance"


class CircuitMaintenanceViewTest(inherited.EditableViewTestCase):
    """Nautobot's tests."""

    model = models.CircuitMaintenance

    @classmethod
    def setUpTestData(cls):
        app.create_world()
        cls.form_data = {
            "name": "NEW",
            "provider": Provider.objects.first().pk,
            "status": Status.CONFIRMED,
            "start_time": NOON,
            "end_time": NOON + timedelta(hours=1),
            "description": "Work",
            "ticket": "T-1",
            "ack": False,
            "tags": [tag.pk for tag in Tag.objects.get_for_model(models.CircuitMaintenance)],
        }
        cls.bulk_edit_data = {"status": Status.COMPLETED, "ticket": "T-2", "description": "Done"}


class CircuitImpactViewTest(inherited.EditableViewTestCase):
    """Nautobot's tests."""

    model = models.CircuitImpact
    custom_action_required_permissions = {  # the link of a linked impact changes the alias of its circuit
        "link": [f"{APP}.change_circuitimpact", "circuits.change_circuit"],
    }
    test_bulk_edit_objects_nullable_fields = None  # none of its fields may be emptied in bulk

    @classmethod
    def setUpTestData(cls):
        app.create_world()
        cls.form_data = {
            "maintenance": models.CircuitMaintenance.objects.get(name="M-3").pk,
            "cid": "NEW",
            "impact": Impact.DEGRADED,
        }
        cls.bulk_edit_data = {"impact": Impact.NO_IMPACT}


class NoteViewTest(inherited.EditableViewTestCase):
    """Nautobot's tests."""

    model = models.Note

    def get_title(self):
        """Return the title of the list: Nautobot has notes of its own, so ours are called maintenance notes."""
        return "Maintenance Notes"

    def get_display_verbose_name_plural(self):
        """Return what the list calls its rows."""
        return "maintenance notes"

    @classmethod
    def setUpTestData(cls):
        app.create_world()
        cls.form_data = {
            "maintenance": models.CircuitMaintenance.objects.get(name="M-1").pk,
            "title": "New",
            "level": Level.WARNING,
            "comment": "Mind the gap",
        }
        cls.bulk_edit_data = {"comment": "The same", "level": Level.WARNING}


class NotificationViewTest(
    ViewTestCases.GetObjectViewTestCase,
    inherited.ListTestCase,
    ViewTestCases.DeleteObjectViewTestCase,
    ViewTestCases.BulkDeleteObjectsViewTestCase,
):
    """Nautobot's tests except those of adding, editing, change log and notes, which notifications do not have."""

    model = models.Notification
    custom_action_required_permissions = {  # what these pages do to other objects than the notification
        "add_maintenance": [f"{APP}.change_notification", f"{APP}.add_circuitmaintenance"],
        "choose_parser": [f"{APP}.change_notification", "circuits.change_provider"],
        "rule": [f"{APP}.change_notification", "circuits.change_provider"],
        "teach": [f"{APP}.view_notification", f"{APP}.add_maillayout"],
    }

    @classmethod
    def setUpTestData(cls):
        app.create_world()


class ParsedNotificationViewTest(ViewTestCases.GetObjectViewTestCase, inherited.ListTestCase):
    """Nautobot's tests of reading; parsed notifications are read-only."""

    model = models.ParsedNotification

    @classmethod
    def setUpTestData(cls):
        app.create_world()


class MailLayoutViewTest(
    ViewTestCases.GetObjectViewTestCase,
    ViewTestCases.GetObjectChangelogViewTestCase,
    ViewTestCases.GetObjectNotesViewTestCase,
    ViewTestCases.EditObjectViewTestCase,
    ViewTestCases.DeleteObjectViewTestCase,
    inherited.ListTestCase,
    ViewTestCases.BulkDeleteObjectsViewTestCase,
):
    """Nautobot's tests except those of adding and editing several: layouts are taught or imported."""

    model = models.MailLayout

    @classmethod
    def setUpTestData(cls):
        app.create_world()
        tags = [tag.pk for tag in Tag.objects.get_for_model(models.MailLayout)]
        cls.form_data = {"name": "Renamed", "tags": tags}


class SubscriptionViewTest(
    ViewTestCases.GetObjectViewTestCase,
    ViewTestCases.GetObjectChangelogViewTestCase,
    ViewTestCases.GetObjectNotesViewTestCase,
    ViewTestCases.CreateObjectViewTestCase,
    ViewTestCases.EditObjectViewTestCase,
    ViewTestCases.DeleteObjectViewTestCase,
    inherited.ListTestCase,
    ViewTestCases.BulkDeleteObjectsViewTestCase,
):
    """Nautobot's tests except those of editing several."""

    model = models.Subscription

    def setUp(self):
        """Configure the channel."""
        super().setUp()
        hook = {"name": "hook", "kind": "webhook", "url": "https://hooks.example/1", "secret": "x"}
        self.enterContext(configured(instance="test", channels=[hook]))

    @classmethod
    def setUpTestData(cls):
        app.create_world()
        cls.form_data = {
            "name": "New",
            "enabled": True,
            "channel": "hook",
            "events": ["new", "cancelled"],
            "lead_time": 24,
            "lead_minutes": 20,
            "audience": "chosen",
            "rhythm": "at-once",
            "digest_day": 0,
            "one_thread": True,
            "tags": [tag.pk for tag in Tag.objects.get_for_model(models.Subscription)],
        }


class DeliveryViewTest(ViewTestCases.GetObjectViewTestCase, inherited.ListTestCase):
    """Nautobot's tests of reading; runs add deliveries."""

    model = models.Delivery

    def get_title(self):
        """Return the title of the list."""
        return "Outbox"

    @classmethod
    def setUpTestData(cls):
        app.create_world()


class UnknownSenderViewTest(ViewTestCases.GetObjectViewTestCase, inherited.ListTestCase):
    """Nautobot's tests of reading; unknown senders are assigned or dismissed."""

    model = models.UnknownSender

    @classmethod
    def setUpTestData(cls):
        app.create_world()


class NotificationSourceViewTest(
    ViewTestCases.GetObjectViewTestCase,
    ViewTestCases.GetObjectChangelogViewTestCase,
    ViewTestCases.GetObjectNotesViewTestCase,
    inherited.ListTestCase,
    ViewTestCases.EditObjectViewTestCase,
):
    """Nautobot's tests except those of adding and deleting: sources come from the settings."""

    model = models.NotificationSource

    @classmethod
    def setUpTestData(cls):
        app.create_world()
        cls.form_data = {"providers": [Provider.objects.first().pk]}
