"""What a layout has learned: frozen values. ``stored.py`` turns them into JSON that a person can read."""

from collections.abc import Iterable
from dataclasses import dataclass

from nautobot_circuit_maintenance.reading.layouts.marks import Mark

ALL = Mark("mail", "")
"""Of windows: all that the message states, wherever they stand."""


ZONE = "zone"
"""Of windows: the place of a mark that is how their zone is written."""


@dataclass(frozen=True)
class Places:
    """Where the values of a field stand: several hypotheses, each of which an example may contradict."""

    kept: tuple[Mark, ...] = ()
    dropped: tuple[Mark, ...] = ()
    """Those that an example contradicted; they do not come back."""

    def changed(self, found: Iterable[Mark], contradicted: Iterable[Mark]) -> "Places":
        """Return the places with what an example adds and what it contradicts."""
        dropped = tuple(dict.fromkeys((*self.dropped, *contradicted)))
        return Places(tuple(mark for mark in dict.fromkeys((*self.kept, *found)) if mark not in dropped), dropped)


@dataclass(frozen=True)
class IdField:
    """How the maintenance ID is found."""

    places: Places = Places()
    shapes: tuple[str, ...] = ()


@dataclass(frozen=True)
class WindowField:
    """How the windows are found: each place names all windows whose start has its mark, never single moments."""

    places: Places = Places()
    zone: str = ""
    """Of times without one, by the zone database; empty if the messages name it."""
    order: str = ""
    """DAY_FIRST or MONTH_FIRST of dates that can be read in both; empty if none was taught."""
    has_backups: bool = False
    """Whether an example states a backup window, so that it is known what to do with one."""


@dataclass(frozen=True)
class CircuitField:
    """How circuits are found that the inventory of the provider lacks; those of the inventory are found without it."""

    places: Places = Places()
    shapes: tuple[str, ...] = ()
    may_be_missing: bool = False
    """Whether a taught message names none."""


@dataclass(frozen=True)
class Kind:
    """One kind of message that was taught: announcement, cancellation, ..."""

    status: str
    subject: str
    """The words of its subject."""
    phrases: tuple[str, ...] = ()
    """The words of its status, each with its neighbors."""


@dataclass(frozen=True)
class StatusField:
    """How the status is found."""

    kinds: tuple[Kind, ...] = ()
    harmless: tuple[str, ...] = ()
    """Words of an end that say nothing, with their neighbors: they stand in taught messages that end nothing."""


@dataclass(frozen=True)
class ImpactField:
    """How the impact of the circuits is found."""

    from_words: bool = True
    """Whether the words of the taught messages say it; else ``otherwise`` counts for every message."""
    otherwise: str = ""
    """The worst that was taught."""


@dataclass(frozen=True)
class AppliesTo:
    """What a message must have to be of this layout."""

    senders: tuple[str, ...] = ()
    """Domains of the field From."""
    subjects: tuple[str, ...] = ()
    """The words of taught subjects."""
    words: tuple[str, ...] = ()
    """Headings and labels that all taught messages have; greetings are left out."""


@dataclass(frozen=True)
class Layout:
    """What was learned from the examples of one layout."""

    applies_to: AppliesTo = AppliesTo()
    maintenance_id: IdField = IdField()
    windows: WindowField = WindowField()
    circuits: CircuitField = CircuitField()
    status: StatusField = StatusField()
    impact: ImpactField = ImpactField()
    examples: int = 0
    """How many messages it was taught with."""
