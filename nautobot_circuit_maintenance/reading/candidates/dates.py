"""Dates, each in every way it can be read: "06/12/2021" (Cogent's month first), "16 NOV" without a year (Equinix)."""

import re
from collections.abc import Iterator
from datetime import date
from typing import NamedTuple

from nautobot_circuit_maintenance.reading.candidates.names import month, weekday
from nautobot_circuit_maintenance.reading.candidates.spans import Span
from nautobot_circuit_maintenance.reading.candidates.words import at_numbers

DAY_FIRST, MONTH_FIRST, YEAR_FIRST, NAMED = "day first", "month first", "year first", "named"


class Day(NamedTuple):
    """One way to read a date."""

    year: int | None
    """None if the message gives none."""
    month: int
    day: int
    order: str


class DateToken(NamedTuple):
    """A date as it stands in a message."""

    span: Span
    days: tuple[Day, ...]
    """At least one."""
    weekdays: tuple[int, ...] = ()
    """The weekday beside it; 0 is Monday."""
    shape: str = ""
    """Separator and length of the year of a numeric date: "/4"; dates of one shape are of one order."""

    @property
    def has_dots(self) -> bool:
        """Whether it is written as 18.08.2021, which is never month first."""
        return self.shape.startswith(".")

    @property
    def is_ambiguous(self) -> bool:
        """Whether it can be read in two orders."""
        return len({day.order for day in self.days}) > 1


_MIDDLE = r"(?P<m>[^\W\d_]{3,12})"
_YEAR = r"(?P<y>(?:19|20)\d\d|'?\d\d(?![\d:.h]))"
_NUMERIC = re.compile(
    r"(?<![\d.,/:+-])(?:"
    r"(?P<y1>(?:19|20)\d\d)(?P<s1>[-/.])[ ]?(?P<m1>\d{1,2})(?P=s1)[ ]?(?P<d1>\d{1,2})(?!\d)"
    r"|(?P<a>\d{1,2})[ ]?(?P<s2>[-/.])[ ]?(?P<b>\d{1,2})[ ]?(?P=s2)[ ]?(?P<y2>(?:19|20)\d\d|\d\d(?![\d:]))(?!\d|[./-]\d)"
    r"|(?P<y3>(?:19|20)\d\d)[年년][ ]?(?P<m3>\d{1,2})[月월][ ]?(?P<d3>\d{1,2})[日일]?"
    r"|(?P<d6>\d{1,2})[ ]tháng[ ](?P<m6>\d{1,2})(?:[ ,]{1,2}năm[ ](?P<y6>(?:19|20)\d\d))?"
    r"|(?P<m4>\d{1,2})[月월][ ]?(?P<d4>\d{1,2})[日일]"
    r"|(?P<y5>20\d\d)(?P<m5>[01]\d)(?P<d5>[0-3]\d)(?=T\d{4})"
    r")"
)
_DAY_MONTH = re.compile(
    r"(?:(?P<y0>(?:19|20)\d\d)\.?[ ]gada[ ])?(?<![\d/:.])(?P<d>\d{1,2})(?:st|nd|rd|th|er|º|°|ª|\.)?[ ]?(?:de |of |den |d'|[-/,][ ]?)?"
    + _MIDDLE
    + r"\.?(?:,?[ ]?(?:de |del |of |[-/][ ]?)?[ ]?"
    + _YEAR
    + r")?",
    re.IGNORECASE,
)
_WORD = re.compile(r"[^\W\d_]+")
_YEAR_BEFORE = re.compile(r"(?<!\d)(?P<y0>(?:19|20)\d\d)(?:[ ]?m\b)?[ .,/-]{1,3}$")
_MONTH_DAY = re.compile(
    _MIDDLE
    + r"\.?[ -]?(?P<d>\d{1,2})(?:st|nd|rd|th)?(?![\d:]|[.,]\d)(?:(?:,?[ ]{1,2}(?:del?[ ])?|[-/])(?P<y>(?:19|20)\d\d))?",
    re.IGNORECASE,
)
# "du 19/05 au 20/05/2026", "25.05. 21:00": only beside something else that is surely a date or a time.
_YEARLESS = re.compile(r"(?<![\d.,/:+-])(?P<a>\d{1,2})(?P<s>[./])(?P<b>\d{1,2})(?P=s)?(?![\d/:-]|[.,]\d)")
_NEAR = 6
"""Characters between two dates of a range: "14.04 - 15.04.2026"; "kl. 03.30" is a time."""
# "vom 29. auf den 30. April": a day that has its month behind the next one.
_BARE_DAY = re.compile(
    r"(?<![\d:./-])(?P<d>\d{1,2})(?:\.|st|nd|rd|th|er)?[ ]?(?:-|–|/|und|auf den|auf|and|to|og|och|op|på|et|au|y|al|e|i|en|na|till|til|a|до|на|и)"
    r"[ ]?(?:den |the |le |el |il |d\. )?$",
    re.IGNORECASE,
)


def dates_in(text: str, offset: int) -> list[DateToken]:
    """Return the dates of a line, in order; ``offset`` is where the line starts."""
    found = {token.span: token for token in _named(text)} | {token.span: token for token in _numeric(text)}
    tokens = _without_overlaps(sorted(found.values(), key=lambda token: (token.span.start, -token.span.end)))
    tokens = sorted([*tokens, *_beside(text, tokens)])
    return [_placed(text, token, offset) for token in tokens]


def _without_overlaps(tokens: list[DateToken]) -> list[DateToken]:
    kept: list[DateToken] = []
    for token in tokens:
        if not kept or token.span.start >= kept[-1].span.end:
            kept.append(token)
    return kept


def _placed(text: str, token: DateToken, offset: int) -> DateToken:
    span = Span(token.span.start + offset, token.span.end + offset)
    return token._replace(span=span, weekdays=_weekdays(text, token.span))


_BEFORE = re.compile(r"([^\W\d_]{2,14}(?:-feira)?)\.?,?[ ]?(?:the |den |le |el |de )?$")
_BEHIND = re.compile(r"[ ]?[,(]{0,2}[ ]?([^\W\d_]{1,14}(?:-feira)?)")


def _weekdays(text: str, span: Span) -> tuple[int, ...]:
    """Return the weekdays that stand beside a date."""
    before = _BEFORE.search(text, max(0, span.start - 25), span.start)
    found = weekday(before[1]) if before else ()
    if not found and (behind := _BEHIND.match(text, span.end)):
        found = weekday(behind[1]) or _CJK.get(behind[1][:1], ())
    return found


_CJK = {each: (number,) for number, each in enumerate("月火水木金土日")} | {
    each: (number,) for number, each in enumerate("월화수목금토일")
}


def _numeric(text: str) -> Iterator[DateToken]:
    for match in at_numbers(_NUMERIC, text):
        groups = match.groupdict()
        days: list[Day | None]
        if groups["a"]:
            days = _both_orders(int(groups["a"]), int(groups["b"]), _year(groups["y2"]))
        else:
            [kind] = [each for each in "13456" if groups[f"m{each}"]]
            year = groups.get(f"y{kind}")
            days = [_day(int(year) if year else None, int(groups[f"m{kind}"]), int(groups[f"d{kind}"]), YEAR_FIRST)]
        yield from _token(match.span(), days, f"{groups['s2'] or ''}{len(groups['y2'] or '')}")


def _named(text: str) -> Iterator[DateToken]:
    named = [word for word in _WORD.finditer(text) if month(word[0])]
    if not named:
        return
    position = 0
    for word in named:
        if word.start() >= position and (match := _MONTH_DAY.match(text, word.start())):
            position = match.end()
            before = _YEAR_BEFORE.search(text, max(0, word.start() - 10), word.start())
            start = before.start() if before else match.start()
            yield from _of_month(match, match["y"] or (before["y0"] if before else None), (start, match.end()))
    for match in at_numbers(_DAY_MONTH, text, lambda each: month(each["m"])):
        yield from _of_month(match, match["y"] or match["y0"], match.span())


def _of_month(match: re.Match[str], year: str | None, span: tuple[int, int]) -> Iterator[DateToken]:
    days = [_day(_year(year), each, int(match["d"]), NAMED) for each in month(match["m"])]
    yield from _token(span, days)


def _token(span: tuple[int, int], days: list[Day | None], shape: str = "") -> Iterator[DateToken]:
    possible = tuple(dict.fromkeys(day for day in days if day))
    if possible:
        yield DateToken(Span(*span), possible, shape=shape)


def _both_orders(first: int, second: int, year: int | None) -> list[Day | None]:
    day_first, month_first = _day(year, second, first, DAY_FIRST), _day(year, first, second, MONTH_FIRST)
    return [day_first, None if first == second and day_first else month_first]


def _beside(text: str, tokens: list[DateToken]) -> Iterator[DateToken]:
    """Yield dates that are incomplete: without a year, or the first day of two with one month."""
    taken = [token.span for token in tokens]
    for match in at_numbers(_YEARLESS, text):
        if not any(span.start < match.end() and match.start() < span.end for span in taken):
            days = _both_orders(int(match["a"]), int(match["b"]), None)
            leads = any(0 <= span.start - match.end() <= _NEAR for span in taken)
            if leads or match["s"] == "/" or match[0].endswith("."):
                yield from _token(match.span(), days, f"{match['s']}0")
    for token in tokens:
        if bare := _BARE_DAY.search(text, max(0, token.span.start - 20), token.span.start):
            days = [_day(day.year, day.month, int(bare["d"]), day.order) for day in token.days if day.order == NAMED]
            yield from _token(bare.span("d"), days)


def _year(text: str | None) -> int | None:
    if not text:
        return None
    digits = text.lstrip("'")
    return int(digits) if len(digits) == 4 else 2000 + int(digits)


def _day(year: int | None, month_number: int, day: int, order: str) -> Day | None:
    """Return a way to read a date; None if there is no such day."""
    try:
        date(year or 2024, month_number, day)
    except ValueError:
        return None
    return Day(year, month_number, day, order)
