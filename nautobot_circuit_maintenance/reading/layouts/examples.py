"""What a layout is taught with: a message and what a person confirmed about it."""

from dataclasses import dataclass
from functools import cached_property

from nautobot_circuit_maintenance.domain.text import folded
from nautobot_circuit_maintenance.domain.updates import AnnouncedImpact, Window
from nautobot_circuit_maintenance.reading.layouts.page import Page


class TeachingError(ValueError):
    """A message from which nothing can be learned; the text is a sentence for a person."""


@dataclass(frozen=True)
class Confirmed:
    """What a person confirmed about a message."""

    maintenance_id: str
    status: str
    windows: tuple[Window, ...] = ()
    """In UTC, in time order."""
    circuits: tuple[AnnouncedImpact, ...] = ()


@dataclass(frozen=True)
class Example:
    """A message with what was confirmed about it."""

    page: Page
    confirmed: Confirmed

    @cached_property
    def cids(self) -> frozenset[str]:
        """Its circuits, folded."""
        return frozenset(folded(circuit.cid) for circuit in self.confirmed.circuits)
