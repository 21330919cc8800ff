"""Requests every page and endpoint of Nautobot and its apps that can be read, and says which fail."""

import logging
import re
from collections.abc import Iterator, Sequence
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

APP = "nautobot_circuit_maintenance"
NEAR = (
    *("/plugins/", "/api/plugins/", "/circuits/", "/api/circuits/", "/dcim/locations/", "/api/dcim/locations/"),
    *("/extras/", "/api/extras/", "/users/", "/api/users/", "/user/", "/search"),
)
"""Where what refers to the app is shown."""

_KEY = re.compile(r"<(?:[^:<>]+:)?pk>|\(\?P<pk>[^()]*(?:\([^()]*\)[^()]*)*\)")
_LEFT_OUT = ("logout", "login", "/static/", "/media/", "/__debug__", "metrics", "/silk", "/health", "sso", "/oauth")
_NEEDS_MORE = ("/extras/saved-views/add/", "/extras/secrets/import/", "/virtualization/interfaces/add/")
"""Pages of core that fail without parameters, with our app or without."""


def patterns(resolver: Any = None, prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Yield the path of every pattern with its view."""
    for each in (resolver or get_resolver()).url_patterns:
        path = prefix + str(each.pattern).removeprefix("^").removesuffix("$").replace("\\Z", "").replace("\\.", ".")
        if isinstance(each, URLResolver):
            yield from patterns(each, path)
        elif isinstance(each, URLPattern):
            yield path, each.callback


def paths() -> list[str]:
    """Return the paths without parameters, and those of one row of each model, of three rows of ours."""
    found: set[str] = set()
    for path, view in patterns():
        if any(each in f"/{path}" for each in _LEFT_OUT) or "(?P<format>" in path:
            continue
        without_key = _KEY.sub("", path)
        if "<" in without_key or "(" in without_key:
            continue
        if without_key == path:
            found.add(f"/{path}")
        elif model := _model_of(view):
            rows = 3 if model._meta.app_label == APP else 1
            keys = model._base_manager.order_by("pk").values_list("pk", flat=True)[:rows]
            found |= {"/" + _KEY.sub(str(key), path) for key in keys}
    return sorted(found - set(_NEEDS_MORE))


def _model_of(view: Any) -> Any:
    """Return the model whose rows a view shows, if that can be seen."""
    for holder in (getattr(view, "cls", None), getattr(view, "view_class", None), view):
        queryset = getattr(holder, "queryset", None)
        if queryset is not None and hasattr(queryset, "model"):
            return queryset.model
    return None


def crawl(client: Client, near: Sequence[str]) -> tuple[int, list[str]]:
    """Request all that begin so; return the number of responses and the paths that failed, with their status or error."""
    wanted = [path for path in paths() if not near or path.startswith(tuple(near))]
    logging.disable(logging.ERROR)
    try:
        found = [(path, _status(client, path)) for path in wanted]
    finally:
        logging.disable(logging.NOTSET)
    return len(wanted), [f"{path}: {status}" for path, status in found if status]


def _status(client: Client, path: str) -> str:
    """Return what went wrong; empty if nothing did."""
    try:
        status = client.get(path, SERVER_NAME="nautobot.example.com").status_code
    except ImproperlyConfigured:  # a view that only takes what a form sends, as core's bulk pages
        return ""
    except Exception as error:  # pylint: disable=broad-exception-caught  # whatever a view raises
        return f"{type(error).__name__}: {error}"[:300]
    return str(status) if status >= 500 else ""
