"""Requests every page and endpoint of Nautobot and its apps that can be read, and says which fail."""

import re
from collections.abc import Iterator
from typing import Any

from django.apps import apps
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

ROWS = 1
"""Rows of each model whose pages are requested; of ours three times as many."""

_PARAMETER = re.compile(r"<(?:[^:<>]+:)?pk>|\(\?P<pk>[^()]*(?:\([^()]*\)[^()]*)*\)")
_OTHER_PARAMETER = re.compile(r"<[^<>]+>|\(\?P<")
_LEFT_OUT = ("logout", "/static/", "/media/", "/__debug__", "metrics", "/silk", "/health", "sso", "login", "/oauth")


def patterns(resolver: Any = None, prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Yield the path of every pattern with its view."""
    for each in (resolver or get_resolver()).url_patterns:
        path = prefix + str(each.pattern).removeprefix("^").removesuffix("$").replace("\\Z", "").replace("\\.", ".")
        if isinstance(each, URLResolver):
            yield from patterns(each, path)
        elif isinstance(each, URLPattern):
            yield path, each.callback


def paths() -> list[str]:
    """Return the paths without parameters, and those of rows for each row that is there."""
    found: set[str] = set()
    for path, view in patterns():
        if any(each in f"/{path}" for each in _LEFT_OUT) or ".(?P<format>" in path:
            continue
        if "pk>" not in path:
            if not _OTHER_PARAMETER.search(path) and "(" not in path:
                found.add(f"/{path}")
            continue
        model = _model_of(view, path)
        if model is None or _OTHER_PARAMETER.search(_PARAMETER.sub("", path)):
            continue
        for key in model._base_manager.order_by("pk").values_list("pk", flat=True)[
            : ROWS * (3 if model._meta.app_label == "nautobot_circuit_maintenance" else 1)
        ]:
            found.add("/" + _PARAMETER.sub(str(key), path))
    return sorted(found)


def _model_of(view: Any, path: str) -> Any:
    """Return the model whose rows a view shows."""
    for holder in (getattr(view, "cls", None), getattr(view, "view_class", None), view):
        queryset = getattr(holder, "queryset", None)
        if queryset is not None and hasattr(queryset, "model"):
            return queryset.model
    return None


def crawl(client: Client) -> tuple[int, list[str]]:
    """Request everything; return the number of responses and the paths that failed, with their status or error."""
    failed, number = [], 0
    for path in paths():
        number += 1
        try:
            status: Any = client.get(path, SERVER_NAME="nautobot.example.com").status_code
        except Exception as error:  # pylint: disable=broad-exception-caught  # whatever a view raises
            status = f"{type(error).__name__}: {error}"[:300]
        if not isinstance(status, int) or status >= 500:
            failed.append(f"{path}: {status}")
    return number, failed


def count_models() -> int:
    """Return the number of models that have rows."""
    return sum(model._base_manager.exists() for model in apps.get_models())
