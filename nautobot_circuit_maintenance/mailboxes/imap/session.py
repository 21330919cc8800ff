"""From settings to an IMAP folder that is open for reading; each way to fail is a MailboxError that says what to do."""

import logging
import socket
import ssl
from collections.abc import Callable, Mapping
from typing import Any

from imapclient import IMAPClient
from imapclient.exceptions import CapabilityError, IMAPClientAbortError, IMAPClientError, LoginError

from nautobot_circuit_maintenance.domain.errors import MailboxError
from nautobot_circuit_maintenance.mailboxes.base import named, said
from nautobot_circuit_maintenance.mailboxes.settings import SourceSettings

# At DEBUG it would log what goes over the wire: mail, and logins that a server repeats.
logging.getLogger("imapclient").setLevel(logging.INFO)

# IMAPClient raises these besides its own errors when an answer is not what IMAP allows. The last three are what Python says
# to a literal that claims to be longer than memory, or than a number may be, and to parentheses nested deeper than its stack.
ODD_ANSWER = (ValueError, TypeError, AttributeError, LookupError, MemoryError, OverflowError, RecursionError)
_FOR_NOW = ("UNAVAILABLE", "SERVERBUG", "INUSE", "LIMIT")
"""Response codes of a refusal that time heals (RFC 5530 section 3)."""
_CLEAR_TEXT = ("WRONG_VERSION_NUMBER", "RECORD_LAYER_FAILURE")
"""What OpenSSL, and a newer one, says where the answer to its first message is no TLS."""


def _server(settings: SourceSettings) -> str:
    return f"{settings.host}:{settings.port}"


def account_of(settings: SourceSettings) -> str:
    """Name the account and its server for a sentence."""
    return f"account '{settings.account}' on {_server(settings)}"


def connect(settings: SourceSettings, *, timeout: float) -> IMAPClient:
    """Connect, with TLS from the first byte unless the settings say otherwise; the timeout is in seconds."""
    implicit_tls = settings.tls and not settings.starttls
    context = _tls_context(settings) if implicit_tls else None
    try:
        return IMAPClient(settings.host, settings.port, ssl=implicit_tls, ssl_context=context, timeout=timeout)
    except (IMAPClientError, OSError, *ODD_ANSWER) as error:  # IMAPClient(): name, connection, handshake, greeting
        raise _unreachable(settings, error) from error


def _tls_context(settings: SourceSettings) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=settings.ca_file or None)
    except OSError as error:  # ssl.create_default_context: the file is missing, or no certificate is in it
        sentence = (
            f"The ca_file '{settings.ca_file}' cannot be read ({said(error, settings)}); write the path of a PEM file."
        )
        raise MailboxError(sentence, permanent=True) from error


def secure(client: IMAPClient, settings: SourceSettings) -> None:
    """Switch to TLS where the settings ask for STARTTLS (RFC 3501 section 6.2.1); never go on without."""
    if not (settings.tls and settings.starttls):
        return
    try:
        client.starttls(_tls_context(settings))
    except (IMAPClientError, OSError, *ODD_ANSWER) as error:  # client.starttls: not offered, refused, no handshake
        raise _unreachable(settings, error) from error


def _unreachable(settings: SourceSettings, error: Exception) -> MailboxError:
    """Say why there is no connection, and what to look at."""
    server = _server(settings)
    if isinstance(error, CapabilityError):
        sentence = f"{server} offers no STARTTLS; remove 'starttls' and use its port for TLS, usually 993."
        return MailboxError(sentence, permanent=True)
    if isinstance(error, ssl.SSLCertVerificationError):
        sentence = (
            f"The certificate of {server} is not trusted ({error.verify_message}); set 'ca_file' to the certificate of "
            "the authority that signed it, or write the host name into 'url' that it was made for."
        )
        return MailboxError(sentence, permanent=True)
    if isinstance(error, socket.gaierror):
        return MailboxError(f"The name '{settings.host}' is not resolved; check 'url' and the DNS of the worker.")
    if isinstance(error, (ConnectionRefusedError, TimeoutError)):
        does = "does not answer in time" if isinstance(error, TimeoutError) else "refuses the connection"
        return MailboxError(f"{server} {does}; check host and port in 'url' and the firewall.")
    if isinstance(error, ssl.SSLError):
        return _no_tls(server, error)
    return MailboxError(
        f"{server} does not answer as an IMAP server ({said(error, settings)}); check host and port in 'url'."
    )


def _no_tls(server: str, error: ssl.SSLError) -> MailboxError:
    """Tell a server without TLS from one with which the handshake failed."""
    if error.reason in _CLEAR_TEXT:
        sentence = f"{server} does not speak TLS ({error.reason}); check the port, or set 'starttls' if it wants that."
        return MailboxError(sentence, permanent=True)
    return MailboxError(
        f"The TLS handshake with {server} failed ({error.reason}): something damaged it, and the next run goes on, or "
        "server and worker have no version of TLS in common."
    )


def login(client: IMAPClient, settings: SourceSettings) -> None:
    """Log in; the secret is in no error."""
    account, secret = settings.account, settings.secret
    plain = all(text.isascii() and text.isprintable() for text in (account, secret))
    try:
        # LOGIN takes ASCII only; AUTHENTICATE PLAIN takes UTF-8 (RFC 4616).
        client.login(account, secret) if plain else client.plain_login(account, secret)
    except LoginError as error:  # client.login
        reason = said(error, settings)
        # The library's error may quote the command, and with it the secret: hence "from None".
        if isinstance(error.__context__, IMAPClientAbortError):
            raise _cut_off(settings, reason) from None
        for_now = any(code in reason for code in _FOR_NOW)
        sentence = f"The login was refused to {account_of(settings)} ({reason}); check 'account' and 'secret'."
        raise MailboxError(sentence, permanent=not for_now) from None
    except (IMAPClientError, OSError, *ODD_ANSWER) as error:  # the same: a time-out, or not IMAP at all
        raise _cut_off(settings, said(error, settings)) from None


def _cut_off(settings: SourceSettings, reason: str) -> MailboxError:
    """Say that the server hung up instead of answering; some do so on a wrong password."""
    return MailboxError(f"The connection was lost during the login to {account_of(settings)} ({reason}).")


def examine(client: IMAPClient, settings: SourceSettings) -> Mapping[bytes, Any]:
    """Open the folder without the right to change it (RFC 3501 section 6.3.2)."""
    folder = f"The folder '{settings.folder}' of {account_of(settings)}"
    try:
        status: Mapping[bytes, Any] = client.select_folder(settings.folder, readonly=True)
    except (IMAPClientAbortError, OSError, *ODD_ANSWER) as error:  # client.select_folder
        raise MailboxError(f"{folder} was not opened: {said(error, settings)}.") from error
    except IMAPClientError as error:  # the same, the server says NO
        sentence = f"{folder} cannot be opened ({said(error, settings)}); there are: {_folders(client)}."
        raise MailboxError(sentence, permanent=True) from error
    if b"UIDVALIDITY" not in status:
        # RFC 3501 section 7.1: then the server has no UIDs that last.
        raise MailboxError(f"{folder} has no lasting UIDs, so it cannot be read step by step.", permanent=True)
    return status


def _folders(client: IMAPClient) -> str:
    try:
        return named(str(name) for _flags, _delimiter, name in client.list_folders())
    except (IMAPClientError, OSError, *ODD_ANSWER):  # client.list_folders; the missing folder is the news, not this
        return "unknown"


def ask(settings: SourceSettings, doing: str, command: Callable[[], Any]) -> Any:
    """Run one command in the open folder; whatever goes wrong with it is a MailboxError."""
    here = f"{account_of(settings)} while {doing} in folder '{settings.folder}'"
    try:
        return command()
    except (IMAPClientAbortError, OSError) as error:  # client.search, client.fetch: BYE, a cut line, a time-out
        sentence = f"The connection was lost to {here} ({said(error, settings)}); the next run goes on."
        raise MailboxError(sentence) from error
    except (IMAPClientError, *ODD_ANSWER) as error:  # the same calls: NO, BAD, or not IMAP at all
        raise MailboxError(f"An unexpected answer came from {here}: {said(error, settings)}.") from error
