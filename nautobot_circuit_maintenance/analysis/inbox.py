"""What needs a person, by provider: mail that was not read, doubts, unknown circuit IDs and senders, layouts, what is overdue."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from django.db.models import Exists, Model, OuterRef
from nautobot.circuits.models import Provider

from nautobot_circuit_maintenance.analysis.layout_offers import Teachable, suspended_layouts, teachable
from nautobot_circuit_maintenance.analysis.overdue import SilentProvider, Unended, silent_providers, unended
from nautobot_circuit_maintenance.analysis.visibility import Visibility
from nautobot_circuit_maintenance.choices import NotificationStateChoices as State
from nautobot_circuit_maintenance.models import (
    CircuitImpact,
    CircuitMaintenance,
    MailLayout,
    Notification,
    UnknownSender,
)

MOST = 100
"""Rows of each kind that are read; the lists have the others."""


Row = (
    Notification
    | CircuitMaintenance
    | CircuitImpact
    | UnknownSender
    | SilentProvider
    | Unended
    | MailLayout
    | Teachable
)


class Entry(NamedTuple):
    """One thing to do."""

    row: Row
    since: datetime
    """When the newest email about it was written or received; for what is overdue, since when it is; else when it became known."""
    provider_id: UUID | None
    may_change: bool
    """Whether the user may change it."""


@dataclass(frozen=True)
class Group:
    """The entries of one provider, failed notifications first, then newest first."""

    provider: Provider | None
    """None for what belongs to no provider, or to one that the user may not view."""
    entries: tuple[Entry, ...]
    may_change: bool
    """Whether the user may change the provider."""


@dataclass(frozen=True)
class Inbox:
    """Groups in the order of their first entry, and which kinds have more than is shown."""

    groups: tuple[Group, ...]
    is_all: bool


def read_inbox(visibility: Visibility, now: datetime, *, with_ignored: bool = False) -> Inbox:
    """Read the newest rows of each kind by two or three queries, and the providers by two more, however many rows there are."""
    found = [
        _notifications(visibility, with_ignored=with_ignored),
        _doubtful(visibility, now),
        _unknown_ids(visibility, now),
        _unknown_senders(visibility),
        _silent(visibility, now),
        _unended(visibility, now),
        _suspended(visibility, now),
        _teachable(visibility, now),
    ]
    entries = sorted((entry for rows in found for entry in rows), key=_urgency, reverse=True)
    by_provider: dict[UUID | None, list[Entry]] = {}
    providers = visibility.providers.in_bulk({entry.provider_id for entry in entries if entry.provider_id})
    for entry in entries:
        by_provider.setdefault(entry.provider_id if entry.provider_id in providers else None, []).append(entry)
    changeable = _changeable(visibility, Provider, providers)
    groups = [
        Group(providers[pk] if pk else None, tuple(rows), may_change=pk in changeable)
        for pk, rows in by_provider.items()
    ]
    return Inbox(tuple(groups), is_all=all(len(rows) < MOST for rows in found))


def _urgency(entry: Entry) -> tuple[bool, datetime]:
    """An email that was not read may announce work that starts soon, so it comes before everything else."""
    return isinstance(entry.row, Notification) and entry.row.state == State.FAILED, entry.since


def _notifications(visibility: Visibility, *, with_ignored: bool) -> list[Entry]:
    rows = visibility.notifications.dismissible()
    if not with_ignored:
        rows = rows.exclude(state=State.IGNORED)
    newest = list(rows.order_by("-received_at", "fingerprint")[:MOST])
    return list(_entries(visibility, Notification, ((row, row.received_at, row.provider_id) for row in newest)))


def _doubtful(visibility: Visibility, now: datetime) -> list[Entry]:
    rows = visibility.maintenances.needing_attention(now).order_by("-last_updated", "name")[:MOST]
    return list(
        _entries(visibility, CircuitMaintenance, ((row, _announced(row) or now, row.provider_id) for row in rows))
    )


def _announced(maintenance: CircuitMaintenance) -> datetime | None:
    """Return when its newest email was written, or when the maintenance was added without one."""
    return maintenance.issued_at or maintenance.created


def _unknown_ids(visibility: Visibility, now: datetime) -> list[Entry]:
    """Return one entry for each circuit ID, that of its newest impact, with ``shows_maintenance``: whether the user may view that."""
    not_over = CircuitMaintenance.objects.not_over(now).order_by()
    rows = visibility.impacts.unmatched().filter(maintenance__in=not_over).select_related("maintenance")
    rows = rows.annotate(shows_maintenance=Exists(visibility.maintenances.filter(pk=OuterRef("maintenance"))))
    newest: dict[tuple[UUID | None, str], CircuitImpact] = {}
    for row in rows.order_by("-created", "cid")[:MOST]:
        newest.setdefault((row.maintenance.provider_id, row.cid), row)
    seen = ((row, _announced(row.maintenance) or now, row.maintenance.provider_id) for row in newest.values())
    return list(_entries(visibility, CircuitImpact, seen))


def _unknown_senders(visibility: Visibility) -> list[Entry]:
    rows = visibility.unknown_senders.needing_attention().select_related("source")
    newest = rows.order_by("-last_seen", "address")[:MOST]
    return list(_entries(visibility, UnknownSender, ((row, row.last_seen, None) for row in newest)))


def _silent(visibility: Visibility, now: datetime) -> list[Entry]:
    rows = silent_providers(visibility, now)
    return list(_entries(visibility, Provider, ((row, row.last, row.pk) for row in rows)))


def _unended(visibility: Visibility, now: datetime) -> list[Entry]:
    found = ((row, row.since, row.maintenance.provider_id) for row in unended(visibility, now))
    return list(_entries(visibility, CircuitMaintenance, found))


def _suspended(visibility: Visibility, now: datetime) -> list[Entry]:
    rows = suspended_layouts(visibility).order_by("-last_updated", "name")[:MOST]
    return list(_entries(visibility, MailLayout, ((row, row.last_updated or now, row.provider_id) for row in rows)))


def _teachable(visibility: Visibility, now: datetime) -> list[Entry]:
    found = ((row, row.notification.received_at, row.notification.provider_id) for row in teachable(visibility, now))
    return list(_entries(visibility, Notification, found))


def _entries(
    visibility: Visibility, model: type[Model], found: Iterable[tuple[Any, datetime, UUID | None]]
) -> Iterator[Entry]:
    found = list(found)
    changeable = _changeable(visibility, model, [row.pk for row, _, _ in found])
    for row, since, provider_id in found:
        yield Entry(row, since, provider_id, may_change=row.pk in changeable)


def _changeable(visibility: Visibility, model: type[Model], pks: Iterable[UUID]) -> set[UUID]:
    return set(visibility.of_model(model, "change").filter(pk__in=list(pks)).values_list("pk", flat=True))
