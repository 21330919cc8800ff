"""Writes deliveries: the message for an occasion, or one digest of several, as a row that waits."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from django.conf import settings
from django.urls import reverse

from nautobot_circuit_maintenance.choices import DeliveryStateChoices as DeliveryState, EventChoices as Event
from nautobot_circuit_maintenance.models import Delivery, Subscription, Thread
from nautobot_circuit_maintenance.outbound import calendars, templates
from nautobot_circuit_maintenance.outbound.channels.configured import MessageChannels
from nautobot_circuit_maintenance.outbound.documents import Line
from nautobot_circuit_maintenance.outbound.facts import digest_facts, facts
from nautobot_circuit_maintenance.outbound.links import linking
from nautobot_circuit_maintenance.outbound.state import MaintenanceState, Occasion, from_json, to_json
from nautobot_circuit_maintenance.outbound.stored_filters import query_of
from nautobot_circuit_maintenance.outbound.template_values import template_values
from nautobot_circuit_maintenance.outbound.texts import Written, write, write_digest
from nautobot_circuit_maintenance.outbound.waiting import Pending

_ADD = "plugins:nautobot_circuit_maintenance:subscription_add"
_OF_CALENDAR = "The attached file stays as it is. Your calendar follows changes if you subscribe:"


@dataclass(frozen=True)
class Writer:
    """Writes the messages of one subscription."""

    subscription: Subscription
    channels: MessageChannels
    now: datetime

    def values(self, thread: Thread, pending: Pending) -> dict[str, Any]:
        """Return the columns of the delivery for one occasion."""
        occasion = pending.occasion
        calendar = self._calendar(occasion)
        words = write(
            occasion,
            zone=zone_of(self.subscription),
            subject=thread.subject,
            one_thread=self.subscription.one_thread,
            footer=[*(self._about_calendar() if calendar else ()), *self._footer()],
        )
        words = self._in_own_words(words, occasion)
        is_stored = isinstance(occasion.now, MaintenanceState) and occasion.now.exists
        return {
            **self._columns(words, thread.recipient, thread.recipient_name),
            "thread": thread,
            "maintenance_id": thread.subject_id if is_stored else None,
            "event": occasion.event,
            "key": pending.key,
            "root_key": thread.root_key,
            "states": {str(thread.pk): to_json(occasion.now)},
            "data": facts(occasion),
            "calendar": calendar,
            "over_at": pending.until,
        }

    def digest_values(self, key: str, about: Sequence[tuple[Thread, Occasion]]) -> dict[str, Any]:
        """Return the columns of the delivery of a digest for one recipient."""
        occasions = [occasion for _, occasion in about]
        thread = about[0][0]
        words = write_digest(
            occasions, name=self.subscription.name, zone=zone_of(self.subscription), footer=self._footer()
        )
        return {
            **self._columns(words, thread.recipient, thread.recipient_name),
            "event": Event.DIGEST,
            "key": key,
            "states": {str(thread.pk): to_json(occasion.now) for thread, occasion in about},
            "data": digest_facts(occasions),
        }

    def _in_own_words(self, words: Written, occasion: Occasion) -> Written:
        """Return the message in the words of the subscription's templates, if it has any."""
        subject, body = self.subscription.subject_template, self.subscription.body_template
        if not subject and not body:
            return words
        zone = zone_of(self.subscription)
        values = template_values(occasion, words, zone)
        return templates.apply(words, subject=subject, body=body, values=values, zone=zone)

    def _columns(self, words: Written, recipient: str, name: str) -> dict[str, Any]:
        return {
            "subscription": self.subscription,
            "channel": self.subscription.channel,
            "recipient": recipient,
            "recipient_name": name,
            "subject": words.subject,
            "headline": words.headline,
            "text": words.text,
            "html": words.html,
            "state": DeliveryState.WAITING,
            "next_attempt": self.now,
        }

    def _footer(self) -> list[str]:
        return [f"Sent by the subscription “{self.subscription.name}” of {self.channels.instance}."]

    def _about_calendar(self) -> list[Line]:
        """Return where to get a calendar of the same maintenances that follows changes, which an attached file does not.

        The address of a feed is a secret, of which only a hash is stored: who receives the message makes one of their own.
        """
        query = {
            "channel": self.channels.calendar,
            "filter": query_of(self.subscription.maintenance_filter).urlencode(),
        }
        link = linking()(f"{reverse(_ADD)}?{urlencode(query)}")
        return [Line(_OF_CALENDAR, link)] if link and self.channels.calendar else []

    def _calendar(self, occasion: Occasion) -> str:
        """Return the calendar file of an email about a maintenance; only email has a sender to be its organizer."""
        organizer = getattr(self.channels.entries[self.subscription.channel], "sender", "")
        if not organizer or not isinstance(occasion.now, MaintenanceState) or not occasion.now.windows:
            return ""
        last_state = occasion.last_state if isinstance(occasion.last_state, MaintenanceState) else None
        return calendars.attachment(
            occasion.now, instance=self.channels.instance, organizer=organizer, last_state=last_state
        ).decode()


def zone_of(subscription: Subscription) -> ZoneInfo:
    """Return the time zone of the times in the messages of a subscription."""
    return ZoneInfo(subscription.time_zone or settings.TIME_ZONE)


def occasion_of(delivery: Delivery) -> Occasion:
    """Return for what a delivery was written."""
    known: Mapping[str, Any] = delivery.data
    window = known["window"] and tuple(datetime.fromisoformat(each) for each in known["window"])
    last_state = from_json(known["before"]) if known["before"] else None
    return Occasion(known["event"], from_json(known["now"]), last_state, window or None)


def supersede(deliveries: Iterable[Delivery], reason: str = "", into: Delivery | None = None) -> None:
    """Store that these waiting deliveries are not sent: something else is said, or nothing."""
    keys = [each.pk for each in deliveries]
    if keys:
        Delivery.objects.filter(pk__in=keys, state=DeliveryState.WAITING).update(
            state=DeliveryState.SUPERSEDED, error=reason, folded_into=into
        )
