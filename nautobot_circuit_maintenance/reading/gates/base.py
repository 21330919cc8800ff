"""What gates get and what they give."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from nautobot_circuit_maintenance.domain.opinions import (
    CONFIRMED,
    DOUBTFUL,
    UNCHECKED,
    Finding,
    Opinion,
    concluded,
)
from nautobot_circuit_maintenance.domain.updates import MaintenanceUpdate
from nautobot_circuit_maintenance.reading.candidates.circuits import Inventory
from nautobot_circuit_maintenance.reading.candidates.message import Candidates
from nautobot_circuit_maintenance.reading.gates.stated import StatedWindows

__all__ = ("CONFIRMED", "DOUBTFUL", "UNCHECKED", "Case", "Finding", "Gate", "Known", "Opinion", "concluded")


@dataclass(frozen=True)
class Known:
    """What is known of the provider. Earlier messages are compared in ``domain/history.py``, whatever their order of arrival."""

    inventory: Inventory = Inventory(())
    zone: str = ""
    """Its zone where messages name none, by the zone database; empty if unknown."""
    order: str = ""
    """DAY_FIRST or MONTH_FIRST where that is settled, or its other messages show it."""
    counts_backups: bool | None = None
    """Whether its backup windows count; None if that was never asked, which is no."""
    id_label: str = ""
    """The words before the reference that is its ID, in lower case; empty if that was never asked."""
    is_taught_id: bool = False
    """Whether the maintenance ID has the shape of one that a person confirmed in an example of the layout that read it."""


@dataclass(frozen=True)
class Case:
    """One reading of a message, and what it is compared with."""

    update: MaintenanceUpdate
    updates: tuple[MaintenanceUpdate, ...]
    """All readings of the message: what one has, another does not lack."""
    found: Candidates
    stated: StatedWindows
    known: Known


class Gate(Protocol):
    """One gate."""

    def __call__(self, case: Case) -> Iterator[Finding]:
        """Yield what it finds; nothing means that it confirms the reading, or has nothing to say."""
