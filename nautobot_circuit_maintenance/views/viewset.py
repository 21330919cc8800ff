"""What the view sets of the pages share."""

from typing import Any

from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, QueryDict
from django.shortcuts import redirect
from django.urls import reverse
from nautobot.apps.views import (
    ObjectBulkDestroyViewMixin,
    ObjectChangeLogViewMixin,
    ObjectDataComplianceViewMixin,
    ObjectDestroyViewMixin,
    ObjectDetailViewMixin,
    ObjectEditViewMixin,
    ObjectListViewMixin,
    ObjectNotesViewMixin,
)
from nautobot.core.utils.data import is_uuid

from nautobot_circuit_maintenance.ui.http import has_storable_query

UUID_REGEX = "[0-9a-fA-F-]{36}"

# Without the methods named, Django's FormView would answer the wrong one with a server error.
POST_ONLY = {"methods": ["post"], "custom_view_base_action": "change", "http_method_names": ["post", "options"]}
GET_ONLY = {"custom_view_base_action": "view", "http_method_names": ["get", "head", "options"]}


_UNSORTABLE = ("actions", "dynamic_group_count")
"""Columns by which core's tables, on our pages too, offer to sort, and then answer with a server error."""


class StorableQueryMixin:
    """Rejects what core would answer with a server error: query strings, sort orders, and methods that a page does not have."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Lead to the list who opens the address of a page that only takes what a form sends, such as those of bulk actions."""
        view: Any = self
        method = (request.method or "").lower()
        if method == "options":
            return HttpResponse(headers={"Allow": ", ".join(each.upper() for each in view.action_map)})
        if method in view.http_method_names and method not in view.action_map:
            if method in ("get", "head"):
                return redirect(view.get_return_url(request))
            return HttpResponseNotAllowed(each.upper() for each in view.action_map)
        response: HttpResponse = super().dispatch(request, *args, **kwargs)  # type: ignore[misc]  # of the view set
        return response

    def initial(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        """Check the query string; raises BadRequest (400)."""
        if not has_storable_query(request):
            raise BadRequest("The query string has characters that cannot be stored.")
        if any(name in order for order in request.GET.getlist("sort") for name in _UNSORTABLE):
            request.GET = _with_sortable(request.GET)
        super().initial(request, *args, **kwargs)  # type: ignore[misc]  # of the view set


class EditOneByOneUIViewSet(  # pylint: disable=too-many-ancestors  # core's mixins
    StorableQueryMixin,
    ObjectDetailViewMixin,
    ObjectListViewMixin,
    ObjectEditViewMixin,
    ObjectDestroyViewMixin,
    ObjectBulkDestroyViewMixin,
    ObjectChangeLogViewMixin,
    ObjectDataComplianceViewMixin,
    ObjectNotesViewMixin,
):
    """What ``NautobotUIViewSet`` has, but for editing and renaming several at once."""


def _with_sortable(query: QueryDict) -> QueryDict:
    """Return a query string that sorts by the other columns only."""
    changed = query.copy()
    names = (name for order in query.getlist("sort") for name in order.split(","))
    changed.setlist("sort", [name for name in names if name.lstrip("-") not in _UNSORTABLE])
    return changed


def local_url(url: str, otherwise: str) -> str:
    """Return a URL of this site by its path; the other one if this is none, such as a bare word."""
    return url if url.startswith("/") else otherwise


def chosen_rows(view: Any) -> Any:
    """Return the rows of a list that a bulk action is about: those selected, or all that the filters match."""
    rows, posted = view.get_queryset(), view.request.POST
    if posted.get("_all"):
        return view.filter_queryset(rows)
    return rows.filter(pk__in=[pk for pk in posted.getlist("pk") if is_uuid(pk)])


def back_to_list(request: HttpRequest, route: str) -> str:
    """Return the address of the list that a bulk action came from, with the filters that were applied."""
    query = f"?{request.GET.urlencode()}" if request.GET else ""
    return reverse(route) + query
