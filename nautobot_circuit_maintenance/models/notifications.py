"""What was received: sources, notifications, and what each notification announced."""

from collections.abc import Iterable
from hashlib import sha256
from typing import Any

from django.conf import settings
from django.db import models, transaction
from nautobot.apps.constants import CHARFIELD_MAX_LENGTH
from nautobot.apps.models import BaseManager, BaseModel, OrganizationalModel, extras_features

from nautobot_circuit_maintenance.app_settings import get_app_settings
from nautobot_circuit_maintenance.choices import ConfidenceChoices, NotificationStateChoices, TakenOverChoices
from nautobot_circuit_maintenance.domain.evidence import from_json, to_json
from nautobot_circuit_maintenance.domain.opinions import findings_to_json
from nautobot_circuit_maintenance.domain.updates import MaintenanceUpdate, Provenance
from nautobot_circuit_maintenance.models.changes import ReferencesInRecordsMixin
from nautobot_circuit_maintenance.models.maintenances import CircuitMaintenance
from nautobot_circuit_maintenance.models.merging import SaveChangedFieldsMixin
from nautobot_circuit_maintenance.models.protection import protect
from nautobot_circuit_maintenance.models.querysets import NotificationQuerySet


@extras_features("custom_links", "custom_validators", "export_templates", "webhooks")
class NotificationSource(ReferencesInRecordsMixin, SaveChangedFieldsMixin, OrganizationalModel):
    """A configured mailbox; the row follows PLUGINS_CONFIG, people choose its providers."""

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
        help_text="Read position (internal).",
    )
    searched_senders = models.JSONField(
        default=list, blank=True, editable=False, help_text="Addresses whose backlog has been read."
    )
    last_fetched_at = models.DateTimeField(
        null=True, blank=True, editable=False, help_text="When the source was last read completely."
    )
    last_error = models.TextField(blank=True, editable=False, help_text="Error of the last run.")
    failing_since = models.DateTimeField(
        null=True, blank=True, editable=False, help_text="When the first of the runs in a row failed."
    )
    failed_runs = models.PositiveIntegerField(default=0, editable=False, help_text="Failed runs in a row.")

    is_dynamic_group_associable_model = False

    class Meta:
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Save only what this copy changed: a run may have moved the cursor since it was read."""
        with transaction.atomic():
            self.merge()
            super().save(*args, **kwargs)
            self._remember(kwargs.get("update_fields"))

    def to_objectchange(self, action: str, *, object_data_exclude: Iterable[str] | None = None, **kwargs: Any) -> Any:
        """Leave out what REST and GraphQL leave out too: the read position and the senders that were searched for."""
        excluded = [*(object_data_exclude or ()), "cursor", "searched_senders"]
        return super().to_objectchange(action, object_data_exclude=excluded, **kwargs)

    @property
    def is_configured(self) -> bool:
        """Whether PLUGINS_CONFIG still names this source, even if its settings are invalid."""
        return self.name in get_app_settings().source_names


class NotificationManager(BaseManager.from_queryset(NotificationQuerySet)):
    """Leaves the raw bytes in the database until they are used: up to 25 MiB per row."""

    def get_queryset(self):
        """Defer the raw bytes."""
        return super().get_queryset().defer("raw")


class Notification(BaseModel):
    """One message that was recorded and attributed to a provider; read-only for people."""

    source = models.ForeignKey(
        to=NotificationSource, on_delete=models.SET_NULL, related_name="notifications", null=True, blank=True
    )
    provider = models.ForeignKey(
        to="circuits.Provider", on_delete=protect, related_name="circuit_maintenance_notifications"
    )
    state = models.CharField(max_length=20, choices=NotificationStateChoices, default=NotificationStateChoices.RECEIVED)
    error = models.TextField(blank=True, help_text="Why it failed or was ignored or refused.")
    attempts = models.PositiveSmallIntegerField(default=0, help_text="Processing attempts.")
    fingerprint = models.CharField(max_length=64, unique=True, help_text="SHA-256 of what the author wrote.")
    message_id = models.CharField(max_length=CHARFIELD_MAX_LENGTH, blank=True)
    server_id = models.CharField(
        max_length=CHARFIELD_MAX_LENGTH,
        blank=True,
        editable=False,
        help_text="ID of the message in its mailbox: UIDVALIDITY and UID, Gmail ID or Graph ID.",
    )
    tag = models.CharField(
        max_length=CHARFIELD_MAX_LENGTH,
        blank=True,
        editable=False,
        help_text="What the message shows in its mailbox: the tag of its outcome.",
    )
    sender = models.CharField(max_length=CHARFIELD_MAX_LENGTH)
    sender_confirmed = models.BooleanField(
        null=True,
        editable=False,
        help_text="Whether a trusted mail server confirmed the sender. Empty if the source did not require it.",
    )
    requires_confirmation = models.BooleanField(
        null=True,
        editable=False,
        help_text="Whether a trusted mail server must confirm the sender. Empty if that was never decided.",
    )
    subject = models.CharField(max_length=CHARFIELD_MAX_LENGTH, blank=True)
    sent_at = models.DateTimeField(null=True, blank=True, help_text="The Date header.")
    received_at = models.DateTimeField(help_text="When the mail server received it.")
    size = models.PositiveBigIntegerField(help_text="Bytes of the whole message.")
    raw = models.BinaryField(
        null=True, help_text="The exact bytes. Empty for a message over the size limit, or after retention."
    )
    taken_over = models.CharField(
        max_length=10,
        choices=TakenOverChoices,
        blank=True,
        editable=False,
        help_text="What the older package kept of it, if it was taken over.",
    )
    dismissed_at = models.DateTimeField(null=True, editable=False, help_text="When someone dismissed its result.")
    dismissed_by = models.ForeignKey(
        to=settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        related_name="+",
        null=True,
        editable=False,
        help_text="Who dismissed its result.",
    )
    dismissed_reason = models.CharField(
        max_length=CHARFIELD_MAX_LENGTH, blank=True, editable=False, help_text="Why it needs no attention."
    )
    dismissed_state = models.CharField(
        max_length=20, blank=True, editable=False, help_text="State that was dismissed; another one counts again."
    )
    dismissed_error = models.TextField(blank=True, editable=False, help_text="Reason that was dismissed.")

    objects = NotificationManager()

    natural_key_field_names = ["fingerprint"]

    class Meta:
        ordering = ("-received_at", "fingerprint")
        # Related lookups use the base manager; they defer the raw bytes, too.
        base_manager_name = "objects"
        indexes = [
            models.Index(fields=["state", "received_at"], name="cm_notification_queue"),
            models.Index(fields=["-received_at", "fingerprint"], name="cm_notification_newest"),
            models.Index(fields=["provider", "received_at"], name="cm_notification_provider"),
            models.Index(fields=["source", "received_at"], name="cm_notification_source"),
            # Ignored by MySQL, which reads all parsed ones to count them.
            models.Index(
                fields=["state"],
                condition=models.Q(state=NotificationStateChoices.PARSED) & ~models.Q(error=""),
                name="cm_notification_partly_read",
            ),
        ]

    def __str__(self) -> str:
        return self.subject or f"(no subject) {self.sender}"

    @property
    def provenance(self) -> Provenance:
        """When and how it was received."""
        return Provenance(self.received_at, self.sent_at, self.fingerprint)

    @property
    def is_dismissed(self) -> bool:
        """Whether someone dismissed the result that it has now."""
        return self.dismissed_at is not None and self.result == (self.dismissed_state, self.dismissed_error)

    @property
    def result(self) -> tuple[str, str]:
        """What became of it: state, and why."""
        return self.state, self.error

    @property
    def result_key(self) -> str:
        """A short text that is another one for every result."""
        return sha256("\0".join(self.result).encode()).hexdigest()[:16]


class ParsedNotification(BaseModel):
    """What one notification announced about one maintenance; outlives it, so it repeats what puts it in order."""

    notification = models.ForeignKey(
        to=Notification, on_delete=models.SET_NULL, related_name="parsed_notifications", null=True, blank=True
    )
    maintenance = models.ForeignKey(
        to="nautobot_circuit_maintenance.CircuitMaintenance",
        on_delete=models.CASCADE,
        related_name="parsed_notifications",
        db_index=False,  # the index below begins with it
    )
    json = models.JSONField(help_text="Everything that the notification announced, in the app's own schema.")
    issued_at = models.DateTimeField(help_text="Timestamp given by the provider.")
    received_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True, blank=True)
    sequence = models.BigIntegerField()
    fingerprint = models.CharField(max_length=64)
    status = models.CharField(max_length=20, help_text="Status as sent by the provider.")
    parser = models.CharField(max_length=CHARFIELD_MAX_LENGTH, help_text="Parser that read the notification.")
    subject = models.CharField(max_length=CHARFIELD_MAX_LENGTH, blank=True)
    sender = models.CharField(max_length=CHARFIELD_MAX_LENGTH)
    outdated = models.BooleanField(default=False, help_text="Superseded by a newer notification.")
    confidence = models.CharField(
        max_length=20,
        choices=ConfidenceChoices,
        default=ConfidenceChoices.UNCHECKED,
        db_index=True,
        help_text="Whether what was read stands in the email.",
    )
    findings = models.JSONField(
        default=list, blank=True, editable=False, help_text="Why it is not confirmed, with the place in the email."
    )

    natural_key_field_names = ["pk"]

    class Meta:
        ordering = ("-received_at", "fingerprint")
        constraints = [
            models.UniqueConstraint(
                fields=["notification", "maintenance"], name="cm_parsednotification_once_per_maintenance"
            ),
        ]
        indexes = [
            models.Index(fields=["-received_at", "fingerprint"], name="cm_parsednotification_newest"),
            models.Index(fields=["maintenance", "issued_at"], name="cm_parsednotification_notice"),
        ]

    def __str__(self) -> str:
        return f"{self.status}: {self.subject}" if self.subject else self.status

    @classmethod
    def of(
        cls, maintenance: CircuitMaintenance, notification: Notification, update: MaintenanceUpdate
    ) -> "ParsedNotification":
        """Return an unsaved row of what a notification announces about a maintenance."""
        return cls(
            notification=notification,
            maintenance=maintenance,
            json=to_json(update),
            issued_at=update.issued_at,
            received_at=notification.received_at,
            sent_at=notification.sent_at,
            sequence=update.sequence,
            fingerprint=notification.fingerprint,
            status=update.status,
            parser=update.parser.name,
            subject=notification.subject,
            sender=notification.sender,
            confidence=update.opinion.confidence if update.opinion else ConfidenceChoices.UNCHECKED,
            findings=findings_to_json(update.opinion.findings) if update.opinion else [],
        )

    def as_update(self) -> MaintenanceUpdate:
        """Return the update that this row was made from."""
        return from_json(self.json, Provenance(self.received_at, self.sent_at, self.fingerprint))
