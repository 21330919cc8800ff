"""Layouts of email that people taught: how the email of a provider that no parser reads is read."""

from collections.abc import Iterable, Mapping
from typing import Any

from django.db import models
from nautobot.apps.constants import CHARFIELD_MAX_LENGTH
from nautobot.apps.models import PrimaryModel, extras_features

from nautobot_circuit_maintenance.choices import MailLayoutStateChoices
from nautobot_circuit_maintenance.models.maintenances import FEATURES
from nautobot_circuit_maintenance.models.notifications import Notification

LONGEST_NAME = 100
"""Characters of a name: evidence names the layout and its version in one column."""
_PARSER = "layout "
SUSPENDED_BY = "Suspended by "
"""How ``suspended_because`` starts if a person did it, whose name follows."""
MOST_REFUSALS = 3
"""Refusals in a row after which a live layout is suspended: the provider writes in another way now."""


@extras_features(*FEATURES)
class MailLayout(PrimaryModel):
    """How the email of a provider is read, learned from emails that a person filled in.

    ``applies_to`` and ``fields`` are what ``reading.layouts.stored`` writes and reads.
    """

    provider = models.ForeignKey(to="circuits.Provider", on_delete=models.CASCADE, related_name="mail_layouts")
    name = models.CharField(max_length=LONGEST_NAME)
    state = models.CharField(
        max_length=20,
        choices=MailLayoutStateChoices,
        default=MailLayoutStateChoices.DRAFT,
        editable=False,
        db_index=True,
        help_text="Only a live layout adds maintenances; one on trial only reads.",
    )
    applies_to = models.JSONField(default=dict, help_text="What an email must have to be read by the layout.")
    fields = models.JSONField(default=dict, help_text="Where the fields stand in the email.")
    version = models.PositiveIntegerField(
        default=1, editable=False, help_text="Increases with each correction; evidence names it."
    )
    examples = models.ManyToManyField(
        to=Notification, related_name="taught_layouts", blank=True, editable=False, help_text="What it was taught with."
    )
    replay = models.JSONField(
        default=dict, blank=True, editable=False, help_text="What it makes of the stored notifications of the provider."
    )
    refusals = models.PositiveSmallIntegerField(
        default=0, editable=False, help_text="Notifications in a row that it refused."
    )
    refused = models.JSONField(
        default=list, blank=True, editable=False, help_text="Fingerprints of those: read again, one counts once."
    )
    suspended_because = models.CharField(
        max_length=CHARFIELD_MAX_LENGTH, blank=True, editable=False, help_text="Why it was suspended."
    )

    natural_key_field_names = ["provider", "name"]
    is_dynamic_group_associable_model = False

    class Meta:
        ordering = ("provider", "name")
        constraints = [models.UniqueConstraint(fields=["provider", "name"], name="cm_mail_layout_provider_and_name")]

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Make other content a new version, however it was changed."""
        if self.present_in_database:
            stored = MailLayout.objects.filter(pk=self.pk).values("applies_to", "fields", "version").first()
            if stored and stored["version"] == self.version:
                if (stored["applies_to"], stored["fields"]) != (self.applies_to, self.fields):
                    self.change(self.applies_to, self.fields)
        super().save(*args, **kwargs)

    def to_objectchange(self, action: str, *, object_data_exclude: Iterable[str] | None = None, **kwargs: Any) -> Any:
        """Leave out what repeats notifications."""
        excluded = [*(object_data_exclude or ()), "replay", "refused"]
        return super().to_objectchange(action, object_data_exclude=excluded, **kwargs)

    def __str__(self) -> str:
        return self.name

    @property
    def parser(self) -> str:
        """What evidence calls it: ``layout NAME v3``."""
        return f"{parser_prefix(self.name)}{self.version}"

    @property
    def may_go_live(self) -> bool:
        """Whether this version was tried on all stored notifications, and nothing was complete but wrong."""
        return bool(self.is_replayed and self.replay["read"] and not self.replay["wrong"])

    @property
    def is_replayed(self) -> bool:
        """Whether this version was tried on all stored notifications of the provider."""
        return is_complete(self.replay, self.version)

    def change(self, applies_to: Mapping[str, Any], fields: Mapping[str, Any]) -> None:
        """Take over other content, as a new version that has to be tried first; nothing is saved."""
        self.applies_to, self.fields = dict(applies_to), dict(fields)
        if self.present_in_database:
            self.version += 1
        self.state, self.replay = MailLayoutStateChoices.DRAFT, {}
        self.refusals, self.refused, self.suspended_because = 0, [], ""


def is_complete(replay: Mapping[str, Any], version: int) -> bool:
    """Return whether a stored replay is one of this version, over everything."""
    return bool(replay) and replay["version"] == version and replay["is_complete"]


def parser_prefix(name: str) -> str:
    """Return how the parser of evidence starts that a layout of this name made."""
    return f"{_PARSER}{name} v"


def is_layout(parser: str) -> bool:
    """Return whether the parser that evidence names is a layout."""
    return parser.startswith(_PARSER)
