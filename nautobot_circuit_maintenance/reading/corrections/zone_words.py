"""Zone words that the library ignores or refuses."""

import warnings
from collections.abc import Callable
from datetime import datetime, timezone
from typing import Any

from nautobot_circuit_maintenance.reading import zones
from nautobot_circuit_maintenance.reading.corrections.base import Modules, notes, wrap
from nautobot_circuit_maintenance.reading.corrections.dates import date_parsers, doubt_season


class ZoneWords:
    """All modules that use dateutil: "ET", "EDT" and "CEST" count as UTC.

    dateutil knows UTC and GMT only, and ignores other words with a warning (design, "Reading"). If a word is a zone of
    the worker's own clock, it is read as that, so that a time depends on the server.
    """

    name = "zone words"
    sample = "2026-12-08 01:00 ET"
    right = datetime(2026, 12, 8, 6, 0, tzinfo=timezone.utc)

    def is_needed(self, modules: Modules) -> bool:
        """Return whether the sample is read as another time."""
        with warnings.catch_warnings():  # dateutil warns of the word.
            warnings.simplefilter("ignore")
            found = modules("megaport").parser.parse(self.sample)
        return found.tzinfo is None or found != self.right

    def install(self, modules: Modules) -> None:
        """Let all modules read the words of ``zones``."""
        for parser in date_parsers(modules):
            parser.words = self.name


class WindstreamZones:
    """Windstream: zones other than ET, CT, MT and PT are an error, so that the whole mail is not read.

    ``convert_timezone`` looks up "EDT", "CST" or "GMT-5" in the zone database, which does not have them.
    """

    name = "Windstream: zone words"
    sample = "07/08/26 01:00 EDT"
    right = datetime(2026, 7, 8, 5, 0, tzinfo=timezone.utc)

    def is_needed(self, modules: Modules) -> bool:
        """Return whether the sample is read as another time."""
        return bool(modules("windstream").convert_timezone(self.sample) != self.right)

    def install(self, modules: Modules) -> None:
        """Read the words of ``zones`` where the library's own list ends."""
        wrap(modules("windstream"), "convert_timezone", self._convert)

    def _convert(self, original: Callable[[str], datetime], text: str) -> datetime:
        local, _, word = text.strip().rpartition(" ")
        try:
            return original(text)
        except (ValueError, LookupError):
            return _in_zone(datetime.strptime(local.strip(), "%m/%d/%y %H:%M"), word, self.name)


class SummitZones:
    """SummitIG: zones other than the eight of the United States are an error, so that the whole mail is not read.

    Its column heading has them in brackets: "Start Time (UTC)" (a newer sample in the library's own tests).
    """

    name = "SummitIG: zone words"
    sample = ("12/21/2026 12:00 AM", "UTC")
    right = datetime(2026, 12, 21, tzinfo=timezone.utc)

    def is_needed(self, modules: Modules) -> bool:
        """Return whether the sample is read as another time."""
        # pylint: disable-next=protected-access  # there is no other way
        return bool(modules("summitig")._parse_summit_datetime(*self.sample) != int(self.right.timestamp()))

    def install(self, modules: Modules) -> None:
        """Read the words of ``zones`` where the library's own list ends."""
        wrap(modules("summitig"), "_parse_summit_datetime", self._parse)

    def _parse(self, original: Callable[[str, str], int], text: str, word: str) -> int:
        local = datetime.strptime(text, "%m/%d/%Y %I:%M %p")
        doubt_season(word, local)
        try:
            return original(text, word)
        except ValueError:
            return int(_in_zone(local, word, self.name).timestamp())


def _in_zone(local: datetime, word: str, name: str) -> datetime:
    """Return a time in the zone of a word in UTC; ValueError if the word is unknown."""
    found: Any = zones.zone(word)
    if found is None:
        raise ValueError(f'Unknown time zone "{word}"')
    notes.correct(name)
    doubt_season(word, local)
    return local.replace(tzinfo=found).astimezone(timezone.utc)
