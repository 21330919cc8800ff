"""Tokens of feeds that ended, when an acknowledgement was removed, and until when a run is about a channel."""

import uuid

from django.db import migrations, models


class Migration(migrations.Migration):
    """Add a table and two columns."""

    dependencies = [
        ("nautobot_circuit_maintenance", "0023_subjects_and_folding"),
    ]

    operations = [
        migrations.CreateModel(
            name="EndedFeed",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid.uuid4, editable=False, primary_key=True, serialize=False, unique=True
                    ),
                ),
                ("token_hash", models.CharField(max_length=64, unique=True)),
            ],
            options={
                "ordering": ("token_hash",),
            },
        ),
        migrations.AddField(
            model_name="channelstate",
            name="busy_until",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="circuitmaintenance",
            name="unacknowledged_at",
            field=models.DateTimeField(blank=True, editable=False, null=True),
        ),
    ]
