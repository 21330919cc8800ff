"""What we received: sources, notifications, and what each notification said."""

from django.db import models
from nautobot.apps.constants import CHARFIELD_MAX_LENGTH
from nautobot.apps.models import BaseManager, BaseModel, OrganizationalModel, RestrictedQuerySet, extras_features

from nautobot_circuit_maintenance.app_settings import get_app_settings
from nautobot_circuit_maintenance.choices import NotificationStateChoices
from nautobot_circuit_maintenance.domain.updates import MaintenanceUpdate, Provenance
from nautobot_circuit_maintenance.models.maintenances import CircuitMaintenance


@extras_features("custom_links", "custom_validators", "export_templates", "webhooks")
class NotificationSource(OrganizationalModel):
    """A configured place that mail comes from; the row follows PLUGINS_CONFIG, people choose its providers."""

    name = models.CharField(max_length=CHARFIELD_MAX_LENGTH, unique=True)
    providers = models.ManyToManyField(
        to="circuits.Provider",
        related_name="notification_sources",
        blank=True,
        help_text="The providers whose notifications this source is searched for.",
    )
    attach_all_providers = models.BooleanField(
        default=False, editable=False, help_text="Every present and future provider belongs to this source."
    )
    cursor = models.JSONField(
        default=dict,
        blank=True,
        editable=False,
        help_text="Where the last run stopped reading, in the mailbox's words.",
    )
    searched_senders = models.JSONField(
        default=list, blank=True, editable=False, help_text="Addresses whose backlog has been read."
    )
    last_fetched_at = models.DateTimeField(
        null=True, blank=True, editable=False, help_text="When the source was last read to its end."
    )
    last_error = models.TextField(blank=True, editable=False, help_text="Why the last run failed; empty if it did not.")

    is_dynamic_group_associable_model = False

    class Meta:
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name

    @property
    def is_configured(self) -> bool:
        """Whether PLUGINS_CONFIG still names this source, rightly or with a mistake."""
        return self.name in get_app_settings().source_names


class NotificationManager(BaseManager.from_queryset(RestrictedQuerySet)):
    """Leaves the raw bytes in the database until somebody asks for them: they are up to 25 MiB a row."""

    def get_queryset(self):
        """Defer the raw bytes."""
        return super().get_queryset().defer("raw")


class Notification(BaseModel):
    """One message that we recorded and attributed to a provider; evidence, changed by no person."""

    source = models.ForeignKey(
        to=NotificationSource, on_delete=models.SET_NULL, related_name="notifications", null=True, blank=True
    )
    provider = models.ForeignKey(
        to="circuits.Provider", on_delete=models.PROTECT, related_name="circuit_maintenance_notifications"
    )
    state = models.CharField(max_length=20, choices=NotificationStateChoices, default=NotificationStateChoices.RECEIVED)
    error = models.TextField(blank=True, help_text="Why it failed or was ignored or refused.")
    attempts = models.PositiveSmallIntegerField(default=0, help_text="How often digesting it was begun.")
    fingerprint = models.CharField(max_length=64, unique=True, help_text="SHA-256 of what the author wrote.")
    message_id = models.CharField(max_length=CHARFIELD_MAX_LENGTH, blank=True)
    server_id = models.CharField(
        max_length=CHARFIELD_MAX_LENGTH,
        blank=True,
        editable=False,
        help_text="ID of the message in its mailbox: UIDVALIDITY and UID, Gmail ID or Graph ID.",
    )
    sender = models.CharField(max_length=CHARFIELD_MAX_LENGTH)
    sender_confirmed = models.BooleanField(
        null=True,
        editable=False,
        help_text="Whether a trusted mail server confirmed the sender. Empty if the source did not require it.",
    )
    subject = models.CharField(max_length=CHARFIELD_MAX_LENGTH, blank=True)
    sent_at = models.DateTimeField(null=True, blank=True, help_text="The Date header.")
    received_at = models.DateTimeField(help_text="When the mail server received it.")
    size = models.PositiveBigIntegerField(help_text="Bytes of the whole message.")
    raw = models.BinaryField(
        null=True, help_text="The exact bytes; none for a message over the size limit, or after retention."
    )

    objects = NotificationManager()

    natural_key_field_names = ["fingerprint"]

    class Meta:
        ordering = ("-received_at", "fingerprint")
        # Related look-ups use the base manager: they leave the raw bytes alone too.
        base_manager_name = "objects"
        indexes = [
            models.Index(fields=["state", "received_at"], name="cm_notification_queue"),
            models.Index(fields=["-received_at", "fingerprint"], name="cm_notification_newest"),
            models.Index(fields=["provider", "received_at"], name="cm_notification_provider"),
            models.Index(fields=["source", "received_at"], name="cm_notification_source"),
        ]

    def __str__(self) -> str:
        return self.subject or f"(no subject) {self.sender}"


class ParsedNotification(BaseModel):
    """What one notification said about one maintenance; outlives its notification, so it repeats what orders it."""

    notification = models.ForeignKey(
        to=Notification, on_delete=models.SET_NULL, related_name="parsed_notifications", null=True, blank=True
    )
    maintenance = models.ForeignKey(
        to="nautobot_circuit_maintenance.CircuitMaintenance",
        on_delete=models.CASCADE,
        related_name="parsed_notifications",
    )
    json = models.JSONField(help_text="The parser library's output, one item a window.")
    issued_at = models.DateTimeField(help_text="When the provider says that it wrote this.")
    received_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True, blank=True)
    sequence = models.BigIntegerField()
    fingerprint = models.CharField(max_length=64)
    status = models.CharField(max_length=20, help_text="The provider's word, NO-CHANGE included.")
    parser = models.CharField(max_length=CHARFIELD_MAX_LENGTH, help_text="Parser that understood the notification.")
    subject = models.CharField(max_length=CHARFIELD_MAX_LENGTH, blank=True)
    sender = models.CharField(max_length=CHARFIELD_MAX_LENGTH)
    outdated = models.BooleanField(default=False, help_text="A newer one about this maintenance is on record.")

    natural_key_field_names = ["pk"]

    class Meta:
        ordering = ("-received_at", "fingerprint")
        constraints = [
            models.UniqueConstraint(
                fields=["notification", "maintenance"], name="cm_parsednotification_once_per_maintenance"
            ),
        ]
        indexes = [models.Index(fields=["-received_at", "fingerprint"], name="cm_parsednotification_newest")]

    def __str__(self) -> str:
        return f"{self.status}: {self.subject}" if self.subject else self.status

    @classmethod
    def of(
        cls, maintenance: CircuitMaintenance, notification: Notification, update: MaintenanceUpdate
    ) -> "ParsedNotification":
        """Return a row, not saved yet, of what a notification says about a maintenance."""
        metadata = update.items[-1].get("metadata") or {}
        return cls(
            notification=notification,
            maintenance=maintenance,
            json=list(update.items),
            issued_at=update.issued_at,
            received_at=notification.received_at,
            sent_at=notification.sent_at,
            sequence=update.sequence,
            fingerprint=notification.fingerprint,
            status=update.status,
            parser=metadata.get("provider", ""),
            subject=notification.subject,
            sender=notification.sender,
        )

    def as_update(self) -> MaintenanceUpdate:
        """Return the update that this row was made of."""
        return MaintenanceUpdate.from_items(self.json, Provenance(self.received_at, self.sent_at, self.fingerprint))
