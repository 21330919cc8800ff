"""What changed lately, over all maintenances: a card of the dashboard, and a page of its own."""

from collections import Counter
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.template import Context
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.http import urlencode
from django.utils.safestring import SafeString
from nautobot.apps.ui import Breadcrumbs, Panel, Titles, ViewNameBreadcrumbItem
from nautobot.apps.views import ContentTypePermissionRequiredMixin, GenericView

from nautobot_circuit_maintenance.analysis.changes import (
    Acknowledgement,
    Change,
    Kind,
    Mail,
    read_changes,
)
from nautobot_circuit_maintenance.analysis.manual_changes import MOST, Edit
from nautobot_circuit_maintenance.analysis.visibility import Visibility
from nautobot_circuit_maintenance.models import Note, Notification
from nautobot_circuit_maintenance.ui import formatting
from nautobot_circuit_maintenance.ui.periods import USUAL_DAYS, start_of_day
from nautobot_circuit_maintenance.views.timeline import changes_by_hand, changes_of, note_link

_ROUTE = "plugins:nautobot_circuit_maintenance:changes"
_TEMPLATES = "nautobot_circuit_maintenance/{}.html"
_TITLE = "What changed"
_DAYS = (1, USUAL_DAYS, 7, 30)
ON_DASHBOARD = 10
"""Changes that the dashboard shows."""
_LABELS = {
    Kind.CANCELLED: "cancelled",
    Kind.MOVED: "moved",
    Kind.NEW: "new",
    Kind.IMPACT: "impact or circuits changed",
    Kind.STATUS: "begun, completed or other status",
    Kind.PEOPLE: "by people",
    Kind.WORDS: "only other words",
}


def row_of(change: Change, now: datetime) -> dict[str, Any]:
    """Return what the tables show of a change."""
    return {
        "maintenance": change.maintenance,
        "last_arrived": formatting.inline_datetime(change.what.last_arrived) if _came_later(change) else "",
        "mails": change.what.count if isinstance(change.what, Mail) else 0,
        "when": formatting.datetime_badge(change.at, now),
        "what": words_of(change),
        "who": _link_to_mail(change.what, change.who) if isinstance(change.what, Mail) else change.who,
    }


def _came_later(change: Change) -> bool:
    """Tell whether mail came after the one that was the last to change something."""
    return isinstance(change.what, Mail) and change.what.last_arrived > change.at


def words_of(change: Change) -> list[SafeString]:
    """Say what changed, one thing after another."""
    if isinstance(change.what, Mail):
        return list(changes_of(change.what.difference))
    if isinstance(change.what, Note):
        return [note_link(change.what)]
    if isinstance(change.what, Edit):
        done = "added by hand" if change.what.is_new else "edited"
        return list(changes_by_hand(change.what)) or [format_html("{}", done)]
    return [format_html("{}", "acknowledged")]


def _link_to_mail(mail: Mail, sender: str) -> SafeString:
    """Link to the message, or to what it said where the user may not see it or it is gone."""
    row = mail.newest
    target = Notification(pk=row.notification_id) if mail.is_readable else row
    return format_html('<a href="{}" title="{}">{}</a>', target.get_absolute_url(), row.subject, sender)


def context_of(visibility: Visibility, now: datetime, days: int, most: int, kind: Kind | None = None) -> dict[str, Any]:
    """Return what the table shows since the start of the day so many days ago: so many rows, worst first.

    The count is that of all rows, whatever kind is chosen.
    """
    since = start_of_day(now, days)
    changes = read_changes(visibility, since)
    chosen = [change for change in changes.rows if kind in (None, change.kind)]
    return {
        "since": since,
        "changes": [row_of(change, now) for change in sorted(chosen, key=_rank)[:most]],
        "summary": summary_of(changes.rows, days, kind),
        "count": len(changes.rows),
        "is_all": changes.is_all,
    }


def _rank(change: Change) -> tuple[int, bool]:
    """Sort the worst first, and what is as bad as it was read: newest first."""
    # Whoever acknowledges thirty at once on a Monday must not hide with it what else people did.
    return list(Kind).index(change.kind), isinstance(change.what, Acknowledgement)


def summary_of(rows: Iterable[Change], days: int, chosen: Kind | None = None) -> list[dict[str, Any]]:
    """Return how many changes there are of each kind that there are any of, as links to these."""
    counts = Counter(change.kind for change in rows)
    return [
        {
            "label": _LABELS[kind],
            "count": counts[kind],
            "url": changes_url(days, kind),
            "is_chosen": kind == chosen,
        }
        for kind in Kind
        if counts[kind]
    ]


def changes_url(days: int = USUAL_DAYS, kind: Kind | None = None) -> str:
    """Return the address of the page that shows so many days, in full, or one kind of changes."""
    query = {"days": days} | ({"kind": kind.value} if kind else {})
    return f"{reverse(_ROUTE)}?{urlencode(query)}"


class ChangesPanel(Panel):
    """The newest changes since Friday, if today is Monday; the page has read them for its tile (``what_changed``)."""

    body_wrapper_template_path = "components/panel/body_wrapper_table.html"
    body_content_template_path = _TEMPLATES.format("inc/changes")

    def get_extra_context(self, context: Context) -> dict[str, Any]:
        """Show them, with the address of the others."""
        return {**super().get_extra_context(context), **context["what_changed"], "changes_url": changes_url()}

    def render_label(self, context: Context) -> str:
        """Say since when."""
        return f"{_TITLE} since {context['what_changed']['since']:%a %d %b}"


CHANGES = ChangesPanel(weight=100, label=_TITLE)


class ChangesView(ContentTypePermissionRequiredMixin, GenericView):
    """What changed within so many days, for whoever may view some maintenance."""

    view_titles = Titles(titles={"generic": _TITLE})
    breadcrumbs = Breadcrumbs(items={"generic": [ViewNameBreadcrumbItem(view_name=_ROUTE, label=_TITLE)]})

    def get_required_permission(self) -> str:
        """Ask for the permission that everything here is read with."""
        return "nautobot_circuit_maintenance.view_circuitmaintenance"

    def get(self, request: HttpRequest) -> HttpResponse:
        """Show it."""
        chosen = request.GET.get("days", "")
        days = next((each for each in _DAYS if chosen == str(each)), USUAL_DAYS)
        kind = next((each for each in Kind if each.value == request.GET.get("kind")), None)
        context = {
            "view_titles": self.get_view_titles(),
            "breadcrumbs": self.get_breadcrumbs(),
            "view_action": "generic",
            "days": days,
            "choices": _DAYS,
            "kind": kind.value if kind else "",
            "days_url": changes_url(days),
            **context_of(Visibility.of(request.user), timezone.now(), days, MOST, kind),
        }
        return TemplateResponse(request, _TEMPLATES.format("changes"), context)
