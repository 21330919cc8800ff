"""What the view sets of the pages share."""

from typing import Any

from django.core.exceptions import BadRequest
from django.http import HttpRequest
from nautobot.core.utils.data import is_uuid

from nautobot_circuit_maintenance.ui.http import has_storable_query

UUID_REGEX = "[0-9a-fA-F-]{36}"

# Without the methods named, Django's FormView would answer the wrong one with a server error.
POST_ONLY = {"methods": ["post"], "custom_view_base_action": "change", "http_method_names": ["post", "options"]}
GET_ONLY = {"custom_view_base_action": "view", "http_method_names": ["get", "head", "options"]}


class StorableQueryMixin:
    """Rejects a query string that the database would refuse."""

    def initial(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        """Check the query string; raises BadRequest (400)."""
        if not has_storable_query(request):
            raise BadRequest("The query string has characters that cannot be stored.")
        super().initial(request, *args, **kwargs)  # type: ignore[misc]  # of the view set


def local_url(url: str, otherwise: str) -> str:
    """Return a URL of this site by its path; the other one if this is none, such as a bare word."""
    return url if url.startswith("/") else otherwise


def selected_pks(request: HttpRequest) -> list[str]:
    """Return the valid primary keys among those selected in a list."""
    return [pk for pk in request.POST.getlist("pk") if is_uuid(pk)]
