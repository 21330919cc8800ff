"""Unknown senders, and who dismissed the result of a notification."""

import uuid

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    """Add columns that are empty, and an empty table."""

    dependencies = [
        ("nautobot_circuit_maintenance", "0013_settled_doubts"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name="notification",
            name="dismissed_at",
            field=models.DateTimeField(editable=False, null=True),
        ),
        migrations.AddField(
            model_name="notification",
            name="dismissed_by",
            field=models.ForeignKey(
                editable=False,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="notification",
            name="dismissed_error",
            field=models.TextField(blank=True, editable=False),
        ),
        migrations.AddField(
            model_name="notification",
            name="dismissed_reason",
            field=models.CharField(blank=True, editable=False, max_length=255),
        ),
        migrations.AddField(
            model_name="notification",
            name="dismissed_state",
            field=models.CharField(blank=True, editable=False, max_length=20),
        ),
        migrations.CreateModel(
            name="UnknownSender",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid.uuid4, editable=False, primary_key=True, serialize=False, unique=True
                    ),
                ),
                ("address", models.CharField(max_length=254)),
                ("count", models.PositiveBigIntegerField()),
                ("first_seen", models.DateTimeField()),
                ("last_seen", models.DateTimeField()),
                ("dismissed", models.BooleanField(default=False)),
                (
                    "source",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="unknown_senders",
                        to="nautobot_circuit_maintenance.notificationsource",
                    ),
                ),
            ],
            options={
                "ordering": ("-last_seen", "address"),
                "indexes": [models.Index(fields=["-last_seen", "address"], name="cm_unknown_sender_newest")],
                "constraints": [models.UniqueConstraint(fields=("source", "address"), name="cm_unknown_sender_once")],
            },
        ),
    ]
