"""Times of maintenances and windows are those that every time zone can show."""

from datetime import datetime, timezone

from django.db import migrations, models

EARLIEST = datetime(1970, 1, 1, tzinfo=timezone.utc)
LATEST = datetime(9999, 1, 1, tzinfo=timezone.utc)


def _in_calendar(model: str, name: str) -> migrations.AddConstraint:
    condition = models.Q(start_time__gte=EARLIEST, start_time__lt=LATEST, end_time__gte=EARLIEST, end_time__lt=LATEST)
    message = "Times must be between the years 1970 and 9998."
    constraint = models.CheckConstraint(condition=condition, name=name, violation_error_message=message)
    return migrations.AddConstraint(model_name=model, constraint=constraint)


class Migration(migrations.Migration):
    """Add the constraints."""

    dependencies = [("nautobot_circuit_maintenance", "0007_times_in_calendar")]

    operations = [
        _in_calendar("circuitmaintenance", "cm_maintenance_in_calendar"),
        _in_calendar("maintenancewindow", "cm_window_in_calendar"),
    ]
