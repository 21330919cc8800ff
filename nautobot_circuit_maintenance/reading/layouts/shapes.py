"""The shape of an ID: "CHG-88213" is A-0. An ID is only read where it has the shape of one that was taught."""

import re
from collections.abc import Iterator, Sequence

from nautobot_circuit_maintenance.reading.candidates.circuits import is_whole
from nautobot_circuit_maintenance.reading.candidates.spans import Span
from nautobot_circuit_maintenance.reading.candidates.words import ID_LETTER

_PART = re.compile(r"(?P<digits>\d+)|(?P<letters>[^\W\d_]+)|(?P<blank>\s+)|(?P<other>.)", re.DOTALL)
_TOKEN = re.compile(rf"{ID_LETTER}(?:(?:{ID_LETTER}|[._/\\&+~-])*{ID_LETTER})?")
_DIGIT = re.compile(r"\d")
LONGEST_SHAPE = 80
MOST_TOKENS = 1_500


def shape_of(text: str) -> str:
    """Return the shape of an ID: runs of letters become A, runs of digits 0, blanks one blank; the rest stays."""
    names = {"digits": "0", "letters": "A", "blank": " "}
    return "".join(names.get(part.lastgroup or "", part[0]) for part in _PART.finditer(text.strip()))[:LONGEST_SHAPE]


def tokens_in(text: str, shapes: Sequence[str]) -> Iterator[Span]:
    """Yield the places of all words with digits, and of what has a taught shape but is more than one word."""
    count = 0
    for match in _TOKEN.finditer(text):
        if _DIGIT.search(match[0]):
            yield Span(*match.span())
            count += 1
            if count >= MOST_TOKENS:
                return
    for shape in shapes:
        if "0" in shape and not _TOKEN.fullmatch(shape):
            for match in _pattern(shape).finditer(text):
                if is_whole(text, *match.span()):
                    yield Span(*match.span())


def _pattern(shape: str) -> re.Pattern[str]:
    """Return the pattern of a shape; every part is bounded, so that it takes linear time."""
    parts = {"A": r"[^\W\d_]{1,40}", "0": r"\d{1,40}", " ": r"[ ]{1,3}"}
    return re.compile("".join(parts.get(character, re.escape(character)) for character in shape))
