"""The button that subscribes to the maintenances of what a page of core shows."""

from typing import Any

from django.template import Context
from nautobot.apps.ui import Button

from nautobot_circuit_maintenance.ui.links import as_query
from nautobot_circuit_maintenance.ui.outbound import subscribe_url


class SubscribeButton(Button):
    """A link to the form with the object as its filter, for users who may add subscriptions."""

    def __init__(self, filter_name: str, **kwargs: Any) -> None:
        """Take the filter of maintenances that finds those of the object."""
        self._filter_name = filter_name
        permissions = ["nautobot_circuit_maintenance.add_subscription"]
        options: dict[str, Any] = {"weight": 900, "label": "Subscribe", "icon": "mdi-bell-plus-outline"}
        super().__init__(**{**options, "required_permissions": permissions, **kwargs})

    def get_link(self, context: Context) -> str:
        """Return the form."""
        return subscribe_url(as_query({self._filter_name: context["object"].pk}))
