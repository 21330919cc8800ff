"""The windows: all that stand under one heading, in one column or behind one label, or all that the message states.

Crown Castle and Lumen list one window in several zones, Equinix in local time and in UTC: the same windows, so they agree.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from nautobot_circuit_maintenance.domain.events import ENDING
from nautobot_circuit_maintenance.domain.text import folded
from nautobot_circuit_maintenance.domain.updates import Window
from nautobot_circuit_maintenance.reading.candidates import labels
from nautobot_circuit_maintenance.reading.candidates.dates import DAY_FIRST, MONTH_FIRST
from nautobot_circuit_maintenance.reading.candidates.spans import Span
from nautobot_circuit_maintenance.reading.gates.orders import PLAUSIBLE
from nautobot_circuit_maintenance.reading.gates.stated import (
    BACKUP,
    MAIN,
    OLD,
    QUOTED,
    STRUCK,
    StatedWindow,
    StatedWindows,
)
from nautobot_circuit_maintenance.reading.layouts.examples import Confirmed, Example, TeachingError
from nautobot_circuit_maintenance.reading.layouts.layout import ALL, ZONE, WindowField
from nautobot_circuit_maintenance.reading.layouts.marks import Mark, matches, shorter
from nautobot_circuit_maintenance.reading.layouts.page import Page
from nautobot_circuit_maintenance.reading.layouts.refusal import Refusal

_MOST_MONTHS = 12
_UTC = ("UTC", "GMT", "Z")


def learned(field: WindowField, example: Example, earlier: Sequence[Example]) -> WindowField:
    """Return the field with what an example adds, and without what it contradicts; raises TeachingError."""
    confirmed = example.confirmed
    if not confirmed.windows:
        if confirmed.status in ENDING:
            return field
        raise TeachingError("A layout cannot be taught with an announcement without windows.")
    zone, order = _zone_and_order(field, example)
    taught = replace(field, zone=zone, order=order)
    stated = _stated(taught, example.page)
    own = [each for each in _usable(stated, example.page, confirmed.status) if _is_any(each, confirmed.windows)]
    found = dict.fromkeys(mark for each in own for mark in _marks(example.page, each))
    candidates = tuple(dict.fromkeys((ALL, *field.places.kept, *found)))
    wrong = [
        mark
        for mark in candidates
        for each in (example, *earlier)
        if (named := _named(taught, each.page, each.confirmed.status, mark)) and not _same(named, each.confirmed)
    ]
    places = field.places.changed((ALL, *found), wrong)
    if not places.kept:
        raise TeachingError("Nothing in the email names these windows and no others: a layout cannot find them.")
    return WindowField(places, zone, order, field.has_backups or _has_backups(stated))


def find(field: WindowField, page: Page, status: str) -> tuple[Window, ...]:
    """Return the windows of a message, in time order; empty only if it ends the work and states none.

    Raises Refusal if they are not found, if the hypotheses disagree, or if a date may be read in two ways.
    """
    stated = _stated(field, page)
    if not field.has_backups and _may_count(stated, page):
        raise Refusal("The email states a backup window, and no example had one.")
    if any(
        each.window is None and any(_has(page, each, mark) for mark in field.places.kept) for each in stated.of(MAIN)
    ):
        raise Refusal("A window has no time zone, or its end is not after its start.")
    usable = _usable(stated, page, status)
    named = {mark: _windows(page, usable, mark) for mark in field.places.kept}
    by_words = {windows for mark, windows in named.items() if windows and mark != ALL}
    if not by_words and not (named.get(ALL) and len(field.places.kept) == 1):
        if status in ENDING and not stated.windows:
            return ()
        raise Refusal("The windows were not found where they stood in the examples.")
    different = by_words | {windows for windows in named.values() if windows}
    if len(different) > 1:
        raise Refusal("Different windows stand where they stood in the examples.")
    if stated.order.is_open or stated.order.reason == PLAUSIBLE:
        if any(each.way.order for each in usable):
            raise Refusal("A date may be read with day or month first, and no example had such a date.")
    return tuple(sorted(different.pop()))


def _stated(field: WindowField, page: Page) -> StatedWindows:
    return page.stated(zone=page.known.zone or field.zone, order=page.known.order or field.order)


def _usable(stated: StatedWindows, page: Page, status: str) -> list[StatedWindow]:
    """Return the windows that may be meant: old and quoted ones only where the work is over."""
    kinds = [MAIN, *([BACKUP] if page.known.counts_backups else [])]
    usable = [each for each in stated.of(*kinds) if each.window]
    if not usable and status in ENDING:
        usable = [each for each in stated.of(QUOTED, OLD, STRUCK) if each.window]
    return [_in_utc(each, usable) for each in usable]


def _in_utc(each: StatedWindow, usable: Sequence[StatedWindow]) -> StatedWindow:
    """Return a window as the message gives it in UTC: Zayo writes 00:01 in local time for 07:00 GMT."""
    for other in usable:
        if other.window and each.nearly_matches(other.window) and _is_utc(other) and not _is_utc(each):
            return each._replace(window=other.window)
    return each


def _is_utc(each: StatedWindow) -> bool:
    zone = each.source.zone
    return bool(zone and zone.zone and not zone.zone.utcoffset(each.way.start) and zone.written.upper() in _UTC)


def _has_backups(stated: StatedWindows) -> bool:
    return bool(stated.of(BACKUP))


def _may_count(stated: StatedWindows, page: Page) -> bool:
    """Return whether a backup window may be one of the work: those of the provider count, or it is called alternate."""
    backups = stated.of(BACKUP)
    if page.known.counts_backups is not None:
        return bool(backups) and page.known.counts_backups
    return any(labels.ALTERNATE in each.source.kinds for each in backups)


def leaves_out(field: WindowField, page: Page) -> bool:
    """Return whether a backup window is left out though it is not known whether those of the provider count."""
    return not field.has_backups and page.known.counts_backups is None and _has_backups(_stated(field, page))


def _windows(page: Page, usable: Sequence[StatedWindow], place: Mark) -> frozenset[Window]:
    """Return the windows that a place names."""
    named = usable if place == ALL else [each for each in usable if _has(page, each, place)]
    return frozenset(each.window for each in named if each.window)


def _named(field: WindowField, page: Page, status: str, place: Mark) -> frozenset[Window]:
    return _windows(page, _usable(_stated(field, page), page, status), place)


def _has(page: Page, each: StatedWindow, place: Mark) -> bool:
    return any(matches(place, mark) for mark in _marks(page, each))


def _marks(page: Page, each: StatedWindow) -> Iterator[Mark]:
    """Yield the marks of a window: the words beside its start, and how its zone is written."""
    for mark in page.marks.of(_start(page, each)):
        yield from shorter(mark)
    zone = each.source.zone
    if zone and zone.place not in ("mail", "provider"):
        yield Mark(ZONE, folded(zone.written))


def _start(page: Page, each: StatedWindow) -> Span:
    """Return where the start of a window stands in the line of its time."""
    moment = each.source.start
    line = page.found.mail.lines[moment.line]
    spans = [span for span in (moment.date.span, moment.time.span) if line.start <= span.start < line.end]
    return min(spans)


def _is_any(each: StatedWindow, windows: Sequence[Window]) -> bool:
    return any(each.matches(window) for window in windows)


def _same(named: frozenset[Window], confirmed: Confirmed) -> bool:
    return named == frozenset(confirmed.windows)


def _zone_and_order(field: WindowField, example: Example) -> tuple[str, str]:
    """Return the zone and the order with which the confirmed windows stand in the message; raises TeachingError."""
    page, confirmed = example.page, example.confirmed
    known_order = page.known.order or field.order
    for order in (known_order, DAY_FIRST, MONTH_FIRST):
        zone = page.known.zone or field.zone
        stated = page.stated(zone=zone, order=order)
        own = [each for each in _usable(stated, page, confirmed.status) if _is_any(each, confirmed.windows)]
        if {each.window for each in own} == set(confirmed.windows):
            needs_zone = any(each.source.zone is None for each in own)
            needs_order = any(each.way.order for each in own)
            shown = _order_of(own) if needs_order else _shown(own)
            if field.order and shown and shown != field.order:
                raise TeachingError("The examples write day and month in different orders: a layout cannot read them.")
            return (zone if needs_zone else field.zone), shown or field.order
    raise TeachingError(
        "The windows do not stand in the email as start and end with a time zone, or the zone of the provider is not"
        " known: a layout cannot find them."
    )


def _shown(own: Sequence[StatedWindow]) -> str:
    """Return the order that a day above 12 shows; empty if none does, or two orders are shown."""
    days = {day for each in own for moment in each.source[:2] for day in moment.date.days}
    orders = {day.order for day in days if day.day > _MOST_MONTHS} & {DAY_FIRST, MONTH_FIRST}
    return orders.pop() if len(orders) == 1 else ""


def _order_of(own: Sequence[StatedWindow]) -> str:
    return next(each.way.order for each in own if each.way.order)
