"""From settings to an SMTP session that takes messages; each failure is a ChannelUnavailable that says what to do."""

import contextlib
import smtplib
import socket
import ssl

from nautobot_circuit_maintenance.channel_settings.email import EmailSettings
from nautobot_circuit_maintenance.outbound.channels.base import TIMEOUT, error_text
from nautobot_circuit_maintenance.outbound.channels.errors import ChannelUnavailable

_CHECK_ADDRESS = "check host and port in 'url'"
_CLEAR_TEXT = ("WRONG_VERSION_NUMBER", "RECORD_LAYER_FAILURE")
"""OpenSSL error reasons for a server that does not speak TLS (old and new spelling)."""
MALFORMED_REPLY = (ValueError, TypeError, LookupError)
"""What smtplib also raises for replies that are not SMTP."""


def connect(settings: EmailSettings, *, timeout: float = TIMEOUT) -> smtplib.SMTP:
    """Connect, with TLS unless the settings disable that, and log in if there is an account."""
    context = _tls_context(settings) if settings.tls else None
    try:
        smtp = _connected(settings, context, timeout)
    except (smtplib.SMTPException, OSError, *MALFORMED_REPLY) as error:  # name, connection, handshake, greeting
        raise _unreachable(settings, error) from None
    try:
        _start_tls(smtp, settings, context)
        _log_in(smtp, settings)
    except ChannelUnavailable:
        smtp.close()
        raise
    return smtp


def close(smtp: smtplib.SMTP) -> None:
    """Say QUIT and close; a server that does not answer changes nothing about what was sent."""
    with contextlib.suppress(smtplib.SMTPException, OSError):
        smtp.quit()
    smtp.close()


def _server(settings: EmailSettings) -> str:
    return f"{settings.host}:{settings.port}"


def _connected(settings: EmailSettings, context: ssl.SSLContext | None, timeout: float) -> smtplib.SMTP:
    # Its own name for itself would take a look-up in the DNS, which may take long, and servers ask for a full domain.
    if settings.has_implicit_tls:
        return smtplib.SMTP_SSL(
            settings.host, settings.port, local_hostname=settings.domain, timeout=timeout, context=context
        )
    return smtplib.SMTP(settings.host, settings.port, local_hostname=settings.domain, timeout=timeout)


def _tls_context(settings: EmailSettings) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=settings.ca_file or None)
    except OSError as error:  # ssl.create_default_context: the file is missing, or has no certificate
        sentence = f"The ca_file '{settings.ca_file}' cannot be read ({error_text(error, settings)}); use the path of a PEM file."
        raise ChannelUnavailable("SMTP-09", sentence) from None


def _start_tls(smtp: smtplib.SMTP, settings: EmailSettings, context: ssl.SSLContext | None) -> None:
    """Switch to TLS (RFC 3207) where it has not begun; never continue without."""
    try:
        smtp.ehlo_or_helo_if_needed()
        if context and not settings.has_implicit_tls:
            smtp.starttls(context=context)
            smtp.ehlo_or_helo_if_needed()
    except smtplib.SMTPNotSupportedError:  # smtp.starttls
        sentence = f"{_server(settings)} does not offer STARTTLS; use smtps:// and the TLS port, usually 465."
        raise ChannelUnavailable("SMTP-06", sentence) from None
    except (smtplib.SMTPException, OSError, *MALFORMED_REPLY) as error:  # refused, no handshake, cut
        raise _unreachable(settings, error) from None


def _log_in(smtp: smtplib.SMTP, settings: EmailSettings) -> None:
    if not settings.account:
        return
    try:
        smtp.login(settings.account, settings.secret.value())
    except (smtplib.SMTPException, OSError, *MALFORMED_REPLY) as error:  # smtp.login: its errors may quote the command
        reason = error_text(error, settings)
        sentence = f"Login refused for account '{settings.account}' on {_server(settings)} ({reason})."
        raise ChannelUnavailable("SMTP-07", sentence) from None


def _unreachable(settings: EmailSettings, error: Exception) -> ChannelUnavailable:
    """Return the error for a connection that could not be made, and what to check."""
    server = _server(settings)
    if isinstance(error, ssl.SSLError):
        return _tls_error(server, error)
    if isinstance(error, socket.gaierror):
        sentence = f"Host '{settings.host}' could not be resolved; check 'url' and the DNS of the worker."
        return ChannelUnavailable("SMTP-01", sentence)
    if isinstance(error, ConnectionRefusedError):
        return ChannelUnavailable("SMTP-02", f"{server} refused the connection; {_CHECK_ADDRESS} and the firewall.")
    if isinstance(error, TimeoutError):
        return ChannelUnavailable("SMTP-03", f"{server} timed out; {_CHECK_ADDRESS} and the firewall.")
    reason = error_text(error, settings)
    return ChannelUnavailable("SMTP-04", f"{server} does not respond as a mail server ({reason}); {_CHECK_ADDRESS}.")


def _tls_error(server: str, error: ssl.SSLError) -> ChannelUnavailable:
    """Distinguish an untrusted certificate, a server without TLS, and a failed handshake."""
    if isinstance(error, ssl.SSLCertVerificationError):
        sentence = (
            f"The certificate of {server} is not trusted ({error.verify_message}); set 'ca_file' to the signing CA's "
            "certificate, or use the host name the certificate was issued for in 'url'."
        )
        return ChannelUnavailable("SMTP-08", sentence)
    if error.reason in _CLEAR_TEXT:
        return ChannelUnavailable("SMTP-05", f"{server} does not speak TLS ({error.reason}); use smtp:// in 'url'.")
    sentence = (
        f"TLS handshake with {server} failed ({error.reason}): no common TLS version, or the line was interrupted."
    )
    return ChannelUnavailable("SMTP-10", sentence)
