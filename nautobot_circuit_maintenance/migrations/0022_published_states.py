"""What was published on event brokers about time and risk."""

import uuid

from django.db import migrations, models


class Migration(migrations.Migration):
    """Add an empty table."""

    dependencies = [
        ("nautobot_circuit_maintenance", "0021_subscriptions"),
    ]

    operations = [
        migrations.CreateModel(
            name="PublishedState",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid.uuid4, editable=False, primary_key=True, serialize=False, unique=True
                    ),
                ),
                ("name", models.CharField(max_length=255, unique=True)),
                ("published", models.JSONField(default=dict)),
            ],
            options={
                "ordering": ("name",),
            },
        ),
    ]
