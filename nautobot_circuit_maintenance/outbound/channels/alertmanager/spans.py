"""From windows to the times that should be silent now."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import NamedTuple

from nautobot_circuit_maintenance.outbound.channels.alertmanager.silences import Matchers, Span, Wanted

AHEAD = timedelta(minutes=30)
"""How long before its beginning a silence is made. Not longer: if Nautobot stops, what is left in Alertmanager is what
was announced at most so long before, and not the wrong windows of next month."""


class QuietTime(NamedTuple):
    """A time in which the alerts of one circuit should be silent, because of one window."""

    matchers: Matchers
    start: datetime
    """Of the silence: the start of the window, less the lead of the subscription."""
    end: datetime
    reason: str
    """URL of the maintenance."""


def wanted(works: Iterable[QuietTime], now: datetime) -> Wanted:
    """Return what should be silent now, or will be soon: for equal matchers, the union of all windows."""
    spans: dict[Matchers, list[Span]] = defaultdict(list)
    for work in works:
        spans[work.matchers].append(Span(work.start, work.end, (work.reason,)))
    current = {matchers: _current(_union(each), now) for matchers, each in spans.items()}
    return {matchers: each for matchers, each in current.items() if each}


def _current(spans: Iterable[Span], now: datetime) -> tuple[Span, ...]:
    """Return those that are on now or begin soon."""
    return tuple(span for span in spans if span.end > now and span.start <= now + AHEAD)


def _union(spans: Iterable[Span]) -> list[Span]:
    """Join spans that overlap or touch."""
    joined: list[Span] = []
    for span in sorted(spans, key=lambda each: (each.start, each.end)):
        if joined and span.start <= joined[-1].end:
            last = joined.pop()
            reasons = tuple(sorted({*last.reasons, *span.reasons}))
            span = Span(last.start, max(last.end, span.end), reasons)
        joined.append(span)
    return joined
