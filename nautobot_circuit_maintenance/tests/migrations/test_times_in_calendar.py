"""Times that were stored before they were limited are moved, and the end stays after the start."""

from datetime import datetime, timedelta, timezone
from importlib import import_module

import pytest
from django.apps import apps
from django.db import connection
from django.test import TestCase

from nautobot_circuit_maintenance.domain.calendar import EARLIEST, LATEST, is_in_calendar
from nautobot_circuit_maintenance.models import CircuitMaintenance, MaintenanceWindow
from nautobot_circuit_maintenance.tests.factories import app

MIGRATION = import_module("nautobot_circuit_maintenance.migrations.0007_times_in_calendar")
FIRST, LAST = datetime(1, 1, 2, tzinfo=timezone.utc), datetime(9999, 12, 31, 23, 59, 59, tzinfo=timezone.utc)


@pytest.mark.postgresql("changes the schema in the test's transaction, and has times of the year 1")
class TimesTest(TestCase):
    """Maintenances as an older release stored them."""

    def store(self, name, *spans):
        """Store windows as they are, without the constraints that the database has now."""
        maintenance = CircuitMaintenance.objects.create(name=name)
        MaintenanceWindow.objects.bulk_create(
            MaintenanceWindow(maintenance=maintenance, start_time=start, end_time=end) for start, end in spans
        )
        times = {"start_time": min(start for start, _ in spans), "end_time": max(end for _, end in spans)}
        CircuitMaintenance.objects.filter(pk=maintenance.pk).update(**times)
        return maintenance

    def setUp(self):
        """Drop the constraints; the test's transaction brings them back."""
        super().setUp()
        with connection.schema_editor() as editor:
            for model in (CircuitMaintenance, MaintenanceWindow):
                for constraint in model._meta.constraints:
                    if constraint.name.endswith("in_calendar"):
                        editor.remove_constraint(model, constraint)

    def test_times_are_moved_to_the_nearest_ones_and_others_stay(self):
        day = (app.NOON, app.NOON + timedelta(hours=1))
        self.store("usual", day)
        self.store("open end", (app.NOON, LAST))
        self.store("never", (FIRST, FIRST + timedelta(hours=1)))
        self.store("always", (FIRST, LAST))
        self.store("two nights", day, (LAST - timedelta(hours=2), LAST), (LAST - timedelta(hours=3), LAST))

        MIGRATION.forwards(apps, None)

        for model in (CircuitMaintenance, MaintenanceWindow):
            for row in model.objects.all():
                self.assertTrue(is_in_calendar(row.start_time) and is_in_calendar(row.end_time), row)
                self.assertGreater(row.end_time, row.start_time)
        found = {row.name: (row.start_time, row.end_time) for row in CircuitMaintenance.objects.all()}
        self.assertEqual(found["usual"], day)
        self.assertEqual(found["open end"], (app.NOON, LATEST - timedelta(seconds=1)))
        self.assertEqual(found["never"], (EARLIEST, EARLIEST + timedelta(minutes=1)))
        self.assertEqual(CircuitMaintenance.objects.get(name="two nights").windows.count(), 2)
        for maintenance in CircuitMaintenance.objects.all():
            whole = maintenance.windows.order_by("start_time").first(), maintenance.windows.order_by("end_time").last()
            self.assertEqual((maintenance.start_time, maintenance.end_time), (whole[0].start_time, whole[1].end_time))
