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
    choices: tuple[str, ...] = ()
    """The values that can be selected."""


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
ZONE = AppField(
    "time_zone_circuit_maintenances",
    "Time zone of emails",
    "Time zone that this provider means where its emails name none, for example Europe/Berlin. Leave empty if that is unknown.",
)
ORDER = AppField(
    "date_order_circuit_maintenances",
    "Dates in emails",
    "Whether this provider writes the day or the month first, where a date can be read both ways. Leave empty if that is unknown.",
    type="select",
    choices=("day first", "month first"),
)
BACKUPS = AppField(
    "backup_windows_circuit_maintenances",
    "Backup windows count",
    "Whether backup and alternate windows in the emails of this provider are maintenance windows. They are not if this is empty.",
    type="boolean",
)
ID_LABEL = AppField(
    "id_label_circuit_maintenances",
    "Maintenance ID in emails stands after",
    "The words before the reference that is the maintenance ID, where the emails of this provider have several.",
)
QUIET = AppField(
    "writes_rarely_circuit_maintenances",
    "Writes rarely",
    "This provider writes at long intervals: the inbox does not list it as silent.",
    type="boolean",
)
FACTS = (ZONE, ORDER, BACKUPS, ID_LABEL)
"""How a provider writes; asked once, when a maintenance is added from an email."""
ALIASES = AppField(
    "circuit_maintenance_ids",
    "Also known to the provider as",
    "Comma-separated IDs by which the provider's maintenance notifications name this circuit.",
    model="circuits.circuit",
)
