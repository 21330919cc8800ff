"""Which of the circuit IDs that Nautobot knows a provider means by what it wrote; nothing is guessed.

Each way to match is a step, and the steps are tried in order. What a provider wrote is found in a step by the keys that
it has there; a known ID offers its keys. So known IDs can be read in a stream, and only what fits is kept.
"""

import re
import unicodedata
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence, Set
from enum import Enum
from functools import cached_property
from typing import TypeVar

C = TypeVar("C", bound=Hashable)

Key = tuple[str, Hashable]
"""A step, and what must be equal for a known ID to match in it."""

Needle = tuple[str, ...]
"""Strings that all occur in an ID."""
CidSequence = tuple[str, ...]
"""The runs of letters and the runs of digits of a circuit ID, in order: what is left of it without separators."""

EXACT, CASE, ALIAS, PORT, SEPARATORS, ZEROS, INSIDE = _STEPS = (
    *("exact", "case", "alias", "port"),
    *("separators", "zeros", "inside"),
)
"""The steps in order, as ``MatchedByChoices`` names them."""
_SHORTEST_INSIDE = 4
"""Characters that an ID needs to be recognized inside a longer string."""
_RUNS_IN_NEEDLE = 3
_MOST_WORDS = 40
"""Words of a string that are searched for an ID; real ones have a few, and each pair of bounds is tried."""

_RUNS = re.compile(r"\d+|[^\W\d_]+")
_DIGIT = re.compile(r"\d")
_BLANKS = re.compile(r"\s+")
_BOUND = " \"'`,:;\N{IDEOGRAPHIC COMMA}"
_BOUND_CATEGORIES = ("Ps", "Pe", "Pi", "Pf")
"""Brackets and quotation marks."""
_TRAILING = ".-/"
# A number that continues behind a blank: "IC-359 871" is not circuit IC-359; but "IC-359 100 Mbit/s" is.
_MORE_BEHIND = re.compile(r" [\d./-]*\d[\d./-]*(?: [\d./-]*\d[\d./-]*)*(?= ?$| ?[^\w\s])")
_MORE_BEFORE = re.compile(r"\d[./-]* \Z")


class Kind(Enum):
    """What a known ID is to its circuit."""

    CID = "circuit ID"
    ALIAS = "alias"
    PORT = "port or cross-connect ID"


def spelling(cid: str) -> str:
    """Return a circuit ID as it compares ignoring case: compatible characters, dashes and blanks are one, hidden ones none."""
    if cid.isascii():
        text = cid.lower()
    else:
        folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", cid).casefold())
        text = "".join(_plain(character) for character in folded)
    return _BLANKS.sub(" ", text).strip()


def _plain(character: str) -> str:
    category = unicodedata.category(character)
    if category == "Pd" or character == "\N{MINUS SIGN}":
        return "-"
    return "" if category == "Cf" else character


def sequence_of(spelled: str) -> CidSequence:
    """Return the runs of letters and digits of an ID in this spelling."""
    if spelled.isascii():
        return tuple(_RUNS.findall(spelled))
    # Vowel signs of Indic and other scripts are marks, and as much of a word as its letters.
    letters = "".join("x" if unicodedata.category(each)[0] == "M" else each for each in spelled)
    return tuple(spelled[run.start() : run.end()] for run in _RUNS.finditer(letters))


def without_zeros(runs: CidSequence) -> CidSequence:
    """Return a sequence without the leading zeros of its numbers."""
    return tuple(run.lstrip("0") or "0" if run[0] == "0" else run for run in runs)


def known_keys(known: str, kind: Kind) -> Iterator[Key]:
    """Yield the keys that an ID of a circuit offers."""
    spelled = spelling(known)
    if kind is Kind.PORT:
        yield (PORT, spelled)
        return
    if kind is Kind.CID:
        yield (EXACT, known)
        yield (CASE, spelled)
    else:
        yield (ALIAS, spelled)
    if runs := sequence_of(spelled):
        yield (SEPARATORS, runs)
        yield (ZEROS, without_zeros(runs))
    if len(spelled) >= _SHORTEST_INSIDE and _DIGIT.search(spelled):
        yield (INSIDE, spelled)


def needle_of(text: str) -> Needle:
    """Return what every equal ID contains, ignoring case: its longest runs, numbers first and without leading zeros."""
    spelled = spelling(text)
    runs = {run for run in without_zeros(sequence_of(spelled)) if run.isascii()}
    ordered = sorted(runs, key=lambda run: (not run.isdigit(), -len(run), run))
    return tuple(ordered[:_RUNS_IN_NEEDLE]) or (spelled,)


class WantedId:
    """A circuit ID as a provider wrote it."""

    def __init__(self, cid: str) -> None:
        """Fold it."""
        self.cid = cid
        self.spelled = spelling(cid)

    @cached_property
    def words(self) -> frozenset[str]:
        """What it contains as a whole word, or as several in a row, with a digit."""
        return frozenset(_whole_words(self.spelled))

    @cached_property
    def keys(self) -> dict[str, frozenset[Key]]:
        """Its keys, by step in order."""
        runs = sequence_of(self.spelled)
        values: dict[str, Iterable[Hashable]] = {
            EXACT: [self.cid],
            CASE: [self.spelled],
            ALIAS: [self.spelled],
            PORT: [self.spelled],
            # IDs without letters and digits would all be equal.
            SEPARATORS: [runs] if runs else [],
            ZEROS: [without_zeros(runs)] if runs else [],
            INSIDE: self.words,
        }
        return {step: frozenset((step, value) for value in values[step]) for step in _STEPS}

    @cached_property
    def needles(self) -> frozenset[Needle]:
        """Of each ASCII ID that it matches in any step, one of these; the other IDs have other characters."""
        return frozenset(needle_of(text) for text in {self.cid, *self.words})

    def is_found(self, found: Mapping[Key, Set[C]], steps: Iterable[str]) -> bool:
        """Return whether one of these steps finds something, unambiguous or not."""
        return any(found.get(key) for step in steps for key in self.keys[step])

    def choose(self, found: Mapping[Key, Set[C]]) -> tuple[C, str] | None:
        """Return the circuit that it means and the step that found it; None for no circuit, or several in one step."""
        for step, keys in self.keys.items():
            circuits = {circuit for key in keys for circuit in found.get(key, ())}
            if circuits:
                return (circuits.pop(), step) if len(circuits) == 1 else None
        return None


def _whole_words(text: str) -> Iterator[str]:
    """Yield each part of a string between two bounds that has a digit.

    Bounds are its ends, blanks, brackets, quotation marks, colons, semicolons and commas, never a full stop, dash or slash
    that is followed by more: "10.1.5" does not contain "10.1".
    """
    starts, ends = _bounds(text)
    for start in starts:
        for end in ends:
            word = text[start:end]
            if word and _DIGIT.search(word) and not _continues(text, start, end):
                yield word
                yield word.rstrip(_TRAILING)


def _bounds(text: str) -> tuple[Sequence[int], Sequence[int]]:
    """Return where words start and where they end."""
    words = [match.span() for match in re.finditer(r"\S+", "".join(" " if _is_bound(each) else "x" for each in text))]
    # A bound inside an ID is part of it where the whole is known: every start goes with every later end.
    return [start for start, _ in words[:_MOST_WORDS]], [end for _, end in words[:_MOST_WORDS]]


def _is_bound(character: str) -> bool:
    return character in _BOUND or unicodedata.category(character) in _BOUND_CATEGORIES


def _continues(text: str, start: int, end: int) -> bool:
    """Return whether a number at an end of a word continues behind a blank."""
    behind = text[end - 1].isdigit() and _MORE_BEHIND.match(text, end)
    before = text[start].isdigit() and start and _MORE_BEFORE.search(text, max(0, start - 8), start)
    return bool(behind or before)
