"""The timeline of a maintenance: what notifications changed, and what people acknowledged, noted and edited."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any

from django.db.models import Exists, OuterRef
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from nautobot_circuit_maintenance.analysis.evidence import Evidence
from nautobot_circuit_maintenance.analysis.impact_edits import ImpactEdit, read_impact_edits
from nautobot_circuit_maintenance.analysis.manual_changes import read_edits
from nautobot_circuit_maintenance.analysis.visibility import Visibility
from nautobot_circuit_maintenance.choices import DeliveryStateChoices as DeliveryState
from nautobot_circuit_maintenance.domain.phrases import phrases_of
from nautobot_circuit_maintenance.domain.timeline import TimelineEntry, collapse_repeats
from nautobot_circuit_maintenance.models import CircuitMaintenance, Delivery, Notification, ParsedNotification
from nautobot_circuit_maintenance.ui import formatting
from nautobot_circuit_maintenance.views.phrases import note_link, shown

_MOST_DELIVERIES = 50


@dataclass(frozen=True)
class Line:
    """One line of the timeline."""

    at: datetime
    icon: str
    what: SafeString
    changes: Sequence[SafeString] = ()
    reason: str = ""
    """Why it counts less; empty if it counts."""
    links: Sequence[SafeString] = field(default=())
    """The notifications that this line stands for, if there are several."""


def lines_of(maintenance: CircuitMaintenance, evidence: Evidence, visibility: Visibility) -> list[Line]:
    """Return the lines about a maintenance, newest first."""
    lines = [
        *_notifications(maintenance, evidence, visibility),
        *_acknowledgement(maintenance),
        *_notes(maintenance, visibility),
        *_edits(maintenance, visibility),
        *_impact_edits(maintenance, visibility),
        *_deliveries(maintenance, visibility),
    ]
    return sorted(lines, key=lambda line: line.at, reverse=True)


def _notifications(maintenance: CircuitMaintenance, evidence: Evidence, visibility: Visibility) -> Iterator[Line]:
    readable_ones = Exists(visibility.notifications.filter(pk=OuterRef("notification")))
    parsed = visibility.parsed_notifications.filter(maintenance=maintenance).annotate(is_readable=readable_ones)
    found = list(parsed.values_list("fingerprint", "notification", "is_readable"))
    visible = {fingerprint for fingerprint, *_ in found}
    if not visible:
        return
    readable = {notification for _, notification, is_readable in found if is_readable}
    links = {row.fingerprint: _link(row, readable) for row in evidence.rows if row.fingerprint in visible}
    doubts: dict[str, list[SafeString]] = {}
    for doubt in maintenance.doubts:
        shown_doubt = format_html("{} {}", formatting.doubt_badge([doubt]), doubt["sentence"])
        doubts.setdefault(doubt.get("fingerprint", ""), []).append(shown_doubt)
    entries = [entry for entry in evidence.entries if entry.update.provenance.fingerprint in visible]
    for group in collapse_repeats(entries):
        yield _line(group, links, doubts)


def _link(row: ParsedNotification, readable: set[Any]) -> SafeString:
    """Link to the notification, or to its parsed notification if it is gone or the user may not see it."""
    target = Notification(pk=row.notification_id) if row.notification_id in readable else row
    return format_html('<a href="{}">{}</a>', target.get_absolute_url(), row.subject or "(no subject)")


def _line(group: tuple[TimelineEntry, ...], links: dict[str, SafeString], doubts: dict[str, list[SafeString]]) -> Line:
    entry = group[0]
    raised = [doubt for each in group for doubt in doubts.get(each.update.provenance.fingerprint, ())]
    subjects = [links[each.update.provenance.fingerprint] for each in group]
    if len(group) > 1:
        what = format_html("{} notifications without changes", len(group))
    else:
        what = format_html("{}, {}", subjects[0], _times(entry))
    return Line(
        at=entry.issued_at,
        icon="mdi-email-outline",
        what=what,
        changes=[*(() if entry.is_repeat else shown(phrases_of(entry))), *raised],
        reason=_reason(entry, len(group)),
        links=subjects if len(group) > 1 else (),
    )


def _times(entry: TimelineEntry) -> SafeString:
    received = entry.update.provenance.received_at
    if received - entry.issued_at < timedelta(minutes=1):
        return format_html("issued and received {}", _at(received))
    return format_html("issued {}, received {}", _at(entry.issued_at), _at(received))


def _reason(entry: TimelineEntry, count: int) -> str:
    if entry.is_late:
        return "Received after a newer notification."
    return "No changes." if entry.is_repeat and count == 1 else ""


def _at(when: datetime) -> SafeString:
    """Show a moment with its time zone."""
    return format_html("{} {}", formatting.inline_datetime(when), f"{timezone.localtime(when):%Z}")


def _acknowledgement(maintenance: CircuitMaintenance) -> Iterator[Line]:
    if maintenance.ack and maintenance.acknowledged_at:
        at, user = maintenance.acknowledged_at, maintenance.acknowledged_by or "a deleted user"
        yield Line(at, "mdi-check-bold text-success", format_html("Acknowledged by {}, {}", user, _at(at)))


def _notes(maintenance: CircuitMaintenance, visibility: Visibility) -> Iterator[Line]:
    for note in visibility.notes.filter(maintenance=maintenance):
        at = note.created or note.last_updated
        yield Line(at, "mdi-note-text-outline", format_html("{}, {}", note_link(note), _at(at)))


def _edits(maintenance: CircuitMaintenance, visibility: Visibility) -> Iterator[Line]:
    for edit in read_edits(visibility, CircuitMaintenance.objects.filter(pk=maintenance.pk).order_by()):
        what = format_html("{} by {}, {}", "Created" if edit.is_new else "Edited", edit.who, _at(edit.at))
        yield Line(edit.at, "mdi-plus" if edit.is_new else "mdi-pencil", what, shown(edit.phrases))


def _impact_edits(maintenance: CircuitMaintenance, visibility: Visibility) -> Iterator[Line]:
    for edit in read_impact_edits(visibility, maintenance.pk):
        what = format_html("Circuit {} {} by {}, {}", edit.cid, edit.done, edit.who, _at(edit.at))
        yield Line(edit.at, "mdi-cable-data", what, list(_changes_of_impact(edit)))


def _changes_of_impact(edit: ImpactEdit) -> Iterator[SafeString]:
    """Yield what changed, each as a phrase."""
    if edit.cid_before:
        yield format_html("Circuit ID {} \u2192 {}", edit.cid_before, edit.cid)
    impacts = [formatting.badge(each) for each in (edit.before, edit.after) if each]
    if edit.before != edit.after:
        yield format_html_join(" \u2192 ", "{}", ((each,) for each in impacts))
    if edit.has_other_windows:
        yield format_html("{}", "Affected in other windows")


def _deliveries(maintenance: CircuitMaintenance, visibility: Visibility) -> Iterator[Line]:
    """Yield what was sent, or is to be; the same at the same time to several is one line."""
    rows = visibility.of_model(Delivery).filter(maintenance=maintenance).exclude(state=DeliveryState.SUPERSEDED)
    found = list(rows.select_related("subscription").order_by("-created")[:_MOST_DELIVERIES])
    for _, group in groupby(found, lambda row: (row.subscription_id, row.event, row.state, row.created.date())):
        first, *others = group
        target = first.recipient_name or first.recipient or first.channel
        whom = f"{target} and {len(others)} more" if others else target
        at = first.sent_at or first.created
        link = format_html('<a href="{}">{}</a>', first.get_absolute_url(), first.get_event_display())
        what = format_html("{} to {}: {} {}, {}", first.channel, whom, link, formatting.badge(first.state), _at(at))
        yield Line(at, "mdi-send-outline", what)
