"""Names of months, weekdays, cities and countries in some forty languages; the table is written from CLDR by ``development/date_names.py``."""

import functools
import json
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

_SHORTEST_STEM, _LONGEST_ENDING = 6, 2
_SHORTEST_COUNTRY = 4
"""In ASCII: "man" and "tai" are words of many languages."""
_NO_STEMS = ("france", "franci")
"""Given names are inflections of them: Frances, Francis, Francisco."""
_INFLECTED = "Europe/"
"""Zones of the countries whose names are found without their ending."""


class Names(NamedTuple):
    """The table; all names are folded."""

    months: Mapping[str, tuple[int, ...]]
    """1 to 12; several where languages give a name to different months."""
    weekdays: Mapping[str, tuple[int, ...]]
    """0 is Monday."""
    cities: Mapping[str, str]
    """Zones of the zone database."""
    countries: Mapping[str, str]
    """Those of countries that have one."""
    stems: Mapping[str, str]
    """The same by what is left of the name of a country if it is inflected: "român" of "România"."""


@functools.cache
def names() -> Names:
    """Return the table."""
    data = json.loads(Path(__file__).with_name("names.json").read_text(encoding="utf-8"))
    numbers = {kind: {name: tuple(each) for name, each in data[kind].items()} for kind in ("months", "weekdays")}
    return Names(numbers["months"], numbers["weekdays"], data["cities"], data["countries"], _stems(data["countries"]))


def _stems(countries: Mapping[str, str]) -> dict[str, str]:
    """Return the zones of stems that countries of one zone have."""
    found: dict[str, set[str]] = {}
    for name, zone in countries.items():
        for cut in (0, 1, 2):
            if zone.startswith(_INFLECTED) and " " not in name and len(name) - cut >= _SHORTEST_STEM:
                found.setdefault(name[: len(name) - cut], set()).add(zone)
    return {stem: next(iter(zones)) for stem, zones in found.items() if len(zones) == 1 and stem not in _NO_STEMS}


def country(word: str) -> str | None:
    """Return the zone of a country by its name in any language, also inflected: "României"."""
    if len(word) < _SHORTEST_COUNTRY and word.isascii():
        return None
    known = names()
    if zone := known.countries.get(word):
        return zone
    cuts = range(_LONGEST_ENDING + 1)
    stems = (word[: len(word) - cut] for cut in cuts if len(word) - cut >= _SHORTEST_STEM)
    return next((zone for stem in stems if (zone := known.stems.get(stem))), None)


@functools.lru_cache(maxsize=4096)
def month(word: str) -> tuple[int, ...]:
    """Return the months that a word is the name of; empty if it is none."""
    return names().months.get(word.casefold().rstrip("."), ())


@functools.lru_cache(maxsize=4096)
def weekday(word: str) -> tuple[int, ...]:
    """Return the weekdays that a word is the name of; 0 is Monday."""
    found = names().weekdays
    folded = word.casefold().rstrip(".")
    return found.get(folded) or found.get(folded.removesuffix("-feira")) or ()
