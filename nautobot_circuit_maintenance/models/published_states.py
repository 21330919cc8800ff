"""What was published on event brokers about time and risk, so that each run publishes only what is new."""

from django.db import models
from nautobot.apps.constants import CHARFIELD_MAX_LENGTH
from nautobot.apps.models import BaseModel


class PublishedState(BaseModel):
    """What a run published last, of one kind of event; the row is also the lock of two runs."""

    name = models.CharField(max_length=CHARFIELD_MAX_LENGTH, unique=True)
    published = models.JSONField(default=dict, help_text="What was published, by the fact or object that it is about.")

    natural_key_field_names = ["name"]
    is_metadata_associable_model = False  # metadata would need a serializer

    class Meta:
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name
