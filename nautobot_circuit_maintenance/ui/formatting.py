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

# Dark on green and orange, and blue as a frame: white on them, as core has it, is hard to read in the light theme.
_GREEN, _ORANGE, _BLUE = "text-bg-success", "text-bg-warning", "bg-primary-subtle border border-primary text-body"
_RED, _GREY, _RED_FRAME, _FRAME = "bg-danger", "bg-secondary", "border border-danger text-body", "border text-body"
_CLASSES = {
    Status.TENTATIVE: _GREY,
    Status.CONFIRMED: _BLUE,
    Status.RE_SCHEDULED: _ORANGE,
    Status.IN_PROCESS: _RED_FRAME,
    Status.COMPLETED: _GREEN,
    Status.CANCELLED: "border border-secondary text-body text-decoration-line-through",
    Status.UNKNOWN: _FRAME,
    Impact.NO_IMPACT: _GREEN,
    Impact.REDUCED_REDUNDANCY: _BLUE,
    Impact.DEGRADED: _ORANGE,
    Impact.OUTAGE: _RED,
    Level.INFO: _BLUE,
    Level.WARNING: _ORANGE,
    State.PARSED: _GREEN,
    State.IGNORED: _GREY,
    State.REFUSED: _ORANGE,
    State.FAILED: _RED,
    State.RECEIVED: _BLUE,
}
_WORDS = {State.RECEIVED: "waiting"}
"""Values that people read as another word."""
_SHOWN = 5
_DAY = timedelta(days=1)
_LONGEST_WORD = 15


def _badge(word: str, classes: str) -> SafeString:
    """Show a word; a long one may break at its hyphen where a table has no room."""
    wrap = " text-wrap text-start" if len(word) > _LONGEST_WORD else ""
    return format_html('<span class="badge {}{}">{}</span>', classes, wrap, word)


NOT_IN_NAUTOBOT = _badge("not in Nautobot", "border border-dark text-body")
IN_PROGRESS = _badge("in progress", _RED_FRAME)
WITHIN_A_DAY = _badge("within 24 h", "border border-warning text-body")
ALL = _badge("all", _RED_FRAME)
OUTDATED = _badge("outdated", _GREY)
NOT_CONFIGURED = _badge("not configured", _ORANGE)
NO_ADDRESS = _badge("no address", _ORANGE)


def badge(word: str | None) -> SafeString:
    """Show a word of our vocabularies as a badge; words of other people get a plain one."""
    return _badge(_WORDS.get(word, word), _CLASSES.get(word, _FRAME)) if word else placeholder(None)


def unknown(count: int) -> str:
    """Tell how many circuit ids Nautobot does not know; nothing where it knows all."""
    html = '<span class="badge px-4 border border-dark text-body" title="Circuit IDs that Nautobot does not know">{0} not in Nautobot</span>'
    return format_html(html, count) if count else ""


def urgency(start: datetime, now: datetime) -> str:
    """Say in words that work is on, or begins within a day; nothing of what is further off."""
    if start <= now:
        return IN_PROGRESS
    return WITHIN_A_DAY if start <= now + _DAY else ""


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
    """Return how far off a moment is: "in 14 h", "3 d ago"; minutes count for a day only."""
    off = abs(when - now)
    if off < timedelta(minutes=1):
        return "now"
    told = duration(timedelta(hours=round(off.total_seconds() / 3600)) if off > _DAY else off)
    return f"in {told}" if when > now else f"{told} ago"


def moment(when: datetime | None, now: datetime | None = None, *, remark: str = "") -> SafeString:
    """Show a moment in the user's zone and how far off it is, or another remark; UTC on hover."""
    if when is None:
        return placeholder(None)
    local = timezone.localtime(when)
    now = now or timezone.now()
    day = "%a %d %b" if local.year == timezone.localtime(now).year else "%a %d %b %Y"
    return format_html(
        # Where a table has no room for it, a moment breaks before its time of day.
        '<time datetime="{}" title="{}"><span class="text-nowrap">{}</span> <span class="text-nowrap">{}</span></time> '
        '<small class="text-secondary text-nowrap">{}</small>',
        when.isoformat(),
        f"{when.astimezone(fixed_zones.utc):%Y-%m-%d %H:%M} UTC",
        local.strftime(day),
        local.strftime("%H:%M %Z"),
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


def window(start: datetime, end: datetime, *, remark: str = "") -> SafeString:
    """Show a window in the user's zone, and how long it is, or another remark."""
    begin, until = timezone.localtime(start), timezone.localtime(end)
    is_same_day = begin.date() == until.date()
    last = (
        format_html('<time datetime="{}" class="text-nowrap">{}</time>', end.isoformat(), f"{until:%H:%M}")
        if is_same_day
        else clock(end)
    )
    return format_html(
        '{}{} &ndash; {} {} <small class="text-secondary text-nowrap">{}</small>',
        clock(start),
        # In the night when clocks are changed, each end has a zone of its own.
        f" {begin:%Z}" if begin.utcoffset() != until.utcoffset() else "",
        last,
        f"{until:%Z}",
        remark or duration(end - start),
    )


def coming_window(start: datetime, end: datetime, now: datetime) -> SafeString:
    """Show a window that is on or ahead: from when to when, how far off that is, and how long."""
    off = f"ends {relative(end, now)}" if start <= now else relative(start, now)
    return window(start, end, remark=f"{off}, {duration(end - start)} long")


def moment_remark(when: datetime) -> SafeString:
    """Show how far off a moment is."""
    return format_html('<small class="text-secondary text-nowrap">{}</small>', relative(when, timezone.now()))


def shift(by: timedelta) -> str:
    """Return by how much something moved: "24 h later", "30 min earlier"."""
    return f"{duration(by)} {'earlier' if by < timedelta(0) else 'later'}"


def moment_if_any(when: datetime | None) -> str:
    """Show a moment; nothing at all where there is none."""
    return moment(when) if when else ""


def outdated(value: bool) -> SafeString:
    """Say that something is outdated; most is not, and that needs no sign."""
    return OUTDATED if value else placeholder(None)


def check_mark(by: str | None, at: datetime | None) -> SafeString:
    """Show that a maintenance is acknowledged: a check mark, with who and when on hover."""
    told = " ".join(part for part in (f"by {by}" if by else "", f"at {at:%Y-%m-%d %H:%M} UTC" if at else "") if part)
    return format_html(
        '<span class="text-success" title="Acknowledged {0}"><span class="mdi mdi-check-bold" aria-hidden="true"></span>'
        '<span class="visually-hidden">Acknowledged {0}</span></span>',
        told,
    )
