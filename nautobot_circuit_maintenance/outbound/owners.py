"""What the owner of a subscription may see now."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.contrib.auth import get_user_model

from nautobot_circuit_maintenance.analysis.risk.report import Risk, read_risk
from nautobot_circuit_maintenance.analysis.visibility import Visibility
from nautobot_circuit_maintenance.models import Subscription
from nautobot_circuit_maintenance.outbound.errors import Silent

_VIEW = "nautobot_circuit_maintenance.view_circuitmaintenance"


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
