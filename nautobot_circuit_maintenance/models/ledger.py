"""Closed quarters of the providers' ledger: their figures stay as they were, whatever is edited later."""

from django.db import models
from nautobot.apps.models import BaseModel

from nautobot_circuit_maintenance.domain.ledger import Quarter


class ProviderQuarter(BaseModel):
    """The figures of one provider in a quarter that is over."""

    provider = models.ForeignKey(
        to="circuits.Provider",
        on_delete=models.CASCADE,
        related_name="+",
        db_index=False,  # the unique constraint begins with it
    )
    year = models.PositiveSmallIntegerField()
    quarter = models.PositiveSmallIntegerField(help_text="1 to 4, in UTC.")
    figures = models.JSONField(help_text="The figures when the quarter was closed.")
    circuits = models.JSONField(default=dict, help_text="The same for each circuit ID.")
    closed_at = models.DateTimeField()
    corrected = models.JSONField(
        null=True, help_text="The figures of the rows as they are now. Empty while these are the closed ones."
    )
    checked_at = models.DateTimeField(help_text="When the figures were last compared with the rows.")

    natural_key_field_names = ["provider", "year", "quarter"]
    is_metadata_associable_model = False  # metadata would need a serializer

    class Meta:
        ordering = ("-year", "-quarter", "provider")
        constraints = [
            models.UniqueConstraint(fields=["provider", "year", "quarter"], name="cm_quarter_once_per_provider")
        ]

    def __str__(self) -> str:
        return f"{self.provider} {self.period}"

    @property
    def period(self) -> Quarter:
        """The quarter as a value."""
        return Quarter(self.year, self.quarter)
