"""The second opinion: all gates over all readings of a message."""

from collections.abc import Callable, Iterator, Sequence

from nautobot_circuit_maintenance.domain.updates import MaintenanceUpdate
from nautobot_circuit_maintenance.mail.parts import MailContent
from nautobot_circuit_maintenance.reading.candidates.calendars import events_in
from nautobot_circuit_maintenance.reading.candidates.message import candidates_of
from nautobot_circuit_maintenance.reading.gates.base import Case, Finding, Gate, Known, Opinion, concluded
from nautobot_circuit_maintenance.reading.gates.calendar import fits_calendar
from nautobot_circuit_maintenance.reading.gates.circuits import circuits_agree
from nautobot_circuit_maintenance.reading.gates.maintenance_id import id_in_mail
from nautobot_circuit_maintenance.reading.gates.order import order_known
from nautobot_circuit_maintenance.reading.gates.plausible import plausible
from nautobot_circuit_maintenance.reading.gates.stated import stated_windows
from nautobot_circuit_maintenance.reading.gates.status import status_supported
from nautobot_circuit_maintenance.reading.gates.window import window_in_mail
from nautobot_circuit_maintenance.reading.gates.windows import all_windows
from nautobot_circuit_maintenance.reading.gates.zones import zones_agree

GATES: tuple[Gate, ...] = (
    window_in_mail,
    all_windows,
    zones_agree,
    circuits_agree,
    id_in_mail,
    status_supported,
    order_known,
    plausible,
)
KnownOf = Callable[[MaintenanceUpdate], Known]
"""What is known of the provider, and of the maintenance of an update."""


def second_opinions(content: MailContent, updates: Sequence[MaintenanceUpdate], known_of: KnownOf) -> list[Opinion]:
    """Return the opinion on each reading of a message, in their order.

    What was read from a calendar is compared with the calendar, everything else with the text.
    """
    of_text = tuple(update for update in updates if not is_of_calendar(update))
    events = events_in(content.calendars) if len(of_text) < len(updates) else ()
    cases = {id(case.update): case for case in _cases(content, of_text, known_of)}
    opinions = []
    for update in updates:
        case = cases.get(id(update))
        findings: list[Finding] = []
        if case is None:
            findings += fits_calendar(update, events)
        else:
            findings += _findings(case)
        opinions.append(concluded(findings))
    return opinions


def opinion_on(case: Case) -> Opinion:
    """Return the opinion on one reading of the text of a message."""
    return concluded(list(_findings(case)))


def _findings(case: Case) -> Iterator[Finding]:
    for gate in GATES:
        for finding in gate(case):
            yield _quoting(finding, case.found.mail.text)


def _quoting(finding: Finding, text: str) -> Finding:
    """Return a finding with the words of the message that it is about."""
    return finding._replace(quote=text[slice(*finding.span)]) if finding.span else finding


def is_of_calendar(update: MaintenanceUpdate) -> bool:
    """Return whether an update was read from a calendar."""
    return any(event.uid is not None for event in update.events)


def _cases(content: MailContent, updates: tuple[MaintenanceUpdate, ...], known_of: KnownOf) -> Iterator[Case]:
    if not updates:
        return
    received = updates[0].provenance.received_at
    first = known_of(updates[0])
    ids = [update.maintenance_id for update in updates]
    found = candidates_of(content, received, first.inventory, ids)
    stated = stated_windows(found.moments, received, zone=first.zone, order=first.order, is_forward=found.is_forward)
    for update in updates:
        yield Case(update, updates, found, stated, known_of(update))
