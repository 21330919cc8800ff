"""What gates get and what they give."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple, Protocol

from nautobot_circuit_maintenance.domain.updates import MaintenanceUpdate, Window
from nautobot_circuit_maintenance.reading.candidates.circuits import Inventory
from nautobot_circuit_maintenance.reading.candidates.message import Candidates
from nautobot_circuit_maintenance.reading.candidates.spans import Span
from nautobot_circuit_maintenance.reading.gates.stated import StatedWindows

CONFIRMED, UNCHECKED, DOUBTFUL = "confirmed", "unchecked", "doubtful"
"""From the best to the worst; the worst finding of all gates counts."""


class Finding(NamedTuple):
    """What a gate says about a reading."""

    gate: str
    """Its name, stable: part of the evidence."""
    level: str
    """UNCHECKED or DOUBTFUL."""
    sentence: str
    span: Span | None = None
    """Where in ``MailText.text``; None if it is about something that the message lacks."""
    otherwise: str = ""
    """What it would be otherwise; empty if that is unknown."""


class Earlier(NamedTuple):
    """What an earlier message of the provider said about the same maintenance."""

    windows: tuple[Window, ...]
    status: str
    sequence: int | None
    issued_at: datetime


@dataclass(frozen=True)
class Known:
    """What is known of the provider, and of the maintenance before this message."""

    inventory: Inventory = Inventory(())
    zone: str = ""
    """Its zone where messages name none, by the zone database; empty if unknown."""
    order: str = ""
    """DAY_FIRST or MONTH_FIRST where that is settled, or its other messages show it."""
    counts_backups: bool = False
    """Whether its backup windows count."""
    alike_ids: int = 0
    """How many messages with this maintenance ID, or IDs of its shape, are on record."""
    earlier: tuple[Earlier, ...] = ()
    """The same maintenance before, the newest last."""


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


class Opinion(NamedTuple):
    """The second opinion on a reading."""

    confidence: str
    findings: tuple[Finding, ...]
    """The reasons for any other confidence than CONFIRMED, the doubts first."""

    @property
    def doubts(self) -> tuple[Finding, ...]:
        """The findings that make it doubtful."""
        return tuple(finding for finding in self.findings if finding.level == DOUBTFUL)


def concluded(findings: Sequence[Finding]) -> Opinion:
    """Return the opinion that follows from these findings."""
    ordered = sorted(dict.fromkeys(findings), key=lambda finding: finding.level != DOUBTFUL)
    return Opinion(ordered[0].level if ordered else CONFIRMED, tuple(ordered))
