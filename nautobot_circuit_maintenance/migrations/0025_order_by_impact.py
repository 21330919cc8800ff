"""Impacts are listed in the order of their impact, on any page, without sorting a million of them."""

from django.db import migrations, models


class Migration(migrations.Migration):
    """Add an index."""

    dependencies = [
        ("nautobot_circuit_maintenance", "0024_ended_feeds"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="circuitimpact",
            index=models.Index(fields=["impact", "id"], name="cm_impact_impact"),
        ),
    ]
