"""What the view sets of the pages share."""

from django.http import HttpRequest
from nautobot.core.utils.data import is_uuid

UUID_REGEX = "[0-9a-fA-F-]{36}"

# Without the methods named, Django's FormView would answer the wrong one with a server error.
POST_ONLY = {"methods": ["post"], "custom_view_base_action": "change", "http_method_names": ["post", "options"]}
GET_ONLY = {"custom_view_base_action": "view", "http_method_names": ["get", "head", "options"]}


def selected_pks(request: HttpRequest) -> list[str]:
    """Return the valid primary keys among those selected in a list."""
    return [pk for pk in request.POST.getlist("pk") if is_uuid(pk)]
