"""The cursor of an IMAP folder: the highest UID that was looked at, and the deferred messages."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar

from nautobot_circuit_maintenance.mailboxes.cursor import Cursor, JsonCursor, typed

_DEFERRED, _SINCE = "refused", "refused_since"


@dataclass(frozen=True)
class ImapCursor(Cursor[int]):
    """UIDs of one folder, as long as its UIDVALIDITY stays (RFC 3501 section 2.3.1.1)."""

    mark_key: ClassVar[str] = "uid"
    mark_type: ClassVar[type] = int

    deferred: tuple[int, ...] = ()
    """UIDs of messages that the server failed to deliver, in the order in which they are retried."""
    deferred_since: datetime | None = None
    """The deferred messages were received after this: it is searched again if their UIDs become meaningless."""

    @classmethod
    def _read(cls, stored: JsonCursor) -> dict[str, Any]:
        values = super()._read(stored)
        if values["mark"] < 0:
            raise ValueError("a UID is never negative")
        deferred = tuple(typed(uid, int) for uid in stored.get(_DEFERRED, ()))
        return {**values, "deferred": deferred, "deferred_since": read_deferred_since(stored)}

    def to_json(self) -> dict[str, Any]:
        """Return what is stored."""
        return {**super().to_json(), **deferred_json(self.deferred, self.deferred_since)}


def deferred_json(deferred: tuple[int, ...], since: datetime | None) -> dict[str, Any]:
    """Return the part of a stored cursor that is about deferred messages; empty if there are none."""
    return {_DEFERRED: [*deferred], _SINCE: since.isoformat()} if deferred and since else {}


def read_deferred_since(stored: Any) -> datetime | None:
    """Return since when messages are deferred, also from a cursor that is worthless otherwise; None if none are."""
    text = stored.get(_SINCE) if isinstance(stored, Mapping) else None
    try:
        since = datetime.fromisoformat(text) if text else None
    except (TypeError, ValueError):  # datetime.fromisoformat: databases are edited manually
        return None
    return since if since and since.tzinfo else None
