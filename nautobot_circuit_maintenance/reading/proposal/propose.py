"""The filled form for a message, whether or not a parser reads it."""

from datetime import datetime

from nautobot_circuit_maintenance.mail.parts import MailContent
from nautobot_circuit_maintenance.reading.candidates.message import Candidates, candidates_of
from nautobot_circuit_maintenance.reading.gates.base import Known
from nautobot_circuit_maintenance.reading.gates.stated import stated_windows
from nautobot_circuit_maintenance.reading.proposal.fields import (
    circuits_of,
    id_of,
    impact_of,
    reference_question,
    status_of,
)
from nautobot_circuit_maintenance.reading.proposal.rows import circuits_of_windows
from nautobot_circuit_maintenance.reading.proposal.values import Proposal
from nautobot_circuit_maintenance.reading.proposal.windows import questions_of, windows_of


def proposal_of(content: MailContent, received: datetime, known: Known) -> Proposal:
    """Return the filled form for a message that was received at this time."""
    return propose(candidates_of(content, received, known.inventory), received, known)


def propose(found: Candidates, received: datetime, known: Known) -> Proposal:
    """Return the filled form for what was found in a message that was received at this time."""
    stated = stated_windows(found.moments, received, zone=known.zone, order=known.order, is_forward=found.is_forward)
    maintenance_id = id_of(found, known)
    status = status_of(found)
    questions = (*questions_of(stated, known), *reference_question(found, maintenance_id, known))
    windows, circuits = windows_of(found, stated, known, status.value or "", received), circuits_of(found)
    return Proposal(
        found,
        maintenance_id,
        windows,
        circuits,
        status,
        impact_of(found),
        questions,
        circuits_of_windows(found, stated.windows, windows.value or (), circuits.value or ()),
    )
