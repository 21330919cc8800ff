"""Deliveries: what goes out, recorded before it is attempted; and whether each channel works."""

from django.conf import settings
from django.db import models
from django.utils import timezone
from nautobot.apps.constants import CHARFIELD_MAX_LENGTH
from nautobot.apps.models import BaseManager, BaseModel, RestrictedQuerySet

from nautobot_circuit_maintenance.choices import DeliveryStateChoices, EventChoices, PhaseChoices
from nautobot_circuit_maintenance.models.maintenances import CircuitMaintenance
from nautobot_circuit_maintenance.models.subscriptions import LONGEST_ADDRESS, Subscription, Thread


class DeliveryQuerySet(RestrictedQuerySet):
    """Queries for deliveries."""

    def messages(self) -> "DeliveryQuerySet":
        """Return messages, and no jobs."""
        return self.filter(phase="")


class Delivery(BaseModel):
    """One message to one recipient, or one run of a job.

    A killed run leaves it waiting or unsure, nothing else; what is unsure is sent again as it is, under the same key.
    """

    subscription = models.ForeignKey(
        to=Subscription, on_delete=models.SET_NULL, related_name="deliveries", null=True, blank=True
    )
    thread = models.ForeignKey(
        to=Thread,
        on_delete=models.SET_NULL,
        related_name="deliveries",
        null=True,
        blank=True,
        help_text="Empty if it is a digest of several.",
    )
    maintenance = models.ForeignKey(
        to=CircuitMaintenance, on_delete=models.SET_NULL, related_name="deliveries", null=True, blank=True
    )
    channel = models.CharField(max_length=CHARFIELD_MAX_LENGTH, help_text="Name of the channel in the settings.")
    event = models.CharField(max_length=20, choices=EventChoices)
    key = models.CharField(max_length=64, unique=True, help_text="Digest of the fact that it states.")
    root_key = models.CharField(max_length=64, blank=True, help_text="Key of the first message of the conversation.")
    states = models.JSONField(
        default=dict, blank=True, help_text="The state that it announces, by primary key of the thread."
    )
    state = models.CharField(max_length=20, choices=DeliveryStateChoices, default=DeliveryStateChoices.WAITING)
    folded_into = models.ForeignKey(
        to="self",
        on_delete=models.SET_NULL,
        related_name="folded",
        null=True,
        blank=True,
        help_text="The digest that says what this one would have said.",
    )
    recipient = models.CharField(max_length=LONGEST_ADDRESS, blank=True, help_text="Address; empty: the channel's own.")
    recipient_name = models.CharField(max_length=CHARFIELD_MAX_LENGTH, blank=True)
    subject = models.CharField(max_length=CHARFIELD_MAX_LENGTH, blank=True)
    headline = models.TextField(blank=True, help_text="What happened, in one line.")
    text = models.TextField(blank=True)
    html = models.TextField(blank=True)
    data = models.JSONField(default=dict, blank=True, help_text="The facts, for machines.")
    calendar = models.TextField(blank=True, help_text="The attached calendar.")
    over_at = models.DateTimeField(null=True, blank=True, help_text="When it is too late to send it.")
    attempts = models.PositiveSmallIntegerField(default=0)
    next_attempt = models.DateTimeField(default=timezone.now)
    error = models.TextField(blank=True, help_text="Why the last attempt failed.")
    created = models.DateTimeField(default=timezone.now, editable=False)
    sent_at = models.DateTimeField(null=True, blank=True)
    user = models.ForeignKey(
        to=settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        related_name="+",
        null=True,
        blank=True,
        help_text="As whom a job runs.",
    )
    job_result = models.ForeignKey(
        to="extras.JobResult", on_delete=models.SET_NULL, related_name="+", null=True, blank=True
    )
    window = models.UUIDField(null=True, blank=True, db_index=True, help_text="Primary key of the window.")
    phase = models.CharField(max_length=20, choices=PhaseChoices, blank=True)

    objects = BaseManager.from_queryset(DeliveryQuerySet)()

    natural_key_field_names = ["key"]
    is_metadata_associable_model = False  # metadata would need a serializer

    class Meta:
        ordering = ("-created", "id")
        verbose_name_plural = "deliveries"
        indexes = [
            models.Index(fields=["state", "next_attempt"], name="cm_delivery_state"),
            models.Index(fields=["created", "id"], name="cm_delivery_created"),
        ]

    def __str__(self) -> str:
        return self.subject or f"{self.event} {self.key[:8]}"


class ChannelState(BaseModel):
    """Whether a configured channel works, and until when a run has it to itself."""

    name = models.CharField(max_length=CHARFIELD_MAX_LENGTH, unique=True)
    down_since = models.DateTimeField(null=True, blank=True)
    next_probe = models.DateTimeField(null=True, blank=True)
    probes = models.PositiveSmallIntegerField(default=0, help_text="Attempts since it is down.")
    error = models.TextField(blank=True, help_text="Why it is down.")
    busy_until = models.DateTimeField(
        null=True, blank=True, help_text="Until when, at the latest, a run works on it; others leave it alone."
    )

    natural_key_field_names = ["name"]
    is_metadata_associable_model = False  # metadata would need a serializer

    class Meta:
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name
