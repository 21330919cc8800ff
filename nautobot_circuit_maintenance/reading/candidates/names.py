"""Names of months, weekdays and cities in some forty languages; the table is written from CLDR by ``development/date_names.py``."""

import functools
import json
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple


class Names(NamedTuple):
    """The table; all names are folded."""

    months: Mapping[str, tuple[int, ...]]
    """1 to 12; several where languages give a name to different months."""
    weekdays: Mapping[str, tuple[int, ...]]
    """0 is Monday."""
    cities: Mapping[str, str]
    """Zones of the zone database."""


@functools.cache
def names() -> Names:
    """Return the table."""
    data = json.loads(Path(__file__).with_name("names.json").read_text(encoding="utf-8"))
    numbers = {kind: {name: tuple(each) for name, each in data[kind].items()} for kind in ("months", "weekdays")}
    return Names(numbers["months"], numbers["weekdays"], data["cities"])


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
