"""Recent changes of all maintenances: a tab of the dashboard."""

from collections import Counter
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.http import urlencode
from django.utils.safestring import SafeString
from nautobot.apps.ui import Breadcrumbs, Titles, ViewNameBreadcrumbItem

from nautobot_circuit_maintenance.analysis.changes import (
    ChangeKind,
    NotificationChange,
    RecentChange,
    read_changes,
)
from nautobot_circuit_maintenance.analysis.manual_changes import MOST, Edit
from nautobot_circuit_maintenance.analysis.visibility import Visibility
from nautobot_circuit_maintenance.domain.phrases import phrases_of
from nautobot_circuit_maintenance.models import Note, Notification
from nautobot_circuit_maintenance.ui import formatting
from nautobot_circuit_maintenance.ui.periods import FEWEST_DAYS, days_since_friday, start_of_day, usual_days
from nautobot_circuit_maintenance.views.page import Page
from nautobot_circuit_maintenance.views.phrases import note_link, shown
from nautobot_circuit_maintenance.views.tab_counts import counted_tabs

_ROUTE = "plugins:nautobot_circuit_maintenance:changes"
_LIST_ROUTE = "plugins:nautobot_circuit_maintenance:circuitmaintenance_list"
_TITLE = "Recent Changes"
_DAYS = (1, FEWEST_DAYS, 7, 30)
_ALLOWED_DAYS = {str(days): days for days in range(1, max(_DAYS) + 1)}
"""All up to the longest: an address that was kept from "since Friday" has other days than Friday has today."""
_LABELS = {
    ChangeKind.CANCELLED: "cancelled",
    ChangeKind.MOVED: "moved",
    ChangeKind.NEW: "new",
    ChangeKind.IMPACT: "impact or circuits changed",
    ChangeKind.STATUS: "status changed",
    ChangeKind.EDIT: "edits",
    ChangeKind.ACKNOWLEDGEMENT: "acknowledged",
    ChangeKind.DESCRIPTION: "description only",
}


def row_of(change: RecentChange, now: datetime) -> dict[str, Any]:
    """Return a row of the table."""
    row = {
        "maintenance": change.maintenance,
        "when": formatting.datetime_badge(change.at, now),
        "what": phrases_about(change),
        "who": change.who,
    }
    if not isinstance(change.what, NotificationChange):
        return row
    is_last = change.what.last_arrived <= change.at
    return row | {
        "who": _link_to_notification(change.what, change.who),
        "emails": change.what.count,
        "latest": "" if is_last else formatting.inline_datetime(change.what.last_arrived),
    }


def phrases_about(change: RecentChange) -> list[SafeString]:
    """Return what changed as HTML."""
    if isinstance(change.what, NotificationChange):
        return shown(phrases_of(change.what.difference))
    if isinstance(change.what, Note):
        return [note_link(change.what)]
    if isinstance(change.what, Edit):
        done = "Created" if change.what.is_new else "Edited"
        return shown(change.what.phrases) or [format_html("{}", done)]
    return [format_html("{}", "Acknowledged")]


def _link_to_notification(change: NotificationChange, sender: str) -> SafeString:
    """Link to the notification, or to its parsed notification if it is gone or the user may not see it."""
    row = change.newest
    target = Notification(pk=row.notification_id) if change.is_readable else row
    return format_html('<a href="{}" title="{}">{}</a>', target.get_absolute_url(), row.subject, sender)


def context_of(
    visibility: Visibility, now: datetime, days: int, most: int, kind: ChangeKind | None = None
) -> dict[str, Any]:
    """Return the context of the table: changes since the start of a day, the most important first, at most so many.

    The count is that of all kinds but acknowledgements, whichever is chosen.
    """
    since = start_of_day(now, days)
    changes = read_changes(visibility, since)
    chosen = [change for change in changes.rows if kind == change.kind or (kind is None and not _is_own(change))]
    return {
        "since": since,
        "changes": [row_of(change, now) for change in sorted(chosen, key=_rank)[:most]],
        "summary": summary_of(changes.rows, days, kind),
        "count": count_of(changes.rows),
        "is_all": changes.is_all,
    }


def count_of(rows: Iterable[RecentChange]) -> int:
    """Count changes; acknowledgements are counted apart."""
    return sum(not _is_own(change) for change in rows)


def _is_own(change: RecentChange) -> bool:
    return change.kind == ChangeKind.ACKNOWLEDGEMENT


def _rank(change: RecentChange) -> int:
    """Sort by importance; changes of the same kind stay in their order, newest first."""
    return list(ChangeKind).index(change.kind)


def summary_of(rows: Iterable[RecentChange], days: int, chosen: ChangeKind | None = None) -> list[dict[str, Any]]:
    """Return the kinds that occur with the number of their changes and a link to them."""
    counts = Counter(change.kind for change in rows)
    return [
        {
            "label": _LABELS[kind],
            "count": counts[kind],
            "url": changes_url(days, kind),
            "is_chosen": kind == chosen,
        }
        for kind in ChangeKind
        if counts[kind]
    ]


def changes_url(days: int, kind: ChangeKind | None = None) -> str:
    """Return the address of the page with this many days and all changes, or those of one kind."""
    query = {"days": days} | ({"kind": kind.value} if kind else {})
    return f"{reverse(_ROUTE)}?{urlencode(query)}"


def _choices(now: datetime, days: int) -> dict[int, str]:
    """Return the usual periods and this one by their days; one that begins on the last Friday says so."""
    friday = days_since_friday(now)
    labels = {each: f"{each} days" for each in (*_DAYS, days)} | {1: "Since yesterday"}
    labels[friday] = f"Since {formatting.day(start_of_day(now, friday))}"
    return dict(sorted(labels.items()))


class ChangesView(Page):
    """The page of recent changes."""

    template = "changes"
    view_titles = Titles(titles={"generic": _TITLE})
    breadcrumbs = Breadcrumbs(
        items={
            "generic": [
                ViewNameBreadcrumbItem(view_name=_LIST_ROUTE, label="Circuit Maintenances"),
                ViewNameBreadcrumbItem(view_name=_ROUTE, label=_TITLE),
            ]
        }
    )

    def get(self, request: HttpRequest) -> HttpResponse:
        """Render the page."""
        now, visibility = timezone.now(), Visibility.of(request.user)
        usual = usual_days(now)
        days = _ALLOWED_DAYS.get(request.GET.get("days", ""), usual)
        kind = next((each for each in ChangeKind if each.value == request.GET.get("kind")), None)
        found = context_of(visibility, now, days, MOST, kind)
        known = found["count"] if days == usual else None
        context = {
            "days": days,
            "choices": _choices(now, days).items(),
            "kind": kind.value if kind else "",
            "days_url": changes_url(days),
            "tabs": counted_tabs("changes", visibility, now, changes=known),
            **found,
        }
        return self.page(request, **context)
