"""The cursor of an IMAP folder: the highest UID that was looked at, and the deferred messages."""

from dataclasses import dataclass
from typing import Any, ClassVar

from nautobot_circuit_maintenance.mailboxes.cursor import JsonCursor
from nautobot_circuit_maintenance.mailboxes.deferred import DeferringCursor


@dataclass(frozen=True)
class ImapCursor(DeferringCursor[int]):
    """UIDs of one folder, as long as its UIDVALIDITY stays (RFC 3501 section 2.3.1.1)."""

    mark_key: ClassVar[str] = "uid"
    mark_type: ClassVar[type] = int

    @classmethod
    def _read(cls, stored: JsonCursor) -> dict[str, Any]:
        values = super()._read(stored)
        if values["mark"] < 0:
            raise ValueError("a UID is never negative")
        return values
