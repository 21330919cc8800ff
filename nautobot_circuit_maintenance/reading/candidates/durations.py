"""How long work lasts: "6 hours", "8h10m0s" (Google), "480 minutes"; Netflix gives a start and a duration only."""

import re
from datetime import timedelta
from typing import NamedTuple

from nautobot_circuit_maintenance.reading.candidates.spans import Span
from nautobot_circuit_maintenance.reading.candidates.words import at_numbers


class Duration(NamedTuple):
    """A duration as it stands in a message."""

    span: Span
    value: timedelta


_HOURS = (
    r"h(?:(?:ou)?rs?)?\b|hours?\b|stunden?\b|heures?\b|horas?\b|ore\b|uur\b|timer?\b|timmar\b|godzin\w*|hodin\w*|tuntia?\b|saat\b"
    r"|час\w*|годин\w*|óra\b|ώρες|jam\b|時間|小时|小時|시간"
)
_MINUTES = r"m(?:in(?:ute)?[nsu]?\w{0,3})?\b|мин\w*|хв\w*|perc\b|menit\b|dakika\b|λεπτά|分|분"
_DURATION = re.compile(
    rf"(?<![\d:.,/+-])(?:(?P<hours>\d{{1,3}}(?:[.,]\d)?)[ ]?(?:{_HOURS})"
    rf"(?:[ ,]{{0,2}}(?:and[ ]|und[ ])?(?P<rest>\d{{1,2}})[ ]?(?:{_MINUTES})(?:\d{{1,2}}s)?)?"
    rf"|(?P<compact>\d{{1,3}})h(?P<more>\d{{1,2}})m(?:\d{{1,2}}s)?|(?P<minutes>\d{{1,4}})[ ]?(?:{_MINUTES}))",
    re.IGNORECASE,
)


def durations_in(text: str) -> tuple[Duration, ...]:
    """Return the durations in a string."""
    return tuple(Duration(Span(*match.span()), _value(match)) for match in at_numbers(_DURATION, text))


def _value(match: re.Match[str]) -> timedelta:
    hours = float((match["hours"] or match["compact"] or "0").replace(",", "."))
    return timedelta(hours=hours, minutes=int(match["rest"] or match["more"] or match["minutes"] or 0))
