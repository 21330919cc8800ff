"""The cursor of a folder in Microsoft 365: where the next round of its delta starts, and the deferred messages."""

from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any, ClassVar

from nautobot_circuit_maintenance.mailboxes.cursor import JsonCursor, typed
from nautobot_circuit_maintenance.mailboxes.deferred import DeferringCursor

EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)


@dataclass(frozen=True)
class GraphCursor(DeferringCursor[str]):
    """A link without its host, so that no access token can go elsewhere; where there is no delta, a time."""

    mark_key: ClassVar[str] = "delta"
    mark_type: ClassVar[type] = str

    folder_id: str = ""
    checked_at: datetime = EPOCH
    """When the folder was last looked up by its path."""
    is_skimming: bool = False
    """Whether the first round is under way, which lists what is in the folder already."""
    is_in_round: bool = False
    """Whether the mark is a page in the middle of a round: what follows it must be stored, also if there is nothing new."""
    seen: frozenset[str] = frozenset()
    """Where there is no delta: digests of the ids of recent messages that were looked at."""

    @classmethod
    def _read(cls, stored: JsonCursor) -> dict[str, Any]:
        values = super()._read(stored)
        if not values["mark"].startswith(("/", "since ")):
            raise ValueError("neither a path nor a time")
        checked_at = datetime.fromisoformat(stored["checked_at"])
        if checked_at.tzinfo is None:
            raise ValueError("checked_at is naive")
        seen = frozenset(typed(each, str) for each in stored.get("seen", ()))
        own = {"folder_id": typed(stored["folder_id"], str), "checked_at": checked_at, "seen": seen}
        flags = {name: bool(stored.get(name)) for name in ("is_skimming", "is_in_round")}
        return {**values, **own, **flags}
