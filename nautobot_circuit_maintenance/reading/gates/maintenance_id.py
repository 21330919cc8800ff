"""Does the ID stand in the message, and is it not a circuit's?

The parser library makes up IDs where a message has none: 64 hexadecimal digits (AWS, Netflix), "SWX1-2" for a second event
(Telxius). Those are unchecked. "A better candidate" counts only until two messages with this ID are on record
(``domain/conclusion.py``), and not if its shape was taught: Lumen's anonymized mails have one number as ticket and as circuit.
"""

import re
from collections.abc import Iterator

from nautobot_circuit_maintenance.domain.opinions import OTHER_ID
from nautobot_circuit_maintenance.reading.candidates.circuits import find_whole
from nautobot_circuit_maintenance.reading.candidates.ids import IdCandidate
from nautobot_circuit_maintenance.reading.gates.base import DOUBTFUL, UNCHECKED, Case, Finding

GATE = "id"
_HASH = re.compile(r"[0-9a-f]{32,}")
_NUMBERED = re.compile(r"(?P<name>.{3,})[-_ ]\d{1,3}")
_LABELED = 2
_BEST = 3


def id_in_mail(case: Case) -> Iterator[Finding]:
    """Yield what is wrong with the maintenance ID."""
    wanted = case.update.maintenance_id
    span = find_whole(case.found.mail.text, wanted) or find_whole(case.found.mail.text, wanted.replace("\\\\", "\\"))
    if span is None:
        yield _not_in_mail(case, wanted)
        return
    if case.known.is_taught_id:
        return
    own = next((each for each in case.found.ids if _is_same(each.text, wanted)), None)
    others = [update.maintenance_id for update in case.updates]
    better = next((each for each in case.found.ids if each.weight >= _BEST and not _is_any(each.text, others)), None)
    if any(_is_same(each.cid, wanted) for each in case.found.circuits) and (own is None or own.weight < _LABELED):
        yield Finding(GATE, DOUBTFUL, f"{wanted} is a circuit.", span, better.text if better else "")
    elif not any(character.isdigit() for character in wanted):
        yield Finding(GATE, DOUBTFUL, f"{wanted} has no digits.", span, better.text if better else "")
    elif better and (own is None or own.weight < _LABELED):
        yield Finding(OTHER_ID, _level(own), f"{better.text} looks more like the ID.", span, better.text)


def _level(own: IdCandidate | None) -> str:
    """Return how much a better candidate counts: less if the ID is in the subject."""
    return DOUBTFUL if own is None else UNCHECKED


def _not_in_mail(case: Case, wanted: str) -> Finding:
    best = case.found.ids[0].text if case.found.ids else ""
    numbered = _NUMBERED.fullmatch(wanted)
    if _HASH.fullmatch(wanted):
        return Finding(GATE, UNCHECKED, "The ID was made by the parser; the message has none.", None, best)
    if numbered and find_whole(case.found.mail.text, numbered["name"]) and _has_sibling(case, numbered["name"]):
        return Finding(GATE, UNCHECKED, "The end of the ID was added by the parser.", None, numbered["name"])
    return Finding(GATE, DOUBTFUL, f"{wanted} does not stand in the message.", None, best)


def _has_sibling(case: Case, name: str) -> bool:
    """Return whether another reading of the message has the ID that this one is a numbered copy of."""
    return any(update is not case.update and update.maintenance_id.startswith(name) for update in case.updates)


def _is_any(text: str, others: list[str]) -> bool:
    return any(_is_same(text, other) for other in others)


def _is_same(first: str, second: str) -> bool:
    return "".join(first.split()).casefold() == "".join(second.split()).casefold()
