"""What a run counts: what became of a message, and what an update did to its maintenance."""

from enum import Enum


class Outcome(str, Enum):
    """What happened to one message in a run."""

    NEW = "new"
    DUPLICATE = "duplicate"
    UNKNOWN_SENDER = "unknown sender"
    PARSED = "parsed"
    IGNORED = "ignored"
    REFUSED = "refused"
    FAILED = "failed"
    WAITING = "waiting"


class ApplyResult(str, Enum):
    """What one update did to its maintenance."""

    CREATED = "created"
    UPDATED = "updated"
    UNCHANGED = "unchanged"
    OUTDATED = "outdated"
