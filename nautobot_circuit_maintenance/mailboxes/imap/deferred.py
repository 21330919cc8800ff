"""Messages that an IMAP server does not hand out: the cursor keeps them, until they are read or gone."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from nautobot_circuit_maintenance.mailboxes.base import Cursor

_UIDS = "refused"
_SINCE = "refused_since"


@dataclass
class DeferredMessages:
    """What a source owes us, by UID, with what the server said; it is asked for in this order."""

    since: datetime
    """What is owed arrived later: to be searched from here where its UIDs mean nothing any more."""
    reasons: dict[int, str] = field(default_factory=dict)
    fresh: int = 0
    """How many messages were refused that were not owed before."""

    @classmethod
    def read(cls, cursor: Cursor, since: datetime) -> "DeferredMessages":
        """Read what a cursor that can be trusted owes; what will be owed besides arrived since then."""
        return cls(deferred_since(cursor) or since, dict.fromkeys(cursor.get(_UIDS, ()), ""))

    def write(self, cursor: Cursor) -> dict[str, Any]:
        """Return a cursor that owes this and nothing else."""
        others = {key: value for key, value in cursor.items() if key not in (_UIDS, _SINCE)}
        owed = {_UIDS: [*self.reasons], _SINCE: self.since.isoformat()} if self.reasons else {}
        return {**others, **owed}

    def refusal(self, folder: str) -> str:
        """Return an error that names a message the server failed to deliver, and what to do."""
        uid, reason = max(self.reasons.items(), key=lambda each: bool(each[1]))  # one that was asked for in this run
        others = f" and {len(self.reasons) - 1} more" if len(self.reasons) > 1 else ""
        return (
            f"IMAP-18: The server does not return the message with UID {uid}{others} in folder '{folder}'; all other "
            f"messages were read, and each run retries. Repair the message or move it to another folder. {reason}"
        )


def deferred_since(cursor: Any) -> datetime | None:
    """Return since when something is owed, also by a cursor that is worth nothing else; None where nothing is."""
    stored = cursor.get(_SINCE) if isinstance(cursor, Mapping) else None
    try:
        since = datetime.fromisoformat(stored) if stored else None
    except (TypeError, ValueError):  # datetime.fromisoformat: people mend databases by hand
        return None
    return since if since and since.tzinfo else None
