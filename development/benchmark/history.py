"""A long history within a minute or two: the rows of the world, copied by the database with new keys."""

from collections.abc import Iterator

from django.contrib.contenttypes.models import ContentType
from django.db import connection
from django.db.models import DateTimeField, Field, Model
from nautobot.extras.models import TaggedItem

from nautobot_circuit_maintenance.models import (
    CircuitImpact,
    CircuitMaintenance,
    MaintenanceWindow,
    Note,
    Notification,
    ParsedNotification,
)

COPIED = (CircuitMaintenance, MaintenanceWindow, CircuitImpact, Note, Notification, ParsedNotification)
"""In an order in which rows exist before others refer to them."""
_WRITTEN = ("created", "last_updated")
_NAMED = ("name", "provider_maintenance_id", "subject", "message_id")
_KEY = "md5({} || ':' || copy)::uuid"


def multiply(copies: int) -> None:
    """Copy all rows so many times: other keys, names and fingerprints, each copy some minutes later than the one before."""
    with connection.cursor() as cursor:
        for model in COPIED:
            cursor.execute(_statement(model), [copies])
        maintenances = ContentType.objects.get_for_model(CircuitMaintenance)
        cursor.execute(
            f"INSERT INTO {TaggedItem._meta.db_table} (id, tag_id, content_type_id, object_id)"  # nosec B608 # our words
            f" SELECT {_KEY.format('id')}, tag_id, content_type_id, {_KEY.format('object_id')}"
            f" FROM {TaggedItem._meta.db_table}, generate_series(1, %s) copy WHERE content_type_id = %s",
            [copies, maintenances.pk],
        )


def _statement(model: type[Model]) -> str:
    """Return the statement that copies the rows of a model."""
    columns = {field.column: value for field in model._meta.concrete_fields for value in _values(field)}
    table = model._meta.db_table
    return (
        f'INSERT INTO {table} ({", ".join(columns)}) SELECT {", ".join(columns.values())}'  # nosec B608 # our words
        f" FROM {table}, generate_series(1, %s) copy"
    )


def _values(field: Field) -> Iterator[str]:
    """Yield the expression for a column of a copy."""
    column = field.column
    if field.primary_key or field.related_model in COPIED:
        yield _KEY.format(column)
    elif field.name == "fingerprint":
        yield f"repeat(md5({column} || copy), 2)"
    elif field.name in _NAMED:
        yield f"CASE WHEN {column} = '' THEN '' ELSE {column} || '-' || copy END"
    elif isinstance(field, DateTimeField) and field.name not in _WRITTEN:
        yield f"{column} + copy * interval '7 minutes'"
    else:
        yield column
