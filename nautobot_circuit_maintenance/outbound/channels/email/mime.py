"""From a message to the bytes of an email (RFC 5322)."""

import re
from datetime import datetime
from email.headerregistry import HeaderRegistry, UnstructuredHeader
from email.message import EmailMessage
from email.policy import SMTP, EmailPolicy
from email.utils import format_datetime, formataddr
from html import escape
from typing import Any

from nautobot_circuit_maintenance.channel_settings.email import EmailSettings
from nautobot_circuit_maintenance.domain.text import shortened, storable
from nautobot_circuit_maintenance.mail.automatic import OWN_HEADER
from nautobot_circuit_maintenance.outbound.messages import Message


class _IdHeader(UnstructuredHeader):
    """A field with an identifier in ASCII: Python would write one of more than 70 characters as an encoded word."""

    max_count = 1

    def fold(self, *, policy: EmailPolicy) -> str:
        """Return the field on one line."""
        return f"{self.name}: {self}{policy.linesep}"  # type: ignore[attr-defined]  # typeshed: of a mixin


def _policy() -> Any:
    registry = HeaderRegistry()
    for name in ("Message-ID", "In-Reply-To", "References", "List-Id", OWN_HEADER):
        registry.map_to_type(name.lower(), _IdHeader)  # type: ignore[arg-type]  # the same
    return SMTP.clone(cte_type="7bit", max_line_length=76, header_factory=registry)  # not every server takes 8BITMIME


_POLICY = _policy()
_CALENDAR_HINT = "The attached calendar file is to be added manually; it does not follow changes."
# What RFC 5322 or a mail program gives a meaning in a display name.
_NOT_IN_NAMES = re.compile(r'[\x00-\x1f\x7f<>"\\@,;:()\[\]]+')
_LONGEST_NAME = 60


def email_of(message: Message, settings: EmailSettings, *, address: str, now: datetime) -> bytes:
    """Return the email for a message to an address in ASCII; sent again, it has the same Message-ID."""
    email = EmailMessage(_POLICY)
    email["To"] = formataddr((_name(message.recipient.name), address))
    _add_header(email, message, settings, now)
    text, html = storable(message.text), storable(message.html)
    if message.calendar is not None:
        text += f"\n{_CALENDAR_HINT}\n"
        html += f"\n<p>{_CALENDAR_HINT}</p>"
    email.set_content(text, cte="quoted-printable")
    email.add_alternative(_page(message.subject, html), subtype="html", cte="quoted-printable")
    if message.calendar is not None:
        parameters = {"method": "PUBLISH", "charset": "utf-8"}
        email.add_attachment(
            message.calendar, maintype="text", subtype="calendar", filename="maintenance.ics", params=parameters
        )
    return email.as_bytes()


def _add_header(email: EmailMessage, message: Message, settings: EmailSettings, now: datetime) -> None:
    subject = shortened(message.subject, 250)
    email["From"] = formataddr(("Circuit Maintenance", settings.sender))
    email["Subject"] = subject if message.is_first else f"Re: {subject}"
    email["Date"] = format_datetime(now)
    email["Message-ID"] = _message_id(message.key, settings)
    if not message.is_first:
        email["In-Reply-To"] = email["References"] = _message_id(message.root_key, settings)
    email["Thread-Topic"] = subject  # by which Outlook groups (MS-OXOMSG 2.2.1.2)
    email["Auto-Submitted"] = "auto-generated"  # RFC 3834 section 5
    email["X-Auto-Response-Suppress"] = "All"  # the same for Exchange
    email["List-Id"] = f"Circuit maintenance <circuit-maintenance.{settings.instance}>"  # for filters (RFC 2919)
    email[OWN_HEADER] = settings.instance


def _message_id(key: str, settings: EmailSettings) -> str:
    return f"<{key}@{settings.domain}>"


def _name(name: str) -> str:
    """Return a display name that no mail program can take for an address."""
    return shortened(_NOT_IN_NAMES.sub(" ", name), _LONGEST_NAME)


def _page(title: str, body: str) -> str:
    head = f'<head><meta charset="utf-8"><title>{escape(shortened(title, 250))}</title></head>'
    return f"<!DOCTYPE html>\n<html>\n{head}\n<body>\n{body}\n</body>\n</html>\n"
