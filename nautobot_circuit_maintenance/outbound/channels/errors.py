"""How sending can end, other than well: whose fault it is decides what happens to the message."""


class DeliveryError(Exception):
    """A message was not sent, or perhaps not; ``str()`` is the reason for the operator, with the code in front."""

    def __init__(self, code: str, message: str) -> None:
        """Keep the code that docs/user/troubleshooting.md lists apart from the sentence."""
        super().__init__(code, message)
        self.code = code
        self.message = message

    def __str__(self) -> str:
        """Return what is stored and shown, such as "SMTP-02: mail.example:25 refused the connection"."""
        return f"{self.code}: {self.message}"


class NotTaken(DeliveryError):
    """Nothing of the message was taken, and it may be sent again."""

    def __init__(self, code: str, message: str, *, retry_after: float | None = None) -> None:
        """Keep after how many seconds the server wants to be asked again; None if it named none."""
        super().__init__(code, message)
        self.retry_after = retry_after


class ChannelUnavailable(NotTaken):
    """No message can be sent over the channel for now: the message waits and loses no attempt.

    Connection, TLS, login, a time-out before the recipient was named, 421 or 5xx at MAIL; 401, 403, 404, 429 or 5xx of a
    webhook. Nothing of the message was taken.
    """


class MessageRefused(DeliveryError):
    """The message is refused for good: 5xx at RCPT or DATA, 400 or 413 of a webhook. A retry is pointless."""


class TryAgain(NotTaken):
    """The message was not taken this time (other 4xx): it is tried again after a while. Nothing of it was taken."""


class Unsure(DeliveryError):
    """Whether the message was taken is not known: the line was cut, or the time was over, after its end was sent.

    It may only be sent again as it is, under the same key.
    """
