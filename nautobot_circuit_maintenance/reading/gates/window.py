"""Do start and end stand in the message, in the zone beside them? This is the gate: the others only add to it.

Turkcell's "00:30 GMT+3" became 03:30 UTC instead of 21:30 the day before; Cogent's 12 June became 6 December. What is struck
out, quoted, labeled as old or as a backup window, or the time of a note confirms nothing.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta

from nautobot_circuit_maintenance.domain.alternatives import WITHOUT_ZONE, window_text as text
from nautobot_circuit_maintenance.domain.updates import Window
from nautobot_circuit_maintenance.reading import zones
from nautobot_circuit_maintenance.reading.candidates.spans import Span
from nautobot_circuit_maintenance.reading.candidates.status_words import CANCELLED, COMPLETED
from nautobot_circuit_maintenance.reading.gates.base import DOUBTFUL, UNCHECKED, Case, Finding
from nautobot_circuit_maintenance.reading.gates.stated import BACKUP, COPY, MAIN, OLD, QUOTED, STRUCK, StatedWindow

GATE = "window in the mail"
_SENTENCES = {
    BACKUP: "{} is a backup window in the message.",
    OLD: "{} is the old window in the message.",
    STRUCK: "{} is struck out in the message.",
    QUOTED: "{} stands only in what the message quotes.",
}
_STEP = 15 * 60
_FARTHEST = timedelta(hours=14)


def window_in_mail(case: Case) -> Iterator[Finding]:
    """Yield what is wrong with each window of a reading."""
    for window in case.update.windows:
        yield from _of_window(case, window)
    if not case.update.windows and case.stated.of(MAIN) and case.update.status not in (CANCELLED, COMPLETED):
        yield Finding(GATE, DOUBTFUL, "The message states a window, the reading has none.", *_otherwise(case))


def _of_window(case: Case, window: Window) -> Iterator[Finding]:
    matching = [each for each in case.stated.windows if each.matches(window)]
    chosen = [each for each in matching if each.is_chosen]
    confirming = [each for each in chosen if each.kind in _confirming(case)]
    if confirming:
        yield from _remarks(window, confirming)
    elif chosen and chosen[0].kind != COPY:
        sentence = _SENTENCES[chosen[0].kind].format(text(window))
        yield Finding(GATE, DOUBTFUL, sentence, chosen[0].source.span, _others(case, window))
    elif matching and not chosen:
        sentence = f"{text(window)} has day and month the other way round ({case.stated.order.reason})."
        yield Finding("order of day and month", DOUBTFUL, sentence, matching[0].source.span, _others(case, window))
    else:
        yield from _without_match(case, window)


def _confirming(case: Case) -> tuple[str, ...]:
    """Return the kinds of windows that confirm: quoted and old ones only where the work is over or moves without a date."""
    kinds = [MAIN, *([BACKUP] if case.known.counts_backups else [])]
    if case.update.status in (CANCELLED, COMPLETED):
        kinds += [QUOTED]
        kinds += [] if case.stated.of(MAIN) else [OLD, STRUCK]
    return tuple(kinds)


def _remarks(window: Window, confirming: list[StatedWindow]) -> Iterator[Finding]:
    """Yield what keeps a window that stands in the message from being confirmed."""
    zone = confirming[0].source.zone
    way = confirming[0].way
    if zone and zones.contradicts_season(zone.written, way.start):
        sentence = f'"{zone.written}" is not in use on {way.start:%Y-%m-%d}; the time may be an hour off.'
        yield Finding(GATE, UNCHECKED, sentence, zone.span)
    if way.end - way.start > timedelta(days=15):
        yield Finding("plausible", UNCHECKED, f"{text(window)} is longer than 15 days.", confirming[0].source.span)


def _without_match(case: Case, window: Window) -> Iterator[Finding]:
    zoneless = [each for each in case.stated.windows if each.window is None and each.kind in (MAIN, OLD)]
    zoned = [each for each in case.stated.windows if each.window is not None and each.kind == MAIN]
    if not zoned and (same := [each for each in zoneless if _is_same_local(each, window)]):
        sentence = f"{text(window)} {WITHOUT_ZONE}"
        yield Finding(GATE, UNCHECKED, sentence, same[0].source.span)
    elif not case.stated.windows:
        yield from _by_single_moments(case, window)
    else:
        yield Finding(GATE, DOUBTFUL, f"{text(window)} does not stand in the message.", *_otherwise(case))


def _is_same_local(stated: StatedWindow, window: Window) -> bool:
    """Return whether a window without a zone is this one in some zone of the world."""
    start = stated.way.start - window.start.replace(tzinfo=None)
    end = stated.way.end - window.end.replace(tzinfo=None)
    return stated.is_chosen and abs(start) <= _FARTHEST and start == end and start.total_seconds() % _STEP == 0


def _by_single_moments(case: Case, window: Window) -> Iterator[Finding]:
    """Check a window of which the message has single moments only; an end may be the start plus a duration."""
    stated = set(_single_moments(case))
    durations = {duration.value for duration in case.found.durations}
    if not stated:
        yield Finding(GATE, UNCHECKED, "No time that could be compared was found in the message.")
    elif window.start in stated and window.end in stated:
        yield Finding(GATE, UNCHECKED, f"{text(window)}: both times stand in the message, not as start and end.")
    elif window.start in stated and window.end - window.start in durations:
        yield Finding(GATE, UNCHECKED, f"The end of {text(window)} is the start and a duration in the message.")
    else:
        yield Finding(GATE, DOUBTFUL, f"{text(window)} does not stand in the message.")


def _single_moments(case: Case) -> Iterator[datetime]:
    moments = case.found.moments
    for moment in moments.moments:
        zone = moment.zone or case.stated.zone
        if zone is None or zone.zone is None or moment.is_struck:
            continue
        for order in {day.order for day in moment.date.days}:
            for day in moments.calendar.dates(moment.date, order):
                local = datetime(day.year, day.month, day.day) + timedelta(
                    minutes=moment.time.minutes, seconds=moment.time.seconds
                )
                if (found := zone.utc(local)) is not None:
                    yield found


def _otherwise(case: Case) -> tuple[Span | None, str]:
    """Return where the first window of the message stands, and all that it states."""
    main = [each for each in case.stated.of(MAIN) if each.window]
    return (main[0].source.span if main else None), ", ".join(
        dict.fromkeys(text(each.window) for each in main if each.window)
    )


def _others(case: Case, window: Window) -> str:
    """Return the windows that the message states instead."""
    return ", ".join(
        dict.fromkeys(text(each.window) for each in case.stated.of(MAIN) if each.window and not each.matches(window))
    )
