"""Doubts that a person settled."""

import uuid

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    """A table for them."""

    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        ("nautobot_circuit_maintenance", "0012_indexes"),
    ]

    operations = [
        migrations.CreateModel(
            name="SettledDoubt",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid.uuid4, editable=False, primary_key=True, serialize=False, unique=True
                    ),
                ),
                ("fingerprint", models.CharField(db_index=True, max_length=64)),
                ("maintenance_id", models.CharField(max_length=255)),
                ("sentence", models.TextField()),
                ("settled_by_name", models.CharField(max_length=255)),
                ("settled_at", models.DateTimeField()),
                (
                    "settled_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={"ordering": ("settled_at",)},
        ),
    ]
