"""What users have consented to: the access of a source to its mailbox."""

from django.db import models

from nautobot_circuit_maintenance.models.notifications import NotificationSource


class MailboxConsent(models.Model):
    """A refresh token, encrypted; see ``stored_consents``.

    A plain model: Nautobot's own would write every field into change records, and offer it in forms and exports.
    """

    source = models.OneToOneField(NotificationSource, on_delete=models.CASCADE, primary_key=True, related_name="+")
    token = models.TextField(editable=False, help_text="Encrypted.")

    def __str__(self) -> str:
        return f"Consent of {self.source}"
