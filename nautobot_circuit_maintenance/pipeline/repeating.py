"""Repeats a transaction that lost a race with another one, as databases ask for: nothing is wrong with the message.

At SERIALIZABLE PostgreSQL ends one of two transactions that would have seen half of each other; a deadlock ends one
at any level (https://www.postgresql.org/docs/current/mvcc-serialization-failure-handling.html).
"""

import random
import time
from collections.abc import Callable
from typing import TypeVar

from django.db import OperationalError, connection

Result = TypeVar("Result")

_ATTEMPTS = 10
_LONGEST_PAUSE = 1.0
"""Seconds; the pauses grow from 10 ms, at random, so that two workers do not meet again."""
_SQLSTATES = ("40001", "40P01")
"""serialization_failure, deadlock_detected."""
_ER_LOCK_DEADLOCK = 1213
"""MySQL's for both."""


def repeated(transaction: Callable[[], Result]) -> Result:
    """Run a transaction, again if it lost a race; raises OperationalError for anything else, and after ten attempts.

    Inside another transaction it runs once: then the outer one is what has to be repeated.
    """
    for attempt in range(1, _ATTEMPTS):
        try:
            return transaction()
        except OperationalError as error:
            if connection.in_atomic_block or not lost_a_race(error):
                raise
        longest = min(0.01 * 2**attempt, _LONGEST_PAUSE)
        time.sleep(random.uniform(0, longest))  # nosec B311 # no secret
    return transaction()


def lost_a_race(error: OperationalError) -> bool:
    """Return whether the database ended a transaction because of another one."""
    state = getattr(error.__cause__, "pgcode", None) or getattr(error.__cause__, "sqlstate", None)
    return state in _SQLSTATES or error.args[:1] == (_ER_LOCK_DEADLOCK,)
