"""Conversations keep their subject, and deliveries the digest that took their place."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    """Add two columns."""

    dependencies = [
        ("nautobot_circuit_maintenance", "0022_published_states"),
    ]

    operations = [
        migrations.AddField(
            model_name="delivery",
            name="folded_into",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="folded",
                to="nautobot_circuit_maintenance.delivery",
            ),
        ),
        migrations.AddField(
            model_name="thread",
            name="subject",
            field=models.CharField(blank=True, max_length=255),
        ),
    ]
