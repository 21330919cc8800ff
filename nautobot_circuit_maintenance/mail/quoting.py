"""Finds words of a message again in the text that a page shows of it: other line breaks, cells and blanks."""

import re
from collections.abc import Iterable

from nautobot_circuit_maintenance.mail.blocks import folded

_MOST_WORDS = 60


def places_of(text: str, quotes: Iterable[tuple[str, int]]) -> list[tuple[int, int]]:
    """Return where quotes stand in a string, in order and without overlaps.

    ``quotes``: the words, and their offset in the newest text, subject included. Of several places the nearest counts.
    Words that the string lacks (they stand in the subject, or beyond what is shown) have none.
    """
    searched = folded(text)
    found: list[tuple[int, int]] = []
    for words, offset in quotes:
        pattern = r"\s+".join(re.escape(word) for word in words.split()[:_MOST_WORDS])
        places = [match.span() for match in re.finditer(pattern, searched)] if pattern else []
        if places:
            found.append(min(places, key=lambda place: abs(place[0] - offset)))
    kept: list[tuple[int, int]] = []
    for start, end in sorted(set(found)):
        if not kept or start >= kept[-1][1]:
            kept.append((start, end))
    return kept
