"""What the second opinion knows of providers: their circuits, and how they write."""

from collections.abc import Iterable
from functools import cached_property
from itertools import groupby
from operator import itemgetter
from uuid import UUID

from django.db.models import QuerySet
from django.db.models.fields.json import KT
from nautobot.circuits.models import Circuit, Provider

from nautobot_circuit_maintenance.domain.custom_fields import ALIASES
from nautobot_circuit_maintenance.models.providers import provider_facts, split_aliases
from nautobot_circuit_maintenance.reading.candidates.circuits import Inventory
from nautobot_circuit_maintenance.reading.gates.base import Known

MOST_CIRCUITS = 5_000
"""Circuits of all providers of a chunk that are looked for in its messages: preparing them takes 10 ms of CPU."""


class Inventories:
    """The circuits of some providers, read in one statement the first time that any is needed."""

    def __init__(self, providers: Iterable[UUID]) -> None:
        """Take the primary keys of the providers."""
        self._providers = set(providers)
        self._known: dict[UUID, Known] = {}

    def known(self, provider: Provider) -> Known:
        """Return what is known of a provider."""
        if provider.pk not in self._known:
            inventory = self._inventories.get(provider.pk, Inventory(()))
            self._known[provider.pk] = Known(inventory, **provider_facts(provider)._asdict())
        return self._known[provider.pk]

    @cached_property
    def _inventories(self) -> dict[UUID, Inventory]:
        """The inventories; of a provider whose circuits are beyond the limit, none: half of it would be misleading."""
        circuits = Circuit.objects.filter(provider__in=self._providers).order_by("provider")
        rows = list(_with_aliases(circuits).values_list("provider", "cid", "aliases")[: MOST_CIRCUITS + 1])
        cut = rows.pop()[0] if len(rows) > MOST_CIRCUITS else None
        return {
            provider: _inventory([row[1:] for row in own])
            for provider, own in groupby(rows, key=itemgetter(0))
            if provider != cut
        }


def inventory_of(circuits: QuerySet[Circuit]) -> Inventory:
    """Return these circuits of one provider as its inventory; none if they are too many."""
    rows = list(_with_aliases(circuits).values_list("cid", "aliases")[: MOST_CIRCUITS + 1])
    return _inventory(rows if len(rows) <= MOST_CIRCUITS else [])


def _with_aliases(circuits: QuerySet[Circuit]) -> QuerySet[Circuit]:
    return circuits.annotate(aliases=KT(f"_custom_field_data__{ALIASES.key}"))


def _inventory(rows: list[tuple[str, str | None]]) -> Inventory:
    # MySQL returns "null" for the null that Nautobot stores if the field is empty.
    spelled = [(alias, cid) for cid, aliases in rows for alias in split_aliases("" if aliases == "null" else aliases)]
    return Inventory((cid for cid, _ in rows), spelled)
