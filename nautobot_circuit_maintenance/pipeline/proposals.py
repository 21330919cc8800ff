"""The filled form for a stored notification."""

from django.db.models import QuerySet
from nautobot.circuits.models import Circuit

from nautobot_circuit_maintenance.domain.errors import ParseError
from nautobot_circuit_maintenance.mail.limits import Limits, run_limited
from nautobot_circuit_maintenance.mail.parts import mail_content
from nautobot_circuit_maintenance.models import Notification
from nautobot_circuit_maintenance.models.providers import ProviderFacts
from nautobot_circuit_maintenance.pipeline.inventories import inventory_of
from nautobot_circuit_maintenance.pipeline.manual import is_partly_read
from nautobot_circuit_maintenance.reading.gates.base import Known
from nautobot_circuit_maintenance.reading.proposal.propose import proposal_of
from nautobot_circuit_maintenance.reading.proposal.unread import with_unread_id
from nautobot_circuit_maintenance.reading.proposal.values import Proposal

LARGEST = 2 * 1024 * 1024
"""Bytes of a message that a web process looks at: it has no time limit of its own."""
_LIMITS = Limits(cpu_seconds=3.0, seconds=10.0)


def propose_for(row: Notification, facts: ProviderFacts, circuits: QuerySet[Circuit]) -> Proposal:
    """Return the filled form for a notification, with these circuits as the inventory of its provider.

    Raises ParseError with the reason if the message cannot be looked at.
    """
    if row.raw is None or row.size > LARGEST:
        raise ParseError("READ-38", f"The message is not stored, or it is larger than {LARGEST // 1024**2} MiB.")
    raw = bytes(row.raw)
    known = Known(inventory_of(circuits), **facts._asdict())
    reads_attached = row.sender_confirmed is None

    def look() -> Proposal:
        return proposal_of(mail_content(raw, row.provenance, reads_attached=reads_attached), row.received_at, known)

    proposal = run_limited(look, _LIMITS)
    if not is_partly_read(row):
        return proposal
    # All of them: they may be prefetched, where many emails are looked at.
    read = [each.json["maintenance_id"] for each in row.parsed_notifications.all()]
    return with_unread_id(proposal, read, row.error)
