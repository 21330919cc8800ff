"""Responses of an IMAP server, read with care: servers differ, and some are wrong."""

from array import array
from collections.abc import Mapping, Sequence
from datetime import datetime, timezone
from typing import Any

Response = Mapping[bytes, Any]
"""What the server reports about one message, by FETCH data item."""


def section(response: Response, name: bytes) -> bytes | None:
    """Return a body section by the start of its name, which servers spell differently; None if it is missing.

    NIL is an empty section: a header without the requested fields. A message that has a sender is never empty.
    """
    for item, value in response.items():
        if item.startswith(name):
            content = value if isinstance(value, bytes) else b""
            return None if name == b"BODY[]" and not content else content
    return None


def aware(internal_date: object) -> datetime:
    """Return INTERNALDATE in UTC; the current time if the server reports no valid date."""
    if isinstance(internal_date, datetime):
        moment = internal_date if internal_date.tzinfo else internal_date.replace(tzinfo=timezone.utc)
        try:
            return moment.astimezone(timezone.utc)
        except (ValueError, OverflowError):  # datetime.astimezone: an offset of days, the first or last year
            pass
    return datetime.now(timezone.utc)


def sequence_ranges(exists: int, size: int) -> list[list[str]]:
    """Return the sequence numbers of a folder in ranges, from the end; one without numbers for an empty folder.

    An expunge in the meantime moves messages towards the start: some are found twice, and none is missed.
    """
    starts = range(1, exists + 1, size)
    return [[f"{start}:{'*' if start + size > exists else start + size - 1}"] for start in reversed(starts)] or [[]]


def ascending(found: "Sequence[array[int]]", above: int) -> "array[int]":
    """Return the UIDs above one that were found in ranges, the last range first; a mailbox may have millions."""
    uids = array("Q")
    for piece in reversed(found):
        after = uids[-1] if uids else above
        uids.extend(uid for uid in piece if uid > after)
    return uids
