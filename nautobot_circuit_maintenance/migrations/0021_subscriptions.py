"""What goes out: subscriptions, threads, deliveries, the state of channels, and the changes that wait for them."""

import uuid

import django.core.serializers.json
import django.core.validators
import django.db.models.deletion
import django.utils.timezone
import nautobot.core.models.fields
import nautobot.extras.models.mixins
from django.conf import settings
from django.db import migrations, models

import nautobot_circuit_maintenance.models.subscriptions


class Migration(migrations.Migration):
    """Add empty tables, and four columns."""

    dependencies = [
        ("extras", "0142_remove_scheduledjob_approval_required"),
        ("nautobot_circuit_maintenance", "0020_sort_figures"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="ChannelState",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid.uuid4, editable=False, primary_key=True, serialize=False, unique=True
                    ),
                ),
                ("name", models.CharField(max_length=255, unique=True)),
                ("down_since", models.DateTimeField(blank=True, null=True)),
                ("next_probe", models.DateTimeField(blank=True, null=True)),
                ("probes", models.PositiveSmallIntegerField(default=0)),
                ("error", models.TextField(blank=True)),
            ],
            options={
                "ordering": ("name",),
            },
        ),
        migrations.AddField(
            model_name="circuitmaintenance",
            name="revision",
            field=models.PositiveIntegerField(default=0, editable=False),
        ),
        migrations.AddField(
            model_name="maintenancewindow",
            name="created",
            field=models.DateTimeField(default=django.utils.timezone.now, editable=False),
        ),
        migrations.AddField(
            model_name="notificationsource",
            name="failed_runs",
            field=models.PositiveIntegerField(default=0, editable=False),
        ),
        migrations.AddField(
            model_name="notificationsource",
            name="failing_since",
            field=models.DateTimeField(blank=True, editable=False, null=True),
        ),
        migrations.CreateModel(
            name="Subscription",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid.uuid4, editable=False, primary_key=True, serialize=False, unique=True
                    ),
                ),
                ("created", models.DateTimeField(auto_now_add=True, null=True)),
                ("last_updated", models.DateTimeField(auto_now=True, null=True)),
                (
                    "_custom_field_data",
                    models.JSONField(blank=True, default=dict, encoder=django.core.serializers.json.DjangoJSONEncoder),
                ),
                ("name", models.CharField(max_length=255, unique=True)),
                ("enabled", models.BooleanField(default=True)),
                ("maintenance_filter", models.JSONField(blank=True, default=dict)),
                ("events", models.JSONField(default=nautobot_circuit_maintenance.models.subscriptions.default_events)),
                (
                    "lead_time",
                    models.PositiveSmallIntegerField(
                        default=24,
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(1440),
                        ],
                    ),
                ),
                (
                    "lead_minutes",
                    models.PositiveSmallIntegerField(
                        default=20,
                        validators=[
                            django.core.validators.MinValueValidator(10),
                            django.core.validators.MaxValueValidator(1440),
                        ],
                    ),
                ),
                ("channel", models.CharField(blank=True, max_length=255)),
                ("audience", models.CharField(default="chosen", max_length=20)),
                ("rhythm", models.CharField(default="at-once", max_length=20)),
                ("digest_time", models.TimeField(blank=True, null=True)),
                ("digest_day", models.PositiveSmallIntegerField(default=0)),
                ("time_zone", models.CharField(blank=True, max_length=64)),
                ("one_thread", models.BooleanField(default=True)),
                ("subject_template", models.TextField(blank=True)),
                ("body_template", models.TextField(blank=True)),
                ("token_hash", models.CharField(editable=False, max_length=64, null=True, unique=True)),
                ("token_used_at", models.DateTimeField(editable=False, null=True)),
                ("begun", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("clock", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("next_digest", models.DateTimeField(editable=False, null=True)),
                ("last_error", models.TextField(blank=True, editable=False)),
                ("contacts", models.ManyToManyField(blank=True, related_name="+", to="extras.contact")),
                (
                    "job",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="extras.job",
                    ),
                ),
                (
                    "owner",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="circuit_maintenance_subscriptions",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                ("roles", models.ManyToManyField(blank=True, related_name="+", to="extras.role")),
                ("tags", nautobot.core.models.fields.TagsField(through="extras.TaggedItem", to="extras.Tag")),
                ("teams", models.ManyToManyField(blank=True, related_name="+", to="extras.team")),
            ],
            options={
                "ordering": ("name",),
            },
            bases=(
                nautobot.extras.models.mixins.DataComplianceModelMixin,
                nautobot.extras.models.mixins.DynamicGroupMixin,
                nautobot.extras.models.mixins.NotesMixin,
                models.Model,
            ),
        ),
        migrations.CreateModel(
            name="Delivery",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid.uuid4, editable=False, primary_key=True, serialize=False, unique=True
                    ),
                ),
                ("channel", models.CharField(max_length=255)),
                ("event", models.CharField(max_length=20)),
                ("key", models.CharField(max_length=64, unique=True)),
                ("root_key", models.CharField(blank=True, max_length=64)),
                ("states", models.JSONField(blank=True, default=dict)),
                ("state", models.CharField(default="waiting", max_length=20)),
                ("recipient", models.CharField(blank=True, max_length=254)),
                ("recipient_name", models.CharField(blank=True, max_length=255)),
                ("subject", models.CharField(blank=True, max_length=255)),
                ("headline", models.TextField(blank=True)),
                ("text", models.TextField(blank=True)),
                ("html", models.TextField(blank=True)),
                ("data", models.JSONField(blank=True, default=dict)),
                ("calendar", models.TextField(blank=True)),
                ("over_at", models.DateTimeField(blank=True, null=True)),
                ("attempts", models.PositiveSmallIntegerField(default=0)),
                ("next_attempt", models.DateTimeField(default=django.utils.timezone.now)),
                ("error", models.TextField(blank=True)),
                ("created", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("sent_at", models.DateTimeField(blank=True, null=True)),
                ("window", models.UUIDField(blank=True, db_index=True, null=True)),
                ("phase", models.CharField(blank=True, max_length=20)),
                (
                    "job_result",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="extras.jobresult",
                    ),
                ),
                (
                    "maintenance",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="deliveries",
                        to="nautobot_circuit_maintenance.circuitmaintenance",
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "subscription",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="deliveries",
                        to="nautobot_circuit_maintenance.subscription",
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "deliveries",
                "ordering": ("-created", "id"),
            },
        ),
        migrations.CreateModel(
            name="Thread",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid.uuid4, editable=False, primary_key=True, serialize=False, unique=True
                    ),
                ),
                ("subject_type", models.CharField(max_length=20)),
                ("subject_id", models.UUIDField()),
                ("recipient", models.CharField(blank=True, max_length=254)),
                ("recipient_name", models.CharField(blank=True, max_length=255)),
                ("due", models.DateTimeField(db_index=True, null=True)),
                ("last_state", models.JSONField(null=True)),
                ("last_key", models.CharField(blank=True, max_length=64)),
                ("root_key", models.CharField(blank=True, max_length=64)),
                (
                    "open",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="open_threads",
                        to="nautobot_circuit_maintenance.delivery",
                    ),
                ),
                (
                    "subscription",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="threads",
                        to="nautobot_circuit_maintenance.subscription",
                    ),
                ),
            ],
            options={
                "ordering": ("subscription", "subject_type", "subject_id", "recipient"),
            },
        ),
        migrations.AddField(
            model_name="delivery",
            name="thread",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="deliveries",
                to="nautobot_circuit_maintenance.thread",
            ),
        ),
        migrations.CreateModel(
            name="MaintenanceChange",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid.uuid4, editable=False, primary_key=True, serialize=False, unique=True
                    ),
                ),
                ("at", models.DateTimeField(default=django.utils.timezone.now)),
                ("kind", models.CharField(max_length=20)),
                ("before", models.JSONField(default=dict)),
                ("after", models.JSONField(default=dict)),
                ("dispatched", models.DateTimeField(null=True)),
                (
                    "maintenance",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="nautobot_circuit_maintenance.circuitmaintenance",
                    ),
                ),
            ],
            options={
                "ordering": ("at", "id"),
                "indexes": [models.Index(fields=["dispatched", "at"], name="cm_change_dispatched")],
            },
        ),
        migrations.AddIndex(
            model_name="thread",
            index=models.Index(fields=["subject_id"], name="cm_thread_subject"),
        ),
        migrations.AddConstraint(
            model_name="thread",
            constraint=models.UniqueConstraint(
                fields=("subscription", "subject_type", "subject_id", "recipient"), name="cm_thread_once"
            ),
        ),
        migrations.AddIndex(
            model_name="delivery",
            index=models.Index(fields=["state", "next_attempt"], name="cm_delivery_state"),
        ),
        migrations.AddIndex(
            model_name="delivery",
            index=models.Index(fields=["created", "id"], name="cm_delivery_created"),
        ),
    ]
