"""What every step of the takeover needs: the models of the migration, and the account of what became of each row."""

import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

from django.db import connection, models

from nautobot_circuit_maintenance.takeover.tables import APP, LEDGER_TABLE, Entry, aside

T = TypeVar("T")

_NAMESPACE = uuid.UUID("5f3d6f2c-6f0d-4a54-9d0f-0a2f8f4f7b1e")


class World:
    """The models as the migration has them, and the ledger."""

    def __init__(self, apps: Any) -> None:
        """Start without entries."""
        self.apps = apps
        self._entries: list[Entry] = []

    def model(self, name: str) -> Any:
        """Return a model of the app."""
        return self.apps.get_model(APP, name)

    def note(self, table: str, row: Any, outcome: str, *, into: Any = "", reason: str = "", before: Any = None) -> None:
        """Enter what became of a row."""
        entry = Entry(table=table, row=str(row), outcome=outcome, into=str(into), reason=reason, before=before)
        self._entries.append(entry)
        if len(self._entries) >= 2_000:
            self.flush()

    def flush(self) -> None:
        """Store the entries."""
        Entry.objects.bulk_create(self._entries)
        self._entries = []

    def enter_moved(self) -> None:
        """Enter every row of the older tables that ours have by the same key, unless something else is known of it."""
        self.flush()
        with connection.cursor() as cursor:
            for name, model in _MODELS.items():
                cursor.execute(_moved_statement(name, self._table_of(model)))

    def _table_of(self, model: str) -> str:
        if model == _LINKS:
            return str(self.model("NotificationSource").providers.through._meta.db_table)
        return str(self.model(model)._meta.db_table)


_LINKS = "NotificationSource.providers"
_MODELS = {
    "circuitimpact": "CircuitImpact",
    "note": "Note",
    "parsednotification": "ParsedNotification",
    "notificationsource_providers": _LINKS,
    "circuitmaintenance": "CircuitMaintenance",
    "notificationsource": "NotificationSource",
    "rawnotification": "Notification",
}
"""Our model by the older table."""


def _moved_statement(name: str, table: str) -> str:
    """Return the statement that enters the rows of an older table that were moved to one of ours."""
    quote = connection.ops.quote_name
    key = "CAST(o.id AS VARCHAR(36))" if connection.vendor == "postgresql" else _DASHED.format(key="o.id")
    same = "n.id = o.id"
    if name == "notificationsource_providers":
        key = "CAST(o.id AS VARCHAR(36))" if connection.vendor == "postgresql" else "CAST(o.id AS CHAR)"
        same = "n.notificationsource_id = o.notificationsource_id AND n.provider_id = o.provider_id"
    columns = ", ".join(map(quote, ("table", "row", "outcome", "into", "reason")))
    ledger, older = quote(LEDGER_TABLE), quote(aside(name))
    return (
        f"INSERT INTO {ledger} ({columns}) "  # nosec B608 # names of our own
        f"SELECT '{name}', {key}, '{Entry.MOVED}', '', '' FROM {older} o "
        f"WHERE EXISTS (SELECT 1 FROM {quote(table)} n WHERE {same}) "
        f"AND NOT EXISTS (SELECT 1 FROM {ledger} e WHERE e.{quote('table')} = '{name}' AND e.{quote('row')} = {key})"
    )


_DASHED = "LOWER(INSERT(INSERT(INSERT(INSERT({key}, 9, 0, '-'), 14, 0, '-'), 19, 0, '-'), 24, 0, '-'))"
"""A key as MySQL stores it, 32 digits, with the dashes that Python writes."""


def erase(rows: models.QuerySet[Any]) -> None:
    """Delete rows that nothing refers to: Django's own deletion looks for what does, which models of migrations do not know."""
    rows._raw_delete(rows.db)


def erase_with_dependents(found: Sequence[Any], model: Any, keys: Sequence[Any]) -> None:
    """Delete rows, and those of the found models that refer to them; a reference that may be empty is emptied."""
    for other in found:
        for field in other._meta.concrete_fields:
            if isinstance(field, models.ForeignKey) and field.related_model._meta.label == model._meta.label:
                rows = other._base_manager.filter(**{f"{field.attname}__in": keys})
                if field.null:
                    rows.update(**{field.attname: None})
                else:
                    erase_with_dependents(found, other, list(rows.values_list("pk", flat=True)))
    erase(model._base_manager.filter(pk__in=keys))


def derived(*parts: Any) -> uuid.UUID:
    """Return the primary key of a row that the older package did not have: the same with every attempt."""
    return uuid.uuid5(_NAMESPACE, "\0".join(map(str, parts)))


def pages(rows: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    """Yield the rows, a page at a time."""
    for start in range(0, len(rows), size):
        yield rows[start : start + size]


@contextmanager
def keeping_times(*found: type[models.Model]) -> Iterator[None]:
    """Let rows of these models keep the times of creation and change that they are given."""
    fields: list[Any] = [each for model in found for each in model._meta.concrete_fields if hasattr(each, "auto_now")]
    stored = [(each, each.auto_now, each.auto_now_add) for each in fields]
    for each in fields:
        each.auto_now = each.auto_now_add = False
    try:
        yield
    finally:
        for each, now, add in stored:
            each.auto_now, each.auto_now_add = now, add
