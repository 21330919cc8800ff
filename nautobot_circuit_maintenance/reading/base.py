"""What a reader is: it turns the parts of a message into updates."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Protocol, TypeVar

from nautobot_circuit_maintenance.domain.errors import ParseError
from nautobot_circuit_maintenance.domain.updates import MaintenanceUpdate, Provenance
from nautobot_circuit_maintenance.mail.parts import MailContent, Parts

Result = TypeVar("Result")


@dataclass(frozen=True)
class Reading:
    """What was read from a message; all empty if it is not a maintenance notification."""

    updates: tuple[MaintenanceUpdate, ...] = ()
    """One per maintenance ID, in the order of first mention."""
    unread: tuple[str, ...] = ()
    """What could not be read, a sentence each, with its code."""
    ignored: str = ""
    """Why the message announces nothing, where that is known."""
    quoted: tuple[str, ...] = ()
    """The maintenance IDs in what a reply quotes, if its own text announces nothing."""
    content: MailContent | None = field(default=None, compare=False, repr=False)
    """What the message contains, for the second opinion."""

    def __bool__(self) -> bool:
        """Whether maintenances were found."""
        return bool(self.updates)

    @property
    def doubts(self) -> tuple[str, ...]:
        """What a person should check, a sentence each."""
        return tuple(doubt for update in self.updates for doubt in update.doubts)

    @property
    def error(self) -> str:
        """What could not be read, as it is stored; empty if everything was."""
        return " ".join(self.unread)


class Reader(Protocol):
    """Reads messages of one format, or of one provider."""

    def read(self, parts: Parts, provenance: Provenance) -> Reading:
        """Return what a message announces; raises ParseError if nothing of it can be read."""


def first_result(attempts: Iterable[Callable[[], Result]], nothing: Result) -> Result:
    """Return the first result that is not empty; ``nothing`` only if every attempt returned an empty one.

    Raises ParseError with the reasons of the failed attempts.
    """
    errors: list[ParseError] = []
    for attempt in attempts:
        try:
            if found := attempt():
                return found
        except ParseError as error:
            errors.append(error)
    if errors:
        raise ParseError.joined(errors)
    return nothing
