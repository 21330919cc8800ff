"""Which of the lookups that core adds to each filter are kept: ``ic`` for "contains", ``isw`` for "starts with", ..."""

from collections.abc import Mapping

from django_filters import Filter
from nautobot.core.constants import FILTER_CHAR_BASED_LOOKUP_MAP

_EXPRESSIONS = {"re", "nre", "ire", "nire"}
"""No index serves them, and the person who asks decides how long each row takes: a second for half a million short texts, or much more."""
_OF_TEXT = FILTER_CHAR_BASED_LOOKUP_MAP.keys() - {"n"}
"""Of no use for a vocabulary, a few words that are chosen as a whole: databases compare each row, and expect few matches."""


def useful(filters: Mapping[str, Filter]) -> dict[str, Filter]:
    """Return the filters without expressions, and without lookups of text on vocabularies."""
    return {name: each for name, each in filters.items() if _is_useful(name, filters)}


def _is_useful(name: str, filters: Mapping[str, Filter]) -> bool:
    of, _, lookup = name.rpartition("__")
    if of not in filters:
        return True
    return lookup not in _EXPRESSIONS and not (lookup in _OF_TEXT and "choices" in filters[of].extra)
