"""The dashboard: what stands on it, for whom, and what it costs."""

from datetime import datetime, timedelta, timezone
from unittest import mock

from django.contrib.contenttypes.models import ContentType
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from nautobot.apps.testing import TestCase
from nautobot.circuits.models import Circuit, CircuitTermination, Provider
from nautobot.dcim.models import CablePath, Device, DeviceType, Interface, Location, Manufacturer
from nautobot.extras.models import CustomField, Role, Tag
from nautobot.users.models import ObjectPermission

from nautobot_circuit_maintenance import models
from nautobot_circuit_maintenance.choices import (
    CircuitImpactChoices as Impact,
    CircuitMaintenanceStatusChoices as Status,
    NotificationStateChoices as State,
)
from nautobot_circuit_maintenance.tests import fixtures

URL = reverse("plugins:nautobot_circuit_maintenance:dashboard")
HOUR = timedelta(hours=1)


def now() -> datetime:
    """Return the time, as the pages take it."""
    return datetime.now(timezone.utc)
