"""The fields beside the windows: ID, circuits, status and impact."""

import re
from collections.abc import Iterator

from nautobot_circuit_maintenance.domain.updates import STATUSES
from nautobot_circuit_maintenance.reading.candidates.ids import IdCandidate
from nautobot_circuit_maintenance.reading.candidates.impacts import OUTAGE
from nautobot_circuit_maintenance.reading.candidates.message import Candidates
from nautobot_circuit_maintenance.reading.candidates.status_words import CONFIRMED, TENTATIVE
from nautobot_circuit_maintenance.reading.candidates.statuses import TOP, WEAK, StatusWord
from nautobot_circuit_maintenance.reading.gates.base import Known
from nautobot_circuit_maintenance.reading.proposal.places import label_of, where
from nautobot_circuit_maintenance.reading.proposal.values import REFERENCE, Choice, Field, Question

_LABELED = 2
"""The weight of an ID that stands behind a word for one."""
_OF_CUSTOMER = re.compile(
    r"(?:account|customer|contract|kund|client|contrat)\w*(?: (?:id|no|nr|number|nummer|ref\w*))?\W*$", re.IGNORECASE
)
"""Of words before a number that is something else (AWS's account)."""
_NO_WORD = "No word of the email says it."
_WHICH_ID = "The email has more than one reference that may be the ID."


def id_of(found: Candidates, known: Known) -> Field[str]:
    """Return the ID that is proposed; one that is a circuit counts only behind a word for an ID (Lumen)."""
    usable = _usable_ids(found)
    labeled = [each for each in usable if known.id_label and label_of(found.mail, each.span) == known.id_label]
    if labeled:
        usable = [labeled[0], *(each for each in usable if each is not labeled[0])]
    choices = tuple(_id(found, each) for each in usable)
    if not choices:
        return Field()
    if not labeled and len(usable) > 1 and usable[0].weight == usable[1].weight:
        return Field(None, choices, _WHICH_ID)
    return Field(choices[0], choices[1:])


def reference_question(found: Candidates, field: Field[str], known: Known) -> Iterator[Question]:
    """Yield the question which of several references is the ID, if each has words that name it."""
    spans = [choice.spans[0] for choice in field.alternatives]
    names = tuple(dict.fromkeys(name for span in spans if (name := label_of(found.mail, span))))
    if field.question == _WHICH_ID and not known.id_label and len(names) > 1:
        yield Question(REFERENCE, "Which reference of the provider is the ID of the maintenance?", names, tuple(spans))


def _usable_ids(found: Candidates) -> list[IdCandidate]:
    circuits = {each.cid.casefold() for each in (*found.circuits, *found.attached_circuits)}
    own = [
        each
        for each in found.ids
        if (each.weight >= _LABELED or each.text.casefold() not in circuits)
        and not _OF_CUSTOMER.search(label_of(found.mail, each.span))
    ]
    return [each for each in own if not any(_is_part(each, other) for other in own)]


def _is_part(each: IdCandidate, other: IdCandidate) -> bool:
    """Return whether a candidate with less weight is the end of another one: "11111111" of "TT 11111111"."""
    return other.weight > each.weight and other.text != each.text and other.text.endswith(each.text)


def _id(found: Candidates, each: IdCandidate) -> Choice[str]:
    return Choice(each.text, where(found.mail, each.span) + ".", (each.span,))


def circuits_of(found: Candidates) -> Field[tuple[str, ...]]:
    """Return the circuits of the inventory that the message lists."""
    cids = tuple(dict.fromkeys(each.cid for each in (*found.circuits, *found.attached_circuits)))
    if not cids:
        return Field()
    where_from = "an attached table" if found.attached_circuits and not found.circuits else "the email"
    why = f"Stand in {where_from} and in the inventory of the provider."
    return Field(Choice(cids, why, tuple(each.span for each in found.circuits)))


def status_of(found: Candidates) -> Field[str]:
    """Return the status that the words of the message say; without any it is assumed to be an announcement."""
    best: dict[str, StatusWord] = {}
    for word in found.statuses:
        if word.status not in best or word.weight > best[word.status].weight:
            best[word.status] = word
    ordered = sorted(best.values(), key=_rank, reverse=True)
    choices = tuple(Choice(each.status, where(found.mail, each.span) + ".", (each.span,)) for each in ordered)
    if not choices:
        return Field(Choice(CONFIRMED, _NO_WORD), is_assumed=True)
    return Field(choices[0], choices[1:])


def _rank(word: StatusWord) -> tuple[bool, int, int]:
    """Return how much a word counts: "scheduled" and "planned" say nothing beside a word for a change (Tata).

    Of two with the same weight, the later stage is meant: a completion says that the work had begun.
    """
    is_change = word.status not in (CONFIRMED, TENTATIVE) and word.weight > WEAK
    return is_change, min(word.weight, TOP) if is_change else word.weight, STATUSES.index(word.status)


def impact_of(found: Candidates) -> Field[str]:
    """Return the impact that the words of the message say; without any it is assumed to be the worst."""
    first = {each.impact: each for each in reversed(found.impacts)}
    ordered = sorted(first.values(), key=lambda each: each.span)
    choices = tuple(Choice(each.impact, where(found.mail, each.span) + ".", (each.span,)) for each in ordered)
    if not choices:
        return Field(Choice(OUTAGE, _NO_WORD), is_assumed=True)
    return Field(choices[0], choices[1:])
