"""Which circuit of a provider a circuit id means."""

import re
from collections import defaultdict
from collections.abc import Collection
from functools import cached_property
from uuid import UUID

from nautobot.circuits.models import Circuit

from nautobot_circuit_maintenance.models.maintenances import CircuitImpact

_NO_LETTER_OR_DIGIT = re.compile(r"[\W_]+")


def _normalised(cid: str) -> str:
    """Return a circuit id without case, blanks and punctuation, which providers write as they please."""
    return _NO_LETTER_OR_DIGIT.sub("", cid.casefold())


class CircuitMatcher:
    """Matches circuit ids within one provider: exact first; without case, then normalised, only if unambiguous.

    Reads the provider's circuits at most once; keep it for a chunk of work, not longer.
    """

    def __init__(self, provider_id: UUID) -> None:
        """Remember the provider; nothing is read yet."""
        self.provider_id = provider_id

    def match(self, cids: Collection[str]) -> dict[str, UUID]:
        """Return the circuit's primary key for each circuit id that Nautobot knows."""
        own = Circuit.objects.filter(provider=self.provider_id, cid__in=cids)
        found = {cid: pk for pk, cid in own.values_list("pk", "cid") if cid in cids}
        for cid in set(cids) - set(found):
            for spellings, spell in ((self._by_case, str.casefold), (self._by_normalised, _normalised)):
                candidates = spellings.get(spell(cid), [])
                if len(candidates) == 1:
                    found[cid] = candidates[0]
                    break
        return found

    @cached_property
    def _circuits(self) -> list[tuple[UUID, str]]:
        return list(Circuit.objects.filter(provider=self.provider_id).values_list("pk", "cid"))

    @cached_property
    def _by_case(self) -> dict[str, list[UUID]]:
        return self._group(str.casefold)

    @cached_property
    def _by_normalised(self) -> dict[str, list[UUID]]:
        return self._group(_normalised)

    def _group(self, spell) -> dict[str, list[UUID]]:
        groups = defaultdict(list)
        for pk, cid in self._circuits:
            if spell(cid):
                groups[spell(cid)].append(pk)
        return groups


def link_unmatched(provider_id: UUID | None = None) -> int:
    """Link impacts whose circuit Nautobot has learnt since; of one provider, or of all. Returns how many."""
    unmatched = CircuitImpact.objects.filter(circuit=None, maintenance__provider__isnull=False)
    if provider_id:
        unmatched = unmatched.filter(maintenance__provider=provider_id)
    by_provider = defaultdict(lambda: defaultdict(list))
    for pk, cid, provider in unmatched.values_list("pk", "cid", "maintenance__provider").order_by():
        by_provider[provider][cid].append(pk)
    linked = 0
    for provider, impacts in by_provider.items():
        for cid, circuit in CircuitMatcher(provider).match(impacts.keys()).items():
            linked += CircuitImpact.objects.filter(pk__in=impacts[cid], circuit=None).update(circuit=circuit)
    return linked
