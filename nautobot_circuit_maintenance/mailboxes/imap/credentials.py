"""Ways to log in to an IMAP server."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from nautobot_circuit_maintenance.mailboxes.credentials import Secret

if TYPE_CHECKING:  # settings are read by every process, the client only by those that open a mailbox
    from imapclient import IMAPClient


@dataclass(frozen=True)
class PasswordLogin:
    """A user name and a password."""

    account: str
    secret: Secret

    def log_in(self, client: "IMAPClient") -> None:
        """Log in; raises the errors of IMAPClient, which may quote the password."""
        password = self.secret.value()
        if all(text.isascii() and text.isprintable() for text in (self.account, password)):
            client.login(self.account, password)
        else:  # LOGIN takes ASCII only, AUTHENTICATE PLAIN takes UTF-8 (RFC 4616)
            client.plain_login(self.account, password)
