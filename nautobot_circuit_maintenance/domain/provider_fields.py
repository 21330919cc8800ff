"""The custom fields of a provider: their keys, labels and descriptions."""

from dataclasses import dataclass


@dataclass(frozen=True)
class ProviderField:
    """A custom field that the app adds to providers."""

    key: str
    label: str
    description: str


EMAILS = ProviderField(
    "emails_circuit_maintenances",
    "Emails for Circuit Maintenance plugin",
    "Comma-separated email addresses from which this provider sends maintenance notifications.",
)
PARSERS = ProviderField(
    "provider_parser_circuit_maintenances",
    "Parser for Circuit Maintenance plugin",
    "Comma-separated parser names, tried in order. Leave empty to use the provider's name. "
    "See the documentation for the list.",
)
