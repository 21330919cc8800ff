"""Take links back that were made by an alias which a person removed from its circuit."""

from collections.abc import Collection
from typing import Any
from uuid import UUID

from django.db import transaction
from nautobot.circuits.models import Circuit

from nautobot_circuit_maintenance.choices import MatchedByChoices as MatchedBy
from nautobot_circuit_maintenance.domain.circuit_ids import Kind, WantedId, known_keys
from nautobot_circuit_maintenance.domain.custom_fields import ALIASES
from nautobot_circuit_maintenance.models.change_receivers import record_details
from nautobot_circuit_maintenance.models.impacts import CircuitImpact
from nautobot_circuit_maintenance.models.matching import CircuitMatcher
from nautobot_circuit_maintenance.models.providers import circuit_aliases, split_aliases

BY_ALIAS = (MatchedBy.ALIAS, MatchedBy.SEPARATORS, MatchedBy.ZEROS, MatchedBy.INSIDE)
"""How an alias finds a circuit: as it is, in other spellings, or within a longer text."""
_LINKED_AT_ONCE = 1_000


def removed_aliases(circuit: Circuit) -> tuple[str, ...]:
    """Return the aliases that the database has and this copy, which is about to be saved, has not."""
    stored = Circuit.objects.filter(pk=circuit.pk).values_list("_custom_field_data", flat=True).first() or {}
    kept = circuit_aliases(circuit)
    return tuple(alias for alias in split_aliases(stored.get(ALIASES.key)) if alias not in kept)


def unlink_removed(circuit: Circuit, removed: Collection[str]) -> int:
    """Match the impacts once more that these aliases linked to a circuit; return how many have another link or none.

    They wait in the inbox if their ID means no other circuit. What a person selected stays, and so does what another
    ID of the circuit still means. Costs nothing if no alias was removed.
    """
    if not removed:
        return 0
    keys = {key for alias in removed for key in known_keys(alias, Kind.ALIAS)}
    rows = CircuitImpact.objects.filter(circuit=circuit, matched_by__in=BY_ALIAS).order_by()
    linked = [
        row
        for row in rows.select_related("maintenance")
        if any(key in keys for own in WantedId(row.cid).keys.values() for key in own)
    ]
    changed = _matched_again(linked)
    # Another run or a person may have linked them in the meantime.
    with transaction.atomic(savepoint=False):
        count = rows.bulk_update(changed, ["circuit", "matched_by"], batch_size=_LINKED_AT_ONCE)
        record_details({row.maintenance_id for row in changed})
    return count


def _matched_again(impacts: Collection[CircuitImpact]) -> list[CircuitImpact]:
    """Set what the circuit IDs of these impacts mean today; return those for which that is something else."""
    found = CircuitMatcher().match({(row.maintenance.provider_id, row.cid) for row in impacts})
    changed = []
    for row in impacts:
        before: tuple[UUID | None, str] = (row.circuit_id, row.matched_by)
        match: tuple[Any, str] = found.get((row.maintenance.provider_id, row.cid)) or (None, "")
        row.circuit_id, row.matched_by = match
        if before != match:
            changed.append(row)
    return changed
