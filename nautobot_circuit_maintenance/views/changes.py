"""What changed lately, over all maintenances: a card of the dashboard, and a page of its own."""

from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.template import Context
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from nautobot.apps.ui import Breadcrumbs, Panel, Titles, ViewNameBreadcrumbItem
from nautobot.apps.views import ContentTypePermissionRequiredMixin, GenericView

from nautobot_circuit_maintenance import display
from nautobot_circuit_maintenance.analysis.changes import (
    USUAL_DAYS,
    Acknowledgement,
    Change,
    Mail,
    read_changes,
    start_of_day,
)
from nautobot_circuit_maintenance.analysis.edits import MOST, Edit
from nautobot_circuit_maintenance.models import Note, Notification
from nautobot_circuit_maintenance.views.timeline import changes_by_hand, changes_of, note_link

_ROUTE = "plugins:nautobot_circuit_maintenance:changes"
_TEMPLATES = "nautobot_circuit_maintenance/{}.html"
_TITLE = "What changed"
_DAYS = (1, USUAL_DAYS, 7, 30)
ON_DASHBOARD = 10
"""Changes that the dashboard shows."""


def row_of(change: Change, now: datetime) -> dict[str, Any]:
    """Return what the tables show of a change."""
    return {
        "maintenance": change.maintenance,
        "when": display.moment(change.at, now),
        "what": words_of(change),
        "who": _link_to_mail(change.what, change.who) if isinstance(change.what, Mail) else change.who,
    }


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


def context_of(user: Any, now: datetime, days: int, most: int) -> dict[str, Any]:
    """Return what the table shows since the start of the day so many days ago: so many rows, newest first."""
    since = start_of_day(now, days)
    changes = read_changes(user, since)
    # Whoever acknowledges thirty at once on a Monday must not hide with it what they are.
    chosen = sorted(changes.rows, key=lambda change: isinstance(change.what, Acknowledgement))[:most]
    return {
        "since": since,
        "changes": [row_of(change, now) for change in sorted(chosen, key=lambda change: change.at, reverse=True)],
        "count": len(changes.rows),
        "is_all": changes.is_all,
    }


def changes_url() -> str:
    """Return the address of the page that shows as many days as the dashboard, in full."""
    return f"{reverse(_ROUTE)}?days={USUAL_DAYS}"


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
        context = {
            "view_titles": self.get_view_titles(),
            "breadcrumbs": self.get_breadcrumbs(),
            "view_action": "generic",
            "days": days,
            "choices": _DAYS,
            **context_of(request.user, timezone.now(), days, MOST),
        }
        return TemplateResponse(request, _TEMPLATES.format("changes"), context)
