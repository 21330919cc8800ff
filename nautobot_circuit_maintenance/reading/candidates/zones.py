"""Time zones and where they stand: words (CET), offsets (GMT+3), places (heure de Paris), names (America/Chicago).

"22:00-03:00" has no offset, "GMT - 31/10/2021" (Colt) none either, and "godz." ends in no Z.
"""

import functools
import re
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone, tzinfo
from typing import NamedTuple
from zoneinfo import ZoneInfo

from nautobot_circuit_maintenance.reading import zones
from nautobot_circuit_maintenance.reading.candidates.places import places_in
from nautobot_circuit_maintenance.reading.candidates.spans import Span


class ZoneToken(NamedTuple):
    """A time zone as it stands in a message."""

    span: Span
    written: str
    zone: tzinfo | None
    """None for "local time", without a place."""
    place: str = "line"
    """Where it stands, seen from the time: line, row, column, label, mail; or provider."""

    def utc(self, local: datetime) -> datetime | None:
        """Return a local time in UTC."""
        return local.replace(tzinfo=self.zone).astimezone(timezone.utc) if self.zone else None


_TOKEN = re.compile(
    r"(?<![^\W\d_])(?P<offset>(?:GMT|UTC|UT)[ ]?[-+\u2212\u2013][ ]?\d{1,2}(?::?[0-5]\d)?)(?![\d:/]|[-.]\d)"
    r"|(?P<iso>(?:(?<=\d)|(?<=\d[ ])|(?<=[(\[]))[+-](?:0\d|1[0-4]):?[0-5]\d)(?!\d|[-/:.]\d)"
    r"|(?:(?<=\d)|(?<=\d[ ]))(?P<zulu>Z)(?![^\W_])"
    r"|(?<![\w/])(?P<iana>(?:Africa|America|Asia|Atlantic|Australia|Europe|Indian|Pacific|Etc|US|Canada|Brazil)/[A-Za-z_/+-]{2,30}\d{0,2})"
    r"|(?<![^\W_])(?P<word>[A-Z]{2,5})(?![^\W_])"
    r"|(?<=[\d.m)] )(?P<lower>utc|gmt|cest|cet|mesz|mez|bst|eest|eet|est|edt|Gmt|Utc|Cet|Cest)(?![^\W_])"
    r"|(?<![^\W\d_])(?P<local>local[ ]time|ortszeit|heure[ ]locale|hora[ ]local|ora[ ]locale|lokale[ ]tijd|lokal[ ]tid|местное[ ]время)",
)
_STARTS = re.compile(r"[A-Z]|[+-]|utc|gmt|c?e?est|cet|me[sz]|bst|eet|edt|local|ortszeit|heure|h?ora|lokal|местное")
"""Where one may start: looking only there takes a third of the time."""
_PAIR = re.compile(
    r"(?<![^\W_])(?P<first>[A-Z]{2,5})[ ]?(?:/|or|oder|bzw\.?|resp\.?|ou|o)[ ]?(?P<second>[A-Z]{2,5})(?![^\W_])"
)
_PAIR_HINT = re.compile(r"[A-Z][ ]?(?:/|o|b|r)[^\n]{0,6}[A-Z]{2}")
_LOCAL = re.compile(r"local[ ]time|\blocal[ ]?:", re.IGNORECASE)
# Capitals that are other words as well count only beside a time or in brackets.
_DOUBTFUL_WORDS = frozenset(
    "ART BOT CAT COT CT EAT ECT ET GST HST ICT IST MT NST NPT PET PT UT VET WAT WEST WIB".split()
)
_BESIDE_TIME = re.compile(r"(?:\d|[ap]\.?m\.?|hrs?|h|uhr|\d[ ]?\()[ ]?\(?$", re.IGNORECASE)


def zones_in(line: str, offset: int) -> list[ZoneToken]:
    """Return the zones of a line in order; ``offset`` is where the line starts."""
    found: list[ZoneToken] = []
    for start, end, written, zone in sorted(
        [*_pairs(line), *_tokens(line), *_places(line)], key=lambda each: (each[0], -each[1])
    ):
        if found and start + offset < found[-1].span.end:
            continue
        found.append(ZoneToken(Span(start + offset, end + offset), written, zone))
    known = [token for token in found if token.zone]
    return known or found


def zone_named(name: str) -> ZoneToken | None:
    """Return the zone that is known of a provider by its name in the zone database; None if there is no such zone."""
    zone = zones.of_database(name)
    return ZoneToken(Span(0, 0), name, zone, "provider") if zone else None


_Found = tuple[int, int, str, tzinfo | None]


def _tokens(line: str) -> Iterator[_Found]:
    end = 0
    for start in _STARTS.finditer(line):
        if start.start() < end or not (match := _TOKEN.match(line, start.start())):
            continue
        end = match.end()
        kind = match.lastgroup or ""
        zone, is_one = _zone(line, kind, match)
        if is_one:
            yield (*match.span(kind), match[kind], zone)


def _pairs(line: str) -> Iterator[_Found]:
    """Yield what names one place by both of its words: "MEZ/MESZ", "EST or EDT"."""
    for match in _PAIR.finditer(line) if _PAIR_HINT.search(line) else ():
        place = zones.place_of_pair(match["first"], match["second"])
        if place:
            yield (*match.span(), match[0], ZoneInfo(place))


def _zone(line: str, kind: str, match: re.Match[str]) -> tuple[tzinfo | None, bool]:
    written = match[kind]
    if kind == "local":
        return None, True
    if kind == "iso":
        return _iso(line, match)
    if kind == "iana":
        found = zones.of_database(written)
    elif kind == "word" and written in _DOUBTFUL_WORDS and not _is_beside(line, match):
        found = None
    else:
        found = _word(written)
    return found, found is not None


def _is_beside(line: str, match: re.Match[str]) -> bool:
    """Return whether a word stands behind a time, in brackets, or alone."""
    start, end = match.span()
    return bool(
        _BESIDE_TIME.search(line, max(0, start - 8), start)
        or line[start - 1 : start] in ("(", "[")
        and line[end : end + 1] in (")", "]")
        or line.strip(" :.()") == match[0]
        or re.search(r"(?:zone|times?|in)[ ]?:?[ ]?$", line[max(0, start - 8) : start], re.IGNORECASE)
    )


def _iso(line: str, match: re.Match[str]) -> tuple[tzinfo | None, bool]:
    """Return the zone of "+0300"; "22:00-03:00" is the end of a range: with a colon only behind T or seconds."""
    start, written = match.start("iso"), match["iso"]
    before = line[max(0, start - 22) : start].rstrip(" (")
    in_brackets = line[start - 1 : start] in ("(", "[")
    has_seconds = re.search(r"(?:\d:\d\d:\d\d(?:\.\d+)?|T\d\d:?\d\d)$", before)
    is_plain = ":" not in written and re.search(r"\d:\d\d$", before) and line[start - 1 : start] == " "
    if not (in_brackets or has_seconds or is_plain):
        return None, False
    return _offset(written), True


@functools.lru_cache(maxsize=512)
def _word(written: str) -> tzinfo | None:
    if written.upper().startswith(("GMT", "UTC", "UT")) and len(written) > 3:
        return zones.zone(written.upper())
    return zones.zone(written.upper()) if written.upper() in zones.WORDS else None


def _offset(text: str) -> tzinfo:
    hours, minutes = int(text[1:3]), int(text[-2:])
    return timezone(timedelta(hours=hours, minutes=minutes) * (-1 if text[0] == "-" else 1))


def _places(line: str) -> Iterator[_Found]:
    for start, end, name in places_in(line):
        zone = _offset(name) if name[0] in "+-" else ZoneInfo(name)
        yield start, end, line[start:end], zone
    for match in _LOCAL.finditer(line) if "local" in line.lower() else ():
        yield (*match.span(), match[0], None)
