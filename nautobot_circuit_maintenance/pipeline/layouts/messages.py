"""Stored notifications as layouts look at them."""

from nautobot_circuit_maintenance.domain.errors import ParseError
from nautobot_circuit_maintenance.mail.limits import Limits, run_limited
from nautobot_circuit_maintenance.mail.parts import mail_content
from nautobot_circuit_maintenance.models import Notification
from nautobot_circuit_maintenance.reading.gates.base import Known
from nautobot_circuit_maintenance.reading.layouts.page import Page

LARGEST = 2 * 1024 * 1024
"""Bytes of a message that a layout looks at."""
LIMITS = Limits(cpu_seconds=2.0, seconds=20.0)


def page_of(row: Notification, known: Known, limits: Limits = LIMITS) -> Page:
    """Return the message of a notification; raises ParseError if it is not stored, or cannot be looked at.

    Attached messages are left out where the sender was confirmed: that is only true of the outer message.
    """
    if row.raw is None or row.size > LARGEST:
        raise ParseError("READ-39", f"The message is not stored, or it is larger than {LARGEST // 1024**2} MiB.")
    raw, reads_attached = bytes(row.raw), row.sender_confirmed is None
    content = run_limited(lambda: mail_content(raw, row.provenance, reads_attached=reads_attached), limits)
    return Page(content, row.received_at, row.sender.lower(), known)
