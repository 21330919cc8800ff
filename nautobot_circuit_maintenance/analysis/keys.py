"""Thousands of primary keys: read as text, and asked for as one value.

Python needs ten times as long for a UUID, and hashes it slowly.
"""

from collections.abc import Collection
from typing import Any

from django.db import connection
from django.db.models import BooleanField, F, Func, Q, TextField, Value
from django.db.models.functions import Cast


def as_text(path: str) -> Cast:
    """Return the key that a path leads to, as the database writes it; the same for the same key wherever it is read."""
    return Cast(path, TextField())


def is_one_of(keys: Collection[Any]) -> Q:
    """Match rows with one of these keys, text or UUID.

    Django prepares each value of ``pk__in``, 4 microseconds each, for every statement; PostgreSQL takes all of them as one array.
    """
    if connection.vendor != "postgresql":
        return Q(pk__in=list(keys))
    return Q(_IsAny(F("pk"), Value(f"{{{','.join(map(str, keys))}}}")))


class _IsAny(Func):
    """Whether a key is in an array."""

    template = "(%(expressions)s::uuid[]))"
    arg_joiner = " = ANY("
    output_field = BooleanField()
