"""Raw bytes in, updates out: BCOP calendars first, then the readers of the provider, within limits of time and memory."""

import functools
from collections.abc import Sequence
from dataclasses import replace

from nautobot_circuit_maintenance.domain.errors import ParseError, TooManyError
from nautobot_circuit_maintenance.domain.text import shortened
from nautobot_circuit_maintenance.domain.updates import Provenance
from nautobot_circuit_maintenance.mail.containers import Obstacle
from nautobot_circuit_maintenance.mail.limits import DEFAULT_LIMITS, Limits, run_limited
from nautobot_circuit_maintenance.mail.parts import MailContent, Parts, mail_content
from nautobot_circuit_maintenance.reading import bcop, library
from nautobot_circuit_maintenance.reading.base import Reader, Reading, first_result
from nautobot_circuit_maintenance.reading.bcop_event import ID
from nautobot_circuit_maintenance.reading.contradictions import with_doubts
from nautobot_circuit_maintenance.reading.library_errors import NO_CONTENT
from nautobot_circuit_maintenance.reading.quoted import read_newest

_MAX_REASON_LENGTH = 990
# Applying and displaying have no limits of their own: 100,000 circuit IDs took 20 seconds of CPU to apply and 9 to list
# by REST. The longest real list seen so far has some hundred.
_MAX_CIRCUITS = 20_000
_MAX_MAINTENANCES = 1_000
LACKS_CONTENT = (NO_CONTENT, *(each.value[0] for each in Obstacle))
"""The codes of messages that have nothing that can be read."""


def parse(
    raw: bytes,
    parser_names: Sequence[str],
    provenance: Provenance,
    limits: Limits = DEFAULT_LIMITS,
    *,
    reads_attached: bool = True,
    are_chosen: bool = True,
) -> Reading:
    """Return what a message announces: its BCOP calendars, or else what the first parser finds that finds anything.

    An empty reading means that the message is not a maintenance notification. Raises ParseError with a reason of at most
    1,000 characters if nothing of it can be read. Attached messages can be left out: an automatic reply of the provider
    may carry one that an attacker wrote. ``are_chosen``: someone set the parsers; otherwise they are the provider's name,
    which is tried because no one did.
    """
    library.load()  # Outside the limits: an interrupted import leaves half a module behind.
    readers = [library.LibraryReader(name, is_chosen=are_chosen) for name in parser_names]
    try:
        reading = run_limited(lambda: _read(raw, readers, provenance, reads_attached=reads_attached), limits)
    except ParseError as error:
        raise ParseError(error.code, shortened(error.message, _MAX_REASON_LENGTH)) from error
    _check_number("circuit IDs", sum(len(update.circuits) for update in reading.updates), _MAX_CIRCUITS)
    _check_number("maintenances", len(reading.updates), _MAX_MAINTENANCES)
    return reading


def _read(raw: bytes, readers: Sequence[Reader], provenance: Provenance, *, reads_attached: bool) -> Reading:
    content = mail_content(raw, provenance, reads_attached=reads_attached)
    reading = with_doubts(_read_content(content, readers, provenance), content.subject)
    return replace(reading, content=content)


def _read_content(content: MailContent, readers: Sequence[Reader], provenance: Provenance) -> Reading:
    if content.own:
        return Reading(ignored=content.own)
    calendars = [text for text in content.calendars if bcop.is_bcop(text)]
    reading = bcop.read_calendars(calendars, provenance, content.envelopes)
    if reading or reading.ignored:
        return reading
    if calendars:
        content = replace(content, parts=_without_calendars(content))
    unread = [_as_error(sentence) for sentence in reading.unread]
    try:
        other = _read_other(content, readers, provenance, has_calendar=bool(calendars))
    except ParseError as error:
        raise ParseError.joined(unread or [error]) from error
    if unread and not other:
        raise ParseError.joined(unread)
    return replace(other, unread=(*reading.unread, *other.unread))


def _as_error(sentence: str) -> ParseError:
    code, _, message = sentence.partition(": ")
    return ParseError(code, message)


def _without_calendars(content: MailContent) -> dict[str, tuple[bytes, ...]]:
    """Return the parts without BCOP calendars, which the parser library would misread."""
    kept = {
        kind: tuple(each for each in contents if not bcop.is_bcop(each.decode("utf-8", "replace")))
        for kind, contents in content.parts.items()
    }
    return {kind: contents for kind, contents in kept.items() if contents}


def _read_other(
    content: MailContent, readers: Sequence[Reader], provenance: Provenance, *, has_calendar: bool
) -> Reading:
    """Read what is not a BCOP calendar; raises ParseError with what stands in the way."""
    if content.automatic and not has_calendar:
        return Reading(ignored=content.automatic)
    obstacles = _obstacles(content)
    try:
        if not readers:
            raise ParseError("READ-02", f"The provider has no parser. {library.ADVICE}")
        reading = read_newest(content, functools.partial(_try_each, readers, provenance))
    except ParseError as error:
        raise ParseError.joined((*obstacles, error)) from error
    if not reading and not reading.quoted:
        _check_nothing_was_missed(content, obstacles, has_calendar=has_calendar)
    return reading


def _obstacles(content: MailContent) -> list[ParseError]:
    """Return what of a message cannot be read."""
    obstacles = [ParseError(*each.value) for each in content.obstacles]
    if content.has_unread_message:
        sentence = "Attached messages are not read because their sender cannot be verified."
        obstacles.append(ParseError("READ-15", sentence))
    return obstacles


def _check_nothing_was_missed(content: MailContent, obstacles: Sequence[ParseError], *, has_calendar: bool) -> None:
    """Raise ParseError if a message that announces nothing may do so where it cannot be read."""
    if any(each.hides_all for each in content.obstacles):
        raise ParseError.joined(obstacles)
    if has_calendar or content.mentions(ID):
        raise ParseError("READ-32", f"The message contains {ID}, but no calendar that can be read.")


def _try_each(readers: Sequence[Reader], provenance: Provenance, parts: Parts) -> Reading:
    return first_result((functools.partial(reader.read, parts, provenance) for reader in readers), Reading())


def _check_number(what: str, count: int, limit: int) -> None:
    if count > limit:
        raise TooManyError(
            "READ-13", f"Too many {what} ({count:,}, limit {limit:,}). If genuine, add the maintenance manually."
        )
