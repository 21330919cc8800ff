"""Which maintenances some notifications concern: those that they name, named before, or share a UID with.

All of them are locked and read in a fixed number of statements, before anything is changed in memory.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import Q
from django.db.models.functions import Lower

from nautobot_circuit_maintenance.choices import MaintenanceKeyChoices as Kind
from nautobot_circuit_maintenance.domain.history import may_differ
from nautobot_circuit_maintenance.domain.updates import MaintenanceUpdate, combined
from nautobot_circuit_maintenance.models import (
    CircuitImpact,
    CircuitMaintenance,
    MaintenanceBaseline,
    MaintenanceKey,
    Notification,
    ParsedNotification,
)
from nautobot_circuit_maintenance.models.collation import as_unique
from nautobot_circuit_maintenance.models.keys import id_key
from nautobot_circuit_maintenance.models.settling import settled_among
from nautobot_circuit_maintenance.models.windows import as_rest
from nautobot_circuit_maintenance.pipeline.apply.custom_fields import default_values
from nautobot_circuit_maintenance.pipeline.apply.keys import MOST_SIBLINGS, Key, ids_of, keys_of
from nautobot_circuit_maintenance.pipeline.apply.revision import Revision, Stored

_EVIDENCE = ("json", "received_at", "sent_at", "fingerprint", "outdated", "maintenance", "notification")

FoundKey = tuple[UUID, str, str, UUID]
"""A key, and the primary key of the maintenance that has it."""


@dataclass(frozen=True)
class NotificationUpdates:
    """The updates of one notification, one for each maintenance that it names."""

    notification: Notification
    updates: Sequence[MaintenanceUpdate]
    is_retry: bool = False
    """Whether it may have been digested before, so that its earlier updates are replaced. It is applied alone then."""

    @property
    def named(self) -> str:
        """The maintenances that it names, for a sentence; empty if there is none."""
        return ", ".join(f"{self.notification.provider} {update.maintenance_id}" for update in self.updates)

    @property
    def keys(self) -> set[Key]:
        """What its updates refer to their maintenances by."""
        provider = self.notification.provider_id
        return {key for update in self.updates for key in keys_of(provider, update)}


@dataclass
class Register:
    """Revisions of the maintenances that some notifications concern."""

    revisions: list[Revision] = field(default_factory=list)
    """In the order in which they were locked, the new ones last."""
    named: set[Revision] = field(default_factory=set)
    """Those that the notifications name or named before; the others share a UID or a name with them."""
    _by_id: dict[tuple[UUID, str], Revision] = field(default_factory=dict)

    @classmethod
    def open(cls, readings: Sequence[NotificationUpdates]) -> "Register":
        """Lock and read every maintenance that is concerned, and prepare those that are new."""
        register = cls()
        found = _find_keys(readings)
        rows = _lock(readings, found)
        register._add_stored(rows, found)
        taken = {(row.provider_id, as_unique(row.name)) for row in rows}
        for reading in readings:
            for update in reading.updates:
                register._add_update(reading.notification, update, taken)
        # In one order everywhere: two workers that insert the same maintenances must not wait for each other.
        new = [revision for revision in register.revisions if revision.is_new]
        new.sort(key=lambda each: (str(each.maintenance.provider_id), each.maintenance.name))
        register.revisions = [each for each in register.revisions if not each.is_new] + new
        register._name_retried(readings)
        register._set_defaults()
        register._set_settled(readings)
        return register

    def concerned(self, reading: NotificationUpdates) -> list[tuple[Revision, MaintenanceUpdate | None]]:
        """Return the maintenances that a notification names, with its updates, and those that it named before."""
        provider, fingerprint = reading.notification.provider_id, reading.notification.fingerprint
        updates: defaultdict[Revision, list[MaintenanceUpdate]] = defaultdict(list)
        for update in reading.updates:
            updates[self._by_id[provider, id_key(update.maintenance_id)]].append(update)
        return [
            (revision, combined(updates[revision]) if revision in updates else None)
            for revision in self.revisions
            if revision in updates or (reading.is_retry and fingerprint in revision.evidence)
        ]

    def _add_stored(self, rows: Sequence[CircuitMaintenance], found: Iterable[FoundKey]) -> None:
        """Add the stored maintenances; an ID means first the maintenance that has it as its own."""
        by_pk = {revision.maintenance.pk: revision for revision in _read(rows)}
        self.revisions = list(by_pk.values())
        own: dict[tuple[UUID, str], Revision] = {}
        other: dict[tuple[UUID, str], Revision] = {}
        for provider, kind, value, pk in sorted(found, key=lambda each: _preference(each, by_pk)):
            if kind == Kind.ID and pk in by_pk:
                is_own = id_key(by_pk[pk].maintenance.provider_maintenance_id) == value
                (own if is_own else other).setdefault((provider, value), by_pk[pk])
        by_column: dict[tuple[UUID, str], Revision] = {}
        by_name: dict[tuple[UUID, str], Revision] = {}
        for revision in self.revisions:
            row = revision.maintenance
            named = by_column if row.provider_maintenance_id else by_name
            named.setdefault((row.provider_id, id_key(row.provider_maintenance_id or row.name)), revision)
        self._by_id = {**by_name, **by_column, **other, **own}

    def _add_update(self, notification: Notification, update: MaintenanceUpdate, taken: set[tuple[UUID, str]]) -> None:
        """Find the maintenance of an update by any of its IDs, or prepare a new one."""
        provider, ids = notification.provider_id, list(ids_of(update))
        revision = next((self._by_id[provider, each] for each in ids if (provider, each) in self._by_id), None)
        if revision is None:
            name = _free_name(update.maintenance_id.strip(), provider, taken)
            taken.add((provider, as_unique(name)))
            revision = Revision.new(CircuitMaintenance(name=name, provider=notification.provider))
            self.revisions.append(revision)
        revision.taken_names = taken
        self.named.add(revision)
        for each in ids:
            self._by_id.setdefault((provider, each), revision)

    def _name_retried(self, readings: Sequence[NotificationUpdates]) -> None:
        retried = {reading.notification.fingerprint for reading in readings if reading.is_retry}
        self.named |= {each for each in self.revisions if retried & each.evidence.keys()}

    def _set_settled(self, readings: Iterable[NotificationUpdates]) -> None:
        """Set the doubts that people settled; no statement if nothing is doubtful."""
        concerned = [[*revision.updates.values()] for revision in self.revisions]
        by_revision = dict(zip(self.revisions, concerned))
        for reading in readings:
            for update in reading.updates:
                by_revision[self._by_id[reading.notification.provider_id, id_key(update.maintenance_id)]].append(update)
        doubtful = [
            update
            for updates in concerned
            if may_differ(updates) or any(update.opinion and update.opinion.doubts for update in updates)
            for update in updates
        ]
        settled = settled_among(update.provenance.fingerprint for update in doubtful)
        for revision in self.revisions:
            revision.settled = settled

    def _set_defaults(self) -> None:
        """Give new maintenances the defaults of their custom fields, as a form does."""
        new = [revision.maintenance for revision in self.revisions if revision.is_new]
        defaults = default_values() if new else {}
        for maintenance in new:
            maintenance._custom_field_data = dict(defaults)  # pylint: disable=protected-access  # core's name


def _preference(found: FoundKey, by_pk: Mapping[UUID, Revision]) -> tuple[bool, str, str]:
    """Return the sort key of maintenances with one ID: what a person renamed or moved comes first, then the oldest."""
    provider, _, _, pk = found
    row = by_pk[pk].maintenance if pk in by_pk else None
    is_untouched = row is None or (row.name, row.provider_id) == (row.provider_maintenance_id, provider)
    return is_untouched, as_rest(row.created) or "" if row else "", str(pk)


def _free_name(wanted: str, provider: UUID, taken: Collection[tuple[UUID, str]]) -> str:
    """Return the ID as the name, with a number behind it if a maintenance that was renamed has that name."""
    name, number = wanted, 1
    while (provider, as_unique(name)) in taken:
        number += 1
        name = f"{wanted} ({number})"
    return name


def _find_keys(readings: Sequence[NotificationUpdates]) -> list[FoundKey]:
    """Return the stored keys that the notifications have, and those of UIDs that their maintenances share with others."""
    wanted = {key for reading in readings for key in reading.keys}
    if not wanted:
        return []
    found = _stored_keys(
        Q(provider__in={provider for provider, _, _ in wanted}, value__in={value for _, _, value in wanted})
    )
    found = [each for each in found if each[:3] in wanted]
    named = {pk for _, kind, _, pk in found if kind == Kind.ID}
    if named:
        uids = MaintenanceKey.objects.filter(kind=Kind.UID, maintenance__in=named).order_by().values("value")
        found += _stored_keys(Q(kind=Kind.UID, provider__in={key[0] for key in wanted}, value__in=uids))
    return _without_templates(found)


def _stored_keys(wanted: Q) -> list[FoundKey]:
    rows = MaintenanceKey.objects.filter(wanted).order_by("maintenance")
    return list(rows.values_list("provider", "kind", "value", "maintenance"))


def _without_templates(found: Iterable[FoundKey]) -> list[FoundKey]:
    """Leave out UIDs that too many maintenances of a provider share."""
    by_key: defaultdict[Key, set[UUID]] = defaultdict(set)
    for provider, kind, value, pk in found:
        by_key[provider, kind, value].add(pk)
    return [
        (*key, pk)
        for key, pks in by_key.items()
        if key[1] == Kind.ID or len(pks) <= MOST_SIBLINGS
        for pk in sorted(pks)
    ]


def _lock(readings: Sequence[NotificationUpdates], found: Iterable[FoundKey]) -> list[CircuitMaintenance]:
    """Lock the maintenances with these keys, ID or name, and those that retried notifications named before.

    Locks in the order of provider and name; that order keeps two workers from waiting for each other.
    """
    wanted = Q(pk__in={pk for *_, pk in found})
    names: defaultdict[UUID, set[str]] = defaultdict(set)
    for reading in readings:
        for update in reading.updates:
            names[reading.notification.provider_id] |= {
                each.strip() for each in (update.maintenance_id, *update.other_ids)
            }
    for provider, ids in names.items():
        wanted |= Q(provider=provider, name__in=ids) | Q(provider=provider, lower__in={id_key(each) for each in ids})
    retried = [reading.notification.pk for reading in readings if reading.is_retry]
    if retried:
        earlier = ParsedNotification.objects.filter(notification__in=retried).values_list("maintenance", flat=True)
        wanted |= Q(pk__in=list(earlier))
    rows = CircuitMaintenance.objects.alias(lower=Lower("provider_maintenance_id")).filter(wanted)
    if connection.vendor == "mysql":
        # InnoDB waits for the lock of every row that it reads to find these, also of other providers: a key leads to one.
        rows = rows.filter(pk__in=list(rows.values_list("pk", flat=True)))
    rows = rows.select_for_update(of=("self",)).order_by("provider_id", "name")
    # The change record has the name of the provider.
    return list(rows.select_related("provider").prefetch_related("windows", "impacts", "tags"))


def _read(maintenances: Sequence[CircuitMaintenance]) -> list[Revision]:
    """Return the revisions of stored maintenances, with everything that belongs to them."""
    evidence: dict[UUID, list[ParsedNotification]] = {row.pk: [] for row in maintenances}
    stored = {row.pk: Stored(row.last_updated, list(row.windows.all())) for row in maintenances}
    if not maintenances:
        return []
    for row in ParsedNotification.objects.filter(maintenance__in=evidence).only(*_EVIDENCE):
        evidence[row.maintenance_id].append(row)
    for provider, kind, value, pk in _stored_keys(Q(maintenance__in=stored)):
        stored[pk].keys.add((provider, kind, value))
    for baseline in MaintenanceBaseline.objects.filter(maintenance__in=stored):
        stored[baseline.maintenance_id].baseline = baseline
    for link in _links(maintenances):
        stored[link.circuitimpact.maintenance_id].links[link.circuitimpact_id, link.maintenancewindow_id] = link.pk
    return [Revision.of_stored(row, evidence[row.pk], stored[row.pk]) for row in maintenances]


def _links(maintenances: Iterable[CircuitMaintenance]) -> list[Any]:
    """Return the rows that link impacts with windows; no statement if all impacts are about all windows."""
    partial = {impact.pk for row in maintenances for impact in row.impacts.all() if not impact.in_all_windows}
    if not partial:
        return []
    links = CircuitImpact.windows.through.objects.filter(circuitimpact__in=partial)
    return list(links.select_related("circuitimpact").only("circuitimpact__maintenance", "maintenancewindow"))
