"""A layout in words, for the page that shows it."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from nautobot_circuit_maintenance.reading.layouts.layout import ALL, ZONE, Layout, Places
from nautobot_circuit_maintenance.reading.layouts.marks import BEHIND, COLUMN, LINE, ROW, SUBJECT, UNDER, Mark

_PLACES = {
    SUBJECT: 'in the subject after "{}"',
    BEHIND: 'in the subject before "{}"',
    LINE: 'after "{}"',
    ROW: 'in the row "{}"',
    COLUMN: 'in the column "{}"',
    UNDER: 'below "{}"',
    ZONE: 'given in "{}"',
    ALL.place: "all windows of the email",
}


class Part(NamedTuple):
    """One field of a layout."""

    name: str
    sentences: tuple[str, ...]


def described(layout: Layout) -> Iterator[Part]:
    """Yield what an email must have, and where each field stands."""
    applies = layout.applies_to
    yield Part("Senders", applies.senders)
    yield Part("Subjects", tuple(f'"{each}"' for each in applies.subjects if each))
    yield Part("Headings", tuple(f'"{each}"' for each in applies.words))
    ids, windows, circuits = layout.maintenance_id, layout.windows, layout.circuits
    yield Part("Maintenance ID", (*_places(ids.places), *_shapes(ids.shapes)))
    yield Part("Windows", (*_places(windows.places), *_of_windows(layout)))
    yield Part("Circuits", ("circuits of the inventory", *_places(circuits.places), *_shapes(circuits.shapes)))
    yield Part("Status", tuple(_statuses(layout)))
    impact = layout.impact.otherwise or "OUTAGE"
    yield Part("Impact", (f"what the words of the email say, else {impact}" if layout.impact.from_words else impact,))


def phrase(mark: Mark) -> str:
    """Return where a value stands."""
    return _PLACES[mark.place].format(mark.words)


def _places(places: Places) -> tuple[str, ...]:
    return tuple(map(phrase, places.kept))


def _shapes(shapes: Iterable[str]) -> Iterator[str]:
    yield from (f"written like {each} (A is letters, 0 is digits)" for each in shapes)


def _of_windows(layout: Layout) -> Iterator[str]:
    windows = layout.windows
    if windows.zone:
        yield f"times without a time zone are in {windows.zone}"
    if windows.order:
        yield f"dates have the {windows.order}"
    if windows.has_backups:
        yield "backup windows are known"


def _statuses(layout: Layout) -> Iterator[str]:
    for kind in layout.status.kinds:
        words = ", ".join(f'"{each}"' for each in kind.phrases[:5])
        yield f'{kind.status}: subject "{kind.subject}"' + (f", words {words}" if words else "")
