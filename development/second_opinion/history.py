"""The figures of what is compared with earlier messages: right stories that are doubted, wrong second messages that are noticed."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

from development.second_opinion.mutations import mutations
from development.second_opinion.samples import Sample
from nautobot_circuit_maintenance.domain.conclusion import conclude
from nautobot_circuit_maintenance.domain.doubts import DoubtKind
from nautobot_circuit_maintenance.domain.updates import MaintenanceUpdate, Provenance, Window

_SWAPPED, _OTHER_YEAR, _MOVED = "day and month swapped", "another year", "said to be moved, and is not"
_LATER = timedelta(hours=1)


@dataclass
class HistoryFigures:
    """How many stories are doubted for what their messages say together."""

    stories: int = 0
    """Maintenances of which more than one message is there."""
    doubtful: list[str] = field(default_factory=list)
    wrong: Counter[str] = field(default_factory=Counter)
    """Second messages that were read wrongly, by kind."""
    noticed: Counter[str] = field(default_factory=Counter)


def history_figures(samples: Sequence[Sample]) -> HistoryFigures:
    """Return the figures over these messages; opinions on single messages are left out."""
    found = HistoryFigures()
    for story in _stories(samples):
        found.stories += 1
        if _is_doubtful(story):
            found.doubtful.append(story[0].maintenance_id)
    for kind, story in _wrong(samples):
        found.wrong[kind] += 1
        found.noticed[kind] += _is_doubtful(story)
    return found


def _stories(samples: Sequence[Sample]) -> Iterator[list[MaintenanceUpdate]]:
    stories: dict[tuple[tuple[str, ...], str], list[MaintenanceUpdate]] = {}
    for sample in samples:
        for update in sample.updates:
            stories.setdefault((sample.cids, update.maintenance_id), []).append(update)
    return (story for story in stories.values() if len(story) > 1)


def _wrong(samples: Sequence[Sample]) -> Iterator[tuple[str, list[MaintenanceUpdate]]]:
    """Yield right readings of text, each followed by one that is wrong."""
    for sample in samples:
        for update in sample.updates if not sample.is_calendar else ():
            if update.windows and update.status not in ("CANCELLED", "COMPLETED"):
                wrong = [(each.kind, each.update) for each in mutations(sample, update) if each.kind == _SWAPPED]
                wrong.append((_OTHER_YEAR, _with(update, windows=tuple(map(_a_year_later, update.windows)))))
                if update.status != "RE-SCHEDULED":
                    wrong.append((_MOVED, _with(update, status="RE-SCHEDULED")))
                yield from ((kind, [update, _later(second)]) for kind, second in wrong)


def _with(update: MaintenanceUpdate, **changes: Any) -> MaintenanceUpdate:
    first, *others = update.events
    if "windows" in changes:
        others = []
    return replace(update, events=tuple(event._replace(**changes) for event in (first, *others)))


def _a_year_later(window: Window) -> Window:
    return Window(*(moment.replace(year=moment.year + 1) for moment in window))


def _later(update: MaintenanceUpdate) -> MaintenanceUpdate:
    """Return it as the next message."""
    events = tuple(event._replace(issued_at=None) for event in update.events)
    received = update.provenance.received_at + _LATER
    return replace(
        update, events=events, provenance=Provenance(received, None, f"{update.provenance.fingerprint} again")
    )


def _is_doubtful(story: Sequence[MaintenanceUpdate]) -> bool:
    return any(doubt.kind == DoubtKind.SECOND_OPINION for doubt in conclude(story).doubts)
