"""Nautobot's own tests of models, for all of ours that have a page."""

import pytest
from nautobot.apps.testing import ModelTestCases

from nautobot_circuit_maintenance import models
from nautobot_circuit_maintenance.tests import inherited
from nautobot_circuit_maintenance.tests.factories import app


@pytest.mark.usefixtures("documentation")
class _WorldMixin:
    @classmethod
    def setUpTestData(cls):  # pylint: disable=invalid-name  # Django's name
        app.create_world()


class CircuitMaintenanceModelTest(_WorldMixin, ModelTestCases.BaseModelTestCase):
    """CircuitMaintenance."""

    model = models.CircuitMaintenance


class CircuitImpactModelTest(_WorldMixin, ModelTestCases.BaseModelTestCase):
    """CircuitImpact."""

    model = models.CircuitImpact


class NoteModelTest(_WorldMixin, ModelTestCases.BaseModelTestCase):
    """Note."""

    model = models.Note


class NotificationModelTest(_WorldMixin, inherited.UngroupedModelTestCase):
    """Notification."""

    model = models.Notification


class ParsedNotificationModelTest(_WorldMixin, inherited.UngroupedModelTestCase):
    """ParsedNotification."""

    model = models.ParsedNotification


class NotificationSourceModelTest(_WorldMixin, inherited.UngroupedModelTestCase):
    """NotificationSource."""

    model = models.NotificationSource


class MailLayoutModelTest(_WorldMixin, inherited.UngroupedModelTestCase):
    """MailLayout."""

    model = models.MailLayout


class SubscriptionModelTest(_WorldMixin, inherited.UngroupedModelTestCase):
    """Subscription."""

    model = models.Subscription


class DeliveryModelTest(_WorldMixin, inherited.UngroupedModelTestCase):
    """Delivery."""

    model = models.Delivery


class UnknownSenderModelTest(_WorldMixin, inherited.UngroupedModelTestCase):
    """UnknownSender."""

    model = models.UnknownSender
