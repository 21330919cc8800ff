"""Messages that an IMAP server fails to deliver: the cursor keeps them until they are read or gone."""

from dataclasses import dataclass, field
from datetime import datetime

from nautobot_circuit_maintenance.domain.errors import MailboxError

MAX_FAILURES = 10
"""Messages that the server may fail to deliver before the server is considered broken, not the messages."""


@dataclass
class DeferredMessages:
    """Messages the server failed to deliver, by UID, with the reason; retried in this order."""

    since: datetime
    """The messages were received later: to be searched from here if their UIDs become meaningless."""
    reasons: dict[int, str] = field(default_factory=dict)
    failures: int = 0
    """Messages deferred by this step of the run."""

    @property
    def uids(self) -> tuple[int, ...]:
        """The UIDs in the order in which they are retried."""
        return tuple(self.reasons)

    @property
    def is_full(self) -> bool:
        """Whether no further message may fail in this step."""
        return self.failures >= MAX_FAILURES

    def add(self, uid: int, error: MailboxError) -> None:
        """Defer a message; raises the error if there are too many of them, or after a time-out.

        Half a minute for each of them would be too much.
        """
        self.reasons[uid] = str(error)
        self.failures += 1
        if self.failures > MAX_FAILURES or isinstance(error.__cause__, TimeoutError):
            raise error

    def error(self, folder: str) -> str:
        """Return an error that names one of the messages, and what to do."""
        uid, reason = max(self.reasons.items(), key=lambda each: bool(each[1]))  # one that was retried in this run
        others = f" and {len(self.reasons) - 1} more" if len(self.reasons) > 1 else ""
        return (
            f"IMAP-18: The server does not return the message with UID {uid}{others} in folder '{folder}'; all other "
            f"messages were read, and each run retries. Repair the message or move it to another folder. {reason}"
        )
