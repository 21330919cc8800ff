"""What the library reads dates with: dateutil, with the corrections that are switched on.

21 modules of the library call ``dateutil.parser.parse`` on text of the provider. Each gets a ``DateParser`` under the
same name. No text is read that the library does not read as a date.
"""

import re
from datetime import datetime, timedelta, timezone, tzinfo
from types import SimpleNamespace
from typing import Any

from nautobot_circuit_maintenance.reading import zones
from nautobot_circuit_maintenance.reading.corrections.base import Modules, notes

# What stands in capitals behind a time without being a zone.
_NO_ZONES = frozenset({"AND", "AT", "H", "HR", "HRS", "OF", "ON", "T", "TO"})
_DAY_AND_MONTH = re.compile(r"\D*\d{1,2}[./-]\d{1,2}[./-]\d{2}(?:\d{2})?\b")


class DateParser:
    """Takes the place of ``dateutil.parser`` in a module of the library; a switch has the name of its correction."""

    def __init__(self, original: Any) -> None:
        """Take dateutil's parser; all switches are off."""
        self.original = original
        self.offsets = self.words = self.day_first = ""

    def __getattr__(self, name: str) -> Any:
        """Return everything else as it is."""
        return getattr(self.original, name)

    def parse(self, text: str, **options: Any) -> datetime:
        """Return the time that a string states."""
        if self.day_first and _DAY_AND_MONTH.match(text):
            options["dayfirst"] = True
        rewritten = zones.with_iso_offsets(text) if self.offsets else text
        if not self.words:
            found: datetime = self.original.parse(rewritten, **options)
        else:
            words: list[str] = []
            found = self.original.parse(rewritten, tzinfos=_Zones(words), **options)
            self._check(words, found)
        if rewritten != text and found.utcoffset():
            notes.correct(self.offsets)
        if self.day_first and found.day != found.month and 1 <= found.day <= 12 and "dayfirst" in options:
            notes.correct(self.day_first)
        return found

    def _check(self, words: list[str], found: datetime) -> None:
        """Note which zone words were read, and which need a person."""
        local = found.replace(tzinfo=None)
        for word in words:
            if zones.zone(word) is None:
                notes.doubt(f'The time zone "{word}" is unknown; {local:%Y-%m-%d %H:%M} was read as UTC.')
            elif not zones.is_utc(word):
                notes.correct(self.words)
                doubt_season(word, local)


class _Zones:
    """Tells dateutil the zone of a time, and keeps the words."""

    def __init__(self, words: list[str]) -> None:
        self.words = words

    def __call__(self, word: str | None, seconds: int | None) -> tzinfo | None:
        """Return None for a time without a zone: the library takes it as UTC."""
        if seconds is not None:
            return timezone(timedelta(seconds=seconds))
        if word is None or word in _NO_ZONES:
            return None
        self.words.append(word)
        return zones.zone(word)


def doubt_season(word: str, local: datetime) -> None:
    """Note that a zone word contradicts its date, if it does."""
    if zones.contradicts_season(word, local):
        notes.doubt(f'The time zone "{word}" is not in use on {local:%Y-%m-%d}; the time may be an hour off.')


def date_parsers(modules: Modules) -> list[DateParser]:
    """Return the date parsers of all modules that read dates with dateutil, and put them there first."""
    return [date_parser(module) for module in modules.all() if hasattr(_holder(module), "parser")]


def date_parser(module: Any) -> DateParser:
    """Return the date parser of a module, and put it there first."""
    holder = _holder(module)
    if isinstance(holder.parser, DateParser):
        return holder.parser
    replacement = DateParser(holder.parser)
    if holder is module:
        module.parser = replacement
    else:  # "import dateutil", used as dateutil.parser.parse
        module.dateutil = SimpleNamespace(parser=replacement)
    return replacement


def _holder(module: Any) -> Any:
    return getattr(module, "dateutil", module)
