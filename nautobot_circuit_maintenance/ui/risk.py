"""The risk as rows of HTML: for the dashboard, the page *Risk* and *What If*."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from nautobot.apps.templatetags import placeholder

from nautobot_circuit_maintenance.analysis.redundancy.kinds import Kind
from nautobot_circuit_maintenance.analysis.redundancy.values import Core, CoreKind, Finding, Row, Subject
from nautobot_circuit_maintenance.analysis.risk.report import Risk
from nautobot_circuit_maintenance.analysis.risk.words import FEW, Names
from nautobot_circuit_maintenance.ui import formatting

_ROUTES = {
    Subject.SITE: "dcim:location",
    Subject.HUB: "dcim:location",
    Subject.CLOUD: "cloud:cloudnetwork",
    Subject.DEVICE: "dcim:device",
    Subject.GROUP: "extras:dynamicgroup",
}
_BADGES = {
    Kind.DARK: format_html('<span class="badge bg-danger">{}</span>', "Dark"),
    Kind.ONE_LEFT: format_html('<span class="badge border border-warning text-body">{}</span>', "One Left"),
}
_UNCONFIRMED = format_html(
    '<span class="badge border text-body" title="{}">{}</span>',
    "Only with maintenances that are not confirmed",
    "Unconfirmed",
)
_SHOWN_BEHIND = 10
_MOST_TICKS, _LAST_TICK = 7, 0.93
"""Labels of the axis, and the part of it after which there is no room for one."""


def link_to(finding: Finding, name: str) -> SafeString:
    """Link to what a finding is about."""
    return link(finding.subject, finding.key, name)


def link(subject: Subject, key: UUID, name: str) -> SafeString:
    """Link to a site, a device, ..."""
    return format_html('<a href="{}">{}</a>', reverse(_ROUTES[subject], kwargs={"pk": key}), name)


def kind_badge(finding: Finding) -> SafeString:
    """Render how bad it is; red is not the only sign."""
    return _BADGES[finding.kind] if finding.is_confirmed else format_html("{} {}", _BADGES[finding.kind], _UNCONFIRMED)


def row_of(row: Row, risk: Risk, names: Names, now: datetime) -> dict[str, Any]:
    """Return a row of the tables."""
    finding = row.first
    return {
        "subject": "" if finding.subject == Subject.SITE else finding.subject.value,
        "what": link_to(finding, risk.names[finding.key]),
        "behind": len(row.others),
        "behind_names": _named(row.others, risk),
        "kind": kind_badge(finding),
        "window": formatting.upcoming_window(finding.start, finding.end, now),
        "why": why(finding, names),
    }


def why(finding: Finding, names: Names) -> SafeString:
    """Return the causes as ``Names.why`` does, with links to the maintenances."""
    links = _linked(finding, names)
    separator = ": " if links else ""
    return format_html("{}{}{}{}", names.lost(finding), separator, links, _rest(finding, names))


def _rest(finding: Finding, names: Names) -> str | SafeString:
    """Return what ``Names.rest`` does, with links to the circuits."""
    keys = names.hangs_on_keys(finding)
    if not keys:
        return ""
    shown = format_html_join(", ", "{}", ((_circuit(key, names),) for key in keys[:FEW]))
    more = f" and {len(keys) - FEW} more" if len(keys) > FEW else ""
    return format_html("; hangs on {}{}", shown, more)


def _circuit(key: UUID, names: Names) -> str | SafeString:
    if key not in names.circuits:
        return names.circuit(key)
    return format_html('<a href="{}">{}</a>', reverse("circuits:circuit", kwargs={"pk": key}), names.circuit(key))


def works(finding: Finding, names: Names) -> str | SafeString:
    """Link to the maintenances that cause a finding."""
    return _linked(finding, names) or placeholder(None)


def _linked(finding: Finding, names: Names) -> SafeString:
    found = sorted((names.maintenances[key], key) for key in finding.maintenances if key in names.maintenances)
    route = "plugins:nautobot_circuit_maintenance:circuitmaintenance"
    pairs = ((reverse(route, kwargs={"pk": key}), label) for label, key in found)
    return format_html_join(", ", '<a href="{}">{}</a>', pairs)


def _named(findings: Sequence[Finding], risk: Risk) -> str:
    names = sorted(risk.names[each.key] for each in findings)
    more = f" and {len(names) - _SHOWN_BEHIND} more" if len(names) > _SHOWN_BEHIND else ""
    return ", ".join(names[:_SHOWN_BEHIND]) + more


def measured_from(core: Core, names: dict[UUID, str]) -> str:
    """Return a sentence about what sites have to reach."""
    sites = ", ".join(sorted(names.get(site, "a location that you may not view") for site in core.sites))
    return {
        CoreKind.HUBS: f"Measured from {sites}: a site must reach at least one of these.",
        CoreKind.OUTSIDE: "Measured from the provider networks and the circuits that lead outside: "
        "a site must reach at least one of them.",
        CoreKind.SITE: f"Measured from {sites}: no circuit leads outside and hub_locations is not set.",
        CoreKind.NOTHING: "There is no circuit between two places.",
    }[core.kind]


def lanes(findings: Iterable[Finding], risk: Risk, now: datetime, span: timedelta) -> list[dict[str, Any]]:
    """Return a lane for each site, with its findings as bars: left and width in percent of the span that starts now."""
    by_key: dict[UUID, list[Finding]] = {}
    for each in findings:
        by_key.setdefault(each.key, []).append(each)
    return [
        {"name": link_to(own[0], risk.names[key]), "bars": [_bar(each, now, span) for each in own]}
        for key, own in by_key.items()
    ]


def _bar(finding: Finding, now: datetime, span: timedelta) -> dict[str, Any]:
    start = max((finding.start - now) / span, 0.0)
    end = min((finding.end - now) / span, 1.0)
    return {
        "left": f"{100 * start:.2f}",
        "width": f"{max(100 * (end - start), 0.4):.2f}",  # still to be seen
        "is_dark": finding.kind == Kind.DARK,
        "title": f"{finding.kind.value.capitalize()} {formatting.plain_window(finding.start, finding.end)}",
    }


def ticks(now: datetime, span: timedelta, midnight: datetime) -> list[dict[str, Any]]:
    """Return the days of the axis, at most seven of them, from this first midnight on; on a phone, minor ones are left out."""
    step = timedelta(days=-(-span.days // _MOST_TICKS) or 1)
    found: list[dict[str, Any]] = []
    at = midnight
    while (at - now) / span < _LAST_TICK:
        place = f"{100 * ((at - now) / span):.2f}"
        found.append({"left": place, "label": formatting.day(at), "is_minor": bool(len(found) % 3)})
        at += step
    return found
