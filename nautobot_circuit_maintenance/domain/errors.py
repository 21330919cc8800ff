"""What can go wrong on the way from a mailbox to a maintenance; each is caught in the pipeline and stored."""


class MailboxError(Exception):
    """A mailbox cannot be read; the message is a sentence that an operator can act on."""

    def __init__(self, code: str, message: str, *, permanent: bool = False) -> None:
        """Keep the code that docs/user/troubleshooting.md lists; permanent: a retry without a change is pointless."""
        super().__init__(code, message)
        self.code = code
        self.message = message
        self.permanent = permanent

    def __str__(self) -> str:
        """Return what is stored and shown, such as "IMAP-07: Login refused for account 'noc' on mail.example:993"."""
        return f"{self.code}: {self.message}"


class ParseError(Exception):
    """No parser made sense of a message; the message is the reason that the operator reads."""
