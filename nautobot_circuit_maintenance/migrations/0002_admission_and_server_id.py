"""The server's ID of a message and the verdict on its sender are kept with the notification."""

from django.db import migrations, models
from nautobot.apps.constants import CHARFIELD_MAX_LENGTH


class Migration(migrations.Migration):
    """Add two columns; what is on record was admitted by the code before, so a verdict is known for refused mail only."""

    dependencies = [("nautobot_circuit_maintenance", "0001_schema")]

    operations = [
        migrations.AddField(
            model_name="notification",
            name="server_id",
            field=models.CharField(
                blank=True,
                editable=False,
                max_length=CHARFIELD_MAX_LENGTH,
                help_text="ID of the message in its mailbox: UIDVALIDITY and UID, Gmail ID or Graph ID.",
            ),
        ),
        migrations.AddField(
            model_name="notification",
            name="sender_confirmed",
            field=models.BooleanField(
                null=True,
                editable=False,
                help_text="Whether a trusted mail server confirmed the sender. Empty if the source did not require it.",
            ),
        ),
    ]
