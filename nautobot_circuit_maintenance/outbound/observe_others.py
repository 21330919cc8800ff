"""Observes what no change of a maintenance says: sites at risk, email that needs a person, sources that fail."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from django.db import transaction

from nautobot_circuit_maintenance.analysis.visibility import Visibility
from nautobot_circuit_maintenance.choices import EventChoices as Event, ThreadSubjectChoices as Subject
from nautobot_circuit_maintenance.models import Subscription
from nautobot_circuit_maintenance.outbound.audience import recipients_about
from nautobot_circuit_maintenance.outbound.channels.configured import MessageChannels
from nautobot_circuit_maintenance.outbound.errors import Silent
from nautobot_circuit_maintenance.outbound.mail import failing
from nautobot_circuit_maintenance.outbound.observe import open_threads
from nautobot_circuit_maintenance.outbound.owners import Owner, Owners
from nautobot_circuit_maintenance.outbound.sites import findings_of
from nautobot_circuit_maintenance.outbound.why_silent import note_silent

_MOST_NEW = 500
"""Notifications that are looked at in one run."""


def observe_others(channels: MessageChannels, now: datetime, *, has_changed: bool) -> None:
    """Mark the conversations about sites, notifications and sources in which something may have to be said.

    Sites are assessed when a maintenance changed, and once an hour: circuits and cables change, too.
    """
    owners = Owners()
    for each in Subscription.objects.filter(enabled=True, channel__in=channels.names).order_by("name"):
        wants = {Event.AT_RISK, Event.NEEDS_A_PERSON} & set(each.events)
        if not wants:
            continue
        try:
            owner = owners.of(each)
            if Event.NEEDS_A_PERSON in wants:
                with transaction.atomic():
                    _observe_mail(each, owner.visibility, channels, now)
            if Event.AT_RISK in wants and (has_changed or _is_another_hour(each.clock, now)):
                with transaction.atomic():
                    _observe_sites(each, owner, channels, now)
        except Silent as error:  # owners.of and findings_of
            note_silent([each.pk], str(error))


def _is_another_hour(before: datetime, now: datetime) -> bool:
    return int(before.timestamp()) // 3600 != int(now.timestamp()) // 3600


def _observe_sites(subscription: Subscription, owner: Owner, channels: MessageChannels, now: datetime) -> None:
    phases, _ = findings_of(subscription, owner, now)
    known = subscription.threads.filter(subject_type=Subject.SITE, last_state__isnull=False)
    _open(subscription, Subject.SITE, {*phases, *known.values_list("subject_id", flat=True)}, channels, now)


def _observe_mail(subscription: Subscription, visibility: Visibility, channels: MessageChannels, now: datetime) -> None:
    """Look for what was received since the subscription began; what was said about each of them is in its conversation."""
    rows = visibility.notifications.needing_attention().filter(received_at__gte=subscription.begun)
    found = dict(rows.order_by("-received_at").values_list("pk", "state")[:_MOST_NEW])
    said = _said(subscription, Subject.NOTIFICATION, list(found))
    _open(subscription, Subject.NOTIFICATION, [pk for pk in found if said.get(pk) != found[pk]], channels, now)
    sources = {pk: since.isoformat() for pk, since in failing(visibility).values_list("pk", "failing_since")}
    known = _said(subscription, Subject.SOURCE, list(sources), "since")
    _open(subscription, Subject.SOURCE, [pk for pk in sources if known.get(pk) != sources[pk]], channels, now)


def _said(subscription: Subscription, kind: str, subjects: Collection[UUID], name: str = "state") -> dict[UUID, str]:
    """Return what was last said of each of these, of one value of its state."""
    if not subjects:
        return {}
    threads = subscription.threads.filter(subject_type=kind, subject_id__in=subjects, last_state__isnull=False)
    return {pk: state[name] for pk, state in threads.values_list("subject_id", "last_state")}


def _open(
    subscription: Subscription, kind: str, subjects: Collection[UUID], channels: MessageChannels, now: datetime
) -> None:
    if subjects:
        is_addressed = channels.is_addressed(subscription.channel)
        open_threads(subscription, recipients_about(subscription, subjects, is_addressed=is_addressed), now, kind)
