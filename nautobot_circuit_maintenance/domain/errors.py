"""Errors between a mailbox and a maintenance. The pipeline catches each of them and stores its sentence."""

from collections.abc import Iterable


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
    """A message cannot be read; ``str()`` is the reason for the operator, with the code in front."""

    def __init__(self, code: str, message: str) -> None:
        """Keep the code (``READ-01``) and the sentences apart."""
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message

    @classmethod
    def joined(cls, errors: "Iterable[ParseError]") -> "ParseError":
        """Return one error with the reasons of all these, each once; there is at least one."""
        first, *others = {str(error): error for error in errors}.values()
        return cls(first.code, " ".join((first.message, *map(str, others))))

    def of_parser(self, name: str) -> "ParseError":
        """Return the error with the name of the parser behind it."""
        return ParseError(self.code, f"{self.message} [{name}]")


class RiskError(Exception):
    """The risk cannot be assessed; ``str()`` is the reason for the operator, with the code in front."""

    def __init__(self, code: str, message: str, hint: str) -> None:
        """Keep the code (``RISK-01``), what is wrong, and what to do about it."""
        super().__init__(f"{code}: {message} {hint}")
        self.code = code
        self.message = message
        self.hint = hint


class TooManyError(ParseError):
    """A parser read a message, and what it announces is more than is applied."""
