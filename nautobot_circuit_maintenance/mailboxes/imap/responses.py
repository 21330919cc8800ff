"""What an IMAP server says about a message, read with care: servers differ, and some are wrong."""

from array import array
from collections.abc import Mapping, Sequence
from datetime import datetime, timezone
from typing import Any

Answer = Mapping[bytes, Any]
"""What the server says about one message, by FETCH data item."""


def section(answer: Answer, name: bytes) -> bytes | None:
    """Return a body section by the begin of its name, which servers write differently; None where it is missing.

    NIL, an empty section, is a header without the fields that were asked for; a message that has a sender is never empty.
    """
    for item, value in answer.items():
        if item.startswith(name):
            text = value if isinstance(value, bytes) else b""
            return None if name == b"BODY[]" and not text else text
    return None


def aware(internal_date: object) -> datetime:
    """Return INTERNALDATE in UTC; the time of reading where the server tells none that a calendar has."""
    if isinstance(internal_date, datetime):
        moment = internal_date if internal_date.tzinfo else internal_date.replace(tzinfo=timezone.utc)
        try:
            return moment.astimezone(timezone.utc)
        except (ValueError, OverflowError):  # datetime.astimezone: an offset of days, the edge of the calendar
            pass
    return datetime.now(timezone.utc)


def pieces(exists: int, size: int) -> list[list[str]]:
    """Return the sequence numbers of a folder in pieces, from the end; one without numbers where it has no message.

    An expunge meanwhile moves messages towards the begin: so one is met twice, and none is missed.
    """
    starts = range(1, exists + 1, size)
    return [[f"{start}:{'*' if start + size > exists else start + size - 1}"] for start in reversed(starts)] or [[]]


def ascending(found: "Sequence[array[int]]", above: int) -> "array[int]":
    """Return the UIDs above one that were found in pieces, the last piece first; a mailbox may have millions."""
    uids = array("Q")
    for piece in reversed(found):
        after = uids[-1] if uids else above
        uids.extend(uid for uid in piece if uid > after)
    return uids
