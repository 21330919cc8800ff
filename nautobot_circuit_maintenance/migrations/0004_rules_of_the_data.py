"""The provider's ID apart from the name, windows of impacts, cancelled windows, doubts and replacements.

What is on record keeps its meaning: an impact is about all windows. Notifications find a maintenance that is on record
by the provider's ID; its further IDs and its UIDs are added by 0005.
"""

import uuid
from typing import Any

import django.db.models.deletion
import django.db.models.functions.text
from django.db import migrations, models


def forwards(apps: Any, _schema_editor: Any) -> None:
    """Set the provider's ID of every maintenance with evidence: its name, which until now was its only ID."""
    maintenances = apps.get_model("nautobot_circuit_maintenance", "CircuitMaintenance").objects
    evidence = apps.get_model("nautobot_circuit_maintenance", "ParsedNotification").objects
    has_evidence = models.Exists(evidence.filter(maintenance=models.OuterRef("pk")))
    maintenances.filter(has_evidence).update(provider_maintenance_id=models.F("name"))


class Migration(migrations.Migration):
    """Add the fields; one UPDATE fills in the provider's IDs."""

    dependencies = [("nautobot_circuit_maintenance", "0003_own_evidence")]

    operations = [
        migrations.CreateModel(
            name="MaintenanceKey",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid.uuid4, editable=False, primary_key=True, serialize=False, unique=True
                    ),
                ),
                ("kind", models.CharField(max_length=3)),
                ("value", models.CharField(max_length=255)),
            ],
            options={
                "ordering": ("maintenance", "kind", "value"),
            },
        ),
        migrations.AddField(
            model_name="circuitimpact",
            name="in_all_windows",
            field=models.BooleanField(default=True),
        ),
        migrations.AddField(
            model_name="circuitimpact",
            name="matched_by",
            field=models.CharField(blank=True, editable=False, max_length=20),
        ),
        migrations.AddField(
            model_name="circuitimpact",
            name="windows",
            field=models.ManyToManyField(
                blank=True, related_name="impacts", to="nautobot_circuit_maintenance.maintenancewindow"
            ),
        ),
        migrations.AddField(
            model_name="circuitmaintenance",
            name="cancelled_windows",
            field=models.JSONField(blank=True, default=list, editable=False),
        ),
        migrations.AddField(
            model_name="circuitmaintenance",
            name="doubts",
            field=models.JSONField(blank=True, default=list, editable=False),
        ),
        migrations.AddField(
            model_name="circuitmaintenance",
            name="other_ids",
            field=models.JSONField(blank=True, default=list, editable=False),
        ),
        migrations.AddField(
            model_name="circuitmaintenance",
            name="provider_maintenance_id",
            field=models.CharField(blank=True, editable=False, max_length=255),
        ),
        migrations.AddField(
            model_name="circuitmaintenance",
            name="replaced_by",
            field=models.ForeignKey(
                blank=True,
                editable=False,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="replaces",
                to="nautobot_circuit_maintenance.circuitmaintenance",
            ),
        ),
        migrations.AddIndex(
            model_name="circuitmaintenance",
            index=models.Index(
                models.F("provider"),
                django.db.models.functions.text.Lower("provider_maintenance_id"),
                name="cm_maintenance_provider_id",
            ),
        ),
        migrations.AddField(
            model_name="maintenancekey",
            name="maintenance",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="keys",
                to="nautobot_circuit_maintenance.circuitmaintenance",
            ),
        ),
        migrations.AddField(
            model_name="maintenancekey",
            name="provider",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="+", to="circuits.provider"
            ),
        ),
        migrations.AddIndex(
            model_name="maintenancekey",
            index=models.Index(fields=["value", "kind"], name="cm_key_value"),
        ),
        # Last: PostgreSQL does not change a table that has rows with pending checks.
        migrations.RunPython(forwards, migrations.RunPython.noop, elidable=False),
    ]
