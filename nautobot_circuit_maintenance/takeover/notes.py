"""Copies notes, and adds those that say what could not be taken over as it was."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

from nautobot_circuit_maintenance.takeover.evidence import Window
from nautobot_circuit_maintenance.takeover.names import Parts
from nautobot_circuit_maintenance.takeover.tables import Entry, OlderMaintenance, OlderNote
from nautobot_circuit_maintenance.takeover.world import World, derived

_UNKNOWN_CIRCUIT = "Nonexistent circuit ID "
_AS_WRITTEN = "Circuit ID {} referenced was not found in the database, so omitted from the maintenance."


def unknown_circuit(note: OlderNote) -> str:
    """Return the circuit ID that Nautobot did not know, if that is what a note is about; else an empty string."""
    return note.title.removeprefix(_UNKNOWN_CIRCUIT).strip() if note.title.startswith(_UNKNOWN_CIRCUIT) else ""


def _is_untouched(note: OlderNote) -> bool:
    """Return whether a note is as the older package wrote it: no person edited it."""
    return note.level == "WARNING" and note.comment == _AS_WRITTEN.format(unknown_circuit(note))


class Notes:
    """The notes of a page of maintenances."""

    def __init__(self, world: World) -> None:
        """Start without notes."""
        self._world = world
        self._rows: list[Any] = []

    def copy(self, notes: Iterable[OlderNote], maintenance: UUID) -> None:
        """Copy the notes of a maintenance, except those whose place an impact without circuit takes."""
        for note in notes:
            cid = unknown_circuit(note)
            if cid and _is_untouched(note):
                reason = f"The maintenance has an impact on {cid} instead, which is linked when the circuit comes."
                self._world.note("note", note.pk, Entry.MERGED, into=derived("impact", note.pk), reason=reason)
                continue
            self._world.note("note", note.pk, Entry.MOVED)
            self._rows.append(
                self._world.model("Note")(
                    pk=note.pk,
                    maintenance_id=maintenance,
                    title=note.title,
                    level=note.level if note.level in ("INFO", "WARNING") else "INFO",
                    comment=note.comment,
                    _custom_field_data=note.custom_fields,
                    created=note.created,
                    last_updated=note.last_updated,
                )
            )

    def add(self, maintenance: UUID, title: str, comment: str, *, of: UUID, moment: datetime | None) -> None:
        """Add a warning about an older row, as of a moment."""
        self._rows.append(
            self._world.model("Note")(
                pk=derived("note", of, title),
                maintenance_id=maintenance,
                title=title,
                level="WARNING",
                comment=comment,
                created=moment,
                last_updated=moment,
            )
        )

    def _warn(self, row: OlderMaintenance, title: str, comment: str) -> None:
        self.add(row.pk, title, comment, of=row.pk, moment=row.last_updated)

    def add_doubts(self, row: OlderMaintenance, parts: Parts, status: str, window: Window | None) -> None:
        """Add a warning for everything about a maintenance that is not as it was."""
        if parts.doubt:
            self._warn(row, "Provider or maintenance ID unknown", f"Taken over as it was. {parts.doubt}")
        if status == "UNKNOWN" != row.status:
            self._warn(row, "Status unknown", f"The older package had the status '{row.status}'.")
        if window is None:
            times = f"{row.start_time.isoformat()} to {row.end_time.isoformat()}"
            self._warn(row, "Times removed", f"No calendar has the times that the older package had: {times}.")
        elif row.end_time <= row.start_time:
            comment = "It ended when it started, so it ends a minute later now. Correct its times."
            self._warn(row, "End time corrected", comment)

    def store(self) -> None:
        """Store the notes."""
        self._world.model("Note").objects.bulk_create(self._rows)
