"""How values look on the pages: badges, times with their zone, durations."""

from collections.abc import Iterable
from datetime import datetime, timedelta, timezone as fixed_zones
from typing import Any

from django.template.defaultfilters import filesizeformat
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from nautobot.apps.templatetags import hyperlinked_object, placeholder
from nautobot.circuits.models import Circuit

from nautobot_circuit_maintenance.choices import (
    CircuitImpactChoices as Impact,
    CircuitMaintenanceStatusChoices as Status,
    NoteLevelChoices as Level,
    NotificationStateChoices as State,
)

_CLASSES = {
    Status.TENTATIVE: "bg-secondary",
    Status.CONFIRMED: "bg-primary",
    Status.RE_SCHEDULED: "bg-warning",
    Status.IN_PROCESS: "border border-danger text-danger",
    Status.COMPLETED: "bg-success",
    Status.CANCELLED: "bg-dark text-white",
    Status.UNKNOWN: "border text-secondary",
    Impact.NO_IMPACT: "bg-success",
    Impact.REDUCED_REDUNDANCY: "bg-info",
    Impact.DEGRADED: "bg-warning",
    Impact.OUTAGE: "bg-danger",
    Level.INFO: "bg-info",
    Level.WARNING: "bg-warning",
    State.PARSED: "bg-success",
    State.IGNORED: "bg-secondary",
    State.REFUSED: "bg-warning",
    State.FAILED: "bg-danger",
    State.RECEIVED: "bg-info",
}
_SHOWN = 5
_PLAIN = "border text-body"

NOT_IN_NAUTOBOT = format_html('<span class="badge border border-dark text-body">{}</span>', "not in Nautobot")


def badge(word: str | None) -> SafeString:
    """Show a word of our vocabularies as a badge; words of other people get a plain one."""
    if not word:
        return placeholder(None)
    return format_html('<span class="badge {}">{}</span>', _CLASSES.get(word, _PLAIN), word)


def circuit(found: Circuit | None) -> SafeString:
    """Link to a circuit, or say that Nautobot does not know it."""
    return hyperlinked_object(found) if found else NOT_IN_NAUTOBOT


def some(objects: Iterable[Any]) -> SafeString:
    """Link to the first of these objects, and count the others."""
    found = list(objects)
    if not found:
        return placeholder(None)
    links = format_html_join(", ", '<a href="{}">{}</a>', ((each.get_absolute_url(), each) for each in found[:_SHOWN]))
    return format_html("{} and {} more", links, len(found) - _SHOWN) if len(found) > _SHOWN else links


def size(count: int) -> str:
    """Return a number of bytes for people."""
    return filesizeformat(count)


def duration(span: timedelta) -> str:
    """Return a span in hours and minutes: "4 h", "1 h 30 min", "45 min"; from two days on in days and hours."""
    minutes = round(abs(span.total_seconds()) / 60)
    if minutes >= 48 * 60:
        parts = ((minutes // 1440, "d"), (minutes % 1440 // 60, "h"))
    else:
        parts = ((minutes // 60, "h"), (minutes % 60, "min"))
    return " ".join(f"{count} {unit}" for count, unit in parts if count) or "0 min"


def relative(when: datetime, now: datetime) -> str:
    """Return how far off a moment is: "in 14 h", "3 d ago"."""
    if abs(when - now) < timedelta(minutes=1):
        return "now"
    return f"in {duration(when - now)}" if when > now else f"{duration(now - when)} ago"


def moment(when: datetime | None, now: datetime | None = None, *, remark: str = "") -> SafeString:
    """Show a moment in the user's zone and how far off it is, or another remark; UTC on hover."""
    if when is None:
        return placeholder(None)
    local = timezone.localtime(when)
    now = now or timezone.now()
    form = "%a %d %b %H:%M %Z" if local.year == timezone.localtime(now).year else "%a %d %b %Y %H:%M %Z"
    return format_html(
        '<time datetime="{}" title="{}" class="text-nowrap">{}</time> <small class="text-secondary text-nowrap">{}</small>',
        when.isoformat(),
        f"{when.astimezone(fixed_zones.utc):%Y-%m-%d %H:%M} UTC",
        local.strftime(form),
        remark or relative(when, now),
    )


def clock(when: datetime) -> SafeString:
    """Show a moment in the user's zone within a sentence; UTC on hover."""
    local = timezone.localtime(when)
    form = "%a %d %b %H:%M" if local.year == timezone.localtime().year else "%a %d %b %Y %H:%M"
    return format_html(
        '<time datetime="{}" title="{}" class="text-nowrap">{}</time>',
        when.isoformat(),
        f"{when.astimezone(fixed_zones.utc):%Y-%m-%d %H:%M} UTC",
        local.strftime(form),
    )


def window(start: datetime, end: datetime) -> SafeString:
    """Show a window in the user's zone, and how long it is."""
    until = timezone.localtime(end)
    is_same_day = timezone.localtime(start).date() == until.date()
    last = (
        format_html('<time datetime="{}" class="text-nowrap">{}</time>', end.isoformat(), f"{until:%H:%M}")
        if is_same_day
        else clock(end)
    )
    return format_html(
        '{} &ndash; {} {} <small class="text-secondary text-nowrap">{}</small>',
        clock(start),
        last,
        f"{until:%Z}",
        duration(end - start),
    )


def moment_remark(when: datetime) -> SafeString:
    """Show how far off a moment is."""
    return format_html('<small class="text-secondary text-nowrap">{}</small>', relative(when, timezone.now()))


def signed(by: timedelta) -> str:
    """Return by how much something moved: "+24 h", "-30 min"."""
    return f"{'-' if by < timedelta(0) else '+'}{duration(by)}"


def moment_if_any(when: datetime | None) -> str:
    """Show a moment; nothing at all where there is none."""
    return moment(when) if when else ""


def outdated(value: bool) -> SafeString:
    """Say that something is outdated; most is not, and that needs no sign."""
    return format_html('<span class="badge bg-secondary">{}</span>', "outdated") if value else placeholder(None)


def check_mark(by: str | None, at: datetime | None) -> SafeString:
    """Show that a maintenance is acknowledged: a check mark, with who and when on hover."""
    told = " ".join(part for part in (f"by {by}" if by else "", f"at {at:%Y-%m-%d %H:%M} UTC" if at else "") if part)
    return format_html(
        '<span class="text-success" title="Acknowledged {0}"><span class="mdi mdi-check-bold" aria-hidden="true"></span>'
        '<span class="visually-hidden">Acknowledged {0}</span></span>',
        told,
    )
