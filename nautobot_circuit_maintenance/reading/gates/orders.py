"""Day or month first: Cogent's mail of 24 May about "06/12/2021" means 12 June, and the parser library read 6 December.

What decides, in this order: what is known of the provider; "(dd/mm/yyyy)"; another date of the message with a day above 12,
or the same day written in another way; a weekday beside it; dots; clocks of the United States; which of the two is a
plausible window.
"""

import re
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import NamedTuple

from nautobot_circuit_maintenance.reading.candidates.dates import DAY_FIRST, MONTH_FIRST, DateToken
from nautobot_circuit_maintenance.reading.candidates.spans import Span
from nautobot_circuit_maintenance.reading.candidates.windows import Found

PLAUSIBLE = "the only plausible window"
"""This reason does not stand in the message: what it decides is unchecked."""
_FORMAT = re.compile(r"\b(?:(?P<day>dd?[/.-]mm?[/.-]y)|(?P<month>mm?[/.-]dd?[/.-]y))", re.IGNORECASE)
_US_ZONES = frozenset(
    "ET EST EDT CT CDT MT MST MDT PT PST PDT America/New_York America/Chicago America/Denver America/Los_Angeles"
    " US/Eastern US/Central US/Mountain US/Pacific".split()
)
_EARLIEST = timedelta(days=-3)
_LATEST = (timedelta(days=45), timedelta(days=120))
_NEIGHBORS, _APART = timedelta(days=15), timedelta(days=27)


class Order(NamedTuple):
    """The order of day and month in a message."""

    name: str
    """DAY_FIRST or MONTH_FIRST; empty if nothing decides, or nothing is ambiguous."""
    reason: str = ""
    is_open: bool = False
    """Whether there are ambiguous dates, and nothing decides."""
    span: Span | None = None
    """The first ambiguous date."""


def order_of(found: Found, received: datetime, known: str) -> Order:
    """Return the order in a message that was received at this time."""
    tokens = [token.date for line in found.tokens.by_line.values() for token in line if token.date]
    ambiguous = [token for token in tokens if token.is_ambiguous]
    if not ambiguous:
        return Order("")
    span = ambiguous[0].span
    for reason, orders in _evidence(found, tokens, ambiguous, received, known):
        if len(decided := set(orders)) == 1:
            return Order(decided.pop(), reason, span=span)
    return Order("", is_open=True, span=span)


def _evidence(
    found: Found, tokens: list[DateToken], ambiguous: list[DateToken], received: datetime, known: str
) -> Iterator[tuple[str, Iterable[str]]]:
    yield "known of the provider", [known] if known else []
    formats = _FORMAT.finditer(found.tokens.mail.text)
    yield "the format that it states", [DAY_FIRST if match["day"] else MONTH_FIRST for match in formats]
    yield "another date with a day above 12", _above_twelve(tokens, ambiguous)
    yield "the weekday beside it", _by_weekday(ambiguous)
    yield "the same day in other words", _by_other_dates(tokens, ambiguous)
    yield "dots", [DAY_FIRST for token in ambiguous if token.has_dots]
    yield "clocks of the United States", [
        MONTH_FIRST for zone in found.zones if _is_of_us(zone.written, str(zone.zone))
    ]
    yield "windows on neighboring days", _by_neighbors(found)
    yield PLAUSIBLE, _by_plausibility(found, received)


def _above_twelve(tokens: list[DateToken], ambiguous: list[DateToken]) -> Iterator[str]:
    shapes = {token.shape for token in ambiguous}
    for token in tokens:
        orders = {day.order for day in token.days}
        if token.shape in shapes and len(orders) == 1 and orders <= {DAY_FIRST, MONTH_FIRST} and token.days[0].day > 12:
            yield orders.pop()


def _by_weekday(ambiguous: list[DateToken]) -> Iterator[str]:
    for token in ambiguous:
        fitting = [
            day.order
            for day in token.days
            if day.year and datetime(day.year, day.month, day.day).weekday() in token.weekdays
        ]
        if len(fitting) == 1:
            yield fitting[0]


def _by_other_dates(tokens: list[DateToken], ambiguous: list[DateToken]) -> Iterator[str]:
    others = {(day.month, day.day) for token in tokens if not token.is_ambiguous for day in token.days}
    for token in ambiguous:
        fitting = [day.order for day in token.days if (day.month, day.day) in others]
        if len(fitting) == 1:
            yield fitting[0]


def _is_of_us(written: str, zone: str) -> bool:
    return written in _US_ZONES or zone in _US_ZONES


def _by_neighbors(found: Found) -> Iterator[str]:
    """Yield the order in which the windows of the message are on neighboring days, if in the other they are months apart."""
    spans: dict[str, list[datetime]] = {}
    for window in found.windows:
        for way in window.ways:
            if way.order:
                spans.setdefault(way.order, []).extend((way.start, way.end))
    lengths = {order: max(times) - min(times) for order, times in spans.items()}
    if len(lengths) == 2 and min(lengths.values()) <= _NEIGHBORS < _APART <= max(lengths.values()):
        yield min(lengths, key=lambda order: lengths[order])


def _by_plausibility(found: Found, received: datetime) -> Iterator[str]:
    anchors = [received.replace(tzinfo=None)]
    anchors += [
        datetime(day.year, day.month, day.day)
        for line in found.tokens.by_line.values()
        for token in line
        if token.date and not token.date.is_ambiguous
        for day in token.date.days
        if day.year
    ]
    for window in found.windows:
        for latest in _LATEST:
            likely = {
                way.order
                for way in window.ways
                if way.order and any(_EARLIEST <= way.start - anchor <= latest for anchor in anchors)
            }
            if len(likely) == 1:
                yield likely.pop()
                break
