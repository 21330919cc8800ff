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
_CHECK_ADDRESS = "check host and port in 'url'"
_CLEAR_TEXT = ("WRONG_VERSION_NUMBER", "RECORD_LAYER_FAILURE")
"""OpenSSL error reasons for a server that does not speak TLS (old and new spelling)."""


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
            f"The ca_file '{settings.ca_file}' cannot be read ({said(error, settings)}); use the path of a PEM file."
        )
        raise MailboxError("IMAP-09", sentence, permanent=True) from error


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
        sentence = f"{server} does not offer STARTTLS; remove 'starttls' and use the TLS port, usually 993."
        return MailboxError("IMAP-06", sentence, permanent=True)
    if isinstance(error, ssl.SSLCertVerificationError):
        sentence = (
            f"The certificate of {server} is not trusted ({error.verify_message}); set 'ca_file' to the signing CA's "
            "certificate, or use the host name the certificate was issued for in 'url'."
        )
        return MailboxError("IMAP-08", sentence, permanent=True)
    if isinstance(error, socket.gaierror):
        sentence = f"Host '{settings.host}' could not be resolved; check 'url' and the DNS of the worker."
        return MailboxError("IMAP-01", sentence)
    if isinstance(error, ConnectionRefusedError):
        return MailboxError("IMAP-02", f"{server} refused the connection; {_CHECK_ADDRESS} and the firewall.")
    if isinstance(error, TimeoutError):
        return MailboxError("IMAP-03", f"{server} timed out; {_CHECK_ADDRESS} and the firewall.")
    if isinstance(error, ssl.SSLError):
        return _handshake_error(server, error)
    reason = said(error, settings)
    return MailboxError("IMAP-04", f"{server} does not respond as an IMAP server ({reason}); {_CHECK_ADDRESS}.")


def _handshake_error(server: str, error: ssl.SSLError) -> MailboxError:
    """Distinguish a server without TLS from a failed handshake."""
    if error.reason in _CLEAR_TEXT:
        sentence = (
            f"{server} does not speak TLS ({error.reason}); check the port, or set 'starttls' if it requires that."
        )
        return MailboxError("IMAP-05", sentence, permanent=True)
    return MailboxError(
        "IMAP-10",
        f"TLS handshake with {server} failed ({error.reason}). The connection was interrupted (the next run retries) or "
        "there is no common TLS version.",
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
        sentence = f"Login refused for {account_of(settings)} ({reason}); check 'account' and 'secret'."
        raise MailboxError("IMAP-07", sentence, permanent=not for_now) from None
    except (IMAPClientError, OSError, *ODD_ANSWER) as error:  # the same: a time-out, or not IMAP at all
        raise _cut_off(settings, said(error, settings)) from None


def _cut_off(settings: SourceSettings, reason: str) -> MailboxError:
    """Return the error for a server that closed the connection; some do so after a wrong password."""
    return MailboxError("IMAP-11", f"Connection lost during the login of {account_of(settings)} ({reason}).")


def examine(client: IMAPClient, settings: SourceSettings) -> Mapping[bytes, Any]:
    """Open the folder without the right to change it (RFC 3501 section 6.3.2)."""
    folder = f"The folder '{settings.folder}' of {account_of(settings)}"
    try:
        status: Mapping[bytes, Any] = client.select_folder(settings.folder, readonly=True)
    except (IMAPClientAbortError, OSError, *ODD_ANSWER) as error:  # client.select_folder
        raise MailboxError("IMAP-13", f"{folder} was not opened: {said(error, settings)}.") from error
    except IMAPClientError as error:  # the same, the server says NO
        sentence = f"{folder} cannot be opened ({said(error, settings)}). Available folders: {_folders(client)}."
        raise MailboxError("IMAP-12", sentence, permanent=True) from error
    if b"UIDVALIDITY" not in status:
        # RFC 3501 section 7.1: then the server has no persistent UIDs.
        sentence = f"{folder} has no persistent UIDs and cannot be read incrementally."
        raise MailboxError("IMAP-14", sentence, permanent=True)
    return status


def _folders(client: IMAPClient) -> str:
    try:
        return named(str(name) for _flags, _delimiter, name in client.list_folders())
    except (IMAPClientError, OSError, *ODD_ANSWER):  # client.list_folders; the missing folder is the news, not this
        return "unknown"


def ask(settings: SourceSettings, doing: str, command: Callable[[], Any]) -> Any:
    """Run one command in the open folder; whatever goes wrong with it is a MailboxError."""
    where = f"{account_of(settings)} while {doing} in folder '{settings.folder}'"
    try:
        return command()
    except (IMAPClientAbortError, OSError) as error:  # client.search, client.fetch: BYE, a cut line, a time-out
        sentence = f"Connection lost to {where} ({said(error, settings)}); the next run will continue."
        raise MailboxError("IMAP-16", sentence) from error
    except (IMAPClientError, *ODD_ANSWER) as error:  # the same calls: NO, BAD, or not IMAP at all
        raise MailboxError("IMAP-17", f"Unexpected response from {where}: {said(error, settings)}.") from error
