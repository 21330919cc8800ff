"""What a message says: subject, headline, text and HTML, from what was sent last and what is true now."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timezone, tzinfo

from nautobot_circuit_maintenance.domain.periods import duration
from nautobot_circuit_maintenance.domain.text import bounded, shortened
from nautobot_circuit_maintenance.outbound.differences import changes
from nautobot_circuit_maintenance.outbound.documents import Line, Section, as_html, as_text, section
from nautobot_circuit_maintenance.outbound.headlines import headline, in_window, some, title
from nautobot_circuit_maintenance.outbound.moments import span_text
from nautobot_circuit_maintenance.outbound.state import (
    CircuitState,
    MailState,
    MaintenanceState,
    Occasion,
    SiteState,
    State,
)

LONGEST_SUBJECT = 200
_LONGEST_DESCRIPTION = 2000
_OF_PHASES = {"dark": "no way left", "one left": "one way left"}
"""By the kinds of findings of the risk assessment."""


@dataclass(frozen=True)
class Written:
    """The words of a message."""

    subject: str
    headline: str
    text: str
    html: str


def subject_of(state: State) -> str:
    """Return the subject of a thread, made from the state of its first message: "Lumen 42: SYD1, NYC1"."""
    if isinstance(state, MaintenanceState):
        sites = some(state.sites, "sites")
        return shortened(f"{title(state)}{': ' if sites else ''}{sites}", LONGEST_SUBJECT)
    if isinstance(state, SiteState):
        return shortened(f"Site at risk: {state.name}", LONGEST_SUBJECT)
    return shortened(f"Needs a person: {state.name}", LONGEST_SUBJECT)


def write(
    occasion: Occasion, *, zone: tzinfo, subject: str = "", one_thread: bool = True, footer: Iterable[str | Line] = ()
) -> Written:
    """Return the words for an occasion.

    ``subject`` is that of the thread, empty for its first message. If messages are not to be shown as one conversation,
    the event comes first in the subject. ``footer`` are further lines, such as why the recipient gets the message.
    """
    first = subject or subject_of(occasion.now)
    full = first if one_thread else f"{_event_label(occasion)}: {first}"
    says = headline(occasion, timezone.utc)  # short: the other zone stands below
    sections = [*_sections(occasion, zone), section(footer)]
    return Written(shortened(full, LONGEST_SUBJECT), says, as_text(says, sections), as_html(says, sections))


def write_digest(
    occasions: Sequence[Occasion], *, name: str, zone: tzinfo, footer: Iterable[str | Line] = ()
) -> Written:
    """Return the words for several occasions in one message; ``name`` is that of the subscription."""
    groups: dict[str, list[Line]] = {}
    for occasion in occasions:
        groups.setdefault(_event_label(occasion), []).append(Line(headline(occasion, zone), occasion.now.url))
    counts = ", ".join(f"{len(lines)} {label.lower()}" for label, lines in groups.items())
    says = f"{len(occasions)} update{'s' * (len(occasions) != 1)}: {counts}."
    sections = [section(lines, title=label.capitalize(), noun="updates") for label, lines in groups.items()]
    sections.append(section(footer))
    subject = shortened(f"{name}: {counts}", LONGEST_SUBJECT)
    return Written(subject, says, as_text(says, sections), as_html(says, sections))


def _event_label(occasion: Occasion) -> str:
    """Return the event in capitals: "CANCELLED"; what ends a maintenance goes before what it was written for."""
    now = occasion.now
    is_over = isinstance(now, MaintenanceState) and now.is_cancelled
    return "CANCELLED" if is_over else occasion.event.replace("-", " ").upper()


def _sections(occasion: Occasion, zone: tzinfo) -> list[Section]:
    now = occasion.now
    if isinstance(now, SiteState):
        phases = [f"{span_text((start, end), zone)}: {_OF_PHASES.get(kind, kind)}" for kind, start, end in now.phases]
        return [section(phases, title="When"), _link(now.url)]
    if isinstance(now, MailState):
        return [section([now.error] if now.error else []), _link(now.url)]
    return _of_maintenance(now, occasion, zone)


def _of_maintenance(now: MaintenanceState, occasion: Occasion, zone: tzinfo) -> list[Section]:
    last_state = occasion.last_state
    found = changes(last_state, now, zone) if isinstance(last_state, MaintenanceState) and now.exists else []
    windows = [f"{span_text(span, zone)}, {duration(span[1] - span[0])}" for span in now.windows]
    return [
        section((each[0].upper() + each[1:] for each in found), title="What changed", noun="changes"),
        section(windows, title="Windows" if len(windows) > 1 else "Window", noun="windows"),
        section(_by_site(in_window(now.circuits, occasion.window)), title="Affected", noun="circuits"),
        section(_facts(now)),
        _link(now.url),
    ]


def _by_site(circuits: Sequence[CircuitState]) -> list[Line]:
    """Return a line for each circuit, those of one site behind each other."""
    in_order = sorted(circuits, key=lambda circuit: (not circuit.sites, circuit.sites, circuit.cid.casefold()))
    return [Line(_circuit(circuit), circuit.url) for circuit in in_order]


def _circuit(circuit: CircuitState) -> str:
    where = " and ".join(circuit.sites) or "No known site"
    tenant = f", {circuit.tenant}" if circuit.tenant else ""
    return f"{where}: {circuit.cid}, {circuit.impact}{tenant}"


def _facts(now: MaintenanceState) -> list[str]:
    facts = [f"Status: {now.status}", f"Acknowledged: {'yes' if now.acknowledged else 'no'}"]
    facts += [f"Ticket: {now.ticket}"] if now.ticket else []
    facts += [f"Description: {bounded(now.description, _LONGEST_DESCRIPTION)}"] if now.description else []
    return facts


def _link(url: str) -> Section:
    return section([Line(url, url)] if url else [])
