"""A table for what users have consented to: refresh tokens of mailboxes, encrypted."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    """Create the table."""

    dependencies = [("nautobot_circuit_maintenance", "0009_protected_providers")]

    operations = [
        migrations.CreateModel(
            name="MailboxConsent",
            fields=[
                (
                    "source",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="+",
                        serialize=False,
                        to="nautobot_circuit_maintenance.notificationsource",
                    ),
                ),
                ("token", models.TextField(editable=False, help_text="Encrypted.")),
            ],
        ),
    ]
