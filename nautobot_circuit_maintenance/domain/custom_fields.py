"""The custom fields of providers and circuits: their keys, labels and descriptions."""

from dataclasses import dataclass


@dataclass(frozen=True)
class AppField:
    """A custom field that the app adds to a model of Nautobot's."""

    key: str
    label: str
    description: str
    model: str = "circuits.provider"
    """Label of the model that has it."""


EMAILS = AppField(
    "emails_circuit_maintenances",
    "Emails for Circuit Maintenance plugin",
    "Comma-separated email addresses from which this provider sends maintenance notifications. "
    "@domain stands for every address of exactly that domain.",
)
PARSERS = AppField(
    "provider_parser_circuit_maintenances",
    "Parser for Circuit Maintenance plugin",
    "Comma-separated parser names, tried in order. Leave empty to use the provider's name. "
    "See the documentation for the list.",
)
ALIASES = AppField(
    "circuit_maintenance_ids",
    "Also known to the provider as",
    "Comma-separated IDs by which the provider's maintenance notifications name this circuit.",
    model="circuits.circuit",
)
