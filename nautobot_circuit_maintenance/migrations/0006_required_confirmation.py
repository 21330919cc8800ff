"""What the source of a notification required is kept with the verdict.

What was digested was admitted. What still waits, failed or was refused gets no answer: it is judged before it is parsed.
"""

from typing import Any

from django.db import migrations, models


def forwards(apps: Any, _schema_editor: Any) -> None:
    """Keep the admission of what was digested, so that it can be reprocessed without its source."""
    notifications = apps.get_model("nautobot_circuit_maintenance", "Notification").objects
    digested = notifications.filter(state__in=("parsed", "ignored"))
    digested.update(requires_confirmation=models.Q(sender_confirmed__isnull=False))


class Migration(migrations.Migration):
    """Add the column; one UPDATE fills it in."""

    dependencies = [("nautobot_circuit_maintenance", "0005_baselines_and_keys")]

    operations = [
        migrations.AddField(
            model_name="notification",
            name="requires_confirmation",
            field=models.BooleanField(
                null=True,
                editable=False,
                help_text="Whether a trusted mail server must confirm the sender. Empty if that was never decided.",
            ),
        ),
        migrations.RunPython(forwards, migrations.RunPython.noop, elidable=False),
    ]
