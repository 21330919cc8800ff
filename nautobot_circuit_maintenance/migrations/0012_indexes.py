"""Indexes for a long history; those of foreign keys go where another index begins with the same column."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [("nautobot_circuit_maintenance", "0011_second_opinion")]

    operations = [
        migrations.AlterField(
            model_name="circuitimpact",
            name="maintenance",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="impacts",
                to="nautobot_circuit_maintenance.circuitmaintenance",
            ),
        ),
        migrations.AlterField(
            model_name="circuitmaintenance",
            name="start_time",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AlterField(
            model_name="maintenancewindow",
            name="maintenance",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="windows",
                to="nautobot_circuit_maintenance.circuitmaintenance",
            ),
        ),
        migrations.AddIndex(
            model_name="parsednotification",
            index=models.Index(fields=["maintenance", "issued_at"], name="cm_parsednotification_notice"),
        ),
        migrations.AlterField(
            model_name="parsednotification",
            name="maintenance",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="parsed_notifications",
                to="nautobot_circuit_maintenance.circuitmaintenance",
            ),
        ),
        migrations.AddIndex(
            model_name="circuitmaintenance",
            index=models.Index(
                fields=["start_time", "status", "replaced_by", "end_time", "id"], name="cm_maintenance_planned"
            ),
        ),
        migrations.AddIndex(
            model_name="notification",
            index=models.Index(
                condition=models.Q(("state", "parsed"), models.Q(("error", ""), _negated=True)),
                fields=["state"],
                name="cm_notification_partly_read",
            ),
        ),
    ]
