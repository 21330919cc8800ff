"""Messages that a server fails to deliver: the cursor keeps them until they are read or gone."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Generic

from nautobot_circuit_maintenance.domain.errors import MailboxError
from nautobot_circuit_maintenance.mailboxes.batching import I
from nautobot_circuit_maintenance.mailboxes.cursor import Cursor, JsonCursor, typed

MAX_FAILURES = 10
"""Messages that the server may fail to deliver before the server is considered broken, not the messages."""

_DEFERRED, _SINCE = "refused", "refused_since"


@dataclass
class DeferredMessages(Generic[I]):
    """Messages the server failed to deliver, by id, with the reason; retried in this order."""

    since: datetime
    """The messages were received later: to be searched from here if their ids become meaningless."""
    reasons: dict[I, str] = field(default_factory=dict)
    failures: int = 0
    """Messages deferred by this step of the run."""

    @property
    def ids(self) -> tuple[I, ...]:
        """The ids in the order in which they are retried."""
        return tuple(self.reasons)

    @property
    def is_full(self) -> bool:
        """Whether no further message may fail in this step."""
        return self.failures >= MAX_FAILURES

    def add(self, id_: I, error: MailboxError) -> None:
        """Defer a message; raises the error if there are too many of them, or after a time-out.

        Half a minute for each of them would be too much.
        """
        self.reasons[id_] = str(error)
        self.failures += 1
        if self.failures > MAX_FAILURES or isinstance(error.__cause__, TimeoutError):
            raise error

    def example(self) -> tuple[I, str, str]:
        """Return the id of one message, how many others there are in words, and the reason, for an error."""
        id_, reason = max(self.reasons.items(), key=lambda each: bool(each[1]))  # one that was retried in this run
        return id_, f" and {len(self.reasons) - 1} more" if len(self.reasons) > 1 else "", reason


@dataclass(frozen=True)
class DeferringCursor(Cursor[I]):
    """A cursor that keeps the deferred messages."""

    deferred: tuple[I, ...] = ()
    """Ids of messages that the server failed to deliver, in the order in which they are retried."""
    deferred_since: datetime | None = None
    """The deferred messages were received after this: it is searched again if their ids become meaningless."""

    @classmethod
    def _read(cls, stored: JsonCursor) -> dict[str, Any]:
        deferred: tuple[Any, ...] = tuple(typed(id_, cls.mark_type) for id_ in stored.get(_DEFERRED, ()))
        return {**super()._read(stored), "deferred": deferred, "deferred_since": read_deferred_since(stored)}

    def to_json(self) -> dict[str, Any]:
        """Return what is stored."""
        return {**super().to_json(), **deferred_json(self.deferred, self.deferred_since)}


def deferred_json(deferred: "tuple[I, ...]", since: datetime | None) -> dict[str, Any]:
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
