"""The second opinion on what was read; everything from before is unchecked until it is reprocessed."""

from typing import Any

from django.db import migrations, models

_CHOICES = [("confirmed", "Confirmed"), ("unchecked", "Unchecked"), ("doubtful", "Doubtful")]


def forwards(apps: Any, _schema_editor: Any) -> None:
    """Mark the maintenances that notifications announced."""
    maintenances = apps.get_model("nautobot_circuit_maintenance", "CircuitMaintenance").objects
    evidence = apps.get_model("nautobot_circuit_maintenance", "ParsedNotification").objects
    maintenances.filter(pk__in=evidence.order_by().values("maintenance")).update(confidence="unchecked")


class Migration(migrations.Migration):
    """Columns for the confidence and its reasons."""

    dependencies = [("nautobot_circuit_maintenance", "0010_consents")]

    operations = [
        migrations.AddField(
            model_name="circuitmaintenance",
            name="confidence",
            field=models.CharField(
                blank=True, choices=_CHOICES, db_index=True, default="", editable=False, max_length=20
            ),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="parsednotification",
            name="confidence",
            field=models.CharField(choices=_CHOICES, db_index=True, default="unchecked", max_length=20),
        ),
        migrations.AddField(
            model_name="parsednotification",
            name="findings",
            field=models.JSONField(blank=True, default=list, editable=False),
        ),
        migrations.RunPython(forwards, migrations.RunPython.noop, elidable=False),
    ]
