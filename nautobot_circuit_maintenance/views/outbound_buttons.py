"""Buttons of the pages about what goes out."""

from typing import Any

from django.template import Context

from nautobot_circuit_maintenance.ui import outbound
from nautobot_circuit_maintenance.views.buttons import ChangeButton


class OutboundButton(ChangeButton):
    """A button for users who may change the row, where it has something to do."""

    def __init__(self, *, kinds: tuple[str, ...] = (), states: tuple[str, ...] = (), **kwargs: Any) -> None:
        """Take the kinds of channels of a subscription, or the states of a delivery, for which it is."""
        self._kinds, self._states = kinds, states
        super().__init__(**kwargs)

    def should_render(self, context: Context) -> bool:
        """Check what it is for, then the permission with its constraints."""
        row = context["object"]
        if self._kinds and outbound.kind_of_channel(row.channel) not in self._kinds:
            return False
        if self._states and row.state not in self._states:
            return False
        return super().should_render(context)
