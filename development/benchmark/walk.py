"""Every request that a history makes slow: each filter, sort, page and offset of the app, found in its view sets."""

from collections.abc import Iterator
from typing import Any, NamedTuple

import django_filters
from django.db.models import Model
from django.urls import resolve, reverse
from django.utils import timezone
from django.utils.http import urlencode
from nautobot.apps.utils import get_filterset_for_model, get_table_for_model

from nautobot_circuit_maintenance import models

LISTED = (
    models.CircuitMaintenance,
    models.CircuitImpact,
    models.Note,
    models.Notification,
    models.ParsedNotification,
    models.NotificationSource,
)
_UI, _REST = "plugins:nautobot_circuit_maintenance:{}", "plugins-api:nautobot_circuit_maintenance-api:{}-list"
PAGE, DEEP = 50, 3_000
GRAPHQL = {
    "maintenances": "{ circuit_maintenances(limit: 50) { name provider { name } windows { start_time } impacts { cid } } }",
    "maintenances, deep": "{ circuit_maintenances(limit: 50, offset: 100000) { name impacts { cid circuit { cid } } } }",
    "impacts": "{ circuit_impacts(limit: 50) { cid maintenance { name } circuit { cid } } }",
    "impacts, deep": "{ circuit_impacts(limit: 50, offset: 500000) { cid maintenance { name } } }",
    "impacts, search": '{ circuit_impacts(q: "C-00042", limit: 50) { cid maintenance { name } } }',
    "notifications, deep": "{ notifications(limit: 50, offset: 300000) { subject provider { name } } }",
    "notifications, search": '{ notifications(q: "CHG0000042", limit: 50) { subject } }',
    "notifications": "{ notifications(limit: 50) { subject provider { name } parsed_notifications { status } } }",
    "search": '{ circuit_maintenances(q: "CHG0000042", limit: 50) { name } }',
}


class Request(NamedTuple):
    """One request to measure."""

    name: str
    url: str
    is_htmx: bool = False
    query: str = ""
    """A query for GraphQL; empty for a GET request."""


def requests() -> Iterator[Request]:
    """Yield everything that is measured."""
    for model in LISTED:
        yield from _of_list(model)
        yield from _of_rest(model)
    yield Request("dashboard", reverse(_UI.format("dashboard")))
    yield Request("home page", reverse("home"))
    yield Request("changes", reverse(_UI.format("changes")))
    yield from (Request(f"GraphQL {name}", reverse("graphql-api"), query=query) for name, query in GRAPHQL.items())


def _of_list(model: type[Model]) -> Iterator[Request]:
    """Yield the requests of a list: filters, searches, sorts and pages.

    Only the list of maintenances has an order of its own: a filter of the others is the same statement as in REST.
    """
    name = model._meta.model_name or ""
    url = reverse(_UI.format(f"{name}_list"))
    pages = max(model._default_manager.count() // PAGE, 1)
    for page in sorted({1, 2, min(DEEP, pages), pages // 2 or 1, pages}):
        yield Request(f"{name} page {page}", f"{url}?page={page}", is_htmx=True)
    for column in _sortable(model):
        for sort in (column, f"-{column}"):
            yield Request(f"{name} sort={sort}", f"{url}?sort={sort}", is_htmx=True)
            yield Request(f"{name} sort={sort} last", f"{url}?sort={sort}&page={pages}", is_htmx=True)
    for query in _filters(model):
        if model is models.CircuitMaintenance or query.startswith("q="):
            yield Request(f"{name} {query}"[:100], f"{url}?{query}", is_htmx=True)


def _of_rest(model: type[Model]) -> Iterator[Request]:
    """Yield the requests of an endpoint: offsets at both depths, orders, filters and searches."""
    name, count = model._meta.model_name or "", model._default_manager.count()
    url = reverse(_REST.format(name))
    for offset in sorted({0, count // 2, max(count - PAGE, 0)}):
        for depth in (0, 1):
            query = f"limit={PAGE}&offset={offset}&depth={depth}"
            yield Request(f"REST {name} {query}", f"{url}?{query}")
    for field in resolve(url).func.cls().ordering_fields:
        for query in (f"sort={field}", f"sort=-{field}", f"sort={field}&offset={count // 2}"):
            yield Request(f"REST {name} {query}", f"{url}?limit={PAGE}&{query}")
    for query in _filters(model):
        yield Request(f"REST {name} {query}"[:100], f"{url}?limit={PAGE}&{query}")


def _sortable(model: type[Model]) -> list[str]:
    table = get_table_for_model(model)(model._default_manager.none())
    return [column.name for column in table.columns if column.orderable and column.name not in ("pk", "actions")]


def _filters(model: type[Model]) -> Iterator[str]:
    """Yield a query string for every filter, and for every search that differs."""
    for name, each in get_filterset_for_model(model).base_filters.items():
        for value in _values(model, name, each):
            yield urlencode({name: value})


def _values(model: type[Model], name: str, each: Any) -> Iterator[Any]:
    """Yield values that a filter accepts: those of a row, where it has them."""
    if name == "q":
        yield from ("7", "CHG0000042", "C-00042", "ISP 07", "nothing like this")
    elif isinstance(each, django_filters.BooleanFilter) or name.endswith("isnull"):
        yield from ("true", "false")
    elif "queryset" in each.extra:
        queryset = each.extra["queryset"]
        yield from (queryset() if callable(queryset) else queryset).order_by("pk").values_list("pk", flat=True)[:1]
    elif "choices" in each.extra:
        choices = each.extra["choices"]
        choices = choices() if callable(choices) else choices
        yield from [value for value, _ in getattr(choices, "CHOICES", choices)][:1]
    elif "DateTime" in type(each).__name__:
        yield timezone.now().isoformat()
    else:
        yield _sample(model, each.field_name)


def _sample(model: type[Model], path: str) -> Any:
    """Return the value of a row along a path, or a number, as a string."""
    try:
        found = model._default_manager.exclude(**{path: None}).order_by("pk").values_list(path, flat=True)[:1]
        return next(iter(found), 1) or 1
    except Exception:  # pylint: disable=broad-exception-caught  # custom fields and relationships have no path
        return 1
