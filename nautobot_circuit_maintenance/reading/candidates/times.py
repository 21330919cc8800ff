"""Times of day: "22:00", "12 a. m.", "23h59", "kl. 21.30", "0000Z", "22 Uhr", "午前1時00分"; 24:00 is the end of a day."""

import re
from typing import NamedTuple

from nautobot_circuit_maintenance.reading.candidates.spans import Span
from nautobot_circuit_maintenance.reading.candidates.words import at_numbers


class TimeToken(NamedTuple):
    """A time of day as it stands in a message."""

    span: Span
    minutes: int
    """Since midnight; up to 1,440."""
    seconds: int = 0
    is_weak: bool = False
    """Whether it is a time only beside a date or another time: "2200", "5h"."""
    day_offset: int = 0
    """1 for "(+1)" behind it."""


_HALF = r"(?P<half>[ ]?(?:a[.]?[ ]?m\b[.]?|p[.]?[ ]?m\b[.]?))"
_TIME = re.compile(
    r"(?<![\d:.,/+A-Za-z])(?:"
    r"(?P<h1>\d{1,2}):(?P<m1>[0-5]\d)(?::(?P<s1>[0-5]\d)(?:\.\d{1,6})?)?(?![\d:])" + _HALF + "?"
    r"|(?P<h2>\d{1,2})[ ]?(?:h(?:rs|oras)?|ч)[ ]?(?P<m2>[0-5]\d)?(?![^\W_])"
    r"|(?P<h3>\d{1,2})\.(?P<m3>[0-5]\d)(?![\d.,/%]|[ ]?[/%])" + _HALF.replace("half", "half3") + "?"
    r"|(?P<h4>\d{1,2})"
    + _HALF.replace("half", "half4")
    + r"|(?P<h5>\d{1,2})[時时点點시](?:[ ]?(?P<m5>\d{1,2})[分분])?(?!間)"
    r"|(?<![A-Za-z]-)(?P<h6>[0-2]\d)(?P<m6>[0-5]\d)(?![\d./:]|-(?!\d{4}(?!\d)))(?P<strong>[ ]?(?:hrs?\b|h\b|uhr\b|Z\b|UTC\b|GMT\b))?"
    r"|(?P<h8>\d{1,2})[ ]?(?:uhr|uur|heures|horas|sati|órakor|óra|o'clock|часов|часа|годин[иі]?)\b"
    r"|(?P<h9>\d{1,2})(?![\d:hH]|[ ]?(?:h\b|uhr\b|[ap]\.?m\b)|[.,]\d)"
    r")|(?<=T)(?P<h7>[0-2]\d):?(?P<m7>[0-5]\d)(?::?(?P<s7>[0-5]\d)(?:\.\d{1,6})?)?",
    re.IGNORECASE,
)
"""Tried where a run of digits starts."""
_HALF_BEFORE = re.compile(r"(?:午前|午後|上午|下午|凌晨|오전|오후)[ ]?$")
_AFTERNOON = ("午後", "下午", "오후")
_HOUR_WORD = re.compile(r"\b(?:klo|klockan|kl|ore|ora|godz|pukul|alle)\.?[ ]$", re.IGNORECASE)
_NAMED = re.compile(r"\b(?:noon|midnight|midday)\b", re.IGNORECASE)
_DOT_BEFORE = re.compile(
    r"(?:\b(?:kl|klo|ore|alle|at|um|von|bis|from|to|time|od|do|godz|o|h|ur|u|mellem|til|till|saat|hodin|в|с|до)\b\.?|[-–—~,]|\d)[ (]*$",
    re.I,
)
_DOT_BEHIND = re.compile(r"[ ]?(?:[-–—~]|uhr|h\b|hrs|kl|to\b|til|bis|[A-Z]{2,4}\b|[(]|hod)", re.I)
_HOURS_BEFORE = re.compile(
    r"(?<![\d:.,/+-])(?P<h>\d{1,2})[ ]?(?:-|–|—|~|to|and|y|a|e|à|et|bis|und|do|until)[ ]?(?:las |às |the |le )?$",
    re.IGNORECASE,
)
_NEXT_DAY = re.compile(r"[ ]?[(\[]?[+](?P<n>[1-3])[ ]?(?:d(?:ay)?s?|j|tag)?\b[)\]]?(?!\d|:)|[ ]?\(?next day\)?", re.I)
_JOINED = re.compile(r"[^\s,;:()\[\]]{1,20}$")
_RANGE_BEFORE = re.compile(r"(?:\d{4}|\d\d:\d\d)[-–—~/]|[-–—~(]+")
_DURATION = re.compile(
    r"(?:duration|durée|dauer|duración|duração|durada|durata|\bduur|up to|bis zu|max|varaktighet|varighe[dt]|kesto|czas trwania"
    r"|trvání|trvani[ea]|trajanje|продолжительност|тривалість|продължителност|süre|időtartam|trukmė|ilgums|kestus|thời lượng)"
    r"[^\d\n]{0,25}$",
    re.IGNORECASE,
)
_CLOCK = re.compile(r"(?:uhr|órakor|o'clock)$", re.IGNORECASE)
"""Words for an hour of the day that are never a duration: "2 à 4 heures" and "2-4 uur" may be one."""
_NAMED_HINT = re.compile(r"[NnMm](?:oon|id|OON|ID)")
_WORDS = {"noon": 720, "midday": 720, "midnight": 0}


def times_in(text: str, offset: int, taken: list[Span]) -> list[TimeToken]:
    """Return the times of a line outside of these dates (offsets of the message), in order."""
    found: list[TimeToken] = []
    named = _NAMED.finditer(text) if _NAMED_HINT.search(text) else ()
    for match in sorted([*at_numbers(_TIME, text), *named], key=lambda each: each.start()):
        start = match.start() + offset
        if any(span.start <= start < span.end for span in taken):
            continue
        token = _token(text, match)
        if token is None:
            continue
        if shared := _hours_before(text, match, token):
            found.append(_placed(shared, offset))
        found.append(_placed(token, offset))
    return found


def _placed(token: TimeToken, offset: int) -> TimeToken:
    return token._replace(span=Span(token.span.start + offset, token.span.end + offset))


def _token(text: str, match: re.Match[str]) -> TimeToken | None:
    if not match.re.groups:
        return TimeToken(Span(*match.span()), _WORDS[match[0].lower()], is_weak=True)
    groups = match.groupdict()
    kind = next(each for each in "123456789" if groups[f"h{each}"])
    if not _is_time(text, match, kind):
        return None
    half = _HALF_BEFORE.search(text, max(0, match.start() - 3), match.start()) if kind == "5" else None
    minutes = _minutes(groups, kind, half[0].strip() if half else "")
    if minutes is None:
        return None
    span, days = Span(half.start() if half else match.start(), match.end()), 0
    if following := _NEXT_DAY.match(text, span.end):
        span, days = Span(span.start, following.end()), int(following["n"] or 1)
    seconds = int(groups.get(f"s{kind}") or 0)
    is_weak = kind in "89" or kind == "2" and not groups["m2"] or kind == "6" and not groups["strong"]
    return TimeToken(_without_zone(span, groups), minutes, seconds, is_weak, days)


def _without_zone(span: Span, groups: dict[str, str | None]) -> Span:
    """Return the span without the zone that makes four digits a time."""
    return Span(span.start, span.end - len(groups["strong"])) if groups["strong"] else span


def _is_time(text: str, match: re.Match[str], kind: str) -> bool:
    """Return whether the words around digits leave them a time, and no duration."""
    start = match.start()
    if kind == "3" and not _is_dotted_time(text, match) or kind == "6" and _is_part_of_id(text, start):
        return False
    if kind == "9" and not _HOUR_WORD.search(text, max(0, start - 10), start):
        return False
    if kind in "28" and (first := _HOURS_BEFORE.search(text, max(0, start - 14), start)):
        start = first.start()
    return not _DURATION.search(text, max(0, start - 40), start)


def _minutes(groups: dict[str, str | None], kind: str, cjk: str) -> int | None:
    hours, minutes = int(groups[f"h{kind}"] or 0), int(groups.get(f"m{kind}") or 0)
    half = groups["half"] or groups["half3"] or groups["half4"] or ""
    morning = half.strip()[:1].lower() or ("ap"[cjk in _AFTERNOON] if cjk else "")
    if morning and hours <= 12:
        hours = hours % 12 + (12 if morning == "p" else 0)
    total = hours * 60 + minutes
    return total if minutes < 60 and total <= 1440 else None


def _is_part_of_id(text: str, start: int) -> bool:
    """Return whether four digits are the end of a longer word: of "BH-34-0455", but not of "2200-0400"."""
    before = _JOINED.search(text, max(0, start - 20), start)
    return before is not None and not _RANGE_BEFORE.fullmatch(before[0])


def _is_dotted_time(text: str, match: re.Match[str]) -> bool:
    """Return whether "21.30" is a time: beside a word or sign that says so."""
    before = _DOT_BEFORE.search(text, max(0, match.start() - 12), match.start())
    return bool(
        match["half3"]
        or (before or match["h3"] and len(match["h3"]) == 2)
        and (_DOT_BEHIND.match(text, match.end()) or before)
    )


def _hours_before(text: str, match: re.Match[str], token: TimeToken) -> TimeToken | None:
    """Return the first of "2 and 6 a.m.", which shares the half of the day, or of "22 bis 4 Uhr"."""
    if not match.re.groups:
        return None
    half = match["half"] or match["half3"] or match["half4"]
    if not (half or match["h8"] and _CLOCK.search(match[0])) or not (
        before := _HOURS_BEFORE.search(text, max(0, match.start() - 14), match.start())
    ):
        return None
    hours = int(before["h"])
    if match["h8"]:
        return TimeToken(Span(*before.span("h")), hours * 60, is_weak=True) if hours <= 24 else None
    if not 1 <= hours <= 12:
        return None
    return TimeToken(Span(*before.span("h")), (hours % 12) * 60 + (token.minutes >= 720) * 720)
