"""From settings to an IMAP folder that is open for reading; each failure is a MailboxError that says what to do."""

import logging
import socket
import ssl
from collections.abc import Callable, Mapping
from typing import Any

from imapclient import IMAPClient
from imapclient.exceptions import CapabilityError, IMAPClientAbortError, IMAPClientError, LoginError

from nautobot_circuit_maintenance.domain.errors import MailboxError
from nautobot_circuit_maintenance.mailboxes.base import error_text, summarize
from nautobot_circuit_maintenance.mailboxes.imap.settings import ImapSettings

# At DEBUG it would log the whole conversation: messages, and logins that a server repeats.
logging.getLogger("imapclient").setLevel(logging.INFO)

# IMAPClient also raises these when a response is not valid IMAP. Python raises the last three for a literal that claims to
# be longer than memory, or than a number may be, and for parentheses nested deeper than its stack.
MALFORMED_RESPONSE = (ValueError, TypeError, AttributeError, LookupError, MemoryError, OverflowError, RecursionError)
_TEMPORARY = ("UNAVAILABLE", "SERVERBUG", "INUSE", "LIMIT")
"""Response codes of a temporary refusal (RFC 5530 section 3)."""
_NO_IMAP = "authenticated but not connected"
"""What Exchange answers to the first command after a login that is right."""
_CHECK_ADDRESS = "check host and port in 'url'"
_CLEAR_TEXT = ("WRONG_VERSION_NUMBER", "RECORD_LAYER_FAILURE")
"""OpenSSL error reasons for a server that does not speak TLS (old and new spelling)."""


def _server(settings: ImapSettings) -> str:
    return f"{settings.host}:{settings.port}"


def account_of(settings: ImapSettings) -> str:
    """Return the account and its server for an error."""
    return f"account '{settings.account}' on {_server(settings)}"


def connect(settings: ImapSettings, *, timeout: float) -> IMAPClient:
    """Connect, with TLS from the first byte unless the settings disable that; the timeout is in seconds."""
    is_tls = settings.has_implicit_tls
    context = _tls_context(settings) if is_tls else None
    try:
        return IMAPClient(settings.host, settings.port, ssl=is_tls, ssl_context=context, timeout=timeout)
    except (
        IMAPClientError,
        OSError,
        *MALFORMED_RESPONSE,
    ) as error:  # IMAPClient(): name, connection, handshake, greeting
        raise _unreachable(settings, error) from error


def _tls_context(settings: ImapSettings) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=settings.ca_file or None)
    except OSError as error:  # ssl.create_default_context: the file is missing, or has no certificate
        sentence = f"The ca_file '{settings.ca_file}' cannot be read ({error_text(error, settings)}); use the path of a PEM file."
        raise MailboxError("IMAP-09", sentence, permanent=True) from error


def start_tls(client: IMAPClient, settings: ImapSettings) -> None:
    """Switch to TLS if the settings require STARTTLS (RFC 3501 section 6.2.1); never continue without."""
    if not (settings.tls and settings.starttls):
        return
    try:
        client.starttls(_tls_context(settings))
    except (
        IMAPClientError,
        OSError,
        *MALFORMED_RESPONSE,
    ) as error:  # client.starttls: not offered, refused, no handshake
        raise _unreachable(settings, error) from error


def _unreachable(settings: ImapSettings, error: Exception) -> MailboxError:
    """Return the error for a connection that could not be made, and what to check."""
    server = _server(settings)
    if isinstance(error, CapabilityError):
        sentence = f"{server} does not offer STARTTLS; remove 'starttls' and use the TLS port, usually 993."
        return MailboxError("IMAP-06", sentence, permanent=True)
    if isinstance(error, ssl.SSLError):
        return _tls_error(server, error)
    if isinstance(error, socket.gaierror):
        sentence = f"Host '{settings.host}' could not be resolved; check 'url' and the DNS of the worker."
        return MailboxError("IMAP-01", sentence)
    if isinstance(error, ConnectionRefusedError):
        return MailboxError("IMAP-02", f"{server} refused the connection; {_CHECK_ADDRESS} and the firewall.")
    if isinstance(error, TimeoutError):
        return MailboxError("IMAP-03", f"{server} timed out; {_CHECK_ADDRESS} and the firewall.")
    reason = error_text(error, settings)
    return MailboxError("IMAP-04", f"{server} does not respond as an IMAP server ({reason}); {_CHECK_ADDRESS}.")


def _tls_error(server: str, error: ssl.SSLError) -> MailboxError:
    """Distinguish an untrusted certificate, a server without TLS, and a failed handshake."""
    if isinstance(error, ssl.SSLCertVerificationError):
        sentence = (
            f"The certificate of {server} is not trusted ({error.verify_message}); set 'ca_file' to the signing CA's "
            "certificate, or use the host name the certificate was issued for in 'url'."
        )
        return MailboxError("IMAP-08", sentence, permanent=True)
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


def log_in(client: IMAPClient, settings: ImapSettings) -> None:
    """Log in; the secret is in no error."""
    credentials = settings.credentials
    try:
        credentials.log_in(client)
    except LoginError as error:  # client.login, client.plain_login, client.sasl_login
        reason = error_text(error, settings)
        # The library's error may quote the command, and with it the secret: hence "from None".
        if isinstance(error.__context__, IMAPClientAbortError):
            raise _cut_off(settings, reason) from None
        is_temporary = any(code in reason for code in _TEMPORARY)
        sentence = f"Login refused for {account_of(settings)} ({reason}); {credentials.check}."
        raise MailboxError("IMAP-07", sentence, permanent=not is_temporary) from None
    except (IMAPClientError, OSError, *MALFORMED_RESPONSE) as error:  # the same: a time-out, or not IMAP at all
        raise _cut_off(settings, error_text(error, settings)) from None


def _cut_off(settings: ImapSettings, reason: str) -> MailboxError:
    """Return the error for a server that closed the connection; some do so after a wrong password."""
    return MailboxError("IMAP-11", f"Connection lost during the login of {account_of(settings)} ({reason}).")


def examine(client: IMAPClient, settings: ImapSettings) -> Mapping[bytes, Any]:
    """Open the folder read-only (RFC 3501 section 6.3.2)."""
    folder = f"The folder '{settings.folder}' of {account_of(settings)}"
    try:
        status: Mapping[bytes, Any] = client.select_folder(settings.folder, readonly=True)
    except (IMAPClientAbortError, OSError, *MALFORMED_RESPONSE) as error:  # client.select_folder
        raise MailboxError("IMAP-13", f"{folder} was not opened: {error_text(error, settings)}.") from error
    except IMAPClientError as error:  # the same, the server answers NO
        if _NO_IMAP in str(error):
            sentence = f"{folder} was not opened: IMAP is off for this mailbox; run Set-CASMailbox -ImapEnabled $true."
            raise MailboxError("IMAP-21", sentence, permanent=True) from error
        sentence = f"{folder} cannot be opened ({error_text(error, settings)}). Available folders: {_folders(client)}."
        raise MailboxError("IMAP-12", sentence, permanent=True) from error
    if b"UIDVALIDITY" not in status:
        # RFC 3501 section 7.1: then the server has no persistent UIDs.
        sentence = f"{folder} has no persistent UIDs and cannot be read incrementally."
        raise MailboxError("IMAP-14", sentence, permanent=True)
    return status


def _folders(client: IMAPClient) -> str:
    try:
        return summarize(str(name) for _flags, _delimiter, name in client.list_folders())
    except (
        IMAPClientError,
        OSError,
        *MALFORMED_RESPONSE,
    ):  # client.list_folders; the missing folder is the error to report
        return "unknown"


def run_command(settings: ImapSettings, doing: str, command: Callable[[], Any]) -> Any:
    """Run one command in the open folder; raises MailboxError for whatever fails."""
    where = f"{account_of(settings)} while {doing} in folder '{settings.folder}'"
    try:
        return command()
    except (IMAPClientAbortError, OSError) as error:  # client.search, client.fetch: BYE, a cut line, a time-out
        sentence = f"Connection lost to {where} ({error_text(error, settings)}); the next run will continue."
        raise MailboxError("IMAP-16", sentence) from error
    except (IMAPClientError, *MALFORMED_RESPONSE) as error:  # the same calls: NO, BAD, or not IMAP at all
        raise MailboxError("IMAP-17", f"Unexpected response from {where}: {error_text(error, settings)}.") from error
