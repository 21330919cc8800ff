"""Ways to log in to an IMAP server."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from nautobot_circuit_maintenance.domain.errors import MailboxError
from nautobot_circuit_maintenance.mailboxes.credentials import Secret

if TYPE_CHECKING:  # settings are read by every process, the client only by those that open a mailbox
    from imapclient import IMAPClient


class Login(Protocol):
    """Logs in, at each connection."""

    @property
    def check(self) -> str:
        """What to check if it is refused."""

    def log_in(self, client: "IMAPClient") -> None:
        """Log in; raises the errors of IMAPClient, which may quote a secret, and MailboxError."""


@dataclass(frozen=True)
class PasswordLogin:
    """A user name and a password."""

    account: str
    secret: Secret
    check: str = "check 'account' and 'secret'"

    def log_in(self, client: "IMAPClient") -> None:
        """Log in; raises the errors of IMAPClient, which may quote the password, and MailboxError (RFC 9051 section 6.2.3)."""
        password = self.secret.value()
        is_disabled = client.has_capability("LOGINDISABLED")
        if is_disabled and not client.has_capability("AUTH=PLAIN"):
            sentence = (
                "The server accepts no passwords on this connection (LOGINDISABLED): without TLS, use port 993 or 'starttls'; "
                "with TLS, it accepts access tokens only: set 'login'."
            )
            raise MailboxError("IMAP-24", sentence, permanent=True)
        if not is_disabled and all(text.isascii() and text.isprintable() for text in (self.account, password)):
            client.login(self.account, password)
        else:  # LOGIN may be disabled, and takes ASCII only; AUTHENTICATE PLAIN takes UTF-8 (RFC 4616)
            client.plain_login(self.account, password)


@dataclass(frozen=True)
class TokenLogin:
    """A user name and an access token (OAuth 2.0), by XOAUTH2 or, where a server has only that, by OAUTHBEARER."""

    account: str
    token: Callable[[], str]
    """Returns a new access token; raises MailboxError."""
    check: str

    def log_in(self, client: "IMAPClient") -> None:
        """Log in; raises the errors of IMAPClient, which may quote the token, and MailboxError."""
        mechanism = next((each for each in _RESPONSES if client.has_capability(f"AUTH={each}")), None)
        if mechanism is None:
            sentence = (
                "The server accepts no access tokens (neither XOAUTH2 nor OAUTHBEARER); check 'url', or remove 'login' and "
                "use a password."
            )
            raise MailboxError("IMAP-20", sentence, permanent=True)
        initial, end = _RESPONSES[mechanism]
        token = self.token()  # before AUTHENTICATE: in the middle of it, the server would not even take LOGOUT
        challenges: list[str] = []

        def respond(challenge: bytes) -> bytes:
            """Return the token, and then what ends the exchange: the server says in a challenge why it refuses it."""
            challenges.append(challenge.decode("utf-8", "replace"))
            return end if len(challenges) > 1 else initial(self.account, token)

        try:
            client.sasl_login(mechanism, respond)
        except client.Error as error:
            if reason := " ".join(challenges[1:]):
                error.args = (f"{error} {reason}",)
            raise


def _xoauth2(account: str, token: str) -> bytes:
    """Return the initial response of Google's and Microsoft's mechanism."""
    return f"user={account}\1auth=Bearer {token}\1\1".encode()


def _oauthbearer(account: str, token: str) -> bytes:
    """Return the initial response of RFC 7628 section 3.1, with the account as RFC 5801 section 4 spells it."""
    name = account.replace("=", "=3D").replace(",", "=2C")
    return f"n,a={name},\1auth=Bearer {token}\1\1".encode()


# The helpers of IMAPClient answer the challenge with the token again, which strict servers take for a syntax error.
_RESPONSES: dict[str, tuple[Callable[[str, str], bytes], bytes]] = {
    "XOAUTH2": (_xoauth2, b""),
    "OAUTHBEARER": (_oauthbearer, b"\1"),
}
"""The initial response, and the one that ends a refused exchange."""
