"""What goes out, in words and links: events, channels, filters."""

from collections.abc import Iterable, Mapping
from typing import Any

from django.urls import reverse
from django.utils.html import format_html
from django.utils.http import urlencode
from django.utils.safestring import SafeString

from nautobot_circuit_maintenance.app_settings import get_app_settings
from nautobot_circuit_maintenance.channel_settings.alertmanager import AlertmanagerSettings
from nautobot_circuit_maintenance.channel_settings.job import JobSettings
from nautobot_circuit_maintenance.channel_settings.kinds import CHANNEL_KINDS
from nautobot_circuit_maintenance.choices import EventChoices, RhythmChoices
from nautobot_circuit_maintenance.models import Subscription

SENDING = tuple(name for name, kind in CHANNEL_KINDS.items() if kind.channel)
"""Kinds of channels that send messages."""
_AHEAD = (JobSettings.kind, AlertmanagerSettings.kind)
"""Kinds of channels that act some minutes before a window."""
_EVENTS = dict(EventChoices.CHOICES)
_ADD = "plugins:nautobot_circuit_maintenance:subscription_add"
_LIST = "plugins:nautobot_circuit_maintenance:circuitmaintenance_list"


def events_text(events: Iterable[str]) -> str:
    """Return the labels of events, in the order of the vocabulary."""
    chosen = set(events)
    return ", ".join(label for event, label in _EVENTS.items() if event in chosen)


def kind_of_channel(name: str) -> str:
    """Return the kind of a configured channel; empty if the settings do not name it, or it is wrong there."""
    return next((each.kind for each in get_app_settings().channels.entries if each.name == name), "")


def is_addressed(name: str) -> bool:
    """Return whether each recipient of a configured channel has an address of their own there."""
    return any(each.is_addressed for each in get_app_settings().channels.entries if each.name == name)


def feed_path(token: str) -> str:
    """Return the path of a calendar feed."""
    return reverse("plugins:nautobot_circuit_maintenance:feed", kwargs={"token": token})


def timing(row: Subscription) -> dict[str, Any]:
    """Return when a subscription sends, in words, as far as it matters for its channel and events."""
    kind, found = kind_of_channel(row.channel), {}
    if kind in _AHEAD:
        return {"Lead Time": f"{row.lead_minutes} minutes"}
    if {EventChoices.STARTS_SOON, EventChoices.NOT_ACKNOWLEDGED} & set(row.events):
        found["Lead Time"] = f"{row.lead_time} hours"
    zone = row.time_zone or "the server's time zone"
    if row.rhythm == RhythmChoices.AT_ONCE:
        return {**found, "Rhythm": row.get_rhythm_display()}
    day = f"{row.get_digest_day_display()}, " if row.rhythm == RhythmChoices.WEEKLY else ""
    return {**found, "Rhythm": f"{row.get_rhythm_display()}: {day}{row.digest_time:%H:%M} ({zone})"}


def channel_text(name: str) -> str:
    """Return a channel with its kind, or that it is not there."""
    kind = kind_of_channel(name)
    return f"{name} ({kind})" if kind else f"{name} (not configured)"


def filter_query(wanted: Mapping[str, Any]) -> str:
    """Return a stored filter as the query string of the list of maintenances."""
    values = {name: value if isinstance(value, (list, tuple)) else [value] for name, value in wanted.items()}
    return urlencode({name: [_text(each) for each in own] for name, own in values.items()}, doseq=True)


def filter_link(wanted: Mapping[str, Any]) -> SafeString:
    """Return a link to the list of maintenances that a filter matches now."""
    words = "; ".join(f"{name} = {_words(value)}" for name, value in wanted.items()) or "All maintenances"
    return format_html('<a href="{}?{}">{}</a>', reverse(_LIST), filter_query(wanted), words)


def subscribe_url(query: str = "") -> str:
    """Return the form that adds a subscription to what a query string of the list matches."""
    return f"{reverse(_ADD)}?{urlencode({'filter': query})}" if query else reverse(_ADD)


def _words(value: Any) -> str:
    return " or ".join(map(_text, value)) if isinstance(value, (list, tuple)) else _text(value)


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
