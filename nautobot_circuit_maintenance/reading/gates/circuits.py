"""Circuits that the message lists and the reading lacks, and the reverse; only the inventory of this provider counts.

Lumen's second row and a circuit with "Reduced Redundancy" were dropped; Turkcell's IDs became the first one only. Google's
are made of two values of the message ("192.0.2.1-192.0.2.0"), Apple's of a label and its value ("AS64510" of "Peer AS: 64510"):
made by the reader, so unchecked.
"""

import re
from collections.abc import Iterator

from nautobot_circuit_maintenance.domain.text import folded
from nautobot_circuit_maintenance.reading.candidates.circuits import find_whole
from nautobot_circuit_maintenance.reading.gates.base import DOUBTFUL, UNCHECKED, Case, Finding

GATE = "circuits"
_MOST_NAMED = 5
_MOST_LOOKED_FOR = 500
_WORD_AND_NUMBER = re.compile(r"([A-Za-z]{2,12})(\d{2,12})")


def circuits_agree(case: Case) -> Iterator[Finding]:
    """Yield the circuits that are too many or too few."""
    read = {folded(circuit.cid) for update in case.updates for circuit in update.circuits}
    listed = {each.cid: each for each in (*case.found.attached_circuits, *case.found.circuits)}
    lacking = [each for each in listed.values() if folded(each.cid) not in read]
    if lacking:
        names = _names([each.cid for each in lacking])
        is_attached = lacking[0] in case.found.attached_circuits
        yield Finding(
            GATE, DOUBTFUL, f"The message also lists {names}.", None if is_attached else lacking[0].span, names
        )
    yield from _not_in_the_message(case)


def _not_in_the_message(case: Case) -> Iterator[Finding]:
    text = f"{case.found.mail.text}\n{case.found.attached}"
    missing: list[str] = []
    made: list[str] = []
    for cid in dict.fromkeys(circuit.cid for circuit in case.update.circuits[:_MOST_LOOKED_FOR]):
        if find_whole(text, cid) is None:
            (made if _is_made_of_parts(text, cid) or _is_label_and_value(text, cid) else missing).append(cid)
    if missing:
        yield Finding(GATE, DOUBTFUL, f"The message does not contain {_names(missing)}.")
    if made:
        yield Finding(GATE, UNCHECKED, f"{_names(made)}: made of two values of the message.")


def _is_made_of_parts(text: str, cid: str) -> bool:
    """Return whether an ID is two values of the message with a dash between them."""
    positions = [index for index, character in enumerate(cid) if character == "-"]
    return any(
        _is_long(cid[:index], cid[index + 1 :]) and find_whole(text, cid[:index]) and find_whole(text, cid[index + 1 :])
        for index in positions[:10]
    )


def _is_label_and_value(text: str, cid: str) -> bool:
    """Return whether an ID is a word and a number that stand in the message as a label and its value."""
    match = _WORD_AND_NUMBER.fullmatch(cid)
    pattern = rf"\b{match[1]}\s?[:#=]\s{{0,9}}{match[2]}\b" if match else ""
    return bool(pattern) and re.search(pattern, text, re.IGNORECASE) is not None


def _is_long(*parts: str) -> bool:
    return all(len(part) > 5 and ("." in part or ":" in part) for part in parts)


def _names(cids: list[str]) -> str:
    more = len(cids) - _MOST_NAMED
    return ", ".join(cids[:_MOST_NAMED]) + (f" and {more} more" if more > 0 else "")
