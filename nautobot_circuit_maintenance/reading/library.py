"""Raw bytes in, what they say about maintenances out: the only module that knows circuit-maintenance-parser.

Importing this module is cheap; the library (0.6 s, 77 MB) is loaded on first use, so web processes do not carry it.
"""

import functools
import json
import logging
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any, NoReturn

from nautobot_circuit_maintenance.domain.errors import ParseError
from nautobot_circuit_maintenance.domain.provider_fields import PARSERS
from nautobot_circuit_maintenance.domain.text import storable, storable_json
from nautobot_circuit_maintenance.domain.updates import MaintenanceUpdate, Provenance
from nautobot_circuit_maintenance.mail.headers import COLUMN_LENGTH
from nautobot_circuit_maintenance.mail.limits import Limits, run_limited
from nautobot_circuit_maintenance.mail.parts import (
    UNREAD,
    Parts,
    mail_parts,
    one_calendar_each,
    one_of_each_type,
)

Item = dict[str, Any]
"""What the library says about one window of one maintenance, as JSON."""

_XLSX_EXTRA = "it has an Excel sheet: install the extra 'xlsx' on the workers and restart them, then Reprocess"
# What some texts of the library mean to an operator.
_MEANINGS = {
    "None of the supported parsers": "it has no part that this parser reads; genericprovider reads calendars (BCOP), most others HTML",
    "'pandas'": _XLSX_EXTRA,
    "'openpyxl'": _XLSX_EXTRA,
    "has no attribute 'dt'": "its calendar has an event without DTSTART, DTEND or DTSTAMP",
    "'datetime.date' object": "its calendar has an event that lasts whole days, without a time",
}
_UNREAD = "a message that is attached to it is not read, for nobody confirms who wrote that"
_LONGEST_REASON = 300
_LONGEST_ERROR = 1_000
# 9999-01-01: a time after it leaves the calendar when it is shown in a time zone east of Greenwich.
_LAST_SECOND = 253_370_764_800
# Whose sentences go to the operator as they are.
_OWN_WORDS = ("circuit_maintenance_parser", "nautobot_circuit_maintenance")
# What is applied and shown afterwards has no limits as a parse has: 100,000 circuit ids took 20 seconds of CPU to apply,
# 9 to list by REST. The longest list of a real mail that we have seen has some hundred.
_MOST_CIRCUITS = 20_000
_MOST_MAINTENANCES = 1_000
# RFC 5545 allows 32 bits, but a provider that counts by date (20261123120000) says when, not less.
_SEQUENCES = range(-(2**63), 2**63)


class _TimeZones(dict[str, Any]):
    """The zones that the calendar at hand defines itself (RFC 5545 section 3.6.5), besides those that everybody knows."""

    def get(self, key: str, default: Any = None) -> Any:
        """Return a zone; without it, the library would take the worker's, and be wrong by hours."""
        if key not in self:
            raise ParseError(f'its calendar names the time zone "{_cut(key, 100)}" and does not say what that is')
        return super().get(key, default)


_zones = _TimeZones()


def parse(
    raw: bytes,
    parser_names: Sequence[str],
    provenance: Provenance,
    limits: Limits = Limits(),
    *,
    reads_attached: bool = True,
) -> list[MaintenanceUpdate]:
    """Return what a message says, one update a maintenance id in the order of first mention.

    The parsers are tried in order until one finds maintenances. An empty list means that they recognised the message
    as none about maintenances. Raises ParseError with a reason of at most 1,000 characters. Messages that are attached
    can be left out: an automatic reply of the provider's may carry one that a stranger wrote.
    """
    _library()  # Loaded outside the limits: interrupted, an import leaves half a module behind.
    try:
        items = run_limited(lambda: _items(raw, parser_names, provenance, reads_attached), limits)
    except ParseError as error:
        raise ParseError(_cut(str(error), _LONGEST_ERROR)) from error
    by_id: dict[str, list[Item]] = {}
    for item in items:
        by_id.setdefault(item["maintenance_id"], []).append(item)
    _check_number("circuit ids", sum(len(item["circuits"]) for item in items), _MOST_CIRCUITS)
    _check_number("maintenances", len(by_id), _MOST_MAINTENANCES)
    return [MaintenanceUpdate.from_items(same_id, provenance) for same_id in by_id.values()]


def _check_number(what: str, count: int, most: int) -> None:
    if count > most:
        raise ParseError(
            f"it names {count:,} {what}, more than {most:,}: if it is genuine, add the maintenance by hand"
        )


def known_parser_names() -> tuple[str, ...]:
    """Return the names that a Provider may give to its parser; loads the library."""
    return tuple(sorted(_library().SUPPORTED_PROVIDER_NAMES))


def normalised_name(name: str) -> str:
    """Return a name as the library spells it: "Crown Castle" is crowncastle."""
    return "".join(character for character in name.lower() if character.isalnum())


@functools.cache
def _library() -> Any:
    """Load the library, silent and without its way to the internet."""
    # pylint: disable=import-outside-toplevel  # see the module's docstring
    import circuit_maintenance_parser
    from circuit_maintenance_parser.utils import Geolocator
    from icalendar import cal, prop

    # It would ask nominatim.openstreetmap.org: the city leaves the house, and without a network a parse waits 10 s.
    Geolocator.get_location_from_api = staticmethod(_refuse_lookup)
    # It would keep the zones that a calendar defines for the life of the process, and read the next mail with them.
    cal._timezone_cache = prop._timezone_cache = _zones  # pylint: disable=protected-access  # there is no other way
    # Its warnings carry whole mail bodies; what it has to say reaches us as exceptions.
    logging.getLogger(circuit_maintenance_parser.__name__).setLevel(logging.CRITICAL)
    return circuit_maintenance_parser


def _refuse_lookup(city: str) -> NoReturn:
    raise LookupError(f"{city} is not in the parser library's table of cities, and nobody else is asked")


def _items(raw: bytes, parser_names: Sequence[str], provenance: Provenance, reads_attached: bool) -> list[Item]:
    if not parser_names:
        raise ParseError(f"its provider has no parser: {_advice()}")
    parts = mail_parts(raw, provenance, reads_attached=reads_attached)
    try:
        return _first_result(functools.partial(_read_as, name, parts) for name in parser_names)
    except ParseError as error:
        raise ParseError(f"{error}; {_UNREAD}" if UNREAD in parts else str(error)) from error


def _first_result(attempts: Iterable[Callable[[], list[Item]]]) -> list[Item]:
    """Return what the first attempt finds; nothing only if every attempt recognised the message as none of its own."""
    reasons: dict[str, None] = {}
    for attempt in attempts:
        try:
            if items := attempt():
                return items
        except ParseError as error:
            reasons[str(error)] = None
    if reasons:
        raise ParseError("; ".join(reasons))
    return []


def _read_as(name: str, parts: Parts) -> list[Item]:
    """Read a message with the parser of that name."""
    provider = _library().init_provider(normalised_name(name) or "?")
    if provider is None:
        raise ParseError(f'there is no parser "{_cut(name, 100)}": {_advice()}')
    try:
        return _read_with(provider, parts)
    except ParseError as error:
        raise ParseError(f"{provider.get_provider_type()}: {error}") from error


def _advice() -> str:
    return (
        f'set the custom field "{PARSERS.label}" on the provider '
        "(genericprovider reads BCOP calendars of any provider), then Reprocess"
    )


def _read_with(provider: Any, parts: Parts) -> list[Item]:
    """Return everything that the calendars of a message announce, or else the first of its other parts that does."""
    types = _types_read_by(provider)

    def read(reading: Parts) -> list[Item]:
        choices = one_of_each_type(reading, types)
        return _first_result(functools.partial(_ask, provider, choice) for choice in choices)

    found: list[Item] = []
    reasons: dict[str, None] = {}
    for reading in one_calendar_each(parts):
        try:
            found += [item for item in read(reading) if item not in found]
        except ParseError as error:
            reasons[str(error)] = None
    if reasons and not found:  # Beside a notification, a calendar that says nothing is an ordinary invitation.
        raise ParseError("; ".join(reasons))
    return found


def _types_read_by(provider: Any) -> Collection[str]:
    """Return the content types that a provider's parsers read: there is no use in trying others."""
    parsers = [parser for processor in provider.get_default_processors() for parser in processor.data_parsers]
    return {kind for parser in parsers for kind in parser.get_data_types()}


def _ask(provider: Any, parts: Mapping[str, bytes]) -> list[Item]:
    """Put one part of each type to the library; nothing where its filters turned the message away."""
    _zones.clear()
    data = _library().NotificationData()
    for kind, content in parts.items():
        data.add_data_part(kind, content)
    try:
        maintenances = list(provider.get_maintenances(data))
        filtered = not maintenances and (provider.exclude_filter_check(data) or not provider.include_filter_check(data))
    except Exception as error:  # pylint: disable=broad-exception-caught  # see below
        # get_maintenances documents ProviderError but leaks TypeError, UnicodeDecodeError, AssertionError and whatever
        # else its parsers and their libraries meet in a malformed mail: each says that this mail cannot be read.
        raise ParseError(_reason(error)) from error
    if not maintenances and not filtered:
        raise ParseError("found no maintenance in it")
    return [_item(maintenance) for maintenance in maintenances]


def _item(maintenance: Any) -> Item:
    """Return a maintenance of the library as JSON that can be stored.

    Raises ParseError for what no column and no calendar holds.
    """
    item: Item = storable_json({**json.loads(maintenance.to_json()), "metadata": maintenance.metadata.model_dump()})
    item["maintenance_id"] = _identifier("maintenance id", item["maintenance_id"])
    circuits = [
        {**circuit, "circuit_id": _identifier("circuit id", circuit["circuit_id"])} for circuit in item["circuits"]
    ]
    item["circuits"] = [circuit for circuit in circuits if circuit["circuit_id"]]
    if not item["maintenance_id"]:
        raise ParseError("its maintenance id is blank")
    for name in ("start", "end", "stamp"):
        if not 0 <= item[name] < _LAST_SECOND:
            raise ParseError(f"its {name} is no time that a calendar has: {item[name]} seconds since 1970")
    if item["sequence"] not in _SEQUENCES:
        raise ParseError(f"its SEQUENCE is larger than 64 bits: {item['sequence']}")
    return item


def _identifier(what: str, text: str) -> str:
    stripped = text.strip()
    if len(stripped) > COLUMN_LENGTH:
        raise ParseError(f"a {what} of {len(stripped)} characters is longer than {COLUMN_LENGTH}: {stripped[:40]}...")
    return stripped


def _reason(error: Exception) -> str:
    """Say in a few words why the library failed; its own messages carry whole mail bodies."""
    causes = [_innermost(each) for each in getattr(error, "related_exceptions", ()) or (error,)]
    return "; ".join(dict.fromkeys(_cut(_sentence(cause), _LONGEST_REASON) for cause in causes))


def _innermost(error: BaseException) -> BaseException:
    while error.__cause__ is not None:
        error = error.__cause__
    return error


def _sentence(cause: BaseException) -> str:
    """Say what one exception of the library means to an operator."""
    text = str(cause)
    if isinstance(cause, MemoryError):
        return "reading it took too much memory"
    for words, meaning in _MEANINGS.items():
        if words in text:
            return meaning
    if hasattr(cause, "errors"):  # pydantic's ValidationError quotes its input, the mail
        details = cause.errors(include_url=False, include_input=False)
        return ", ".join(f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in details)
    text = text.partition("\n")[0]
    ours = type(cause).__module__.startswith(_OWN_WORDS)
    return text if ours and text else f"{type(cause).__name__}: {text}"


def _cut(text: str, length: int) -> str:
    folded = " ".join(storable(text).split())
    return folded if len(folded) <= length else f"{folded[: length - 3]}..."
