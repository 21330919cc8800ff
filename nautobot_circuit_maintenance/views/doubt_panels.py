"""What a person should clear up about a maintenance, with what there is to choose from."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.template import Context
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from nautobot.apps.ui import Panel

from nautobot_circuit_maintenance.analysis.visibility import Visibility
from nautobot_circuit_maintenance.domain.doubts import DoubtKind
from nautobot_circuit_maintenance.models import CircuitMaintenance, Notification
from nautobot_circuit_maintenance.pipeline.choosing import alternatives_to


class DoubtsPanel(Panel):
    """What a person should ask the provider, each with the notification that raised it."""

    label = "Needs Attention"
    label_of_past = "Doubts, Past"
    body_content_template_path = "nautobot_circuit_maintenance/inc/doubts.html"

    def should_render(self, context: Context) -> bool:
        """Render only if there are doubts."""
        return bool(context["object"].doubts) and super().should_render(context)

    def render_label(self, context: Context) -> str:
        """Say that it needs attention where the inbox says so, too: what is past does not."""
        needs_attention = context["object"].needs_attention(timezone.now())
        return (self.label if needs_attention else self.label_of_past).upper()

    def get_extra_context(self, context: Context) -> dict[str, Any]:
        """Add the doubts; link to the notifications that the user may view."""
        doubts = context["object"].doubts
        raised_by = [doubt["fingerprint"] for doubt in doubts if doubt.get("fingerprint")]
        notifications = Visibility.of(context["request"].user).notifications.filter(fingerprint__in=raised_by)
        found = {notification.fingerprint: notification for notification in notifications}
        settle_url = settle_url_of(context["object"], context["request"].user)
        rows = doubt_rows(context["object"], doubts, found, may_settle=bool(settle_url))
        add_url = add_circuit_url(context["object"], context["request"].user, context["object"].get_absolute_url())
        return {**super().get_extra_context(context), "doubts": rows, "settle_url": settle_url, "add_url": add_url}


def doubt_rows(
    maintenance: CircuitMaintenance,
    doubts: Sequence[dict[str, str]],
    notifications: Mapping[str, Notification],
    *,
    may_settle: bool,
) -> list[dict[str, Any]]:
    """Return doubts with their notification, if the user may view it, and what to choose from, if the user may settle them."""
    about_reading = [doubt for doubt in doubts if doubt["kind"] == DoubtKind.SECOND_OPINION]
    others = alternatives_to(maintenance, about_reading) if may_settle and about_reading else {}
    return [
        {
            "doubt": doubt,
            "notification": notifications.get(doubt.get("fingerprint", "")),
            "is_about_reading": doubt in about_reading,
            "lacks_circuit": doubt["kind"] == DoubtKind.NO_CIRCUIT,
            "alternatives": others.get((doubt.get("fingerprint", ""), doubt["sentence"]), ()),
        }
        for doubt in doubts
    ]


def settle_url_of(maintenance: CircuitMaintenance, user: Any) -> str:
    """Return where a doubt about a reading is settled; empty if there is none, or the user may not change the maintenance."""
    if all(doubt["kind"] != DoubtKind.SECOND_OPINION for doubt in maintenance.doubts):
        return ""
    if not user.has_perm("nautobot_circuit_maintenance.change_circuitmaintenance", maintenance):
        return ""
    return reverse("plugins:nautobot_circuit_maintenance:circuitmaintenance_settle", args=[maintenance.pk])


def add_circuit_url(maintenance: CircuitMaintenance, user: Any, return_url: str) -> str:
    """Return where a circuit is added that no notification names; empty if that is not doubted, or the user may not."""
    if all(doubt["kind"] != DoubtKind.NO_CIRCUIT for doubt in maintenance.doubts):
        return ""
    if not user.has_perm("nautobot_circuit_maintenance.add_circuitimpact"):
        return ""
    known = urlencode({"maintenance": maintenance.pk, "return_url": return_url})
    return f"{reverse('plugins:nautobot_circuit_maintenance:circuitimpact_add')}?{known}"
