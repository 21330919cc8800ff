"""Addresses of calendar feeds that were good once: their readers are answered that they are gone for good."""

from django.db import models
from nautobot.apps.models import BaseModel


class EndedFeed(BaseModel):
    """A token that was replaced or revoked; whose it was is not kept."""

    token_hash = models.CharField(max_length=64, unique=True, help_text="SHA-256 of the token.")

    natural_key_field_names = ["token_hash"]
    is_metadata_associable_model = False  # metadata would need a serializer

    class Meta:
        ordering = ("token_hash",)

    def __str__(self) -> str:
        return self.token_hash[:8]
