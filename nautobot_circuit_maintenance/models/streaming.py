"""Large results a page at a time."""

from collections.abc import Iterator
from contextlib import nullcontext
from typing import Any

from django.db import connections, transaction
from django.db.models import QuerySet


def streamed(rows: QuerySet) -> Iterator[Any]:
    """Yield rows without having all of them in memory; to be read to the end.

    In a transaction: a cursor of the server outside of one needs a session of its own, and pgbouncer in transaction mode
    gives each statement any session.
    """
    connection = connections[rows.db]
    with nullcontext() if connection.in_atomic_block else transaction.atomic(using=rows.db):
        yield from rows.iterator()
