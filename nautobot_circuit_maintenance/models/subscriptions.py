"""Subscriptions: who receives messages about which maintenances, how and when; and the conversation with each recipient."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils import timezone
from nautobot.apps.constants import CHARFIELD_MAX_LENGTH
from nautobot.apps.models import BaseManager, BaseModel, PrimaryModel, RestrictedQuerySet, extras_features

from nautobot_circuit_maintenance.choices import (
    AudienceChoices,
    DayChoices,
    EventChoices,
    RhythmChoices,
    ThreadSubjectChoices,
)
from nautobot_circuit_maintenance.models.changes import ReferencesInRecordsMixin
from nautobot_circuit_maintenance.models.maintenances import FEATURES

LONGEST_LEAD_TIME = 24 * 60
"""Hours."""
SHORTEST_LEAD = 10
"""Minutes: the job that sends runs every five, and a queue may be late."""
LONGEST_ADDRESS = 254
"""Characters (RFC 5321 4.5.3.1.3, erratum 1690)."""


_BEGINS_ANEW = (
    *("enabled", "owner_id", "maintenance_filter", "events", "lead_time", "channel", "audience"),
    *("rhythm", "digest_time", "digest_day", "time_zone"),
)
"""Attributes that say what is sent, to whom and when."""


def default_events() -> list[str]:
    """Return the events of a new subscription."""
    return [EventChoices.NEW, EventChoices.CHANGED, EventChoices.CANCELLED]


class SubscriptionQuerySet(RestrictedQuerySet):
    """Subscriptions."""

    def failing(self) -> "SubscriptionQuerySet":
        """Filter enabled subscriptions that send nothing because of an error."""
        return self.filter(enabled=True).exclude(last_error="")


@extras_features(*FEATURES)
class Subscription(ReferencesInRecordsMixin, PrimaryModel):  # type: ignore[misc]  # Nautobot has no types
    """Sends events of some maintenances to some recipients by a channel; only what the owner may view."""

    name = models.CharField(max_length=CHARFIELD_MAX_LENGTH, unique=True)
    owner = models.ForeignKey(
        to=settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        related_name="circuit_maintenance_subscriptions",
        help_text="Only what the owner may view is sent.",
    )
    enabled = models.BooleanField(default=True)
    maintenance_filter = models.JSONField(
        default=dict, blank=True, help_text="Filters of the list of maintenances; none: all maintenances."
    )
    events = models.JSONField(default=default_events, help_text="Events that are sent.")
    lead_time = models.PositiveSmallIntegerField(
        default=24,
        validators=[MinValueValidator(1), MaxValueValidator(LONGEST_LEAD_TIME)],
        help_text="Hours before the start of a window at which to remind.",
    )
    lead_minutes = models.PositiveSmallIntegerField(
        default=20,
        validators=[MinValueValidator(SHORTEST_LEAD), MaxValueValidator(LONGEST_LEAD_TIME)],
        help_text="Minutes before the start of a window at which a job runs, or alerts are silenced.",
    )
    channel = models.CharField(
        max_length=CHARFIELD_MAX_LENGTH, blank=True, help_text="Name of a channel in the settings."
    )
    audience = models.CharField(max_length=20, choices=AudienceChoices, default=AudienceChoices.CHOSEN)
    contacts = models.ManyToManyField(to="extras.Contact", related_name="+", blank=True)
    teams = models.ManyToManyField(to="extras.Team", related_name="+", blank=True)
    roles = models.ManyToManyField(
        to="extras.Role",
        related_name="+",
        blank=True,
        help_text="Roles of the contacts of what is affected; none: all roles.",
    )
    job = models.ForeignKey(
        to="extras.Job",
        on_delete=models.SET_NULL,
        related_name="+",
        null=True,
        blank=True,
        help_text="What a channel of kind job runs before and after each window.",
    )
    rhythm = models.CharField(max_length=20, choices=RhythmChoices, default=RhythmChoices.AT_ONCE)
    digest_time = models.TimeField(null=True, blank=True, help_text="Time of day of the digest.")
    digest_day = models.PositiveSmallIntegerField(
        choices=DayChoices, default=DayChoices.MONDAY, help_text="Day of a weekly digest."
    )
    time_zone = models.CharField(
        max_length=64, blank=True, help_text="Time zone of the digest and of times in messages; empty: the server's."
    )
    one_thread = models.BooleanField(
        default=True, help_text="Keep one subject for each maintenance, so that mail programs show one conversation."
    )
    subject_template = models.TextField(blank=True, help_text="Empty: the default subject.")
    body_template = models.TextField(blank=True, help_text="Empty: the default text.")
    token_hash = models.CharField(
        max_length=64, null=True, unique=True, editable=False, help_text="SHA-256 of the token of the calendar feed."
    )
    token_used_at = models.DateTimeField(null=True, editable=False, help_text="When the calendar feed was last read.")
    begun = models.DateTimeField(default=timezone.now, editable=False, help_text="Changes before are never sent.")
    clock = models.DateTimeField(
        default=timezone.now, editable=False, help_text="Until when starts and ends of windows were observed."
    )
    next_digest = models.DateTimeField(null=True, editable=False, help_text="When the next digest is due.")
    last_error = models.TextField(blank=True, editable=False, help_text="Why nothing is sent.")

    objects = BaseManager.from_queryset(SubscriptionQuerySet)()

    natural_key_field_names = ["name"]
    is_dynamic_group_associable_model = False

    class Meta:
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name

    @property
    def reminds_before(self) -> timedelta:
        """How long before a window its reminders are sent."""
        return timedelta(hours=self.lead_time)

    @property
    def acts_before(self) -> timedelta:
        """How long before a window its job runs, or its alerts are silent."""
        return timedelta(minutes=self.lead_minutes)

    def clean(self) -> None:
        """Reject events that do not exist, and a digest without its time."""
        super().clean()
        unknown = set(self.events) - set(EventChoices.values()) if isinstance(self.events, list) else {"?"}
        if unknown or not self.events:
            raise ValidationError({"events": "Select at least one of the events."})
        if not isinstance(self.maintenance_filter, dict):
            raise ValidationError({"maintenance_filter": "Enter an object of filters."})
        if self.rhythm != RhythmChoices.AT_ONCE and self.digest_time is None:
            raise ValidationError({"digest_time": "A digest needs a time of day."})

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Begin again if it is enabled, or is about something else, or goes elsewhere: that sends nothing by itself."""
        if self.present_in_database and self._begins_anew():
            self.begun = self.clock = timezone.now()
            self.next_digest = None
        super().save(*args, **kwargs)

    def _begins_anew(self) -> bool:
        stored = Subscription.objects.filter(pk=self.pk).values(*_BEGINS_ANEW, "begun").first()
        if stored is None or stored.pop("begun") != self.begun:
            return False
        return any(getattr(self, name) != value for name, value in stored.items())

    def to_objectchange(self, action: str, *, object_data_exclude: Iterable[str] | None = None, **kwargs: Any) -> Any:
        """Leave out what is not for people, and what runs write."""
        excluded = [*(object_data_exclude or ()), "token_hash", "token_used_at", "begun", "clock", "next_digest"]
        return super().to_objectchange(action, object_data_exclude=excluded, **kwargs)


class Thread(BaseModel):
    """The conversation with one recipient about one subject; it outlives the deliveries."""

    subscription = models.ForeignKey(
        to=Subscription,
        on_delete=models.CASCADE,
        related_name="threads",
        db_index=False,  # the unique constraint begins with it
    )
    subject_type = models.CharField(max_length=20, choices=ThreadSubjectChoices)
    subject_id = models.UUIDField(help_text="Primary key of the maintenance, site, notification or source.")
    recipient = models.CharField(max_length=LONGEST_ADDRESS, blank=True, help_text="Address; empty: the channel's own.")
    recipient_name = models.CharField(max_length=CHARFIELD_MAX_LENGTH, blank=True)
    due = models.DateTimeField(null=True, db_index=True, help_text="Since when something may have to be sent.")
    last_state = models.JSONField(null=True, help_text="The state that was last sent.")
    last_key = models.CharField(max_length=64, blank=True, help_text="The key of that message.")
    subject = models.CharField(
        max_length=CHARFIELD_MAX_LENGTH, blank=True, help_text="Subject of the first message, which all have."
    )
    root_key = models.CharField(max_length=64, blank=True, help_text="The key of the first message.")
    open = models.ForeignKey(
        to="nautobot_circuit_maintenance.Delivery",
        on_delete=models.SET_NULL,
        related_name="open_threads",
        null=True,
        help_text="The delivery that is waiting or unsure; there is at most one.",
    )

    natural_key_field_names = ["subscription", "subject_type", "subject_id", "recipient"]
    is_metadata_associable_model = False  # metadata would need a serializer

    class Meta:
        ordering = ("subscription", "subject_type", "subject_id", "recipient")
        constraints = [
            models.UniqueConstraint(
                fields=["subscription", "subject_type", "subject_id", "recipient"], name="cm_thread_once"
            )
        ]
        indexes = [models.Index(fields=["subject_id"], name="cm_thread_subject")]

    def __str__(self) -> str:
        return f"{self.subscription}: {self.subject_type} {self.subject_id} {self.recipient}".rstrip()
