"""What is proposed for a form: for each field the best value, why, and the alternatives. Frozen values without text of their own.

A field is left empty where nothing stands out; what is filled but not sure has a question, and a person has to answer it.
"""

from dataclasses import dataclass
from typing import Generic, TypeVar

from nautobot_circuit_maintenance.domain.updates import Window
from nautobot_circuit_maintenance.reading.candidates.message import Candidates
from nautobot_circuit_maintenance.reading.candidates.spans import Span

ZONE, ORDER, BACKUPS, REFERENCE = "zone", "order", "backups", "reference"
"""What is asked once for each provider; the answer is kept as a fact of the provider."""

Value = TypeVar("Value")


@dataclass(frozen=True)
class Choice(Generic[Value]):
    """One value that a field may have."""

    value: Value
    why: str
    """A sentence for a person: 'Stands after "Start:", in CET of the line above.'"""
    spans: tuple[Span, ...] = ()
    """Where it stands, as offsets into ``MailText.text``; empty if it does not stand in the text."""


@dataclass(frozen=True)
class Field(Generic[Value]):
    """One field of the form."""

    best: Choice[Value] | None = None
    """What is filled in; None if the field is left empty."""
    alternatives: tuple[Choice[Value], ...] = ()
    """What else it could be, the most likely first."""
    question: str = ""
    """Why a person has to look at it, although or because it is empty; empty if it is sure."""
    is_assumed: bool = False
    """Whether no word of the message supports it: a status or an impact that is filled in nevertheless."""

    @property
    def value(self) -> Value | None:
        """The value that is filled in."""
        return self.best.value if self.best else None

    @property
    def is_sure(self) -> bool:
        """Whether it is filled in, and neither asked for nor assumed."""
        return self.best is not None and not self.question and not self.is_assumed


@dataclass(frozen=True)
class Question:
    """What is asked once for each provider."""

    kind: str
    """ZONE, ORDER, BACKUPS or REFERENCE."""
    sentence: str
    answers: tuple[str, ...] = ()
    """What can be answered; empty if any zone can."""
    spans: tuple[Span, ...] = ()


@dataclass(frozen=True)
class Proposal:
    """A filled form."""

    found: Candidates
    """What was found in the message; its text is what all spans are about."""
    maintenance_id: Field[str]
    windows: Field[tuple[Window, ...]]
    """Each value is a set of windows in UTC, in time order."""
    circuits: Field[tuple[str, ...]]
    """As the inventory spells them, in the order of the message."""
    status: Field[str]
    impact: Field[str]
    """Of all circuits."""
    questions: tuple[Question, ...] = ()
    affected: tuple[tuple[Window, tuple[str, ...]], ...] = ()
    """The circuits of each window that is filled in; empty if all are affected in all of them."""

    @property
    def is_sure(self) -> bool:
        """Whether ID, windows and circuits are sure and nothing is asked; the status may be assumed."""
        fields = (self.maintenance_id, self.windows, self.circuits)
        return not self.questions and all(each.is_sure for each in fields) and not self.status.question
