"""What can go wrong on the way from a mailbox to a maintenance; each is caught in the pipeline and stored."""


class MailboxError(Exception):
    """A mailbox cannot be read; the message is a sentence that an operator can act on."""

    def __init__(self, message: str, *, permanent: bool = False, is_read: bool = False) -> None:
        """Remember whether trying again without a change is pointless, and whether all else was read to its end."""
        super().__init__(message)
        self.permanent = permanent
        self.is_read = is_read


class ParseError(Exception):
    """No parser made sense of a message; the message is the reason that the operator reads."""
