"""What the owner of a subscription may see now, and why nothing is sent for one."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import SimpleNamespace
from typing import Any, cast
from uuid import UUID

from django.contrib.auth import get_user_model
from django.db.models import QuerySet
from django.http import QueryDict
from nautobot.core.utils.lookup import get_filterset_for_model

from nautobot_circuit_maintenance.analysis.risk.report import Risk, read_risk
from nautobot_circuit_maintenance.analysis.visibility import Visibility
from nautobot_circuit_maintenance.models import CircuitMaintenance, Subscription
from nautobot_circuit_maintenance.models.querysets import CircuitMaintenanceQuerySet

_VIEW = "nautobot_circuit_maintenance.view_circuitmaintenance"


class Silent(Exception):
    """Nothing may be sent for a subscription; ``str()`` is the reason for the operator, with its code in front."""


@dataclass
class Viewer:
    """What someone may see during one step of a run, and the risk as they see it: assessed once."""

    visibility: Visibility
    _risks: dict[datetime, Risk] = field(default_factory=dict)

    def risk(self, now: datetime) -> Risk:
        """Return the risk at a moment; raises RiskError."""
        if now not in self._risks:
            self._risks[now] = read_risk(self.visibility, now)
        return self._risks[now]


@dataclass
class Owner(Viewer):
    """The owner of subscriptions, and a viewer of everything: the risk as that one sees it is the same for all owners."""

    everyone: Viewer = field(kw_only=True)


@dataclass
class Owners:
    """The owners of subscriptions during one step of a run: each is read once, for permissions are cached on the row."""

    _known: dict[Any, Owner | Silent] = field(default_factory=dict)
    _everyone: Viewer = field(default_factory=lambda: Viewer(Visibility.everything()))

    def of(self, subscription: Subscription) -> Owner:
        """Return the owner of a subscription; raises Silent if they may see nothing."""
        key = subscription.owner_id
        if key not in self._known:
            try:
                self._known[key] = Owner(visibility_of(key), everyone=self._everyone)
            except Silent as error:  # visibility_of
                self._known[key] = error
        found = self._known[key]
        if isinstance(found, Silent):
            raise found
        return found

    def visibility(self, subscription: Subscription) -> Visibility:
        """Return what the owner of a subscription may see; raises Silent if that is nothing."""
        return self.of(subscription).visibility


def visibility_of(owner: Any) -> Visibility:
    """Return what the user of this primary key may see now; raises Silent if that is nothing.

    An inactive superuser would see everything: Nautobot's ``restrict()`` does not ask.
    """
    user: Any = get_user_model().objects.filter(pk=owner).first()
    if user is None or not user.is_active:
        raise Silent("SUB-01: The owner is not active.")
    if not user.has_perm(_VIEW):
        raise Silent("SUB-02: The owner may not view maintenances.")
    return Visibility.of(user)


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
