"""Times that some time zone cannot show are not stored any more; those that people entered are moved to the nearest one.

The log of the migration names each maintenance that was changed.
"""

import logging
from datetime import datetime, timedelta, timezone
from typing import Any

from django.db import migrations, models

EARLIEST = datetime(1970, 1, 1, tzinfo=timezone.utc)
LATEST = datetime(9999, 1, 1, tzinfo=timezone.utc)
_MINUTE, _SECOND = timedelta(minutes=1), timedelta(seconds=1)
_OUTSIDE = (
    models.Q(start_time__lt=EARLIEST)
    | models.Q(start_time__gte=LATEST)
    | models.Q(end_time__lt=EARLIEST)
    | models.Q(end_time__gte=LATEST)
)

_logger = logging.getLogger(__name__)


def _moved(start: datetime | None, end: datetime | None) -> tuple[datetime | None, datetime | None]:
    """Return the nearest times that are stored, the end after the start."""
    if start is not None:
        start = min(max(start, EARLIEST), LATEST - _MINUTE - _SECOND)
    if end is not None:
        end = min(max(end, EARLIEST + _MINUTE), LATEST - _SECOND)
    return start, end


def forwards(apps: Any, _schema_editor: Any) -> None:
    """Move the times of windows and maintenances."""
    windows = apps.get_model("nautobot_circuit_maintenance", "MaintenanceWindow").objects
    maintenances = apps.get_model("nautobot_circuit_maintenance", "CircuitMaintenance").objects
    for window in windows.filter(_OUTSIDE):
        start, end = _moved(window.start_time, window.end_time)
        twins = windows.filter(maintenance=window.maintenance_id, start_time=start, end_time=end)
        if twins.exists():
            window.delete()
        else:
            windows.filter(pk=window.pk).update(start_time=start, end_time=end)
    for maintenance in maintenances.filter(_OUTSIDE):
        start, end = _moved(maintenance.start_time, maintenance.end_time)
        maintenances.filter(pk=maintenance.pk).update(start_time=start, end_time=end)
        was = f"{maintenance.start_time} - {maintenance.end_time}"
        _logger.warning(
            "Moved maintenance %s (%s) to %s - %s, was %s.", maintenance.name, maintenance.pk, start, end, was
        )


class Migration(migrations.Migration):
    """Move times; the next migration adds the constraints, because PostgreSQL does not alter a table with pending checks."""

    dependencies = [("nautobot_circuit_maintenance", "0006_required_confirmation")]

    operations = [migrations.RunPython(forwards, migrations.RunPython.noop, elidable=False)]
