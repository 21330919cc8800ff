"""Matches circuit IDs with the circuits in Nautobot."""

import re
from collections.abc import Collection
from uuid import UUID

from nautobot.circuits.models import Circuit

from nautobot_circuit_maintenance.models.maintenances import CircuitImpact

ProviderCid = tuple[UUID, str]
"""Primary key of a provider, and a circuit ID as it is sent."""

_PUNCTUATION = re.compile(r"[\W_]+")
_LINKED_AT_ONCE = 1_000


def _normalized(cid: str) -> str:
    """Return a circuit ID in one case, without blanks and punctuation; providers vary them."""
    return _PUNCTUATION.sub("", cid.casefold())


class CircuitMatcher:
    """Matches circuit IDs within their providers: exact first; ignoring case, then normalized, only if unambiguous.

    Caches its answers, not the circuits: memory grows with the questions and not with the number of circuits. Do not
    keep it for longer than a chunk.
    """

    def __init__(self) -> None:
        """Start with an empty cache."""
        self._answers: dict[ProviderCid, UUID | None] = {}

    def match(self, wanted: Collection[ProviderCid]) -> dict[ProviderCid, UUID]:
        """Return the primary key of the circuit for each circuit ID that has one.

        Costs one statement if all match exactly, two otherwise, none for those asked before.
        """
        asked = set(wanted) - self._answers.keys()
        if asked:
            found = _exact(asked)
            found |= _similar(asked - found.keys())
            self._answers |= {each: found.get(each) for each in asked}
        return {each: circuit for each in wanted if (circuit := self._answers[each])}


def _exact(wanted: Collection[ProviderCid]) -> dict[ProviderCid, UUID]:
    providers, cids = {provider for provider, _ in wanted}, {cid for _, cid in wanted}
    circuits = Circuit.objects.filter(provider__in=providers, cid__in=cids).order_by()
    rows = circuits.values_list("pk", "provider", "cid")
    # MySQL's "in" ignores case.
    return {(provider, cid): pk for pk, provider, cid in rows if (provider, cid) in wanted}


def _similar(wanted: Collection[ProviderCid]) -> dict[ProviderCid, UUID]:
    """Read all circuits of the providers once, and keep only candidates."""
    if not wanted:
        return {}
    candidates: dict[ProviderCid, list[tuple[str, UUID]]] = {
        (provider, _normalized(cid)): [] for provider, cid in wanted
    }
    circuits = Circuit.objects.filter(provider__in={provider for provider, _ in wanted}).order_by()
    for pk, provider, cid in circuits.values_list("pk", "provider", "cid").iterator():
        alike = candidates.get((provider, _normalized(cid)))
        if alike is not None:
            alike.append((cid, pk))
    found = {(provider, cid): _choose(cid, candidates[provider, _normalized(cid)]) for provider, cid in wanted}
    return {each: circuit for each, circuit in found.items() if circuit}


def _choose(cid: str, candidates: Collection[tuple[str, UUID]]) -> UUID | None:
    """Return the only circuit that matches, by the strictest comparison that any matches by; None for several."""
    # IDs of punctuation only would all be equal.
    for spell in (str, str.casefold, *([_normalized] if _normalized(cid) else [])):
        fitting = [pk for other, pk in candidates if spell(other) == spell(cid)]
        if fitting:
            return fitting[0] if len(fitting) == 1 else None
    return None


def link_unmatched(provider_id: UUID | None = None) -> int:
    """Link impacts whose circuit was added since, of one provider or of all; return how many.

    Costs one statement if everything is linked, two if nothing can be, else one more and one for each thousand.
    """
    unmatched = CircuitImpact.objects.filter(circuit=None, maintenance__provider__isnull=False).order_by()
    if provider_id:
        unmatched = unmatched.filter(maintenance__provider=provider_id)
    # Not distinct(): MySQL would merge two IDs that differ only in case.
    found = _similar(set(unmatched.values_list("maintenance__provider", "cid").iterator()))
    if not found:
        return 0
    rows = unmatched.filter(cid__in={cid for _, cid in found}).values_list("pk", "maintenance__provider", "cid")
    impacts = [CircuitImpact(pk=pk, circuit_id=found.get((provider, cid))) for pk, provider, cid in rows]
    linked = [impact for impact in impacts if impact.circuit_id]
    return CircuitImpact.objects.filter(circuit=None).bulk_update(linked, ["circuit"], batch_size=_LINKED_AT_ONCE)
