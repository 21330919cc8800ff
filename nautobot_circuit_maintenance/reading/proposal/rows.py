"""Which circuits are affected in which window: only where a table has both in one row, in every row.

Lumen lists each circuit with its own start and end; a table of circuits beside one of windows leaves all in all of them.
"""

from collections.abc import Iterator, Sequence

from nautobot_circuit_maintenance.domain.updates import Window
from nautobot_circuit_maintenance.reading.candidates.message import Candidates
from nautobot_circuit_maintenance.reading.gates.stated import StatedWindow

Row = tuple[int, int]
"""Number of a table, and of a row in it."""
Affected = tuple[tuple[Window, tuple[str, ...]], ...]


def circuits_of_windows(
    found: Candidates, stated: Sequence[StatedWindow], windows: Sequence[Window], cids: Sequence[str]
) -> Affected:
    """Return the circuits of each of these windows; empty if all are affected in all of them, or nothing says otherwise."""
    circuits: dict[Row, set[str]] = {}
    for place, cid in _circuits(found):
        circuits.setdefault(place, set()).add(cid)
    affected: dict[Window, set[str]] = {}
    for window in windows:
        rows = {row for each in stated if each.nearly_matches(window) and (row := _row(found, each.source.start.line))}
        affected[window] = {cid for row in rows for cid in circuits.get(row, ())}
    is_complete = all(affected.values()) and set().union(*affected.values()) == set(cids)
    if not is_complete or all(own == set(cids) for own in affected.values()):
        return ()
    return tuple((window, tuple(cid for cid in cids if cid in own)) for window, own in affected.items())


def _circuits(found: Candidates) -> Iterator[tuple[Row, str]]:
    for each in found.circuits:
        if row := _row(found, found.mail.line_number(each.span.start)):
            yield row, each.cid


def _row(found: Candidates, line: int) -> Row | None:
    cell = found.moments.tokens.cells.get(line)
    return (cell.table, cell.row) if cell else None
