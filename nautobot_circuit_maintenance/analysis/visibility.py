"""Which rows ``analysis`` may read: those that a user may view, or all of them."""

from dataclasses import dataclass
from typing import Any, cast

from django.db.models import Model, QuerySet
from nautobot.circuits.models import Circuit, CircuitTermination, Provider
from nautobot.dcim.models import Device, Location
from nautobot.extras.models import ObjectChange
from nautobot.tenancy.models import Tenant
from tree_queries.query import TreeQuerySet

from nautobot_circuit_maintenance.compat import reading_user
from nautobot_circuit_maintenance.models import (
    CircuitImpact,
    CircuitMaintenance,
    Note,
    Notification,
    NotificationSource,
    ParsedNotification,
    UnknownSender,
)
from nautobot_circuit_maintenance.models.querysets import (
    CircuitImpactQuerySet,
    CircuitMaintenanceQuerySet,
    NotificationQuerySet,
)
from nautobot_circuit_maintenance.models.unknown_senders import UnknownSenderQuerySet


@dataclass(frozen=True)
class Visibility:
    """The querysets that every query in ``analysis`` starts from.

    They are unordered, which makes them cheaper as subqueries; sort them where rows are shown.
    """

    user: Any
    """The user whose permissions apply; None if no permissions apply."""

    @classmethod
    def of(cls, user: Any) -> "Visibility":
        """Return the visibility of a user. AnonymousUser is a user too: it sees what EXEMPT_VIEW_PERMISSIONS allows."""
        if user is None:
            raise ValueError("A user is required; use Visibility.everything() to ignore permissions.")
        return cls(user)

    @classmethod
    def of_reader(cls, request: Any = None) -> "Visibility":
        """Return the visibility of the user of a request; without one, of the request or job that is being served.

        Outside of both, in a command for example, everything is visible.
        """
        return cls(request.user if request is not None else reading_user())

    @classmethod
    def everything(cls) -> "Visibility":
        """Return a visibility that ignores permissions, for callers without a user."""
        return cls(None)

    def of_model(self, model: type[Model], action: str = "view") -> QuerySet[Any]:
        """Return the rows of any model with restricted querysets; ``action`` is a permission such as "change"."""
        # pylint: disable-next=protected-access  # Django documents it
        return self.among(model._default_manager.all(), action)

    def among(self, rows: QuerySet[Any], action: str = "view") -> QuerySet[Any]:
        """Return those of these rows that may be viewed; all if their model has no permissions of its own, as users."""
        restrict = getattr(rows, "restrict", None)
        visible: Any = restrict(self.user, action) if restrict and self.user is not None else rows
        if isinstance(visible, TreeQuerySet):  # without the recursive query for their place in the tree
            visible = visible.without_tree_fields()
        return cast("QuerySet[Any]", visible.order_by())

    def of_visible_maintenances(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        """Return those of these rows whose maintenance may be viewed; without a condition if all may."""
        visible = self.maintenances
        return rows.filter(maintenance__in=visible.values("pk")) if visible.query.where else rows

    def sees_all_impacts(self) -> bool:
        """Return whether no impact is hidden, so that stored figures of all impacts are those of the visible ones."""
        return not self.impacts.query.where

    @property
    def maintenances(self) -> CircuitMaintenanceQuerySet:
        """Circuit maintenances."""
        return cast(CircuitMaintenanceQuerySet, self.of_model(CircuitMaintenance))

    @property
    def impacts(self) -> CircuitImpactQuerySet:
        """Circuit impacts."""
        return cast(CircuitImpactQuerySet, self.of_model(CircuitImpact))

    @property
    def notes(self) -> QuerySet[Note]:
        """Maintenance notes."""
        return self.of_model(Note)

    @property
    def notifications(self) -> NotificationQuerySet:
        """Notifications; ``parsed_notifications`` has what was read from them."""
        return cast(NotificationQuerySet, self.of_model(Notification))

    @property
    def parsed_notifications(self) -> QuerySet[ParsedNotification]:
        """What notifications announce about maintenances."""
        return self.of_model(ParsedNotification)

    @property
    def sources(self) -> QuerySet[NotificationSource]:
        """Notification sources."""
        return self.of_model(NotificationSource)

    @property
    def unknown_senders(self) -> UnknownSenderQuerySet:
        """Addresses that belong to no provider of a source."""
        return cast(UnknownSenderQuerySet, self.of_model(UnknownSender))

    @property
    def providers(self) -> QuerySet[Provider]:
        """Network providers."""
        return self.of_model(Provider)

    @property
    def circuits(self) -> QuerySet[Circuit]:
        """Circuits."""
        return self.of_model(Circuit)

    @property
    def terminations(self) -> QuerySet[CircuitTermination]:
        """Circuit terminations."""
        return self.of_model(CircuitTermination)

    @property
    def locations(self) -> QuerySet[Location]:
        """Locations."""
        return self.of_model(Location)

    @property
    def devices(self) -> QuerySet[Device]:
        """Devices."""
        return self.of_model(Device)

    @property
    def tenants(self) -> QuerySet[Tenant]:
        """Tenants."""
        return self.of_model(Tenant)

    @property
    def change_records(self) -> QuerySet[ObjectChange]:
        """Nautobot's change log."""
        return self.of_model(ObjectChange)
