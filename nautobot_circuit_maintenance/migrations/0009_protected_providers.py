"""Deleting a provider is refused by a function of the app; the tables stay as they are."""

from django.db import migrations, models

from nautobot_circuit_maintenance.models.protection import protect


class Migration(migrations.Migration):
    """Note the function in the state of the models."""

    dependencies = [("nautobot_circuit_maintenance", "0008_calendar_constraints")]

    operations = [
        migrations.AlterField(
            model_name="circuitmaintenance",
            name="provider",
            field=models.ForeignKey(
                blank=True, null=True, on_delete=protect, related_name="circuit_maintenances", to="circuits.provider"
            ),
        ),
        migrations.AlterField(
            model_name="notification",
            name="provider",
            field=models.ForeignKey(
                on_delete=protect, related_name="circuit_maintenance_notifications", to="circuits.provider"
            ),
        ),
    ]
