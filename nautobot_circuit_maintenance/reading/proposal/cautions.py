"""Why a person should look at windows that stand in the message: something in it may belong to them, or they are unusual.

No message made one of these necessary; they hold where the grammar has read a part of a layout only.
"""

from collections.abc import Iterator
from datetime import date, datetime, timedelta

from nautobot_circuit_maintenance.domain.updates import Window
from nautobot_circuit_maintenance.reading.candidates import labels
from nautobot_circuit_maintenance.reading.candidates.message import Candidates
from nautobot_circuit_maintenance.reading.candidates.status_words import CANCELLED, COMPLETED, IN_PROCESS

_LONGEST = timedelta(days=2)
_FARTHEST = timedelta(days=180)
_DAY = timedelta(days=1)
_BEGUN = (CANCELLED, COMPLETED, IN_PROCESS)


def cautions(windows: tuple[Window, ...], status: str, found: Candidates, received: datetime) -> Iterator[str]:
    """Yield a sentence for each reason to look at the windows that are proposed."""
    if any(end - start > _LONGEST for start, end in windows):
        yield "A window is longer than two days."
    if status not in _BEGUN and any(end < received for _, end in windows):
        yield "A window is over before the email was received."
    if any(start - received > _FARTHEST for start, _ in windows):
        yield "A window is more than half a year away."
    if _has_single_moment(found):
        yield "The email has a start or an end that belongs to no window."
    if _has_other_day(windows, found, received.date()):
        yield "The email names another day that is still to come."
    if found.mail.is_cut or found.moments.is_cut:
        yield "The email is longer than what was looked at."


def _has_single_moment(found: Candidates) -> bool:
    return any(
        moment.role in (labels.START, labels.END) and not moment.is_struck and not moment.is_quoted
        for moment in found.moments.moments
    )


def _has_other_day(windows: tuple[Window, ...], found: Candidates, received: date) -> bool:
    """Return whether a date without a time is later than the message, and on none of the days of the windows."""
    own = {start.date() + shift * _DAY for window in windows for start in window for shift in (-1, 0, 1)}
    return any(day > received and day not in own for day in _days_without_time(found))


def _days_without_time(found: Candidates) -> Iterator[date]:
    moments = found.moments
    pairs = [moment for window in moments.windows for moment in (window.start, window.end)]
    used = {moment.date.span for moment in (*pairs, *moments.moments)}
    for number, tokens in moments.tokens.by_line.items():
        if moments.tokens.mail.lines[number].is_quoted:
            continue
        for token in tokens:
            if token.date and token.span not in used and not token.date.is_ambiguous:
                yield from moments.calendar.dates(token.date, "")
