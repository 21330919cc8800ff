"""Matches circuit IDs with the circuits in Nautobot: ``domain.circuit_ids`` in a few statements for any number of IDs."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import NamedTuple
from uuid import UUID

from django.db import transaction
from django.db.models import Q, QuerySet
from django.db.models.fields.json import KT
from nautobot.circuits.models import Circuit, CircuitTermination

from nautobot_circuit_maintenance.choices import MatchedByChoices as MatchedBy
from nautobot_circuit_maintenance.domain.circuit_ids import (
    ALIAS,
    CASE,
    EXACT,
    Key,
    Kind,
    Needle,
    WantedId,
    known_keys,
    needle_of,
    spelling,
)
from nautobot_circuit_maintenance.domain.custom_fields import ALIASES
from nautobot_circuit_maintenance.models.change_receivers import record_details
from nautobot_circuit_maintenance.models.impacts import CircuitImpact
from nautobot_circuit_maintenance.models.providers import split_aliases
from nautobot_circuit_maintenance.models.streaming import streamed

ProviderCid = tuple[UUID, str]
"""Primary key of a provider, and a circuit ID as it is sent."""
KnownId = tuple[str, Kind]
"""An ID of a circuit, and what it is to it."""

_Found = dict[UUID, dict[Key, set[UUID]]]
"""The circuits that offer each key that is wanted, by provider."""

_LINKED_AT_ONCE = 1_000
_SEARCHED_AT_ONCE = 5_000
"""IDs without a circuit that are searched together: they are all in memory."""
_MOST_NEEDLES = 100
"""What the database searches the circuits for at once; for more, reading all circuits of the provider takes less time."""


class Match(NamedTuple):
    """The circuit that a circuit ID means, and how it was found."""

    circuit: UUID
    matched_by: str


class CircuitMatcher:
    """Matches circuit IDs within their providers.

    Caches its answers, not the circuits: memory grows with the questions and not with the number of circuits. Do not
    keep it for longer than a chunk.
    """

    def __init__(self) -> None:
        """Start with an empty cache."""
        self._answers: dict[ProviderCid, Match | None] = {}

    def match(self, wanted: Collection[ProviderCid]) -> dict[ProviderCid, Match]:
        """Return the circuit for each circuit ID that has one.

        Costs one statement if all match exactly, up to three otherwise, none for those asked before.
        """
        asked = set(wanted) - self._answers.keys()
        if asked:
            found = _exact(asked)
            found |= _similar(asked - found.keys())
            self._answers |= {each: found.get(each) for each in asked}
        return {each: match for each in wanted if (match := self._answers[each])}


def _exact(wanted: Collection[ProviderCid]) -> dict[ProviderCid, Match]:
    providers, cids = {provider for provider, _ in wanted}, {cid for _, cid in wanted}
    circuits = Circuit.objects.filter(provider__in=providers, cid__in=cids).order_by()
    rows = circuits.values_list("pk", "provider", "cid")
    # MySQL's "in" ignores case.
    return {(provider, cid): Match(pk, EXACT) for pk, provider, cid in rows if (provider, cid) in wanted}


def _similar(wanted: Collection[ProviderCid]) -> dict[ProviderCid, Match]:
    """Read the circuits that may fit, and keep only those that do."""
    ids = {each: WantedId(each[1]) for each in wanted}
    if not ids:
        return {}
    found: _Found = {}
    for (provider, _), each in ids.items():
        found.setdefault(provider, {}).update((key, set()) for keys in each.keys.values() for key in keys)
    _keep_fitting(found, _known_circuits(ids))
    # Cross-connects come after these steps.
    others = {each: one for each, one in ids.items() if not one.is_found(found[each[0]], (EXACT, CASE, ALIAS))}
    if others:
        _keep_fitting(found, _known_ports(others))
    chosen = {each: one.choose(found[each[0]]) for each, one in ids.items()}
    return {each: Match(*match) for each, match in chosen.items() if match}


def _keep_fitting(found: _Found, known: Iterable[tuple[UUID, UUID, str, Kind]]) -> None:
    for circuit, provider, text, kind in known:
        wanted = found[provider]
        for key in known_keys(text, kind):
            if key in wanted:
                wanted[key].add(circuit)


def _known_circuits(ids: dict[ProviderCid, WantedId]) -> Iterator[tuple[UUID, UUID, str, Kind]]:
    """Yield the IDs and aliases of the circuits that one of these IDs may mean."""
    circuits = Circuit.objects.filter(provider__in={provider for provider, _ in ids}).order_by()
    circuits = circuits.annotate(aliases=KT(f"_custom_field_data__{ALIASES.key}"))
    circuits = _containing(circuits, ("cid", "aliases"), _needles(ids.values()))
    for pk, provider, cid, aliases in streamed(circuits.values_list("pk", "provider", "cid", "aliases")):
        yield pk, provider, cid, Kind.CID
        # MySQL returns this for the null that Nautobot stores if the field is empty.
        for alias in split_aliases(aliases if aliases != "null" else ""):
            yield pk, provider, alias, Kind.ALIAS


def _known_ports(ids: dict[ProviderCid, WantedId]) -> Iterator[tuple[UUID, UUID, str, Kind]]:
    """Yield the cross-connect and port IDs of the circuits that one of these IDs may mean."""
    ends = CircuitTermination.objects.filter(circuit__provider__in={provider for provider, _ in ids}).order_by()
    ends = ends.exclude(xconnect_id="", pp_info="")
    ends = _containing(ends, ("xconnect_id", "pp_info"), _needles(ids.values()))
    for pk, provider, *ports in streamed(ends.values_list("circuit", "circuit__provider", "xconnect_id", "pp_info")):
        for port in filter(None, ports):
            yield pk, provider, port, Kind.PORT


def _needles(ids: Iterable[WantedId]) -> set[Needle]:
    return set().union(*(each.needles for each in ids))


def _containing(rows: QuerySet, columns: Sequence[str], needles: Collection[Needle]) -> QuerySet:
    """Leave out rows without any of these: 50,000 circuits are searched in a tenth of the time that reading them takes."""
    if len(needles) > _MOST_NEEDLES:
        return rows
    condition = Q(pk__in=())
    for column in columns:
        # The same characters have other forms, full-width ones for example, that contain no needle.
        condition |= Q(**{f"{column}__regex": "[^ -~]"})
        for needle in needles:
            condition |= Q(*((f"{column}__{'contains' if run.isdigit() else 'icontains'}", run) for run in needle))
    return rows.filter(condition)


def known_elsewhere(circuit: Circuit, aliases: Collection[str]) -> dict[str, UUID]:
    """Return the aliases that already are an ID or an alias of another circuit of the provider, with that circuit."""
    ids = {(circuit.provider_id, alias): WantedId(alias) for alias in aliases}
    by_spelling = {each.spelled: alias for (_, alias), each in ids.items()}
    others = ((pk, by_spelling.get(spelling(text))) for pk, _, text, _ in _known_circuits(ids) if pk != circuit.pk)
    return {alias: pk for pk, alias in others if alias}


def link_unmatched() -> int:
    """Link the impacts whose circuit was added since; return how many.

    Costs one statement if everything is linked, three if nothing can be, else one more and three for each thousand.
    """
    return _link(_unmatched().filter(maintenance__provider__isnull=False))


def link_unmatched_to(provider_id: UUID, known: Collection[KnownId]) -> int:
    """Link the impacts that may mean a circuit with these IDs, which are new or have changed; return how many."""
    needles = {needle_of(text) for text, _ in known if text}
    if not needles:
        return 0
    return _link(_containing(_unmatched().filter(maintenance__provider=provider_id), ["cid"], needles))


def _unmatched() -> QuerySet[CircuitImpact]:
    """Return the impacts without a circuit, except those whose link a person removed."""
    return CircuitImpact.objects.filter(circuit=None).exclude(matched_by=MatchedBy.MANUAL).order_by()


def _link(unmatched: QuerySet[CircuitImpact]) -> int:
    # Not distinct(): MySQL would merge two IDs that differ only in case.
    wanted = list(set(streamed(unmatched.values_list("maintenance__provider", "cid"))))
    parts = (wanted[start : start + _SEARCHED_AT_ONCE] for start in range(0, len(wanted), _SEARCHED_AT_ONCE))
    return sum(_link_found(unmatched, _similar(part)) for part in parts)


def _link_found(unmatched: QuerySet[CircuitImpact], found: dict[ProviderCid, Match]) -> int:
    if not found:
        return 0
    rows = unmatched.filter(cid__in={cid for _, cid in found}).values_list(
        "pk", "maintenance__provider", "cid", "maintenance"
    )
    matches = [(pk, found.get((provider, cid)), maintenance) for pk, provider, cid, maintenance in rows]
    changed = {pk: maintenance for pk, _, maintenance in matches}
    linked = [
        CircuitImpact(pk=pk, circuit_id=match.circuit, matched_by=match.matched_by) for pk, match, _ in matches if match
    ]
    # Another run or a person may have linked them in the meantime.
    with transaction.atomic(savepoint=False):
        count = _unmatched().bulk_update(linked, ["circuit", "matched_by"], batch_size=_LINKED_AT_ONCE)
        record_details({changed[each.pk] for each in linked})
    return count
