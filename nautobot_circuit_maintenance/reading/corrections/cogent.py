"""Cogent: order of day and month, and the zone of its times."""

import re
from datetime import datetime
from types import SimpleNamespace
from typing import Any

from nautobot_circuit_maintenance.reading import zones
from nautobot_circuit_maintenance.reading.corrections.base import Data, Method, Modules, notes, wrap
from nautobot_circuit_maintenance.reading.corrections.dates import doubt_season

_DAY_FIRST, _MONTH_FIRST = "%d/%m/%Y", "%m/%d/%Y"


class CogentMonthFirst:
    """Cogent writes the month first, the library reads the day first.

    Corpus 019_cogent_cogent1: a mail of 24 May 2021 about 06/12/2021 becomes 6 December; 06/19/2021 is refused.
    """

    name = "Cogent: month first"
    sample = (
        "Start time: 10:00pm UTC 06/12/2021\nEnd time: 5:00am UTC 06/13/2021\n"
        "Cogent customers receiving service in London, UK will be affected.\n"
    )
    right = 1623535200  # 2021-06-12 22:00 UTC

    def is_needed(self, modules: Modules) -> bool:
        """Return whether the sample is read as another day."""
        parser = modules("cogent").TextParserCogent1()
        parser._geolocator = _Place("UTC")  # pylint: disable=protected-access  # there is no other way
        return bool(parser.parse_text(self.sample)[0]["start"] != self.right)

    def install(self, modules: Modules) -> None:
        """Replace ``datetime`` in the module."""
        modules("cogent").datetime = SimpleNamespace(strptime=self._strptime)

    def _strptime(self, text: str, pattern: str) -> datetime:
        found = datetime.strptime(text, pattern.replace(_DAY_FIRST, _MONTH_FIRST))
        if pattern.endswith(_DAY_FIRST) and found.day != found.month:
            notes.correct(self.name)
        return found


class _Place:
    """Takes the place of the library's ``Geolocator`` where the zone is known."""

    def __init__(self, zone: str) -> None:
        self.zone = zone

    def city_timezone(self, _city: str) -> str:
        """Return the zone, whatever the city."""
        return self.zone


# "Start time: 10:00pm CT 11/19/2022", "Start time: 12:00 AM (Pacific Daylight Time) 06/12/2021"
_START = re.compile(r"Start time: ?[\d:]+ ?(?:[AaPp][Mm])? \(?([A-Za-z]+(?: [A-Za-z]+)*)\)? (\d+/\d+/\d+)")
_LONGEST_LINE = 200


class CogentZone:
    """Cogent writes the zone beside the time; the library takes that of the first city of this name in the world.

    "10:00pm CT ... customers receiving service in Birmingham, AL" becomes British time, because the library looks the
    city up without its state. Case library/cogent-month-first has "MT" beside its times.
    """

    name = "Cogent: zone"
    sample = (
        "Start time: 10:00pm CT 12/12/2026\nEnd time: 11:00pm CT 12/12/2026\n"
        "Cogent customers receiving service in Birmingham, AL will be affected.\n"
    )
    right = 1797134400  # 2026-12-13 04:00 UTC

    def is_needed(self, modules: Modules) -> bool:
        """Return whether the sample is read in the zone of a city."""
        parser = modules("cogent").TextParserCogent1()
        parser._geolocator = _Place("Europe/London")  # pylint: disable=protected-access  # there is no other way
        return bool(parser.parse_text(self.sample)[0]["start"] != self.right)

    def install(self, modules: Modules) -> None:
        """Read both layouts in the zone beside the time, if it is known ("local time" is not)."""
        module = modules("cogent")

        def parse_text(original: Method, parser: Any, text: str) -> list[Data]:
            self._locate(parser, text)
            found: list[Data] = original(parser, text)
            return found

        def parse_div(original: Method, parser: Any, divs: Any, data: Data) -> None:
            self._locate(parser, "\n".join(div.text for div in divs[:1]))
            original(parser, divs, data)

        wrap(module.TextParserCogent1, "parse_text", parse_text)
        wrap(module.HtmlParserCogent1, "parse_div", parse_div)

    def _locate(self, parser: Any, text: str) -> None:
        lines = (line[:_LONGEST_LINE] for line in text.splitlines() if line.startswith("Start time:"))
        match = next(filter(None, map(_START.match, lines)), None)
        words = match[1].split() if match else []
        word = words[0] if len(words) == 1 else "".join(each[0] for each in words).upper()
        if not match or not (key := zones.key(word)):
            return
        parser._geolocator = _Place(key)  # pylint: disable=protected-access  # there is no other way
        doubt_season(word, datetime.strptime(match[2], _MONTH_FIRST))
        notes.correct(self.name)
