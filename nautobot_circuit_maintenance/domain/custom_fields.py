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
    type: str = "text"
    """Nautobot's name for the type of its values."""


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
NEW_UIDS = AppField(
    "new_uids_circuit_maintenances",
    "New calendar UID for each email",
    "This provider gives every calendar a new UID, also those that update a maintenance. "
    "Each then replaces what was announced before, as an email without a calendar does. Takes effect at the next notification or "
    "when notifications are reprocessed.",
    type="boolean",
)
ALIASES = AppField(
    "circuit_maintenance_ids",
    "Also known to the provider as",
    "Comma-separated IDs by which the provider's maintenance notifications name this circuit.",
    model="circuits.circuit",
)
