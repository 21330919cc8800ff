"""What changed, in phrases without markup: pages add badges, an email or a chat message takes the text."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timezone
from enum import Enum
from typing import Any, NamedTuple

from nautobot_circuit_maintenance.domain.conclusion import CircuitState
from nautobot_circuit_maintenance.domain.periods import shift_text
from nautobot_circuit_maintenance.domain.timeline import Difference
from nautobot_circuit_maintenance.domain.updates import Window

MAX_LISTED = 5
"""Windows or circuits that a phrase lists; it counts the others."""


class PartKind(Enum):
    """What a part of a phrase is, so that a page can show it in its own way."""

    TEXT = "text"
    ARROW = "arrow"
    STATUS = "status"
    IMPACT = "impact"
    WINDOW = "window"


class Part(NamedTuple):
    """A part of a phrase."""

    kind: PartKind
    text: str
    window: Window | None = None


class Topic(Enum):
    """What a phrase is about."""

    STATUS = "status"
    WINDOWS = "windows"
    CIRCUITS = "circuits"
    DESCRIPTION = "description"
    FIELD = "field"


@dataclass(frozen=True)
class Phrase:
    """One thing that changed; ``str()`` is the plain text, times in UTC."""

    topic: Topic
    parts: tuple[Part, ...]

    def __str__(self) -> str:
        return "".join(part.text for part in self.parts)


def phrases_of(difference: Difference) -> list[Phrase]:
    """Return what notifications changed."""
    if difference.is_first:
        first = _phrase(Topic.STATUS, "Announced: ", _status(difference.after.status))
        return [first, *_windows(difference, is_first=True), *_circuits(difference)]
    return [*_changed_status(difference), *_windows(difference), *_circuits(difference), *_description(difference)]


def phrases_of_edit(difference: Difference | None, fields: Mapping[str, tuple[Any, Any]]) -> list[Phrase]:
    """Return what a person changed: status, windows and description, and other fields by their name."""
    found = [_field(name, before, after) for name, (before, after) in fields.items()]
    if difference is None:
        return found
    return [*_changed_status(difference), *_windows(difference), *_description(difference), *found]


def _phrase(topic: Topic, *parts: str | Part) -> Phrase:
    return Phrase(topic, tuple(Part(PartKind.TEXT, part) if isinstance(part, str) else part for part in parts))


_ARROW = Part(PartKind.ARROW, " \N{RIGHTWARDS ARROW} ")


def _status(status: str) -> Part:
    return Part(PartKind.STATUS, status)


def _impact(impact: str) -> Part:
    return Part(PartKind.IMPACT, impact)


def _window(window: Window) -> Part:
    start, end = (moment.astimezone(timezone.utc) for moment in window)
    last = f"{end:%H:%M}" if start.date() == end.date() else f"{end:%Y-%m-%d %H:%M}"
    return Part(PartKind.WINDOW, f"{start:%Y-%m-%d %H:%M} \N{EN DASH} {last} UTC", window)


def _listed(groups: Iterable[Sequence[str | Part]], count: int) -> Iterator[str | Part]:
    """Yield the parts of the first of these groups with commas between them, and count the others."""
    for place, group in enumerate(groups):
        if place == MAX_LISTED:
            yield f" and {count - MAX_LISTED} more"
            return
        if place:
            yield ", "
        yield from group


def _listed_windows(windows: Sequence[Window]) -> Iterator[str | Part]:
    return _listed(([_window(window)] for window in windows), len(windows))


def _plural(noun: str, count: int) -> str:
    return noun if count == 1 else f"{noun}s"


def _changed_status(difference: Difference) -> Iterator[Phrase]:
    before, after = difference.before.status, difference.after.status
    if before != after:
        yield _phrase(Topic.STATUS, _status(before), _ARROW, _status(after))


def _description(difference: Difference) -> Iterator[Phrase]:
    if difference.before.description != difference.after.description:
        yield _phrase(Topic.DESCRIPTION, "Description changed")


def _windows(difference: Difference, *, is_first: bool = False) -> Iterator[Phrase]:
    removed, added = difference.windows_removed, difference.windows_added
    label = _plural("Window", max(len(removed), len(added)))
    if difference.moved_by:
        moved = f"{_plural('Window', len(difference.after.windows))} moved {shift_text(difference.moved_by)}"
        yield _phrase(Topic.WINDOWS, moved, _ARROW, *_listed_windows(added))
    elif removed and added:
        yield _phrase(Topic.WINDOWS, f"{label}: ", *_listed_windows(removed), _ARROW, *_listed_windows(added))
    elif removed:
        yield _phrase(Topic.WINDOWS, f"{label} removed: ", *_listed_windows(removed))
    elif added:
        yield _phrase(Topic.WINDOWS, f"{label}: " if is_first else f"{label} added: ", *_listed_windows(added))
    if cancelled := difference.windows_cancelled:
        label = _plural("Window", len(cancelled))
        yield _phrase(Topic.WINDOWS, f"{label} cancelled: ", *_listed_windows(cancelled))


def _circuits(difference: Difference) -> Iterator[Phrase]:
    if added := difference.circuits_added:
        labels = (
            ("Affected circuit", "Affected circuits") if difference.is_first else ("Circuit added", "Circuits added")
        )
        yield _listed_circuits(labels, map(_announced, added), len(added))
    if removed := difference.circuits_removed:
        yield _listed_circuits(("Circuit removed", "Circuits removed"), ([cid] for cid in removed), len(removed))
    if changed := difference.impacts_changed:
        parts = ((f"{before.cid} ", _impact(before.impact), _ARROW, _impact(after)) for before, after in changed)
        yield _phrase(Topic.CIRCUITS, "Impact changed: ", *_listed(parts, len(changed)))
    for state in difference.own_windows_changed[:MAX_LISTED]:
        yield _own_windows(state)


def _own_windows(state: CircuitState) -> Phrase:
    """Return in which windows a circuit is affected."""
    if not state.windows:
        return _phrase(Topic.CIRCUITS, f"Circuit no longer affected: {state.cid}")
    return _phrase(Topic.CIRCUITS, f"{state.cid} affected in: ", *_listed_windows(state.windows))


def _listed_circuits(labels: tuple[str, str], circuits: Iterable[Sequence[str | Part]], count: int) -> Phrase:
    """Return the circuits behind the label for one, or the one for several with their number."""
    label = labels[0] if count == 1 else f"{labels[1]} ({count})"
    return _phrase(Topic.CIRCUITS, f"{label}: ", *_listed(circuits, count))


def _announced(announced: CircuitState) -> Sequence[str | Part]:
    return f"{announced.cid} ", _impact(announced.impact)


def _field(name: str, before: Any, after: Any) -> Phrase:
    """Return a changed field with its values, where these are strings."""
    if name == "ack":
        return _phrase(Topic.FIELD, "Acknowledged" if after else "Acknowledgement removed")
    label = name.replace("_", " ").capitalize()
    if isinstance(before, str) and isinstance(after, str):
        return _phrase(Topic.FIELD, f"{label}: {before or 'none'}", _ARROW, after or "none")
    return _phrase(Topic.FIELD, f"{label} changed")
