"""Doubts about a reading that a person settled: they stay settled, however often the message is read again."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser
from django.db import models, transaction
from django.db.models import QuerySet
from nautobot.apps.constants import CHARFIELD_MAX_LENGTH
from nautobot.apps.models import BaseModel

from nautobot_circuit_maintenance.choices import ConfidenceChoices
from nautobot_circuit_maintenance.domain.doubts import DoubtKind
from nautobot_circuit_maintenance.domain.opinions import worst
from nautobot_circuit_maintenance.domain.updates import MaintenanceUpdate
from nautobot_circuit_maintenance.models.keys import id_key
from nautobot_circuit_maintenance.models.maintenances import CircuitMaintenance


class SettledDoubt(BaseModel):
    """A doubt of the second opinion that a person settled: the reading is right.

    It belongs to the message, not to a row that reprocessing may replace.
    """

    fingerprint = models.CharField(max_length=64, db_index=True)
    maintenance_id = models.CharField(max_length=CHARFIELD_MAX_LENGTH)
    """The provider's ID, as ``id_key`` has it: a message may announce several maintenances."""
    sentence = models.TextField()
    settled_by = models.ForeignKey(
        to=settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, related_name="+", null=True, blank=True
    )
    settled_by_name = models.CharField(max_length=CHARFIELD_MAX_LENGTH)
    """Kept if the user is deleted."""
    settled_at = models.DateTimeField()

    natural_key_field_names = ["pk"]
    is_metadata_associable_model = False  # metadata would need a serializer

    class Meta:
        ordering = ("settled_at",)

    def __str__(self) -> str:
        return f"{self.sentence} ({self.settled_by_name})"


class Settled(NamedTuple):
    """What identifies a doubt that a person settled."""

    fingerprint: str
    maintenance_id: str
    sentence: str


def settled_among(fingerprints: Iterable[str]) -> frozenset[Settled]:
    """Return the settled doubts about these messages; no statement without any message."""
    wanted = set(fingerprints)
    if not wanted:
        return frozenset()
    rows = SettledDoubt.objects.filter(fingerprint__in=wanted).order_by()
    return frozenset(Settled(*row) for row in rows.values_list("fingerprint", "maintenance_id", "sentence"))


def without_settled(update: MaintenanceUpdate, settled: Collection[Settled]) -> MaintenanceUpdate:
    """Return an update whose second opinion leaves out what a person settled."""
    own = {
        each.sentence
        for each in settled
        if (each.fingerprint, each.maintenance_id) == (update.provenance.fingerprint, id_key(update.maintenance_id))
    }
    return update.without_findings(own) if own else update


def settle(
    maintenances: QuerySet[CircuitMaintenance], fingerprint: str, sentence: str, user: AbstractBaseUser, now: datetime
) -> bool:
    """Record that a reading is right although the second opinion doubts it; return whether there is such a doubt.

    ``maintenances``: the only one, among those that the user may change.
    """
    with transaction.atomic():
        maintenance = maintenances.select_for_update(of=("self",)).get()
        wanted = {"kind": DoubtKind.SECOND_OPINION.value, "sentence": sentence, "fingerprint": fingerprint}
        if wanted not in maintenance.doubts:
            return False
        rows = list(maintenance.parsed_notifications.order_by())
        messages = len({row.fingerprint for row in rows})
        updates = [row.as_update().with_known_id(messages) for row in rows if not row.outdated]
        for update in updates:
            if update.provenance.fingerprint == fingerprint:
                SettledDoubt.objects.create(
                    fingerprint=fingerprint,
                    maintenance_id=id_key(update.maintenance_id),
                    sentence=sentence,
                    settled_by=user,
                    settled_by_name=user.get_username(),
                    settled_at=now,
                )
        maintenance.doubts = [doubt for doubt in maintenance.doubts if doubt != wanted]
        maintenance.confidence = _confidence_without(maintenance.doubts, updates)
        maintenance.validated_save()
    return True


def _confidence_without(doubts: Sequence[Mapping[str, str]], updates: Sequence[MaintenanceUpdate]) -> str:
    """Return the confidence of a maintenance that has these doubts left."""
    if any(doubt["kind"] == DoubtKind.SECOND_OPINION for doubt in doubts):
        return ConfidenceChoices.DOUBTFUL
    settled = settled_among(update.provenance.fingerprint for update in updates)
    opinions = [without_settled(update, settled).opinion for update in updates]
    return worst([opinion.confidence if opinion else ConfidenceChoices.UNCHECKED for opinion in opinions])
