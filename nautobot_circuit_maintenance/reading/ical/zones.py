"""Which time zone a TZID means, in all the spellings that providers use."""

import os
import re
from collections.abc import Mapping
from datetime import datetime, timedelta, timezone, tzinfo
from functools import lru_cache
from zoneinfo import ZoneInfo, available_timezones

from nautobot_circuit_maintenance.reading.ical.libraries import CalendarError, windows_zone

_OFFSET = re.compile(r"(?:GMT|UTC|Z)?\s*([+\-\u2212])(\d{1,2}):?(\d{2})?", re.IGNORECASE)
_DISPLAY_NAME = re.compile(r"\((?:UTC|GMT)(?P<offset>[+\-\u2212]\d{1,2}:?\d{2})?\)\s*(?P<cities>.+)", re.IGNORECASE)
_LONGEST_OFFSET = timedelta(hours=14)
_NOT_ZONES = ("Factory", "localtime", "posixrules")
_UTC = ("utc", "z", "gmt", "zulu", "coordinated universal time")


def zone(tzid: str, defined: Mapping[str, tzinfo]) -> tzinfo:
    """Return the time zone of a TZID; raises CalendarError that names it if it is unknown.

    A place of the tz database means what it says. The calendar's own definition goes before any other name: before
    Windows' names, offsets, and abbreviations such as EST, which some calendars define with summer time.
    """
    name = tzid.strip().strip('"').strip()
    found = (_known(name) if "/" in name else None) or defined.get(name) or _known(name)
    if found is None:
        raise CalendarError(f'it uses the undefined time zone "{name[:80]}"')
    return found


def local_zone() -> tzinfo:
    """Return the zone of times without one (RFC 5545 section 3.3.5): Nautobot's own, which Django sets as TZ."""
    return _known(os.environ.get("TZ", "")) or timezone.utc


@lru_cache(maxsize=512)
def _known(name: str) -> tzinfo | None:
    """Return the zone of a name that needs no definition."""
    if name.casefold() in _UTC:
        return timezone.utc
    if found := _tz_name(name) or _tz_name(windows_zone(name)):
        return ZoneInfo(found)
    return _offset(name) or _display_name(name)


@lru_cache(maxsize=1)
def _names() -> dict[str, str]:
    """Return the names of the tz database by themselves in lower case."""
    return {name.casefold(): name for name in available_timezones() if name not in _NOT_ZONES}


def _tz_name(name: str) -> str:
    """Return the tz database's spelling of a name that may have a prefix (RFC 5545 section 3.2.19); else nothing."""
    parts = [part for part in name.replace(" ", "_").split("/") if part]
    for start in range(len(parts)):
        found = _names().get("/".join(parts[start:]).casefold(), "")
        if found and (start == 0 or "/" in found):
            return found
    return ""


def _offset(name: str) -> tzinfo | None:
    """Return the zone of an offset such as GMT+0100, UTC-5 or +05:30 (ISO 8601: plus is east of Greenwich)."""
    match = _OFFSET.fullmatch(name.strip("() "))
    return _fixed(match) if match else None


def _fixed(match: re.Match[str]) -> tzinfo | None:
    size = timedelta(hours=int(match[2]), minutes=int(match[3] or 0))
    return timezone(size if match[1] == "+" else -size) if size <= _LONGEST_OFFSET else None


@lru_cache(maxsize=1)
def _cities() -> dict[str, list[str]]:
    """Return the names of the tz database by their city in lower case."""
    cities: dict[str, list[str]] = {}
    for name in sorted(_names().values()):
        if "/" in name and not name.startswith(("Etc/", "US/")):
            cities.setdefault(name.rpartition("/")[2].replace("_", " ").casefold(), []).append(name)
    return cities


def _display_name(name: str) -> tzinfo | None:
    """Return the zone of a display name of Windows, "(UTC+01:00) Amsterdam, Berlin", by a city with that offset."""
    match = _DISPLAY_NAME.fullmatch(name)
    if match is None:
        return None
    wanted = _OFFSET.fullmatch(match["offset"]) if match["offset"] else None
    standard = _fixed(wanted) if wanted else timezone.utc
    for city in match["cities"].split(","):
        for candidate in _cities().get(city.strip().casefold(), []):
            if standard is not None and _standard_offset(candidate) == standard.utcoffset(None):
                return ZoneInfo(candidate)
    return None


def _standard_offset(name: str) -> timedelta:
    """Return the offset of a zone in winter, its standard time."""
    year = datetime.now(timezone.utc).year
    offsets = [datetime(year, month, 1, tzinfo=ZoneInfo(name)).utcoffset() for month in (1, 7)]
    return min(offset or timedelta() for offset in offsets)
