"""Layouts of email that people taught."""

import uuid

import django.core.serializers.json
import django.db.models.deletion
import nautobot.core.models.fields
import nautobot.extras.models.mixins
from django.db import migrations, models


class Migration(migrations.Migration):
    """Add an empty table."""

    dependencies = [
        ("circuits", "0022_circuittermination_cloud_network"),
        ("extras", "0142_remove_scheduledjob_approval_required"),
        ("nautobot_circuit_maintenance", "0018_provider_ledger"),
    ]

    operations = [
        migrations.CreateModel(
            name="MailLayout",
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
                ("name", models.CharField(max_length=100)),
                ("state", models.CharField(db_index=True, default="draft", editable=False, max_length=20)),
                ("applies_to", models.JSONField(default=dict)),
                ("fields", models.JSONField(default=dict)),
                ("version", models.PositiveIntegerField(default=1, editable=False)),
                ("replay", models.JSONField(blank=True, default=dict, editable=False)),
                ("refusals", models.PositiveSmallIntegerField(default=0, editable=False)),
                ("refused", models.JSONField(blank=True, default=list, editable=False)),
                ("suspended_because", models.CharField(blank=True, editable=False, max_length=255)),
                (
                    "examples",
                    models.ManyToManyField(
                        blank=True,
                        editable=False,
                        related_name="taught_layouts",
                        to="nautobot_circuit_maintenance.notification",
                    ),
                ),
                (
                    "provider",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="mail_layouts", to="circuits.provider"
                    ),
                ),
                ("tags", nautobot.core.models.fields.TagsField(through="extras.TaggedItem", to="extras.Tag")),
            ],
            options={
                "ordering": ("provider", "name"),
                "constraints": [
                    models.UniqueConstraint(fields=("provider", "name"), name="cm_mail_layout_provider_and_name")
                ],
            },
            bases=(
                nautobot.extras.models.mixins.DataComplianceModelMixin,
                nautobot.extras.models.mixins.DynamicGroupMixin,
                nautobot.extras.models.mixins.NotesMixin,
                models.Model,
            ),
        ),
    ]
