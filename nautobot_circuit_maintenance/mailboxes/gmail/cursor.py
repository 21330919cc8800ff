"""The cursor of a Gmail label: the history id up to which it was read."""

from dataclasses import dataclass
from typing import Any, ClassVar

from nautobot_circuit_maintenance.mailboxes.cursor import Cursor, JsonCursor


@dataclass(frozen=True)
class GmailCursor(Cursor[str]):
    """A history id, in decimal digits."""

    mark_key: ClassVar[str] = "history_id"
    mark_type: ClassVar[type] = str

    @classmethod
    def _read(cls, stored: JsonCursor) -> dict[str, Any]:
        values = super()._read(stored)
        if not values["mark"].isdecimal():
            raise ValueError("a history id is a number")
        return values
