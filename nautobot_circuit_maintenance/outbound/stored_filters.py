"""The filter that a subscription stores, applied as its owner may filter."""

from collections.abc import Collection, Mapping
from types import SimpleNamespace
from typing import Any, cast
from uuid import UUID

from django.db.models import QuerySet
from django.http import QueryDict
from nautobot.core.utils.lookup import get_filterset_for_model

from nautobot_circuit_maintenance.analysis.visibility import Visibility
from nautobot_circuit_maintenance.models import CircuitMaintenance
from nautobot_circuit_maintenance.models.querysets import CircuitMaintenanceQuerySet
from nautobot_circuit_maintenance.outbound.errors import Silent


def matching(wanted: Mapping[str, Any], visibility: Visibility, among: Collection[UUID]) -> set[UUID]:
    """Return those of these maintenances that a filter matches and the owner may view; raises Silent if it is not valid."""
    found = filtered(wanted, visibility, visibility.maintenances.filter(pk__in=among))
    return set(found.order_by().values_list("pk", flat=True))


def filtered(wanted: Mapping[str, Any], visibility: Visibility, rows: QuerySet[Any]) -> CircuitMaintenanceQuerySet:
    """Return those of these maintenances that a filter matches; raises Silent if it is not valid.

    What the filter follows is what the owner may view; the rows are taken as they are.
    """
    found = filterset_of(wanted, rows, visibility.user)
    if not found.is_valid():
        raise Silent(f"SUB-03: The filter is not valid any more: {_first_error(found.errors)}")
    return cast(CircuitMaintenanceQuerySet, found.qs)


def problems_of(wanted: Mapping[str, Any], user: Any) -> list[str]:
    """Return what is wrong with a filter, each as "name: sentence"; it may only name what the user may view."""
    found = filterset_of(wanted, CircuitMaintenance.objects.none(), user)
    if found.is_valid():
        return []
    return [f"{name}: {' '.join(map(str, each))}" for name, each in found.errors.items()]


def filterset_of(wanted: Mapping[str, Any], rows: QuerySet[Any], user: Any) -> Any:
    """Return the filterset of the list of maintenances, with a stored filter over these rows, as this user has it."""
    filterset: Any = get_filterset_for_model(CircuitMaintenance)
    return filterset(query_of(wanted), rows, request=SimpleNamespace(user=user))


def query_of(wanted: Mapping[str, Any]) -> QueryDict:
    """Return a stored filter as the query string that the list of maintenances takes."""
    query = QueryDict(mutable=True)
    for name, value in wanted.items():
        values = value if isinstance(value, (list, tuple)) else [value]
        query.setlist(name, [str(each).lower() if isinstance(each, bool) else str(each) for each in values])
    return query


def _first_error(errors: Mapping[str, Any]) -> str:
    name, problems = next(iter(errors.items()))
    return f"{name}: {problems[0]}"
