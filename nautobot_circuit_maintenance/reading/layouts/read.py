"""Reading a message by a layout: an update, or a refusal with its reason. It never guesses."""

from dataclasses import dataclass, replace

from nautobot_circuit_maintenance.domain.events import ENDING
from nautobot_circuit_maintenance.domain.opinions import UNCHECKED, Finding, concluded
from nautobot_circuit_maintenance.domain.updates import MaintenanceEvent, MaintenanceUpdate, Provenance
from nautobot_circuit_maintenance.reading.gates.base import Case
from nautobot_circuit_maintenance.reading.gates.judge import opinion_on
from nautobot_circuit_maintenance.reading.layouts import circuits, ids, impact, kind, status, windows
from nautobot_circuit_maintenance.reading.layouts.layout import Layout
from nautobot_circuit_maintenance.reading.layouts.page import Page
from nautobot_circuit_maintenance.reading.layouts.refusal import Refusal
from nautobot_circuit_maintenance.reading.layouts.shapes import shape_of
from nautobot_circuit_maintenance.reading.second_opinion import bounded_opinion

OTHER_KIND = "The email is not of this kind: its sender, its subject or its headings are not those of the examples."


@dataclass(frozen=True)
class LayoutReading:
    """What a layout makes of a message."""

    update: MaintenanceUpdate | None = None
    """With its second opinion; None if the layout refuses."""
    refusal: str = ""
    """Why it refuses, a sentence."""
    is_of_kind: bool = True
    """Whether the message is of the layout at all."""


def read(layout: Layout, page: Page, provenance: Provenance) -> LayoutReading:
    """Return what a layout makes of a message."""
    if page.found.mail.is_cut or page.found.moments.is_cut:
        return LayoutReading(refusal="The email is too long to be read as a whole.", is_of_kind=False)
    if not kind.is_met(layout.applies_to, page, examples=layout.examples):
        return LayoutReading(refusal=OTHER_KIND, is_of_kind=False)
    try:
        return LayoutReading(_update(layout, page, provenance))
    except Refusal as refusal:
        return LayoutReading(refusal=str(refusal))


def _update(layout: Layout, page: Page, provenance: Provenance) -> MaintenanceUpdate:
    """Return the update of a message; raises Refusal."""
    _check_facts(layout, page)
    found = status.find(layout.status, page)
    name = ids.find(layout.maintenance_id, page)
    times = windows.find(layout.windows, page, found.status)
    is_needed = found.status not in ENDING
    cids = circuits.find(layout.circuits, page, maintenance_id=name, is_needed=is_needed)
    event = MaintenanceEvent(found.status, times, impact.find(layout.impact, page, cids))
    update = MaintenanceUpdate(name, (event,), provenance)
    return _judged(layout, page, update, is_supported=found.is_supported)


def _check_facts(layout: Layout, page: Page) -> None:
    """Raise Refusal if what is on record for the provider is not what the layout was taught with."""
    for what, known, taught in (
        ("time zone", page.known.zone, layout.windows.zone),
        ("order of day and month", page.known.order, layout.windows.order),
    ):
        if known and taught and known != taught:
            raise Refusal(f"The {what} of the provider is {known}, the layout was taught with {taught}.")


def _judged(layout: Layout, page: Page, update: MaintenanceUpdate, *, is_supported: bool) -> MaintenanceUpdate:
    """Return an update with its second opinion; raises Refusal if that is in doubt."""
    zone, order = page.known.zone or layout.windows.zone, page.known.order or layout.windows.order
    is_taught = shape_of(update.maintenance_id) in layout.maintenance_id.shapes
    known = replace(page.known, zone=zone, order=order, is_taught_id=is_taught)
    case = Case(update, (update,), page.found, page.stated(zone=zone, order=order), known)
    opinion = opinion_on(case)
    if opinion.doubts:
        raise Refusal(f"{opinion.doubts[0].sentence} ({opinion.doubts[0].gate})")
    remarks = [*opinion.findings]
    if not is_supported:
        remarks.append(
            Finding("status", UNCHECKED, "No word of the email says its status, and no email of this kind was taught.")
        )
    if windows.leaves_out(layout.windows, page):
        remarks.append(
            Finding("windows", UNCHECKED, "A backup window of the email is left out, and no example had one.")
        )
    opinion = concluded(remarks)
    return replace(update, opinion=bounded_opinion(opinion))
