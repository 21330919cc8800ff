"""The fields beside the windows: ID, circuits, status and impact."""

from nautobot_circuit_maintenance.reading.candidates.ids import IdCandidate
from nautobot_circuit_maintenance.reading.candidates.impacts import OUTAGE
from nautobot_circuit_maintenance.reading.candidates.message import Candidates
from nautobot_circuit_maintenance.reading.candidates.status_words import CONFIRMED
from nautobot_circuit_maintenance.reading.candidates.statuses import StatusWord
from nautobot_circuit_maintenance.reading.proposal.places import where
from nautobot_circuit_maintenance.reading.proposal.values import Choice, Field

_LABELED = 2
"""The weight of an ID that stands behind a word for one."""


def id_of(found: Candidates) -> Field[str]:
    """Return the ID that is proposed; one that is a circuit counts only behind a word for an ID."""
    circuits = {each.cid.casefold() for each in (*found.circuits, *found.attached_circuits)}
    usable = [each for each in found.ids if each.weight >= _LABELED or each.text.casefold() not in circuits]
    choices = [_id(found, each) for each in usable]
    return Field(choices[0], tuple(choices[1:])) if choices else Field()


def _id(found: Candidates, each: IdCandidate) -> Choice[str]:
    return Choice(each.text, where(found.mail, each.span) + ".", (each.span,))


def circuits_of(found: Candidates) -> Field[tuple[str, ...]]:
    """Return the circuits of the inventory that the message lists."""
    listed = (*found.circuits, *found.attached_circuits)
    cids = tuple(dict.fromkeys(each.cid for each in listed))
    if not cids:
        return Field()
    return Field(Choice(cids, "In the inventory of the provider.", tuple(each.span for each in found.circuits)))


def status_of(found: Candidates) -> Field[str]:
    """Return the status that the words of the message say; without any it is assumed to be an announcement."""
    best: dict[str, StatusWord] = {}
    for word in found.statuses:
        if word.status not in best or word.weight > best[word.status].weight:
            best[word.status] = word
    ordered = sorted(best.values(), key=lambda each: -each.weight)
    choices = [Choice(each.status, where(found.mail, each.span) + ".", (each.span,)) for each in ordered]
    if not choices:
        return Field(Choice(CONFIRMED, "No word of the email says it."), is_assumed=True)
    return Field(choices[0], tuple(choices[1:]))


def impact_of(found: Candidates) -> Field[str]:
    """Return the impact that the words of the message say; without any it is assumed to be the worst."""
    choices = [Choice(each.impact, where(found.mail, each.span) + ".", (each.span,)) for each in found.impacts]
    if not choices:
        return Field(Choice(OUTAGE, "No word of the email says it."), is_assumed=True)
    return Field(choices[0], tuple(choices[1:]))
