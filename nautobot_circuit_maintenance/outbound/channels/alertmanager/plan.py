"""Compares what should be silent with what is, and says what to change."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import NamedTuple

from nautobot_circuit_maintenance.outbound.channels.alertmanager.silences import (
    Matchers,
    Silence,
    Span,
    State,
    Wanted,
    differ,
)


class Post(NamedTuple):
    """A silence to be made, or changed."""

    id: str
    """Empty for a new one."""
    matchers: Matchers
    start: datetime
    end: datetime
    reasons: tuple[str, ...]


class Plan(NamedTuple):
    """What to send, in this order: nothing is loud in between."""

    posts: tuple[Post, ...]
    expire: tuple[str, ...]
    """IDs of silences that should end now."""


def plan(wanted: Wanted, stored: Iterable[Silence], now: datetime) -> Plan:
    """Return how to get from what this channel has in Alertmanager to what it wants there; stored: only its own."""
    by_matchers: dict[Matchers | None, list[Silence]] = defaultdict(list)
    for silence in stored:
        by_matchers[silence.matchers].append(silence)
    posts: list[Post] = []
    expire: list[str] = []
    for matchers in wanted.keys() | by_matchers.keys():
        spans = wanted.get(matchers, ()) if matchers is not None else ()
        kept = _assigned(spans, by_matchers.get(matchers, []), now)
        posts += _posts(matchers or frozenset(), spans, kept)
        used = {silence.id for silence in kept.values()}
        expire += [silence.id for silence in by_matchers.get(matchers, []) if silence.id not in used]
    return Plan(tuple(sorted(posts, key=lambda post: (post.start, sorted(post.matchers)))), tuple(sorted(expire)))


def _assigned(spans: Sequence[Span], stored: Iterable[Silence], now: datetime) -> dict[Span, Silence]:
    """Return which silence is kept for which span: an active one first, of several the one that lasts longest.

    Two workers that see the same silences keep the same one.
    """
    free = sorted(stored, key=lambda each: (each.state is State.PENDING, -each.end.timestamp(), each.id))
    kept: dict[Span, Silence] = {}
    for is_good in (_overlaps, _any_other):
        for span in (each for each in spans if each not in kept):
            chosen = next((each for each in free if _fits(each, span, now) and is_good(each, span)), None)
            if chosen:
                kept[span] = chosen
                free.remove(chosen)
    return kept


def _overlaps(silence: Silence, span: Span) -> bool:
    """Return whether there is a moment that both have."""
    return silence.start < span.end and silence.end > span.start


def _any_other(_silence: Silence, _span: Span) -> bool:
    """Return True: what is left over is moved rather than made again."""
    return True


def _fits(silence: Silence, span: Span, now: datetime) -> bool:
    """Return whether a silence can become that of a span; the start of an active one cannot be changed any more.

    Alertmanager's clock decides whether it is active; where the two clocks differ, equal times are the same silence.
    """
    return silence.state is State.PENDING or span.start <= now or not differ(silence.start, span.start)


def _posts(matchers: Matchers, spans: Iterable[Span], kept: dict[Span, Silence]) -> Iterator[Post]:
    """Yield what has to be made or changed for these spans."""
    for span in spans:
        silence = kept.get(span)
        if silence is None:
            yield Post("", matchers, span.start, span.end, span.reasons)
        elif silence.state is State.ACTIVE:
            # With its stored start: with any other one, Alertmanager would end it and make a new one.
            if differ(silence.end, span.end):
                yield Post(silence.id, matchers, silence.start, span.end, span.reasons)
        elif differ(silence.start, span.start) or differ(silence.end, span.end):
            yield Post(silence.id, matchers, span.start, span.end, span.reasons)
