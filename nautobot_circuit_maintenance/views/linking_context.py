"""What the page that links a circuit ID shows to decide by: the maintenance, the email and similar circuits."""

import re
from typing import Any

from django.db.models import QuerySet
from django.utils.html import format_html
from django.utils.safestring import SafeString
from nautobot.circuits.models import Circuit

from nautobot_circuit_maintenance.analysis.similar_circuits import similar_circuits
from nautobot_circuit_maintenance.analysis.visibility import Visibility
from nautobot_circuit_maintenance.models import CircuitImpact, Notification
from nautobot_circuit_maintenance.ui import formatting

_EMAILS = 3
"""The newest emails about the maintenance that are searched for the ID."""
_AROUND = 2
"""Lines with text before and behind that of the ID."""
_LONGEST = 300
"""Characters of what is shown on either side."""


def linking_context(impact: CircuitImpact, circuits: QuerySet[Circuit], visibility: Visibility) -> dict[str, Any]:
    """Return the context of ``inc/link_circuit.html``; what the user may not view is left out."""
    maintenance = visibility.maintenances.filter(pk=impact.maintenance_id).first()
    excerpts = _excerpts(impact, visibility)
    return {
        "maintenance": maintenance,
        "windows": formatting.windows(
            (each.start_time, each.end_time) for each in (maintenance.windows.all() if maintenance else ())
        ),
        "excerpts": excerpts,
        "similar": similar_circuits(circuits.filter(provider=impact.maintenance.provider_id), impact.cid, visibility),
    }


def _excerpts(impact: CircuitImpact, visibility: Visibility) -> list[tuple[Notification, SafeString | str]]:
    """Return the newest emails about the maintenance, each with the lines around the circuit ID; empty without it."""
    parsed = visibility.parsed_notifications.filter(maintenance=impact.maintenance_id)
    emails = visibility.notifications.filter(pk__in=parsed.values("notification"))
    return [(each, _lines_around(each, impact.cid)) for each in emails.order_by("-received_at", "pk")[:_EMAILS]]


def _lines_around(notification: Notification, cid: str) -> SafeString | str:
    # pylint: disable=import-outside-toplevel  # loads lxml
    from nautobot_circuit_maintenance.mail.blocks import folded
    from nautobot_circuit_maintenance.mail.rendering import readable

    if notification.raw is None:
        return ""
    text = readable(bytes(notification.raw)).text
    words = r"\s+".join(re.escape(word) for word in folded(cid).split())
    # Not in the middle of a longer ID: C-1 does not stand in C-10.
    found = re.search(f"(?<![A-Za-z0-9]){words}(?![A-Za-z0-9])", folded(text), re.IGNORECASE)
    if not found:
        return ""
    *lines, before = text[: found.start()].split("\n")
    behind, *others = text[found.end() :].split("\n")
    before = "\n".join([*_with_text(lines)[-_AROUND:], before])[-_LONGEST:]
    behind = "\n".join([behind, *_with_text(others)[:_AROUND]])[:_LONGEST]
    return format_html("{}<mark>{}</mark>{}", before, text[found.start() : found.end()], behind)


def _with_text(lines: list[str]) -> list[str]:
    return [line for line in lines if line.strip()]
