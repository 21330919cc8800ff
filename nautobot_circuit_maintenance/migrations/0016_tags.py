"""Adds what a message shows in its mailbox: the tag of its outcome."""

from django.db import migrations, models


class Migration(migrations.Migration):
    """Add a column that is empty."""

    dependencies = [
        ("nautobot_circuit_maintenance", "0015_manual_readings"),
    ]

    operations = [
        migrations.AddField(
            model_name="notification",
            name="tag",
            field=models.CharField(blank=True, editable=False, max_length=255),
        ),
    ]
