"""One notification source as PLUGINS_CONFIG describes it."""

import base64
from collections.abc import Sequence
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from nautobot_circuit_maintenance.mailboxes.kinds import MAILBOX_KINDS


@dataclass(frozen=True)
class SourceSettings:
    """One notification source as the administrator wrote it; the password never shows in its repr."""

    name: str
    url: str
    """Says of which type the mailbox is, and where."""
    account: str = ""
    """User name, or the mailbox that a service account acts for."""
    secret: str = field(default="", repr=False)
    """Password; ``without_secret`` keeps it out of whatever is told."""
    credentials_file: str = ""
    """Path of a service account's key, in JSON."""
    source_header: str = "From"
    """Header field whose address says who wrote a mail."""
    folder: str = "INBOX"
    """IMAP folder or Gmail label."""
    tls: bool = True
    starttls: bool = False
    """Whether TLS begins after the connection, before the login."""
    ca_file: str = ""
    """Path of the certificates to trust, in PEM; empty: those of the system."""
    attach_all_providers: bool = False
    """Whether every present and future provider belongs to the source."""
    require_authentication: bool = False
    """Whether one of the trusted hosts must have confirmed who wrote a mail."""
    trusted_authserv_ids: Sequence[str] = ()
    """The names that those mail servers give themselves in Authentication-Results fields (RFC 8601)."""

    @property
    def kind(self) -> str:
        """Which mailbox type reads it, a key of ``MAILBOX_KINDS``; empty for a URL that none does."""
        parts = urlsplit(self.url)
        return next((name for name, kind in MAILBOX_KINDS.items() if kind.reads(parts)), "")

    @property
    def host(self) -> str:
        """Host name of the URL."""
        return urlsplit(self.url).hostname or ""

    @property
    def port(self) -> int:
        """Port of the URL, or the one registered for this kind of connection (RFC 8314 section 3.2, RFC 9051)."""
        implicit_tls = self.tls and not self.starttls
        return urlsplit(self.url).port or (993 if implicit_tls else 143)

    def without_secret(self, text: str) -> str:
        """Return words of a server or a library without the secret, however they spell it.

        A server that repeats a command has the secret in quotation marks (RFC 9051 section 4.3) or in base64 (RFC
        4616), and Python prints bytes with more backslashes, also before an apostrophe where there are quotation marks.
        """
        if not self.secret:
            return text
        quoted = self.secret.replace("\\", "\\\\").replace('"', '\\"')
        plain = base64.b64encode(f"\0{self.account}\0{self.secret}".encode()).decode()
        spellings = [self.secret, quoted, plain]
        printed = [repr(each.encode())[2:-1] for each in spellings]
        spellings += [*printed, *(repr(f'"{each}'.encode())[3:-1] for each in spellings)]
        for each in sorted({*spellings, *(" ".join(each.split()) for each in spellings)}, key=len, reverse=True):
            text = text.replace(each, "***") if each else text
        return text
