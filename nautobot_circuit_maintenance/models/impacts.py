"""The impacts of a maintenance on circuits, and people's notes on it."""

from collections.abc import Iterable
from contextlib import AbstractContextManager
from typing import Any
from uuid import UUID

from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import ValidationError
from django.db import models, transaction
from nautobot.apps.constants import CHARFIELD_MAX_LENGTH
from nautobot.apps.models import OrganizationalModel, extras_features
from nautobot.extras.models import ObjectChange

from nautobot_circuit_maintenance.choices import CircuitImpactChoices, MatchedByChoices, NoteLevelChoices
from nautobot_circuit_maintenance.models.changes import ReferencesInRecordsMixin, sending_change
from nautobot_circuit_maintenance.models.maintenances import FEATURES, CircuitMaintenance
from nautobot_circuit_maintenance.models.querysets import CircuitImpactManager
from nautobot_circuit_maintenance.models.remembering import RemembersMixin
from nautobot_circuit_maintenance.models.windows import MaintenanceWindow


@extras_features(*FEATURES)
class CircuitImpact(ReferencesInRecordsMixin, RemembersMixin, OrganizationalModel):
    """The impact on one circuit ID; ``circuit`` is empty while Nautobot has no matching circuit."""

    maintenance = models.ForeignKey(
        to=CircuitMaintenance,
        on_delete=models.CASCADE,
        related_name="impacts",
        db_index=False,  # the unique constraint begins with it
    )
    cid = models.CharField(
        max_length=CHARFIELD_MAX_LENGTH,
        blank=True,
        verbose_name="Circuit ID",
        help_text="Circuit ID as sent by the provider. Leave empty to use the selected circuit's ID.",
    )
    circuit = models.ForeignKey(
        to="circuits.Circuit",
        on_delete=models.SET_NULL,
        related_name="maintenance_impacts",
        null=True,
        blank=True,
    )
    impact = models.CharField(max_length=20, choices=CircuitImpactChoices, default=CircuitImpactChoices.OUTAGE)
    in_all_windows = models.BooleanField(
        default=True, help_text="The circuit is affected in every window of the maintenance."
    )
    windows = models.ManyToManyField(
        to=MaintenanceWindow,
        related_name="impacts",
        blank=True,
        help_text="The windows in which the circuit is affected, if not in all. None: it is not affected any more.",
    )
    matched_by = models.CharField(
        max_length=20,
        choices=MatchedByChoices,
        blank=True,
        editable=False,
        help_text="How the circuit was found. Empty if there is no circuit.",
    )

    objects = CircuitImpactManager()

    natural_key_field_names = ["maintenance", "cid"]

    class Meta:
        ordering = ("cid", "id")
        constraints = [
            models.UniqueConstraint(fields=["maintenance", "cid"], name="cm_impact_once_per_circuit_id"),
        ]
        # Whole pages of keys are read from it alone.
        indexes = [
            models.Index(fields=["cid", "id"], name="cm_impact_cid"),
            models.Index(fields=["impact", "id"], name="cm_impact_impact"),
        ]

    def __str__(self) -> str:
        return f"{self.cid}: {self.impact}"

    def clean(self) -> None:
        """Fill in the circuit ID from the circuit, and reject a new link with a circuit of another provider."""
        super().clean()
        if self.circuit and not self.cid:
            self.cid = self.circuit.cid
        if not self.cid:
            raise ValidationError({"cid": "Select a circuit or enter a circuit ID."})
        provider_id = self.maintenance.provider_id if self.maintenance_id else None
        # A circuit may move to another provider later; that must not stop people from editing the impact.
        is_new_link = self.has_changed("circuit_id", "maintenance_id")
        if is_new_link and self.circuit and provider_id and self.circuit.provider_id != provider_id:
            raise ValidationError({"circuit": "This circuit belongs to a different provider."})

    @property
    def own_windows(self) -> list[MaintenanceWindow]:
        """The windows of the maintenance in which the circuit is affected; none if it is only on record."""
        return list(self.maintenance.windows.all() if self.in_all_windows else self.windows.all())

    @property
    def is_affected(self) -> bool:
        """Whether the circuit is affected in at least one window."""
        return self.in_all_windows or bool(self.windows.all())

    def sending_change(self) -> AbstractContextManager[None]:
        """Send what changes inside of its maintenance, and of the one that it belonged to when it was read."""
        return sending_change(CircuitMaintenance, self.maintenance_id, self.read_maintenance_id)

    def limit_to(self, windows: Iterable[MaintenanceWindow] | None) -> None:
        """Store the windows in which the circuit is affected; None for all windows."""
        with transaction.atomic(), self.sending_change():
            self.in_all_windows = windows is None
            self.save()
            self.windows.set(windows or ())

    @property
    def read_maintenance_id(self) -> UUID | None:
        """The maintenance that it belonged to when it was read."""
        found: UUID | None = self.was("maintenance_id")
        return found

    @property
    def is_changed(self) -> bool:
        """Whether this copy differs from what was read, in more than the time of the last save."""
        return bool(self.changed_attributes() - {"created", "last_updated"})

    def save(self, *args, **kwargs) -> None:
        """Save, and send the change of the maintenance; a link that a person made or removed is marked as theirs.

        A new circuit ID without a circuit is linked to the circuit that it means, as those of notifications are.
        """
        if self.circuit_id != self.was("circuit_id"):
            self.matched_by = MatchedByChoices.MANUAL
        elif self.circuit_id is None and self.cid != self.was("cid"):
            self._match()
        with self.sending_change():
            super().save(*args, **kwargs)
        self._remember(kwargs.get("update_fields"))

    def _match(self) -> None:
        """Link the circuit that the circuit ID means; up to three statements."""
        # pylint: disable-next=import-outside-toplevel,cyclic-import  # matching reads impacts
        from nautobot_circuit_maintenance.models.matching import CircuitMatcher

        key = (self.maintenance.provider_id, self.cid)
        match = CircuitMatcher().match([key]).get(key) if key[0] else None
        if match:
            self.circuit_id, self.matched_by = match

    def delete(self, *args, **kwargs) -> tuple[int, dict[str, int]]:
        """Delete, and send the change of the maintenance."""
        with self.sending_change():
            return super().delete(*args, **kwargs)

    def to_objectchange(self, action: str, **kwargs: Any) -> ObjectChange:
        """Return a record that the change log and the timeline of the maintenance find, too."""
        record = super().to_objectchange(action, **kwargs)
        record.related_object_type = ContentType.objects.get_for_model(CircuitMaintenance)
        record.related_object_id = self.maintenance_id
        return record


@extras_features(*FEATURES)
class Note(ReferencesInRecordsMixin, OrganizationalModel):
    """A person's note on a maintenance. For GraphQL see ``graphql.types``: core has a type of the default name."""

    maintenance = models.ForeignKey(to=CircuitMaintenance, on_delete=models.CASCADE, related_name="maintenance_notes")
    title = models.CharField(max_length=CHARFIELD_MAX_LENGTH)
    level = models.CharField(max_length=20, choices=NoteLevelChoices, default=NoteLevelChoices.INFO)
    comment = models.TextField(blank=True)

    natural_key_field_names = ["pk"]

    class Meta:
        ordering = ("-last_updated", "title")
        verbose_name = "circuit maintenance note"  # GraphQL derives its names from it

    def __str__(self) -> str:
        return self.title
