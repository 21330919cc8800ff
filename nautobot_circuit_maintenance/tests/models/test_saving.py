"""What a save by a person costs and checks: bulk edit does it for each row."""

from datetime import timedelta

from django.core.exceptions import ValidationError
from django.db import connection
from django.test.utils import CaptureQueriesContext
from nautobot.apps.testing import TestCase
from nautobot.extras.context_managers import deferred_change_logging_for_bulk_operation, web_request_context
from nautobot.extras.models import ObjectChange

from nautobot_circuit_maintenance.models import CircuitMaintenance
from nautobot_circuit_maintenance.tests.factories import app, core

HOUR = timedelta(hours=1)
STATEMENTS = 13  # the last one records the change for subscriptions


class SaveTest(TestCase):
    """Maintenances of two providers."""

    @classmethod
    def setUpTestData(cls):
        cls.isps = [core.create_provider(name) for name in ("ISP 1", "ISP 2")]
        for number in range(12):
            maintenance = app.create_maintenance(f"WORK-{number}", cls.isps[0])
            app.create_impact(maintenance, f"C-{number}", "OUTAGE")

    def edit(self, *numbers: int) -> int:
        """Edit maintenances as Nautobot's job does; return how many statements that takes."""
        rows = CircuitMaintenance.objects.filter(name__in=[f"WORK-{number}" for number in numbers])
        with web_request_context(self.user), CaptureQueriesContext(connection) as queries:
            with deferred_change_logging_for_bulk_operation():
                for each in rows:
                    each.ticket = "INC1"
                    each.full_clean()
                    each.save()
        return len(queries)

    def test_bulk_edit_takes_thirteen_statements_for_a_row(self):
        self.edit(0)  # fills core's caches
        two = self.edit(1, 2)
        self.assertEqual(self.edit(*range(3, 12)) - two, 7 * STATEMENTS)
        self.assertEqual(ObjectChange.objects.filter(object_data__ticket="INC1").count(), 12)

    def test_what_changed_is_still_checked(self):
        first, second = CircuitMaintenance.objects.order_by("name")[:2]
        for name, value in (("name", second.name), ("end_time", first.start_time - HOUR), ("provider_id", first.pk)):
            with self.subTest(name), self.assertRaises(ValidationError):
                changed = CircuitMaintenance.objects.get(pk=first.pk)
                setattr(changed, name, value)
                changed.full_clean()

    def test_provider_that_has_the_name_already_is_refused(self):
        app.create_maintenance("WORK-0", self.isps[1])
        changed = CircuitMaintenance.objects.get(name="WORK-0", provider=self.isps[0])
        changed.provider = self.isps[1]

        with self.assertRaises(ValidationError):
            changed.full_clean()

    def test_a_window_moves_with_its_maintenance_and_only_then(self):
        maintenance = CircuitMaintenance.objects.get(name="WORK-0")
        maintenance.start_time += HOUR
        maintenance.full_clean()
        maintenance.save()
        self.assertEqual(maintenance.windows.get().start_time, maintenance.start_time)

        with CaptureQueriesContext(connection) as queries:
            maintenance.ticket = "INC1"
            maintenance.save()
        self.assertEqual([each["sql"] for each in queries if "maintenancewindow" in each["sql"]], [])
