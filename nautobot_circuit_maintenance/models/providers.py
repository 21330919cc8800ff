"""Sender addresses and parsers of a provider, from its custom fields."""

import re

from nautobot.circuits.models import Provider

from nautobot_circuit_maintenance.domain.provider_fields import EMAILS, PARSERS

CUSTOM_FIELDS = (EMAILS, PARSERS)
EMAILS_FIELD = EMAILS.key
PARSERS_FIELD = PARSERS.key

_SEPARATORS = re.compile(r"[,;\s]+")


def sender_addresses(provider: Provider) -> tuple[str, ...]:
    """Return the sender addresses of a provider in lower case."""
    value = provider.cf.get(EMAILS_FIELD) or ""
    return tuple(dict.fromkeys(address.lower() for address in _SEPARATORS.split(value) if address))


def parser_names(provider: Provider) -> tuple[str, ...]:
    """Return the parsers to try for a provider, in order; the provider's name if none is set."""
    value = provider.cf.get(PARSERS_FIELD) or ""
    return tuple(name.strip() for name in value.split(",") if name.strip()) or (provider.name,)
