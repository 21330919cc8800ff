"""The page Inbox: all that needs a person, each with what fixes it."""

from datetime import timedelta
from typing import Any, TypeGuard

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.defaultfilters import pluralize
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.http import urlencode
from django.utils.text import Truncator
from nautobot.apps.ui import Breadcrumbs, Titles, ViewNameBreadcrumbItem
from nautobot.circuits.models import Provider
from nautobot.core.utils.data import is_uuid

from nautobot_circuit_maintenance.analysis import inbox
from nautobot_circuit_maintenance.analysis.layout_offers import Teachable
from nautobot_circuit_maintenance.analysis.overdue import SilentProvider, Unended
from nautobot_circuit_maintenance.analysis.visibility import Visibility
from nautobot_circuit_maintenance.choices import (
    CircuitMaintenanceStatusChoices as Status,
    MatchedByChoices as MatchedBy,
    NotificationStateChoices as State,
)
from nautobot_circuit_maintenance.domain.custom_fields import QUIET
from nautobot_circuit_maintenance.models import (
    CircuitImpact,
    CircuitMaintenance,
    MailLayout,
    Notification,
    UnknownSender,
)
from nautobot_circuit_maintenance.pipeline.manual import ADDABLE, may_add
from nautobot_circuit_maintenance.tables.maintenances import may_add_circuits
from nautobot_circuit_maintenance.ui import formatting
from nautobot_circuit_maintenance.views.asking import back_to
from nautobot_circuit_maintenance.views.doubt_panels import add_circuit_url
from nautobot_circuit_maintenance.views.layouts import may_teach
from nautobot_circuit_maintenance.views.page import Page

_ROUTE = "plugins:nautobot_circuit_maintenance:{}"
_TITLE = "Inbox"
_HINTS = {
    "Add from this email": "Opens a form with what was found in the email. Use it if no parser reads emails like this one.",
    "Choose a parser": "A parser knows how the emails of one provider are written. Choose it if the provider has one.",
    "Reprocess": "Reads the email once more, after something was changed that lets it succeed.",
    "Link to a circuit": "The circuit is in Nautobot, and the provider has another ID for it.",
    "Add circuit impact": "Names a circuit that the email leaves out, or that was not read.",
    "Add the circuit": "The circuit is not in Nautobot yet.",
    "Dismiss": "Nothing has to be done about it.",
}
"""What the buttons are for, where their labels do not say it."""
_LONGEST = 300
"""Characters of a reason."""
_FRAMED = '<span class="badge border border-dark text-body">{}</span>'


class InboxView(Page):
    """The inbox, for users who may view notifications; each kind of row requires its own permission."""

    template = "inbox"
    view_titles = Titles(titles={"generic": _TITLE})
    breadcrumbs = Breadcrumbs(
        items={
            "generic": [
                ViewNameBreadcrumbItem(view_name=_ROUTE.format("notification_list"), label="Notifications"),
                ViewNameBreadcrumbItem(view_name=_ROUTE.format("inbox"), label=_TITLE),
            ]
        }
    )

    required_permission = "nautobot_circuit_maintenance.view_notification"

    def get(self, request: HttpRequest) -> HttpResponse:
        """Render the page."""
        with_ignored = request.GET.get("ignored") == "true"
        found = inbox.read_inbox(Visibility.of(request.user), timezone.now(), with_ignored=with_ignored)
        here = request.get_full_path()
        groups = [_group(each, request.user, here) for each in found.groups]
        labels = {label for group in groups for row in group["rows"] for label, *_ in (*row["links"], *row["posts"])}
        context = {
            "return_url": here,
            "with_ignored": with_ignored,
            "is_all": found.is_all,
            "groups": groups,
            "hints": [(label, hint) for label, hint in _HINTS.items() if label in labels],
        }
        return self.page(request, **context)

    def post(self, request: HttpRequest) -> HttpResponse:
        """Do what a button of an overdue row says."""
        pk = request.POST.get("pk", "")
        if is_uuid(pk) and request.GET.get("do") in _OVERDUE:
            _OVERDUE[request.GET["do"]](request, pk)
        return redirect(back_to(request, reverse(_ROUTE.format("inbox"))))


def _write_rarely(request: HttpRequest, pk: str) -> None:
    provider = get_object_or_404(Provider.objects.restrict(request.user, "change"), pk=pk)
    provider.cf[QUIET.key] = True
    _save(request, provider, f"{provider} is not listed as silent any more.")


def _complete(request: HttpRequest, pk: str) -> None:
    maintenance = get_object_or_404(CircuitMaintenance.objects.restrict(request.user, "change"), pk=pk)
    maintenance.status = Status.COMPLETED
    _save(request, maintenance, f"{maintenance} is completed.")


def _save(request: HttpRequest, row: Any, text: str) -> None:
    try:
        row.validated_save()
    except ValidationError as error:  # of another field of the row
        messages.error(request, " ".join(error.messages))
    else:
        messages.success(request, text)


_OVERDUE = {"quiet": _write_rarely, "complete": _complete}


def _group(group: inbox.Group, user: Any, here: str) -> dict[str, Any]:
    may_add_circuit, may_assign = may_add_circuits(user), user.has_perm("circuits.change_provider")
    may_link = user.has_perm("circuits.change_circuit")
    rows = []
    for entry in group.entries:
        row = _ROWS[type(entry.row)](entry, here)
        if isinstance(entry.row, Notification) and entry.row.state == State.FAILED and group.may_change:
            row["links"].append(("Choose a parser", _link("notification_choose_parser", entry.row, here)))
        if isinstance(entry.row, Notification) and entry.may_change and entry.row.state in ADDABLE and may_add(user):
            row["links"].insert(0, ("Add from this email", _link("notification_add_maintenance", entry.row, here)))
        if _is_unknown(entry.row) and may_add_circuit and group.provider:
            known = urlencode({"provider": group.provider.pk, "cid": entry.row.cid, "return_url": here})
            row["links"].append(("Add the circuit", f"{reverse('circuits:circuit_add')}?{known}"))
        if isinstance(entry.row, CircuitImpact) and may_link and entry.may_change and group.provider:
            row["links"].insert(0, ("Link to a circuit", _link("circuitimpact_link", entry.row, here)))
        row["links"] += _links_to_add(entry.row, user, here)
        if isinstance(entry.row, UnknownSender) and not may_assign:
            row["links"] = []
        rows.append({"when": formatting.datetime_badge(entry.since), "url": entry.row.get_absolute_url(), **row})
    return {"provider": group.provider, "rows": rows}


def _links_to_add(row: inbox.Row, user: Any, here: str) -> list[tuple[str, str]]:
    """Return where what is missing is added: a circuit, or a layout."""
    if isinstance(row, CircuitMaintenance) and (add_url := add_circuit_url(row, user, here)):
        return [("Add circuit impact", add_url)]
    if isinstance(row, Teachable) and may_teach(user):
        return [("Teach this layout", _link("notification_teach", row, here))]
    return []


def _is_unknown(row: inbox.Row) -> TypeGuard[CircuitImpact]:
    """Return whether it is about a circuit ID that a new circuit would be linked to."""
    return isinstance(row, CircuitImpact) and row.matched_by != MatchedBy.MANUAL


def _link(route: str, row: Any, here: str) -> str:
    return f"{reverse(_ROUTE.format(route), args=[row.pk])}?{urlencode({'return_url': here})}"


def _notification(entry: inbox.Entry, here: str) -> dict[str, Any]:
    row: Any = entry.row
    actions = {"links": [], "posts": []}
    if entry.may_change:
        reprocess = reverse(_ROUTE.format("notification_reprocess"), args=[row.pk])
        actions = {
            "links": [("Dismiss", _link("notification_dismiss", row, here))],
            "posts": [("Reprocess", reprocess, "")],
        }
    return {
        "kind": formatting.state_badge(row.state, row.error),
        "title": str(row),
        "why": Truncator(row.error).chars(_LONGEST),
        **actions,
    }


def _maintenance(entry: inbox.Entry, _here: str) -> dict[str, Any]:
    row: Any = entry.row
    sentences = " ".join(doubt["sentence"] for doubt in row.doubts)
    return {
        "kind": formatting.doubt_badge(row.doubts),
        "title": row.name,
        "why": Truncator(sentences).chars(_LONGEST),
        "links": [("Open and decide", row.get_absolute_url())] if entry.may_change else [],
        "posts": [],
    }


_UNKNOWN = "{} names this circuit ID, which is not in Nautobot."
_UNLINKED = (
    "{} names this circuit ID. A person removed its circuit, so it is not linked automatically any more: link it to a "
    "circuit."
)


def _impact(entry: inbox.Entry, _here: str) -> dict[str, Any]:
    row: Any = entry.row
    subject = "A maintenance"
    if row.shows_maintenance:
        subject = format_html(
            'Maintenance <a href="{}">{}</a>', row.maintenance.get_absolute_url(), row.maintenance.name
        )
    return {
        "kind": formatting.UNKNOWN_CIRCUIT_ID,
        "title": row.cid,
        "why": format_html(_UNLINKED if row.matched_by == MatchedBy.MANUAL else _UNKNOWN, subject),
        "links": [],
        "posts": [],
    }


def _sender(entry: inbox.Entry, here: str) -> dict[str, Any]:
    row: Any = entry.row
    dismiss = reverse(_ROUTE.format("unknownsender_bulk_dismiss"))
    return {
        "kind": format_html(_FRAMED, "Unknown Sender"),
        "title": row.address,
        "why": f'{row.count} email{pluralize(row.count)} in the source "{row.source}". No provider has this address.',
        "links": [("Assign to a provider", _link("unknownsender_assign", row, here))] if entry.may_change else [],
        "posts": [("Dismiss", dismiss, row.pk)] if entry.may_change else [],
    }


def _silent(entry: inbox.Entry, _here: str) -> dict[str, Any]:
    row: Any = entry.row
    days = max(1, round(row.interval / timedelta(days=1)))
    return {
        "kind": format_html(_FRAMED, "Silent Provider"),
        "title": f"No email from {row.provider}",
        "why": f"It used to write about every {days} day{pluralize(days)}. Has it another address, or is its email lost?",
        "links": [],
        "posts": [("Writes rarely", _do("quiet"), row.pk)] if entry.may_change else [],
    }


def _unended(entry: inbox.Entry, _here: str) -> dict[str, Any]:
    row: Any = entry.row
    return {
        "kind": format_html(_FRAMED, "Completion Missing"),
        "title": row.maintenance.name,
        "why": "Its last window is over, and no email says that it is completed, as the provider usually does.",
        "links": [],
        "posts": [("Mark as completed", _do("complete"), row.pk)] if entry.may_change else [],
    }


def _do(what: str) -> str:
    return f"{reverse(_ROUTE.format('inbox'))}?{urlencode({'do': what})}"


def _suspended(entry: inbox.Entry, _here: str) -> dict[str, Any]:
    row: Any = entry.row
    return {
        "kind": format_html(_FRAMED, "Suspended Layout"),
        "title": row.name,
        "why": f"{Truncator(row.suspended_because).chars(_LONGEST)} Its emails are not read until it is taught again, or goes live again.",
        "links": [],
        "posts": [],
    }


def _teachable(entry: inbox.Entry, _here: str) -> dict[str, Any]:
    row: Any = entry.row
    return {
        "kind": format_html(_FRAMED, "Teach a Layout"),
        "title": str(row.notification),
        "why": f"{row.number} emails of this provider were added manually. A layout reads the next ones by itself.",
        "links": [],
        "posts": [],
    }


_ROWS = {
    MailLayout: _suspended,
    Teachable: _teachable,
    SilentProvider: _silent,
    Unended: _unended,
    Notification: _notification,
    CircuitMaintenance: _maintenance,
    CircuitImpact: _impact,
    UnknownSender: _sender,
}
