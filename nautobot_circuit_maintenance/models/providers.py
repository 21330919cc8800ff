"""What the custom fields of a provider say: sender addresses and parsers."""

import re

from nautobot.circuits.models import Provider

EMAILS_FIELD = "emails_circuit_maintenances"
PARSERS_FIELD = "provider_parser_circuit_maintenances"

_SEPARATORS = re.compile(r"[,;\s]+")


def sender_addresses(provider: Provider) -> tuple[str, ...]:
    """Return the addresses of a provider's custom field in lower case."""
    text = provider.cf.get(EMAILS_FIELD) or ""
    return tuple(dict.fromkeys(address.lower() for address in _SEPARATORS.split(text) if address))


def parser_names(provider: Provider) -> tuple[str, ...]:
    """Return the parsers to try for a provider, in order; its own name when none is set."""
    text = provider.cf.get(PARSERS_FIELD) or ""
    return tuple(name.strip() for name in text.split(",") if name.strip()) or (provider.name,)
