"""Sends messages over SMTP, one transaction for each (RFC 5321 section 3.3), and knows whose fault a failure is."""

import re
import smtplib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timezone

from nautobot_circuit_maintenance.channel_settings.email import ADDRESS, EmailSettings
from nautobot_circuit_maintenance.outbound.channels.base import Channel, error_text
from nautobot_circuit_maintenance.outbound.channels.email.mime import email_of
from nautobot_circuit_maintenance.outbound.channels.email.session import MALFORMED_REPLY, close, connect
from nautobot_circuit_maintenance.outbound.channels.errors import (
    ChannelUnavailable,
    DeliveryError,
    MessageRefused,
    TryAgain,
    Unsure,
)
from nautobot_circuit_maintenance.outbound.messages import Message

_FAILED = (smtplib.SMTPException, OSError, *MALFORMED_REPLY)
_CLOSING = 421
"""The server closes the connection (RFC 5321 section 4.2.3), whatever the command was."""

Reply = tuple[int, bytes]


class EmailChannel(Channel):
    """An SMTP session; a line that was lost is made again for the next message."""

    settings: EmailSettings

    def __init__(self, settings: EmailSettings, smtp: smtplib.SMTP) -> None:
        """Take a session that takes messages."""
        super().__init__(settings)
        self._smtp = smtp
        self._is_fresh = True

    @classmethod
    @contextmanager
    def open(cls, settings: EmailSettings) -> Iterator["EmailChannel"]:
        """Connect and log in; raises ChannelUnavailable."""
        channel = cls(settings, connect(settings))
        try:
            yield channel
        finally:
            close(channel._smtp)

    def _send(self, message: Message) -> None:
        address = _address_of(message)
        now = datetime.now(timezone.utc)
        content = _dots_doubled(email_of(message, self.settings, address=address, now=now))
        self._make_ready()
        try:
            self._name_sender()
            self._name_recipient(address)
            self._send_content(content)
        except DeliveryError:
            self._is_fresh = False
            raise
        self._is_fresh = False

    def _make_ready(self) -> None:
        """Reset the session after the message before; a server that closed the line in between did nothing wrong."""
        if self._is_fresh:
            return
        try:
            is_ready = self._smtp.rset()[0] == 250
        except _FAILED:  # self._smtp.rset: the line is gone
            is_ready = False
        if not is_ready:
            self._smtp.close()
            self._smtp = connect(self.settings)

    def _name_sender(self) -> None:
        try:
            code, text = self._smtp.mail(self.settings.sender)
        except _FAILED as error:  # self._smtp.mail
            sentence = f"The mail server closed the connection, or timed out ({error_text(error, self.settings)})."
            raise ChannelUnavailable("SMTP-11", sentence) from None
        if code // 100 == 2:
            return
        said = self._said(code, text)
        if code // 100 == 4 and code != _CLOSING:
            raise TryAgain("SMTP-12", f"The mail server does not accept messages for now ({said}).")
        sentence = f"The mail server does not accept messages from '{self.settings.sender}' ({said})."
        raise ChannelUnavailable("SMTP-13", sentence)

    def _name_recipient(self, address: str) -> None:
        self._judge(self._reply_before_content(lambda: self._smtp.rcpt(address)), (250, 251, 252))
        self._judge(self._reply_before_content(lambda: self._smtp.docmd("DATA")), (354,))

    def _reply_before_content(self, command: Callable[[], Reply]) -> Reply:
        try:
            return command()
        except _FAILED as error:  # command: nothing of the content was sent, so nothing was taken
            sentence = f"The connection was lost, or timed out, before the message was sent ({error_text(error, self.settings)})."
            raise TryAgain("SMTP-14", sentence) from None

    def _send_content(self, content: bytes) -> None:
        """Send the content and the dot that ends it; from its first byte on, a lost line leaves the outcome open."""
        try:
            self._smtp.send(content + b".\r\n")
            reply = self._smtp.getreply()
        except _FAILED as error:  # self._smtp.send, self._smtp.getreply
            self._smtp.close()
            reason = error_text(error, self.settings)
            sentence = f"The connection was lost, or timed out, while the message was sent ({reason})."
            raise Unsure("SMTP-15", f"{sentence} Whether it was taken is not known.") from None
        if not 200 <= reply[0] < 600:
            raise Unsure(
                "SMTP-16", f"The mail server's reply to the message cannot be understood ({self._said(*reply)})."
            )
        self._judge(reply, range(200, 300))

    def _judge(self, reply: Reply, expected: "tuple[int, ...] | range") -> None:
        """Raise what a reply about the recipient or the content means, unless it is an expected one."""
        code, text = reply
        if code in expected:
            return
        if not 200 <= code < 600:  # not SMTP: which reply the next one answers is not known either
            self._smtp.close()
        said = self._said(code, text)
        if code == _CLOSING:
            raise ChannelUnavailable("SMTP-17", f"The mail server is closing ({said}).")
        if code // 100 == 5:
            raise MessageRefused("SMTP-18", f"The mail server refused the recipient or the message ({said}).")
        raise TryAgain("SMTP-19", f"The mail server did not accept the message this time ({said}).")

    def _said(self, code: int, text: bytes) -> str:
        return error_text(f"{code} {text.decode('utf-8', 'replace')}", self.settings)


def _address_of(message: Message) -> str:
    """Return the address of the recipient as it is named to the server; raises MessageRefused if it is none."""
    local, at, domain = message.recipient.address.strip().rpartition("@")
    try:
        address = f"{local}{at}{domain.encode('idna').decode()}"
    except UnicodeError:  # domain.encode: a label is empty or too long
        address = ""
    if not ADDRESS.fullmatch(address):
        raise MessageRefused("SMTP-20", f"'{message.recipient.address}' is not an email address that can be used.")
    return address


def _dots_doubled(content: bytes) -> bytes:
    """Return content whose lines do not end the message (RFC 5321 section 4.5.2), and which ends with a line end."""
    content = re.sub(rb"\r\n|\r|\n", b"\r\n", content)  # only CRLF: another end might be a line to the next server
    content = content if content.endswith(b"\r\n") else content + b"\r\n"
    return re.sub(rb"(?m)^\.", b"..", content)
