"""The calendar feed of a subscription: what its owner may see, as a calendar whose entries are those of each maintenance."""

from datetime import datetime, timedelta, timezone
from hashlib import sha256
from typing import NamedTuple

from django.core.cache import cache

from nautobot_circuit_maintenance.models import Subscription
from nautobot_circuit_maintenance.outbound.calendars import calendar, entries_of, text_property, vevent
from nautobot_circuit_maintenance.outbound.feed_states import states_of
from nautobot_circuit_maintenance.outbound.owners import visibility_of
from nautobot_circuit_maintenance.outbound.stored_filters import filtered

KEPT = 300
"""Seconds for which a feed is kept, and readers may keep it: so late they see a change."""
_PAST = timedelta(days=30)
"""How long a window that is over stays in the calendar."""
_PROPERTIES = ("REFRESH-INTERVAL;VALUE=DURATION:PT15M", "X-PUBLISHED-TTL:PT15M")


class Feed(NamedTuple):
    """A calendar as it is sent."""

    etag: str
    body: bytes


class FeedKey(NamedTuple):
    """What a kept feed depends on, beside what changes within the time for which it is kept."""

    subscription: Subscription
    instance: str
    base: str
    """Scheme and host of Nautobot, as the reader calls it."""
    hour: str

    @classmethod
    def of(cls, subscription: Subscription, *, instance: str, base: str, now: datetime) -> "FeedKey":
        """Return the key at a moment."""
        return cls(subscription, instance, base, f"{now.astimezone(timezone.utc):%Y%m%d%H}")

    @property
    def name(self) -> str:
        """Name in the cache."""
        updated = self.subscription.last_updated
        parts = (str(self.subscription.pk), str(updated and updated.timestamp()), self.instance, self.base, self.hour)
        return f"circuit_maintenance_feed.{sha256(repr(parts).encode()).hexdigest()}"


def kept_etag(key: FeedKey) -> str | None:
    """Return the ETag of a feed if it is kept: one look-up."""
    found: str | None = cache.get(f"{key.name}.etag")
    return found


def feed(key: FeedKey, *, now: datetime) -> Feed:
    """Return a feed, kept or written now; raises Silent if the owner may see nothing."""
    etag, body = kept_etag(key), cache.get(f"{key.name}.body")
    if etag and body:
        return Feed(etag, body)
    body = write(key, now=now)
    # Time, permissions and deletions count without being listed.
    found = Feed(f'"{sha256(body).hexdigest()[:32]}"', body)
    cache.set(f"{key.name}.body", found.body, KEPT)
    cache.set(f"{key.name}.etag", found.etag, KEPT)
    return found


def write(key: FeedKey, *, now: datetime) -> bytes:
    """Return the calendar; nothing in it depends on the time but which windows it has, which changes at midnight UTC."""
    visibility = visibility_of(key.subscription.owner_id)
    midnight = now.astimezone(timezone.utc).replace(hour=0, minute=0, second=0, microsecond=0)
    since = midnight - _PAST
    recent = visibility.maintenances.overlapping(since, None)
    maintenances = filtered(key.subscription.maintenance_filter, visibility, recent)
    states = states_of(maintenances, visibility, base=key.base)
    entries = [entry for state in states for entry in entries_of(state, instance=key.instance) if entry.end > since]
    entries.sort(key=lambda entry: (entry.start, entry.uid))
    name = text_property("X-WR-CALNAME", key.subscription.name), text_property("NAME", key.subscription.name)
    return calendar(map(vevent, entries), properties=[*name, *_PROPERTIES])
