"""What a reader is: it turns the parts of a message into updates."""

from collections.abc import Callable, Iterable
from typing import Protocol, TypeVar

from nautobot_circuit_maintenance.domain.errors import ParseError
from nautobot_circuit_maintenance.domain.updates import MaintenanceUpdate, Provenance
from nautobot_circuit_maintenance.mail.parts import Parts

Result = TypeVar("Result")


class Reader(Protocol):
    """Reads messages of one format, or of one provider."""

    def read(self, parts: Parts, provenance: Provenance) -> list[MaintenanceUpdate]:
        """Return the updates of a message, one per maintenance ID in the order of first mention.

        An empty list means that the reader identified the message as not a maintenance notification. Raises ParseError
        if it cannot read it.
        """


def first_result(attempts: Iterable[Callable[[], list[Result]]]) -> list[Result]:
    """Return the first result that is not empty; an empty one only if every attempt returned one.

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
    return []
