"""Raw bytes in, updates out: the readers of a provider are tried in order, within limits of time and memory."""

import functools
from collections.abc import Sequence

from nautobot_circuit_maintenance.domain.errors import ParseError
from nautobot_circuit_maintenance.domain.text import shortened
from nautobot_circuit_maintenance.domain.updates import MaintenanceUpdate, Provenance
from nautobot_circuit_maintenance.mail.limits import DEFAULT_LIMITS, Limits, run_limited
from nautobot_circuit_maintenance.mail.parts import UNREAD, mail_parts
from nautobot_circuit_maintenance.reading import library
from nautobot_circuit_maintenance.reading.base import Reader, first_result

_MAX_REASON_LENGTH = 990
# Applying and displaying have no limits of their own: 100,000 circuit IDs took 20 seconds of CPU to apply and 9 to list
# by REST. The longest real list seen so far has some hundred.
_MAX_CIRCUITS = 20_000
_MAX_MAINTENANCES = 1_000


def parse(
    raw: bytes,
    parser_names: Sequence[str],
    provenance: Provenance,
    limits: Limits = DEFAULT_LIMITS,
    *,
    reads_attached: bool = True,
) -> list[MaintenanceUpdate]:
    """Return the updates of a message, one per maintenance ID in the order of first mention.

    The parsers are tried in order until one finds maintenances. An empty list means that all of them identified the
    message as not a maintenance notification. Raises ParseError with a reason of at most 1,000 characters. Attached
    messages can be left out: an automatic reply of the provider may carry one that an attacker wrote.
    """
    library.load()  # Outside the limits: an interrupted import leaves half a module behind.
    readers = [library.LibraryReader(name) for name in parser_names]
    try:
        updates = run_limited(lambda: _read(raw, readers, provenance, reads_attached=reads_attached), limits)
    except ParseError as error:
        raise ParseError(error.code, shortened(error.message, _MAX_REASON_LENGTH)) from error
    _check_number("circuit IDs", sum(len(update.circuits) for update in updates), _MAX_CIRCUITS)
    _check_number("maintenances", len(updates), _MAX_MAINTENANCES)
    return updates


def _read(
    raw: bytes, readers: Sequence[Reader], provenance: Provenance, *, reads_attached: bool
) -> list[MaintenanceUpdate]:
    if not readers:
        raise ParseError("READ-02", f"The provider has no parser. {library.ADVICE}")
    parts = mail_parts(raw, provenance, reads_attached=reads_attached)
    try:
        return first_result(functools.partial(reader.read, parts, provenance) for reader in readers)
    except ParseError as error:
        if UNREAD not in parts:
            raise
        unread = ParseError("READ-15", "Attached messages are not read because their sender cannot be verified.")
        raise ParseError.joined((error, unread)) from error


def _check_number(what: str, count: int, limit: int) -> None:
    if count > limit:
        raise ParseError(
            "READ-13", f"Too many {what} ({count:,}, limit {limit:,}). If genuine, add the maintenance manually."
        )
