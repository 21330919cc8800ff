"""Format values for the pages: badges, times with their zone, durations."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta, timezone as fixed_zones
from typing import Any

from django.template.defaultfilters import filesizeformat
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.text import Truncator
from nautobot.apps.templatetags import hyperlinked_object, placeholder
from nautobot.circuits.models import Circuit

from nautobot_circuit_maintenance.choices import (
    CircuitImpactChoices as Impact,
    CircuitMaintenanceStatusChoices as Status,
    ConfidenceChoices as Confidence,
    DeliveryStateChoices as DeliveryState,
    MatchedByChoices,
    NoteLevelChoices as Level,
    NotificationStateChoices as State,
    SourceHealthChoices as Health,
)
from nautobot_circuit_maintenance.domain.doubts import TOPICS

# pylint: disable-next=useless-import-alias  # a re-export
from nautobot_circuit_maintenance.domain.periods import duration as duration
from nautobot_circuit_maintenance.models import CircuitImpact
from nautobot_circuit_maintenance.models.windows import Span

_LONGEST_NAME = 14
"""Characters of a user's name in a table; the tooltip has all."""
# Dark on green and orange, and blue as a frame: white on them, as core has it, is hard to read in the light theme.
_GREEN, _ORANGE, _BLUE = "text-bg-success", "text-bg-warning", "bg-primary-subtle border border-primary text-body"
_RED, _GREY, _RED_FRAME, _FRAME = "bg-danger", "bg-secondary", "border border-danger text-body", "border text-body"
_ORANGE_FRAME = "border border-warning text-body"
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
    Confidence.CONFIRMED: _GREEN,
    Confidence.UNCHECKED: _GREY,
    Confidence.DOUBTFUL: _ORANGE_FRAME,
    Health.ERROR: _RED,
    Health.STALE: _ORANGE,
    Health.SILENT: _ORANGE_FRAME,
    Health.NOT_CONFIGURED: _GREY,
    Health.OK: _GREEN,
    DeliveryState.WAITING: _BLUE,
    DeliveryState.UNSURE: _ORANGE_FRAME,
    DeliveryState.SENT: _GREEN,
    DeliveryState.SUPERSEDED: _GREY,
}
_LABELS: dict[str, str] = {
    **dict((*State.CHOICES, *Confidence.CHOICES, *Health.CHOICES, *DeliveryState.CHOICES)),
    # Or "Confirmed" would be taken for the status of the maintenance, which has the same name.
    Confidence.CONFIRMED: "Matches Email",
    Confidence.UNCHECKED: "Not Fully Checked",
}
"""Labels that differ from the stored value."""
_MATCHED_BY: dict[str, str] = dict(MatchedByChoices.CHOICES)
_TOPICS: dict[str, str] = {kind.value: topic for kind, topic in TOPICS.items()}
_MOST_LINKS = 5
_DAY = timedelta(days=1)
_WEEK_OF_DAYS = 7
_LONGEST_UNBROKEN = 15


def _badge(label: str, classes: str) -> SafeString:
    """Render a badge; a long label may wrap in a narrow table."""
    wrap = " text-wrap text-start" if len(label) > _LONGEST_UNBROKEN else ""
    return format_html('<span class="badge {}{}">{}</span>', classes, wrap, label)


UNKNOWN_CIRCUIT_ID = _badge("Unknown Circuit ID", "border border-dark text-body")
SUPERSEDED = _badge("Superseded", _GREY)
NOT_CONFIGURED = _badge("Not Configured", _ORANGE)
NO_EMAIL_ADDRESS = _badge("No Email Address", _ORANGE)
PARTLY_READ = _badge("Partly Read", _ORANGE_FRAME)
HIDDEN = format_html('<span class="text-secondary" title="{}">{}</span>', "Hidden by your permissions", "hidden")
"""In place of a number that would be a statement."""
NOT_AFFECTED = _badge("On record, not affected", _FRAME)
REPLACED = _badge("Replaced", _GREY)


def badge(value: str | None) -> SafeString:
    """Render a value of our vocabularies as a badge in its color; other values get a plain badge."""
    return _badge(_LABELS.get(value, value), _CLASSES.get(value, _FRAME)) if value else placeholder(None)


def state_badge(state: str | None, error: str) -> SafeString:
    """Render the state of a notification; one that was parsed with an error was read only in part."""
    return PARTLY_READ if state == State.PARSED and error else badge(state)


def doubt_badge(doubts: Sequence[Mapping[str, str]]) -> str:
    """Render what is doubtful about a maintenance, with the sentences in the tooltip; empty if nothing is."""
    sentences = " ".join(doubt["sentence"] for doubt in doubts)
    topics = ", ".join(sorted({_TOPICS.get(doubt["kind"], "other") for doubt in doubts}))
    html = '<span class="badge {}" title="{}">Doubtful: {}</span>'
    return format_html(html, _ORANGE_FRAME, sentences, topics) if doubts else ""


def confidence_badge(confidence: str | None, reasons: Iterable[Mapping[str, Any]] = ()) -> SafeString:
    """Render the confidence of a reading, with its reasons in the tooltip."""
    if not confidence:
        return placeholder(None)
    sentences = " ".join(reason["sentence"] for reason in reasons)
    html = '<span class="badge {}" title="{}">{}</span>'
    return format_html(html, _CLASSES.get(confidence, _FRAME), sentences, _LABELS.get(confidence, confidence))


def matched_by(value: str) -> str | SafeString:
    """Return how a circuit was found."""
    return placeholder(_MATCHED_BY.get(value))


def inexact_match(value: str, circuit: Circuit | None) -> str:
    """Render which circuit was found and how; empty if its ID is the announced one."""
    if not circuit or value in ("", MatchedByChoices.EXACT):
        return ""
    label = _MATCHED_BY.get(value, value)
    return format_html('<div><small class="text-secondary">Circuit {}: {}</small></div>', circuit, label)


def unmatched_badge(count: int) -> str:
    """Render the number of circuit IDs without a circuit in Nautobot; empty if there are none."""
    html = '<span class="badge px-4 border border-dark text-body" title="Circuit IDs not in Nautobot">{} unknown</span>'
    return format_html(html, count) if count else ""


def circuit_link(circuit: Circuit | None) -> SafeString:
    """Link to a circuit; a badge if it is not in Nautobot."""
    return hyperlinked_object(circuit) if circuit else UNKNOWN_CIRCUIT_ID


def linked_list(objects: Iterable[Any]) -> SafeString:
    """Link to the first objects and count the rest."""
    shown = list(objects)
    if not shown:
        return placeholder(None)
    more = len(shown) - _MOST_LINKS
    pairs = ((each.get_absolute_url(), each) for each in shown[:_MOST_LINKS])
    links = format_html_join(", ", '<a href="{}">{}</a>', pairs)
    return format_html("{} and {} more", links, more) if more > 0 else links


def file_size(count: int) -> str:
    """Return a number of bytes in a readable unit."""
    return filesizeformat(count)


def relative(when: datetime, now: datetime) -> str:
    """Return the time from or to a moment ("in 14 h", "3 d ago"), without minutes beyond one day."""
    distance = abs(when - now)
    if distance < timedelta(minutes=1):
        return "now"
    text = duration(timedelta(hours=round(distance.total_seconds() / 3600)) if distance > _DAY else distance)
    return f"in {text}" if when > now else f"{text} ago"


def datetime_badge(when: datetime | None, now: datetime | None = None, *, remark: str = "") -> SafeString:
    """Render a moment in the user's zone with its distance from now, or another remark; UTC in the tooltip."""
    if when is None:
        return placeholder(None)
    local = timezone.localtime(when)
    now = now or timezone.now()
    day = "%a %d %b" if local.year == timezone.localtime(now).year else "%a %d %b %Y"
    return format_html(
        # In a narrow table the line breaks before the time of day.
        '<time datetime="{}" title="{}"><span class="text-nowrap">{}</span> <span class="text-nowrap">{}</span></time> '
        '<small class="text-secondary text-nowrap">{}</small>',
        when.isoformat(),
        _in_utc(when),
        local.strftime(day),
        local.strftime("%H:%M %Z"),
        remark or relative(when, now),
    )


def optional_datetime_badge(when: datetime | None) -> str:
    """Render a moment; empty if there is none."""
    return datetime_badge(when) if when else ""


def inline_datetime(when: datetime) -> SafeString:
    """Render a moment in the user's zone inside a sentence; UTC in the tooltip."""
    local = timezone.localtime(when)
    text_format = "%a %d %b %H:%M" if local.year == timezone.localtime().year else "%a %d %b %Y %H:%M"
    return format_html(
        '<time datetime="{}" title="{}" class="text-nowrap">{}</time>',
        when.isoformat(),
        _in_utc(when),
        local.strftime(text_format),
    )


def _in_utc(when: datetime) -> str:
    return f"{when.astimezone(fixed_zones.utc):%Y-%m-%d %H:%M} UTC"


def window(start: datetime, end: datetime, *, remark: str = "") -> SafeString:
    """Render a window in the user's zone with its duration, or another remark: "Tue 01 Dec 22:00 – Wed 02:00 UTC 4 h".

    The only way in which pages write a window. An end on another day has at least its weekday.
    """
    local_start, local_end = timezone.localtime(start), timezone.localtime(end)
    return format_html(
        '{}{} &ndash; <time datetime="{}" title="{}" class="text-nowrap">{} {}</time> '
        '<small class="text-secondary text-nowrap">{}</small>',
        inline_datetime(start),
        # In the night of a daylight saving change, the ends are in different zones.
        f" {local_start:%Z}" if local_start.utcoffset() != local_end.utcoffset() else "",
        end.isoformat(),
        _in_utc(end),
        local_end.strftime(_format_of_end(local_start, local_end)),
        f"{local_end:%Z}",
        remark or duration(end - start),
    )


def _format_of_end(start: datetime, end: datetime) -> str:
    """Return a format that leaves out what the start of a window says already."""
    days = (end.date() - start.date()).days
    if not days:
        return "%H:%M"
    if days < _WEEK_OF_DAYS:
        return "%a %H:%M"
    return "%a %d %b %H:%M" if start.year == end.year else "%a %d %b %Y %H:%M"


def current_or_next(spans: Iterable[Span], now: datetime) -> Span | None:
    """Return the window of several that counts now: the current or next one, the last one if all are over."""
    in_order = sorted(spans)
    return next((span for span in in_order if span[1] > now), in_order[-1] if in_order else None)


def upcoming_window(start: datetime, end: datetime, now: datetime) -> SafeString:
    """Render a window with its distance from now."""
    return window(start, end, remark=distance(start, end, now))


def which_window(spans: Iterable[Span], now: datetime) -> SafeString:
    """Render the current or next of several windows with its distance from now; below it, which one of them it is.

    All windows as one range would be hours in which no one works. The tooltip has all of them.
    """
    in_order = sorted(spans)
    shown = current_or_next(in_order, now)
    if shown is None:
        return placeholder(None)
    first_line = upcoming_window(*shown, now)
    if len(in_order) == 1:
        return first_line
    place = in_order.index(shown) + 1
    rest = format_html(", the last ends {}", inline_datetime(in_order[-1][1])) if place < len(in_order) else ""
    return format_html(
        '{}<div><small class="text-secondary" title="{}">Window {} of {}{}</small></div>',
        first_line,
        "\n".join(plain_window(*span) for span in in_order),
        place,
        len(in_order),
        rest,
    )


def plain_window(start: datetime, end: datetime) -> str:
    """Return a window in the user's zone without markup."""
    local_start, local_end = timezone.localtime(start), timezone.localtime(end)
    is_same_day = local_start.date() == local_end.date()
    return f"{local_start:%a %d %b %H:%M} \u2013 {local_end:{'%H:%M %Z' if is_same_day else '%a %d %b %H:%M %Z'}}"


def day(when: datetime) -> str:
    """Return the day of a moment in the user's zone."""
    return f"{timezone.localtime(when):%a %d %b}"


def windows(spans: Iterable[tuple[datetime, datetime]]) -> SafeString:
    """Render windows, one per line."""
    return format_html_join("", "<div>{}</div>", ((window(start, end),) for start, end in spans))


def outlined(impact: str) -> SafeString:
    """Render the impact of a maintenance that is over: red means that something goes down and is not over."""
    return _badge(impact, _FRAME) if impact else placeholder(None)


def impact_badge(impact: CircuitImpact) -> SafeString:
    """Render the impact on a circuit; without color if the circuit is only on record."""
    return badge(impact.impact) if impact.is_affected else _badge(impact.impact, _FRAME)


def windows_of_impact(impact: CircuitImpact) -> str | SafeString:
    """Render the windows in which a circuit is affected, unless these are all windows of the maintenance."""
    if impact.in_all_windows:
        return "All"
    return own_windows(impact.windows.all())


def own_windows(affected_in: Iterable[Any]) -> SafeString:
    """Render the windows in which a circuit is affected, one per line."""
    return windows((each.start_time, each.end_time) for each in affected_in) or NOT_AFFECTED


def cancelled_window(start: datetime, end: datetime) -> SafeString:
    """Render a window that was cancelled while others stand."""
    return format_html("<del>{}</del> {}", window(start, end), badge(Status.CANCELLED))


def distance(start: datetime, end: datetime, now: datetime) -> str:
    """Return how far away a time is, when it ends if it has started, or how long ago it ended."""
    if end <= now:
        return relative(end, now)
    return f"ends {relative(end, now)}" if start <= now else relative(start, now)


def distance_badge(start: datetime, end: datetime) -> SafeString:
    """Render how far away a window is, when it ends, or how long ago it ended."""
    words = distance(start, end, timezone.now())
    return format_html('<small class="text-secondary text-nowrap">{}</small>', words)


def superseded_badge(is_superseded: bool) -> SafeString:
    """Render a badge for a superseded row, a placeholder otherwise."""
    return SUPERSEDED if is_superseded else placeholder(None)


def check_mark(by: str | None, at: datetime | None) -> SafeString:
    """Render the check mark of an acknowledged maintenance, with the user beside it and the time in the tooltip."""
    details = []
    if by:
        details.append(f"by {by}")
    if at:
        details.append(f"at {_in_utc(at)}")
    return format_html(
        '<span title="Acknowledged {0}"><span class="mdi mdi-check-bold text-success" aria-hidden="true"></span>'
        '<span class="visually-hidden">Acknowledged {0}</span> <small aria-hidden="true">{1}</small></span>',
        " ".join(details),
        Truncator(by or "").chars(_LONGEST_NAME),
    )
