"""Time zones as providers write them: "ET", "CEST", "GMT+3". Pure; no zone is guessed."""

import functools
import re
from datetime import datetime, timedelta, timezone, tzinfo
from typing import NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

MAX_HOURS = 14

_SIGN = {"+": 1, "-": -1, "\N{MINUS SIGN}": -1, "\N{EN DASH}": -1}
_OFFSET = r"(?i:GMT|UTC|UT)[ \t]*(?P<sign>[-+\u2212\u2013])[ \t]*(?P<hours>\d{1,2})(?::?(?P<minutes>[0-5]\d))?"
_WHOLE = re.compile(_OFFSET)
_IN_BRACKETS = re.compile(rf"\([ \t]*{_OFFSET}[ \t]*\)")
# "GMT - 31/10/2021" has no offset but a date behind it, and "GMT+3-06:00" an offset and the end of a range.
_BARE = re.compile(rf"\b{_OFFSET}(?![\d:/]|[-.]\d)")
_DATABASE_NAME = re.compile(r"[A-Za-z]+(?:/[A-Za-z0-9_+-]+){0,2}")


class _Word(NamedTuple):
    """What a zone word means: the hours ahead of UTC, or a place where clocks change."""

    hours: float = 0
    place: str = ""
    used_in: str = ""
    """The place that uses the word for one half of the year only; empty if a place uses it throughout the year."""


_WORDS = {
    "UTC": _Word(),
    "GMT": _Word(),
    "UT": _Word(),
    "Z": _Word(),
    # North America
    "ET": _Word(place="America/New_York"),
    "CT": _Word(place="America/Chicago"),
    "MT": _Word(place="America/Denver"),
    "PT": _Word(place="America/Los_Angeles"),
    "EST": _Word(-5, used_in="America/New_York"),
    "EDT": _Word(-4, used_in="America/New_York"),
    "CST": _Word(-6),  # throughout the year in Mexico
    "CDT": _Word(-5, used_in="America/Chicago"),
    "MST": _Word(-7),  # throughout the year in Arizona
    "MDT": _Word(-6, used_in="America/Denver"),
    "PST": _Word(-8, used_in="America/Los_Angeles"),
    "PDT": _Word(-7, used_in="America/Los_Angeles"),
    "AKST": _Word(-9, used_in="America/Anchorage"),
    "AKDT": _Word(-8, used_in="America/Anchorage"),
    "HST": _Word(-10),
    "AST": _Word(-4),  # throughout the year in Puerto Rico
    "ADT": _Word(-3, used_in="America/Halifax"),
    "NST": _Word(-3.5, used_in="America/St_Johns"),
    "NDT": _Word(-2.5, used_in="America/St_Johns"),
    # South America
    "ART": _Word(-3),
    "BOT": _Word(-4),
    "BRT": _Word(-3),
    "COT": _Word(-5),
    "ECT": _Word(-5),
    "PET": _Word(-5),
    "UYT": _Word(-3),
    "VET": _Word(-4),
    # Europe
    "WET": _Word(0, used_in="Europe/Lisbon"),
    "WEST": _Word(1, used_in="Europe/Lisbon"),
    "BST": _Word(1, used_in="Europe/London"),
    "CET": _Word(1, used_in="Europe/Paris"),
    "CEST": _Word(2, used_in="Europe/Paris"),
    "MEZ": _Word(1, used_in="Europe/Berlin"),
    "MESZ": _Word(2, used_in="Europe/Berlin"),
    "EET": _Word(2),  # throughout the year in Kaliningrad
    "EEST": _Word(3, used_in="Europe/Helsinki"),
    "MSK": _Word(place="Europe/Moscow"),
    "TRT": _Word(3),
    # Africa
    "WAT": _Word(1),
    "CAT": _Word(2),
    "SAST": _Word(2),
    "EAT": _Word(3),
    # Asia
    "IDT": _Word(3, used_in="Asia/Jerusalem"),
    "GST": _Word(4),
    "PKT": _Word(5),
    "IST": _Word(5.5),
    "NPT": _Word(5.75),
    "ICT": _Word(7),
    "WIB": _Word(7),
    "HKT": _Word(8),
    "MYT": _Word(8),
    "PHT": _Word(8),
    "SGT": _Word(8),
    "JST": _Word(9),
    "KST": _Word(9),
    # Australia and New Zealand
    "AWST": _Word(8),
    "ACST": _Word(9.5),  # throughout the year in Darwin
    "ACDT": _Word(10.5, used_in="Australia/Adelaide"),
    "AEST": _Word(10),  # throughout the year in Brisbane
    "AEDT": _Word(11, used_in="Australia/Sydney"),
    "NZST": _Word(12, used_in="Pacific/Auckland"),
    "NZDT": _Word(13, used_in="Pacific/Auckland"),
}
WORDS = frozenset(_WORDS)


def zone(written: str) -> tzinfo | None:
    """Return the time zone that a provider writes as "ET" or "GMT+3"; None if it is unknown."""
    if word := _WORDS.get(written):
        return ZoneInfo(word.place) if word.place else timezone(timedelta(hours=word.hours))
    return _offset_zone(match) if (match := _WHOLE.fullmatch(written)) else None


@functools.lru_cache(maxsize=512)
def of_database(name: str) -> tzinfo | None:
    """Return a zone of the zone database; None if it has none of this name."""
    if not _DATABASE_NAME.fullmatch(name):
        return None
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):  # unknown, or the name of a folder
        return None


@functools.lru_cache(maxsize=512)
def place_of_pair(first: str, second: str) -> str | None:
    """Return the place that uses two zone words, one in winter and one in summer; None if no place does."""
    words = [word for each in (first, second) if (word := _WORDS.get(each))]
    place = next((word.used_in for word in words if word.used_in), "")
    if len(words) < 2 or not place:
        return None
    offsets = {datetime(2026, month, 1, tzinfo=ZoneInfo(place)).utcoffset() for month in (1, 7)}
    return place if offsets == {timedelta(hours=word.hours) for word in words if not word.place} else None


def key(written: str) -> str | None:
    """Return the name of a zone in the zone database; None if it has none or is unknown."""
    word = _WORDS.get(written)
    if word is None or word.hours % 1:
        return None
    return word.place or f"Etc/GMT{-int(word.hours):+d}"


def is_utc(written: str) -> bool:
    """Return whether a known zone word means UTC."""
    return _WORDS.get(written) == _Word()


def contradicts_season(written: str, local: datetime) -> bool:
    """Return whether no place uses a zone word at this local time: "EST" in July, "CEST" in January."""
    word = _WORDS.get(written)
    if not word or not word.used_in:
        return False
    return local.replace(tzinfo=ZoneInfo(word.used_in)).utcoffset() != timedelta(hours=word.hours)


def with_iso_offsets(text: str) -> str:
    """Return a string with "GMT+3" and "(UTC-05:30)" written as "+0300" and "-0530", which can be read in one way only."""
    return _BARE.sub(_iso_offset, _IN_BRACKETS.sub(_iso_offset, text))


def _offset_zone(match: re.Match[str]) -> timezone | None:
    hours, minutes = int(match["hours"]), int(match["minutes"] or 0)
    if hours > MAX_HOURS:
        return None
    return timezone(_SIGN[match["sign"]] * timedelta(hours=hours, minutes=minutes))


def _iso_offset(match: re.Match[str]) -> str:
    found = _offset_zone(match)
    return match[0] if found is None else f" {datetime(2000, 1, 1, tzinfo=found):%z}"
