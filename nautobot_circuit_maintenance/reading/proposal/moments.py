"""Windows of messages that state a start and how long the work lasts (Netflix)."""

from collections.abc import Iterator
from datetime import timedelta

from nautobot_circuit_maintenance.domain.updates import Window
from nautobot_circuit_maintenance.reading.candidates import labels
from nautobot_circuit_maintenance.reading.candidates.message import Candidates
from nautobot_circuit_maintenance.reading.candidates.ways import local_times
from nautobot_circuit_maintenance.reading.gates.stated import StatedWindows
from nautobot_circuit_maintenance.reading.proposal.places import where
from nautobot_circuit_maintenance.reading.proposal.values import Choice

_MOST = 4
_LONGEST = timedelta(days=2)


def from_durations(found: Candidates, stated: StatedWindows) -> Iterator[Choice[tuple[Window, ...]]]:
    """Yield windows of a moment and a duration of the message; none of them is sure."""
    durations = list(dict.fromkeys(each.value for each in found.durations if timedelta(0) < each.value <= _LONGEST))
    seen: set[Window] = set()
    for moment in found.moments.moments:
        zone = moment.zone or stated.zone
        if zone is None or moment.is_struck or moment.is_quoted or moment.role in (labels.END, labels.NOTE):
            continue
        for order in {day.order for day in moment.date.days}:
            for local in local_times(moment, found.moments.calendar, order):
                start = zone.utc(local)
                for duration in durations[:_MOST]:
                    if start and (window := Window(start, start + duration)) not in seen and len(seen) < _MOST:
                        seen.add(window)
                        why = f"{where(found.mail, moment.span)}; the end is the start and a duration in the email."
                        yield Choice((window,), why, (moment.span,))
