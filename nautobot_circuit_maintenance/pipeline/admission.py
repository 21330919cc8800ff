"""Whether the policy of its source admits a notification."""

from collections.abc import Collection, Mapping

from nautobot_circuit_maintenance.mail.authentication import refusal
from nautobot_circuit_maintenance.models import Notification


def refusal_of(notification: Notification, trusted_hosts: Mapping[str, Collection[str]]) -> str:
    """Return why the policy of its source turns a notification away; empty where there is none, or it lets it in."""
    source, raw = notification.source, notification.raw
    trusted = trusted_hosts.get(source.name) if source else None
    return refusal(bytes(raw), notification.sender, trusted) if raw is not None and trusted is not None else ""
