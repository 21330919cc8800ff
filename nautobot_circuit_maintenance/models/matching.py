"""Which circuit of a provider a circuit id means."""

import re
from collections.abc import Collection
from uuid import UUID

from nautobot.circuits.models import Circuit

from nautobot_circuit_maintenance.models.maintenances import CircuitImpact

Named = tuple[UUID, str]
"""Primary key of a provider, and a circuit id as it writes it."""

_NO_LETTER_OR_DIGIT = re.compile(r"[\W_]+")
_LINKED_AT_ONCE = 1_000


def _normalised(cid: str) -> str:
    """Return a circuit id without case, blanks and punctuation, which providers write as they please."""
    return _NO_LETTER_OR_DIGIT.sub("", cid.casefold())


class CircuitMatcher:
    """Matches circuit ids within their providers: exact first; without case, then normalised, only if unambiguous.

    Remembers its answers, not the circuits: its memory grows with what is asked and not with what Nautobot holds. Keep
    it for a chunk of work, not longer.
    """

    def __init__(self) -> None:
        """Know nothing yet."""
        self._answers: dict[Named, UUID | None] = {}

    def match(self, wanted: Collection[Named]) -> dict[Named, UUID]:
        """Return the circuit's primary key for each circuit id that Nautobot knows.

        Costs one statement if all are known as they are written, two otherwise, none for those asked before.
        """
        asked = set(wanted) - self._answers.keys()
        if asked:
            found = _exact(asked)
            found |= _similar(asked - found.keys())
            self._answers |= {each: found.get(each) for each in asked}
        return {each: circuit for each in wanted if (circuit := self._answers[each])}


def _exact(wanted: Collection[Named]) -> dict[Named, UUID]:
    providers, cids = {provider for provider, _ in wanted}, {cid for _, cid in wanted}
    circuits = Circuit.objects.filter(provider__in=providers, cid__in=cids).order_by()
    rows = circuits.values_list("pk", "provider", "cid")
    # MySQL's "in" does not look at case.
    return {(provider, cid): pk for pk, provider, cid in rows if (provider, cid) in wanted}


def _similar(wanted: Collection[Named]) -> dict[Named, UUID]:
    """Read all circuits of the providers once, without keeping those that nobody asks for."""
    if not wanted:
        return {}
    candidates: dict[Named, list[tuple[str, UUID]]] = {(provider, _normalised(cid)): [] for provider, cid in wanted}
    circuits = Circuit.objects.filter(provider__in={provider for provider, _ in wanted}).order_by()
    for pk, provider, cid in circuits.values_list("pk", "provider", "cid").iterator():
        alike = candidates.get((provider, _normalised(cid)))
        if alike is not None:
            alike.append((cid, pk))
    found = {(provider, cid): _choose(cid, candidates[provider, _normalised(cid)]) for provider, cid in wanted}
    return {each: circuit for each, circuit in found.items() if circuit}


def _choose(cid: str, candidates: Collection[tuple[str, UUID]]) -> UUID | None:
    """Return the only circuit that fits, by the strictest comparison that any fits by; None for several."""
    # Ids of nothing but punctuation would all be the same.
    for spell in (str, str.casefold, *([_normalised] if _normalised(cid) else [])):
        fitting = [pk for other, pk in candidates if spell(other) == spell(cid)]
        if fitting:
            return fitting[0] if len(fitting) == 1 else None
    return None


def link_unmatched(provider_id: UUID | None = None) -> int:
    """Link impacts whose circuit Nautobot has learnt since; of one provider, or of all. Returns how many.

    Costs one statement where everything is linked, two where nothing can be, else one more and one for each thousand.
    """
    unmatched = CircuitImpact.objects.filter(circuit=None, maintenance__provider__isnull=False).order_by()
    if provider_id:
        unmatched = unmatched.filter(maintenance__provider=provider_id)
    # Not distinct(): two ids that differ in case only would be one to MySQL.
    found = _similar(set(unmatched.values_list("maintenance__provider", "cid").iterator()))
    if not found:
        return 0
    rows = unmatched.filter(cid__in={cid for _, cid in found}).values_list("pk", "maintenance__provider", "cid")
    impacts = [CircuitImpact(pk=pk, circuit_id=found.get((provider, cid))) for pk, provider, cid in rows]
    linked = [impact for impact in impacts if impact.circuit_id]
    return CircuitImpact.objects.filter(circuit=None).bulk_update(linked, ["circuit"], batch_size=_LINKED_AT_ONCE)
