"""Sender addresses, parsers and UIDs of a provider, and aliases of a circuit, from their custom fields."""

import re
from typing import NamedTuple

from nautobot.circuits.models import Circuit, Provider

from nautobot_circuit_maintenance.domain.custom_fields import (
    ALIASES,
    BACKUPS,
    EMAILS,
    FACTS,
    ID_LABEL,
    NEW_UIDS,
    ORDER,
    PARSERS,
    QUIET,
    ZONE,
)
from nautobot_circuit_maintenance.domain.updates import MaintenanceUpdate

CUSTOM_FIELDS = (EMAILS, PARSERS, NEW_UIDS, *FACTS, QUIET, ALIASES)
EMAILS_FIELD = EMAILS.key
PARSERS_FIELD = PARSERS.key
NEW_UIDS_FIELD = NEW_UIDS.key

_SEPARATORS = re.compile(r"[,;\s]+")


def sender_addresses(provider: Provider) -> tuple[str, ...]:
    """Return the sender addresses of a provider in lower case; "@domain" stands for every address of that domain."""
    return split_addresses(provider.cf.get(EMAILS_FIELD) or "")


def split_addresses(value: str) -> tuple[str, ...]:
    """Return the addresses in the value of the custom field, in lower case."""
    return tuple(dict.fromkeys(address.lower() for address in _SEPARATORS.split(value) if address))


def parser_names(provider: Provider) -> tuple[str, ...]:
    """Return the parsers to try for a provider, in order; the provider's name if none is set."""
    value = provider.cf.get(PARSERS_FIELD) or ""
    return tuple(name.strip() for name in value.split(",") if name.strip()) or (provider.name,)


def has_parsers(provider: Provider) -> bool:
    """Return whether someone set parsers for a provider; only its name is tried otherwise."""
    return bool((provider.cf.get(PARSERS_FIELD) or "").strip(" ,"))


def counted(update: MaintenanceUpdate, provider: Provider | None) -> MaintenanceUpdate:
    """Return an update as the rules count it: without UIDs if they do not identify anything for this provider."""
    return update.without_uids() if provider and provider.cf.get(NEW_UIDS_FIELD) else update


class ProviderFacts(NamedTuple):
    """How a provider writes its emails; empty is unknown."""

    zone: str = ""
    """Its zone in the zone database, where emails name none."""
    order: str = ""
    """"day first" or "month first"."""
    counts_backups: bool | None = None
    """Whether its backup windows count."""
    id_label: str = ""
    """The words before its maintenance ID, in lower case."""


def provider_facts(provider: Provider) -> ProviderFacts:
    """Return how a provider writes."""
    zone, order, label = (str(provider.cf.get(field.key) or "").strip() for field in (ZONE, ORDER, ID_LABEL))
    return ProviderFacts(zone, order, provider.cf.get(BACKUPS.key), label.casefold())


def circuit_aliases(circuit: Circuit) -> tuple[str, ...]:
    """Return the IDs by which the provider also knows a circuit."""
    return split_aliases(circuit.cf.get(ALIASES.key))


def split_aliases(value: str | None) -> tuple[str, ...]:
    """Return the aliases in the value of the custom field."""
    return tuple(dict.fromkeys(alias.strip() for alias in (value or "").split(",") if alias.strip()))
