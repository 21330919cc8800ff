"""What a run counts: the outcomes of messages, and what updates did to maintenances."""

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

    @property
    def phrase(self) -> str:
        """What follows the number of messages in a log line."""
        return "from unknown senders" if self is Outcome.UNKNOWN_SENDER else self.value


def outcome_of(state: str) -> Outcome:
    """Return the outcome for the state of a notification; one that still waits is with another worker or a later run."""
    return Outcome(state) if state in set(Outcome) else Outcome.WAITING


class ApplyResult(str, Enum):
    """What one update did to its maintenance."""

    CREATED = "created"
    UPDATED = "updated"
    UNCHANGED = "unchanged"
    OUTDATED = "outdated"
