"""Recognizes messages whose server generates their bytes for each request, so that they may differ, as Exchange Online does."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from nautobot_circuit_maintenance.mail.message import MailMessage
from nautobot_circuit_maintenance.models import Notification, NotificationSource


class _Identity(NamedTuple):
    """What stays: the fields of the author, and when the server received the message, also if it is moved."""

    name: str
    """Its Message-ID; without one, its id on the server."""
    sender: str
    subject: str
    sent_at: datetime | None
    received_at: datetime


def without_rewritten_copies(source: NotificationSource, messages: Sequence[MailMessage]) -> Sequence[MailMessage]:
    """Return the messages without those that are stored for the source with other bytes.

    A search after a lost cursor reads messages again, and replays of a delta do. One query, only for such messages.
    """
    rewritten = {_identity(each) for each in messages if each.is_rewritten}
    if not rewritten:
        return messages
    moments = {each.received_at for each in rewritten}
    stored = source.notifications.filter(received_at__in=moments, raw__isnull=False).order_by()
    fields = ("message_id", "server_id", "sender", "subject", "sent_at", "received_at", "fingerprint")
    known: dict[_Identity, set[str]] = {}
    for row in stored.values(*fields):
        fingerprint = row.pop("fingerprint")
        known.setdefault(_identity(Notification(**row)), set()).add(fingerprint)
    # A copy with the same bytes is for the rules about copies: it may replace one that was refused.
    return [
        each
        for each in messages
        if not each.is_rewritten or _identity(each) not in known or each.fingerprint in known[_identity(each)]
    ]


def _identity(message: Any) -> _Identity:
    name = message.message_id or message.server_id
    return _Identity(name, message.sender, message.subject, message.sent_at, message.received_at)
