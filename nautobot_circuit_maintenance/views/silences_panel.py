"""What a subscription silences in Alertmanager now."""

from datetime import datetime
from typing import Any

from django.template import Context
from django.utils import timezone
from nautobot.apps.templatetags import hyperlinked_object
from nautobot.apps.ui import DataTablePanel
from nautobot.circuits.models import Circuit

from nautobot_circuit_maintenance.analysis.visibility import Visibility
from nautobot_circuit_maintenance.channel_settings.alertmanager import AlertmanagerSettings
from nautobot_circuit_maintenance.models import ChannelState, CircuitMaintenance, Subscription
from nautobot_circuit_maintenance.ui import formatting, outbound

_COLUMNS = {"circuit": "Circuit", "maintenance": "Maintenance", "start": "Silent from", "end": "Until"}
_MOST = 100


class SilencesPanel(DataTablePanel):
    """The circuits whose alerts are silent now or within half an hour, and because of what."""

    label = "Silences"
    context_data_key = "silences"
    columns = list(_COLUMNS)
    column_headers = list(_COLUMNS.values())

    def should_render(self, context: Context) -> bool:
        """Leave it out for other channels."""
        kind = outbound.kind_of_channel(context["object"].channel)
        return kind == AlertmanagerSettings.kind and super().should_render(context)

    def get_extra_context(self, context: Context) -> dict[str, Any]:
        """Work out the rows; a sentence instead if there are none."""
        subscription = context["object"]
        state = ChannelState.objects.filter(name=subscription.channel).first()
        rows = [_sentence(f"The channel has an error: {state.error}")] if state and state.error else []
        rows += _rows(subscription, Visibility.of(context["request"].user), timezone.now())
        return {**super().get_extra_context(context), "data": rows or [_sentence("Nothing is silent now or soon.")]}


def _sentence(text: str) -> dict[str, Any]:
    return {**dict.fromkeys(_COLUMNS, ""), "circuit": text}


def _rows(subscription: Subscription, viewer: Visibility, now: datetime) -> list[dict[str, Any]]:
    """Return what is silent for the owner, as far as the viewer may see that, too."""
    # pylint: disable=import-outside-toplevel  # not at each start
    from nautobot_circuit_maintenance.outbound.channels.alertmanager.due import work_due
    from nautobot_circuit_maintenance.outbound.errors import Silent
    from nautobot_circuit_maintenance.outbound.owners import visibility_of

    if not subscription.enabled:
        return []
    try:
        due = work_due(subscription, visibility_of(subscription.owner_id), now)
        is_owner = viewer.user.pk == subscription.owner_id
        visible = set(due if is_owner or not due else work_due(subscription, viewer, now))
    except Silent as error:  # visibility_of, work_due
        return [_sentence(str(error))]
    shown = [work for work in due if work in visible]
    circuits = Circuit.objects.select_related("provider").in_bulk({work.circuit for work in shown})
    maintenances = CircuitMaintenance.objects.select_related("provider").in_bulk({work.maintenance for work in shown})
    rows = [
        {
            "circuit": formatting.circuit_link(circuits[work.circuit]),
            "maintenance": hyperlinked_object(maintenances[work.maintenance]),
            "start": formatting.datetime_badge(work.start - subscription.acts_before),
            "end": formatting.datetime_badge(work.end),
        }
        for work in shown[:_MOST]
    ]
    return [*rows, _sentence(f"{len(shown) - _MOST} more")] if len(shown) > _MOST else rows
