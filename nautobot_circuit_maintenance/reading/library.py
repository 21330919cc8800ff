"""The reader that uses circuit-maintenance-parser: the only module that knows the library and its output.

Importing this module is cheap; the library (0.6 s, 77 MB) is loaded on first use, which spares web processes.
"""

import functools
import importlib.metadata
import json
import logging
import threading
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timezone
from pathlib import Path
from typing import Any, NoReturn

from nautobot_circuit_maintenance.domain.custom_fields import PARSERS
from nautobot_circuit_maintenance.domain.errors import ParseError
from nautobot_circuit_maintenance.domain.parser_names import normalized_name
from nautobot_circuit_maintenance.domain.text import bounded, shortened, storable_json
from nautobot_circuit_maintenance.domain.updates import (
    LONGEST_NAME,
    LONGEST_TEXT,
    AnnouncedImpact,
    MaintenanceEvent,
    MaintenanceUpdate,
    ParserInfo,
    Provenance,
    Window,
    bounded_uid,
    mail_date,
)
from nautobot_circuit_maintenance.mail.parts import Parts, one_calendar_each, one_of_each_type
from nautobot_circuit_maintenance.reading import corrections
from nautobot_circuit_maintenance.reading.base import Reading, first_result
from nautobot_circuit_maintenance.reading.library_errors import parse_error

Item = dict[str, Any]
"""The library's output about one window of one maintenance, as JSON; times are seconds since 1970, UTC."""

ADVICE = (
    f'Set "{PARSERS.label}" on the provider (genericprovider reads any BCOP calendar), then reprocess. '
    "If none fits, add the maintenance from the email."
)
_NONE_CHOSEN = (
    'No parser is chosen for the provider, and none is named "{}". Add the maintenance from the email, or set '
    f'"{PARSERS.label}" on the provider (genericprovider reads any BCOP calendar), then reprocess.'
)

_DISTRIBUTION = "circuit-maintenance-parser"
_CALENDAR_PARSER = "ICal"
# The library's defaults where a calendar has no UID or SEQUENCE, and for everything that is not a calendar.
_NO_UID, _NO_SEQUENCE, _TEXT_SEQUENCE = "0", -1, 1
# 9999-01-01: later times leave the calendar when they are displayed in a time zone east of Greenwich.
_END_OF_TIME = 253_370_764_800
# RFC 5545 allows 32 bits, but a provider that counts by date (20261123120000) still gives a usable order.
_SEQUENCES = range(-(2**63), 2**63)


class _TimeZones(dict[str, Any]):
    """The time zones that the current calendar defines itself (RFC 5545 section 3.6.5)."""

    def get(self, key: str, default: Any = None) -> Any:
        """Return a zone; where this raises, the library would use the worker's zone and be wrong by hours."""
        if key not in self:
            raise ParseError("READ-08", f'The calendar uses the undefined time zone "{shortened(key, 100)}".')
        return super().get(key, default)


_zones = _TimeZones()
_lock = threading.RLock()
"""The library reads one message at a time: its time zones and the notes of the corrections are those of the process."""

PATCHED = (
    ("icalendar", "icalendar/cal.py", "_timezone_cache"),
    ("icalendar", "icalendar/prop.py", "_timezone_cache"),
    (_DISTRIBUTION, "circuit_maintenance_parser/utils.py", "get_location_from_api"),
)
"""Distribution, file and name of what we replace. Without it, windows would be wrong and cities sent to the internet."""


class LibraryMismatchError(RuntimeError):
    """The installed parser library is not as this release knows it."""


def missing_attributes(patched: Iterable[tuple[str, str, str]] = PATCHED) -> list[str]:
    """Return what the installed libraries lack of what we replace, without importing them."""
    missing = []
    for distribution, file, name in patched:
        found = importlib.metadata.distribution(distribution)
        path = Path(str(found.locate_file(file)))
        if path.exists() and name not in path.read_text("utf-8"):
            missing.append(f"{distribution} {found.version}: {name} in {file}")
    return missing


def load() -> Any:
    """Load the library, without its log messages and its access to the internet.

    Raises LibraryMismatchError if it lacks what we replace: it would read the time zones of one message into the next.
    """
    with _lock:
        return _loaded()


@functools.cache
def _loaded() -> Any:
    # pylint: disable=import-outside-toplevel  # see the module's docstring
    import circuit_maintenance_parser
    from circuit_maintenance_parser import parsers
    from circuit_maintenance_parser.utils import Geolocator
    from icalendar import cal, prop

    for owner, name in ((cal, "_timezone_cache"), (prop, "_timezone_cache"), (Geolocator, "get_location_from_api")):
        if not hasattr(owner, name):
            raise LibraryMismatchError(f"The installed parser library has no {owner.__name__}.{name}.")
    # It would ask nominatim.openstreetmap.org: that discloses the city, and without a network a parse waits 10 s.
    Geolocator.get_location_from_api = staticmethod(_refuse_lookup)
    # It would keep the zones that a calendar defines for the life of the process, and read the next mail with them.
    cal._timezone_cache = prop._timezone_cache = _zones  # pylint: disable=protected-access  # there is no other way
    # Its warnings carry whole mail bodies; errors reach us as exceptions.
    logging.getLogger(circuit_maintenance_parser.__name__).setLevel(logging.CRITICAL)
    corrections.install(corrections.Modules(parsers))
    return circuit_maintenance_parser


def _refuse_lookup(city: str) -> NoReturn:
    raise ParseError(
        "READ-14",
        f'City "{shortened(city, 100)}" is not in the parser library\'s table (online lookup is disabled).',
    )


@functools.cache
def _version() -> str:
    return f"{_DISTRIBUTION} {importlib.metadata.version(_DISTRIBUTION)}"


def known_parser_names() -> tuple[str, ...]:
    """Return the names of the library's parsers; loads the library."""
    return tuple(sorted(load().SUPPORTED_PROVIDER_NAMES))


class LibraryReader:
    """Reads messages with one parser of the library."""

    def __init__(self, name: str, *, is_chosen: bool = True) -> None:
        """Take the name as people spell it; an unknown one raises when it is used.

        ``is_chosen``: someone set it; otherwise it is the name of the provider.
        """
        self.name = name
        self.is_chosen = is_chosen

    def read(self, parts: Parts, provenance: Provenance) -> Reading:
        """Return what a message announces; see ``Reader``."""
        provider = load().init_provider(normalized_name(self.name) or "?")
        if provider is None:
            raise self._unknown()
        try:
            items = _read_with(provider, parts)
        except ParseError as error:
            raise error.of_parser(provider.get_provider_type()) from error
        by_id: dict[str, list[Item]] = {}
        for item in items:
            by_id.setdefault(item["maintenance_id"], []).append(item)
        return Reading(tuple(_update(same_id, provenance) for same_id in by_id.values()))

    def _unknown(self) -> ParseError:
        name = shortened(self.name, 100)
        sentence = f'Unknown parser "{name}". {ADVICE}' if self.is_chosen else _NONE_CHOSEN.format(name)
        return ParseError("READ-01", sentence)


def _read_with(provider: Any, parts: Parts) -> list[Item]:
    """Return the items of all calendars of a message, or else of the first other part that has any."""
    types = _types_read_by(provider)
    no_items: list[Item] = []
    found: list[Item] = []
    errors: list[ParseError] = []
    for reading in one_calendar_each(parts):
        choices = one_of_each_type(reading, types)
        try:
            items = first_result((functools.partial(_ask, provider, choice) for choice in choices), no_items)
        except ParseError as error:
            errors.append(error)
        else:
            found += [item for item in items if item not in found]
    if errors and not found:  # Beside a notification, a calendar without one is an ordinary invitation.
        raise ParseError.joined(errors)
    return found


def _types_read_by(provider: Any) -> Collection[str]:
    """Return the content types that a provider's parsers read; trying others is pointless."""
    parsers = [parser for processor in provider.get_default_processors() for parser in processor.data_parsers]
    return {kind for parser in parsers for kind in parser.get_data_types()}


def _ask(provider: Any, parts: Mapping[str, bytes]) -> list[Item]:
    """Pass one part of each type to the library; return an empty list if its filters reject the message."""
    with _lock:
        return _ask_alone(provider, parts)


def _ask_alone(provider: Any, parts: Mapping[str, bytes]) -> list[Item]:
    _zones.clear()
    corrections.notes.clear()
    data = load().NotificationData()
    for kind, content in parts.items():
        data.add_data_part(kind, content)
    try:
        maintenances = list(provider.get_maintenances(data))
        filtered = not maintenances and (provider.exclude_filter_check(data) or not provider.include_filter_check(data))
    except Exception as error:  # pylint: disable=broad-exception-caught  # see below
        # get_maintenances documents ProviderError but leaks TypeError, UnicodeDecodeError, AssertionError and whatever
        # else its parsers and their libraries raise for a malformed mail; each means that this mail cannot be read.
        raise parse_error(error) from error
    if not maintenances and not filtered:
        raise ParseError("READ-04", "No maintenance found.")
    return [_item(maintenance) for maintenance in maintenances]


def _item(maintenance: Any) -> Item:
    """Return a maintenance of the library as JSON that can be stored.

    Raises ParseError for values that do not fit a column or a calendar.
    """
    item: Item = storable_json({**json.loads(maintenance.to_json()), "metadata": maintenance.metadata.model_dump()})
    if corrections.notes.corrected:
        item["metadata"]["corrected"] = list(corrections.notes.corrected)
    item["doubts"] = list(corrections.notes.doubts)
    item["maintenance_id"] = _identifier("Maintenance ID", item["maintenance_id"])
    for circuit in item["circuits"]:
        circuit["circuit_id"] = _identifier("Circuit ID", circuit["circuit_id"])
    item["circuits"] = [circuit for circuit in item["circuits"] if circuit["circuit_id"]]
    if not item["maintenance_id"]:
        raise ParseError("READ-10", "Maintenance ID is empty.")
    for name in ("start", "end", "stamp"):
        if not 0 <= item[name] < _END_OF_TIME:
            raise ParseError("READ-09", f"{name.capitalize()} is not a valid time ({item[name]} seconds since 1970).")
    if item["sequence"] not in _SEQUENCES:
        raise ParseError("READ-11", f"SEQUENCE is out of range ({item['sequence']}).")
    return item


def _identifier(what: str, text: str) -> str:
    stripped = text.strip()
    if len(stripped) > LONGEST_NAME:
        length = len(stripped)
        raise ParseError(
            "READ-12", f"{what} is too long ({length} characters, limit {LONGEST_NAME}): {stripped[:40]}..."
        )
    return stripped


def _update(items: Sequence[Item], provenance: Provenance) -> MaintenanceUpdate:
    """Return the update of the items about one maintenance; where they differ, the last one counts."""
    last = items[-1]
    details = dict(last["metadata"])
    return MaintenanceUpdate(
        maintenance_id=last["maintenance_id"],
        events=tuple(_event(item, provenance) for item in items),
        provenance=provenance,
        description=bounded(last["summary"], LONGEST_TEXT),
        account=bounded(last["account"], LONGEST_NAME),
        provider=bounded(last["provider"], LONGEST_NAME),
        organizer=bounded(last["organizer"], LONGEST_NAME),
        parser=ParserInfo(name=details.pop("provider"), version=_version(), details=details),
        doubts=tuple(dict.fromkeys(doubt for item in items for doubt in item["doubts"])),
    )


def _event(item: Item, provenance: Provenance) -> MaintenanceEvent:
    """Return the event of an item, without the library's defaults."""
    issued_at = _utc(item["stamp"])
    if _CALENDAR_PARSER in item["metadata"]["parsers"]:
        uid, no_sequence, is_stated = item["uid"], _NO_SEQUENCE, True
    else:
        uid, no_sequence, is_stated = None, _TEXT_SEQUENCE, issued_at != mail_date(provenance)
    return MaintenanceEvent(
        status=item["status"],
        windows=_windows(item),
        circuits=tuple(AnnouncedImpact(circuit["circuit_id"], circuit["impact"]) for circuit in item["circuits"]),
        issued_at=issued_at if is_stated else None,
        uid="" if uid == _NO_UID else bounded_uid(uid),
        sequence=None if item["sequence"] == no_sequence else item["sequence"],
    )


def _windows(item: Item) -> tuple[Window, ...]:
    """Return the window of an item, if it has a usable one.

    An end that is not after the start is useless, and so is the year 1970, which the library gives (to GTT's
    cancellations) where a mail states no time.
    """
    return (Window(_utc(item["start"]), _utc(item["end"])),) if item["end"] > item["start"] > 0 else ()


def _utc(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, tz=timezone.utc)
