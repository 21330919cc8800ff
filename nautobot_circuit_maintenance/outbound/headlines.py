"""The first sentence of a message: what happened."""

from collections.abc import Callable, Sequence
from datetime import tzinfo

from nautobot_circuit_maintenance.choices import CircuitImpactChoices as Impact
from nautobot_circuit_maintenance.outbound.differences import changes
from nautobot_circuit_maintenance.outbound.moments import moment_text, span_text
from nautobot_circuit_maintenance.outbound.state import (
    CircuitState,
    MailState,
    MaintenanceState,
    Occasion,
    SiteState,
    Span,
)

_WORST_FIRST = tuple(reversed(Impact.values()))
_FEW = 3


def headline(occasion: Occasion, zone: tzinfo) -> str:
    """Return what happened in one sentence."""
    now = occasion.now
    if isinstance(now, SiteState):
        return f"{now.name}: {now.headline}" if now.kind else f"{now.name} is no longer at risk."
    if isinstance(now, MailState):
        return _of_mail(now, zone)
    if not now.matches or now.is_cancelled:
        return _ending(now, occasion.last_state, zone)
    write = _OF_EVENTS.get(occasion.event, _changed)
    return write(now, occasion, zone)


def title(state: MaintenanceState) -> str:
    """Return what a maintenance is called: "Lumen 42"."""
    return f"{state.provider} {state.name}".strip()


def some(names: Sequence[str], noun: str) -> str:
    """List a few names and count the others: "SYD1, NYC1, LON1 and 2 more sites"."""
    more = len(names) - _FEW
    return ", ".join(names[:_FEW]) + (f" and {more} more {noun}" if more > 0 else "")


def affected(circuits: Sequence[CircuitState]) -> str:
    """Return what is affected, the worst first: "OUTAGE at SYD1, DEGRADED at NYC1"."""
    found = []
    for impact in _WORST_FIRST:
        concerned = [circuit for circuit in circuits if circuit.impact == impact]
        sites = list(dict.fromkeys(site for circuit in concerned for site in circuit.sites))
        if sites:
            found.append(f"{impact} at {some(sites, 'sites')}")
        elif concerned:
            found.append(f"{impact} on {some([circuit.cid for circuit in concerned], 'circuits')}")
    return ", ".join(found) or "no circuit is known"


def in_window(circuits: Sequence[CircuitState], window: Span | None) -> list[CircuitState]:
    """Return the circuits that are affected in a window; all if there is none to ask about."""
    return [each for each in circuits if window is None or each.windows is None or window in each.windows]


def _of_mail(now: MailState, zone: tzinfo) -> str:
    since = f" since {moment_text(now.since, zone)}" if now.since else ""
    if now.state == "failing":
        return f"The notification source {now.name} is failing{since}."
    if now.state == "ok":
        return f"The notification source {now.name} is read again."
    sender = f" from {now.sender}" if now.sender else ""
    return f'An email{sender} needs a person: "{now.name}" ({now.state}).'


def _ending(now: MaintenanceState, last_state: object, zone: tzinfo) -> str:
    planned = f"; it was planned for {_spans(now.windows, zone)}" if now.windows else ""
    if not now.exists:
        return f"{title(now)} was deleted from Nautobot{planned}."
    if now.replaced_by:
        return f"{title(now)} was replaced by {now.replaced_by}."
    if now.is_cancelled:
        return f"{title(now)} is CANCELLED{planned}."
    found = changes(last_state, now, zone) if isinstance(last_state, MaintenanceState) else []
    reason = f": {found[0]}" if found else ""
    return f"{title(now)} no longer matches your subscription{reason}."


def _new(now: MaintenanceState, _occasion: Occasion, zone: tzinfo) -> str:
    what = affected(now.circuits)
    return f"{now.provider} maintenance {now.name} ({now.status}): {what}, {_spans(now.windows, zone)}."


def _changed(now: MaintenanceState, occasion: Occasion, zone: tzinfo) -> str:
    found = changes(occasion.last_state, now, zone) if isinstance(occasion.last_state, MaintenanceState) else []
    if not found:
        return _new(now, occasion, zone)
    more = len(found) - 1
    others = f", and {more} more change{'s' * (more > 1)}" if more else ""
    return f"{title(now)}: {found[0]}{others}."


def _starts_soon(now: MaintenanceState, occasion: Occasion, zone: tzinfo) -> str:
    return f"{title(now)} starts soon: {_window_and_impact(now, occasion, zone)}."


def _not_acknowledged(now: MaintenanceState, occasion: Occasion, zone: tzinfo) -> str:
    return f"{title(now)} is not acknowledged and starts soon: {_window_and_impact(now, occasion, zone)}."


def _started(now: MaintenanceState, occasion: Occasion, zone: tzinfo) -> str:
    return f"The window of {title(now)} has started: {_window_and_impact(now, occasion, zone)}."


def _ended(now: MaintenanceState, occasion: Occasion, zone: tzinfo) -> str:
    return f"The window of {title(now)} has ended: {_window(now, occasion, zone)} (status {now.status})."


def _overdue(now: MaintenanceState, occasion: Occasion, zone: tzinfo) -> str:
    end = max((end for _start, end in now.windows), default=None)
    when = f"its last window ended at {moment_text(end, zone)}" if end else "no window is known"
    return f"{title(now)} is overdue: {when}, and its status is still {now.status}."


def _window_and_impact(now: MaintenanceState, occasion: Occasion, zone: tzinfo) -> str:
    return f"{_window(now, occasion, zone)}, {affected(in_window(now.circuits, occasion.window))}"


def _window(now: MaintenanceState, occasion: Occasion, zone: tzinfo) -> str:
    return span_text(occasion.window, zone) if occasion.window else _spans(now.windows, zone)


def _spans(windows: Sequence[Span], zone: tzinfo) -> str:
    if not windows:
        return "no window is known"
    more = len(windows) - 1
    others = f" and {more} more window{'s' * (more > 1)}" if more else ""
    return span_text(windows[0], zone) + others


_OF_EVENTS: dict[str, Callable[[MaintenanceState, Occasion, tzinfo], str]] = {
    "new": _new,
    "changed": _changed,
    "starts-soon": _starts_soon,
    "not-acknowledged": _not_acknowledged,
    "started": _started,
    "ended": _ended,
    "overdue": _overdue,
}
"""By the events of ``EventChoices``."""
