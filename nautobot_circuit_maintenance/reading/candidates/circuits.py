"""The circuits of a provider that a message lists: only what is in the inventory, as a whole and not as a part of more.

A circuit ``123456789`` is not in ``123456789-1``, and ``10101`` is not in a phone number.
"""

import functools
import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from nautobot_circuit_maintenance.reading.candidates.spans import Span


class CircuitCandidate(NamedTuple):
    """A known circuit as it stands in a message."""

    span: Span
    cid: str
    """As the inventory spells it."""


_WORD = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._/\\#&~+:-]*[A-Za-z0-9])?")
_PLAIN = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._/\\#&~+-]*[A-Za-z0-9])?")
_JOINTS = "-_./\\"
_PHONE = re.compile(r"(?:tel|phone|fax|call|mobile|contact|\+)[^\n]{0,40}$|\d[ ]{1,2}$", re.IGNORECASE)
_MOST_WORDS_INSIDE = 4
_NUMBER_SIGN = re.compile(r"\b(?:no|nr|num|núm|ref|id)\.$", re.IGNORECASE)


class Inventory:
    """The circuit IDs of a provider, prepared for being looked for; ``aliases`` maps other spellings to them."""

    def __init__(self, cids: Iterable[str], aliases: Iterable[tuple[str, str]] = ()) -> None:
        """Take the IDs as they are spelled."""
        self._words: dict[str, str] = {}
        self._others: list[tuple[str, str]] = []
        for spelled, cid in (*((cid, cid) for cid in cids), *aliases):
            folded = " ".join(spelled.casefold().split())
            if _PLAIN.fullmatch(folded):
                self._words[folded] = cid
            elif folded:
                self._others.append((folded, cid))

    def __bool__(self) -> bool:
        """Whether any circuit is known."""
        return bool(self._words or self._others)

    def find(self, text: str, unless: Sequence[str] = ()) -> tuple[CircuitCandidate, ...]:
        """Return the circuits that a string lists, in order; not inside these strings (the maintenance IDs)."""
        folded = _folded(text)
        hidden = [span for each in unless for span in _spans(folded, each.casefold())]
        found = [*self._plain(text), *self._other(folded)]
        return tuple(
            candidate
            for candidate in sorted(found)
            if not any(
                start <= candidate.span.start and candidate.span.end <= end and (start, end) != candidate.span
                for start, end in hidden
            )
        )

    def _plain(self, text: str) -> Iterable[CircuitCandidate]:
        if not self._words:
            return
        for match in _WORD.finditer(text):
            word = match[0]
            if word.casefold() not in self._words and "#" not in word and ":" not in word:
                continue
            for start, end in _bounds(match):
                cid = self._words.get(text[start:end].casefold())
                if cid and not (cid.isdigit() and _PHONE.search(text, max(0, start - 50), start)):
                    yield CircuitCandidate(Span(start, end), cid)
                    break

    def _other(self, folded: str) -> Iterable[CircuitCandidate]:
        for spelled, cid in self._others:
            for start, end in _spans(folded, spelled):
                if is_whole(folded, start, end):
                    yield CircuitCandidate(Span(start, end), cid)


def _bounds(match: re.Match[str]) -> Iterable[tuple[int, int]]:
    """Yield where an ID may stand in a word: the whole of it, and behind "CID#", "=" or ":"."""
    yield match.span()
    if "#" in match[0] or ":" in match[0]:
        start = match.start()
        for piece in re.split(r"[#:]", match[0])[:_MOST_WORDS_INSIDE]:
            yield start, start + len(piece)
            start += len(piece) + 1


@functools.lru_cache(maxsize=4)
def _folded(text: str) -> str:
    """Return a string in lower case, character for character: "İ" alone would become two (Turkcell), and move what follows."""
    lower = text.lower()
    return (
        lower if len(lower) == len(text) else "".join(each.lower() if len(each.lower()) == 1 else each for each in text)
    )


def _spans(text: str, wanted: str) -> list[tuple[int, int]]:
    """Return where a string occurs."""
    found: list[tuple[int, int]] = []
    position = text.find(wanted) if wanted else -1
    while position >= 0 and len(found) < 50:
        found.append((position, position + len(wanted)))
        position = text.find(wanted, position + 1)
    return found


def is_whole(text: str, start: int, end: int) -> bool:
    """Return whether a place in a string is not a part of a longer ID, by ASCII letters and digits and what joins them."""
    if _continues(text, end, 1):
        return False
    return not _continues(text, start - 1, -1) or _NUMBER_SIGN.search(text, max(0, start - 5), start) is not None


def _continues(text: str, position: int, step: int) -> bool:
    here = text[position : position + 1] if position >= 0 else ""
    if here in _JOINTS and here:
        position += step
        here = text[position : position + 1] if position >= 0 else ""
    return here.isascii() and here.isalnum()


def find_whole(text: str, wanted: str) -> Span | None:
    """Return where a string stands in another as a whole, ignoring case and the kind of blanks; None if it does not."""
    folded = _folded(text)
    target = wanted.lower().strip()
    for start, end in _spans(folded, target):
        if is_whole(text, start, end):
            return Span(start, end)
    if " " in target or "\n" in folded:
        pattern = r"\s+".join(re.escape(word) for word in target.split()[:20])
        for match in re.finditer(pattern, folded) if " " in target else ():
            if is_whole(text, *match.span()):
                return Span(*match.span())
    return None
