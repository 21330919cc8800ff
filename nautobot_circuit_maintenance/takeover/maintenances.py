"""Copies maintenances with their windows, evidence, keys, impacts and notes, a page of them at a time."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.db.models import Exists, OuterRef

from nautobot_circuit_maintenance.takeover.evidence import (
    STATUSES,
    Evidence,
    evidence_of,
    is_readable,
    keys_of,
    known_word,
    window_of,
)
from nautobot_circuit_maintenance.takeover.impacts import Circuits, copy_impacts
from nautobot_circuit_maintenance.takeover.messages import mark_without_evidence
from nautobot_circuit_maintenance.takeover.names import Parts, Providers, take_apart
from nautobot_circuit_maintenance.takeover.notes import Notes
from nautobot_circuit_maintenance.takeover.tables import (
    Entry,
    OlderImpact,
    OlderMaintenance,
    OlderNote,
    OlderParsed,
)
from nautobot_circuit_maintenance.takeover.world import World, derived, keeping_times, pages

_AT_ONCE = 250


@dataclass
class Older:
    """An older maintenance with everything that refers to it."""

    row: OlderMaintenance
    parsed: list[OlderParsed] = field(default_factory=list)
    impacts: list[OlderImpact] = field(default_factory=list)
    notes: list[OlderNote] = field(default_factory=list)
    evidence: dict[UUID, Evidence] = field(default_factory=dict)
    """By message."""


class Copier:
    """Copies the maintenances; remembers which maintenance each older one became."""

    def __init__(self, world: World) -> None:
        """Read the names of the providers."""
        self.world = world
        provider = world.apps.get_model("circuits", "Provider")
        self.providers = Providers(dict(provider.objects.values_list("pk", "name")))
        self._taken: dict[tuple[UUID, str], UUID] = {}
        """The maintenance by provider and ID in lower case."""
        self.merged: dict[UUID, UUID] = {}
        """The maintenance that another one became a part of."""

    def copy(self) -> None:
        """Copy all: those with evidence first, so that others are merged into them, then the oldest first."""
        has_evidence = Exists(OlderParsed.objects.filter(maintenance_id=OuterRef("pk")))
        ordered = OlderMaintenance.objects.annotate(has_evidence=has_evidence)
        keys = list(ordered.order_by("-has_evidence", "created", "pk").values_list("pk", flat=True))
        kept = [self.world.model(name) for name in ("CircuitMaintenance", "CircuitImpact", "Note")]
        with keeping_times(*kept):
            for page in pages(keys, _AT_ONCE):
                self._copy_page(page)

    def _copy_page(self, page: Iterable[UUID]) -> None:
        olders = self._read(list(page))
        messages = self._messages(olders)
        notes = Notes(self.world)
        rows: list[Any] = []
        windows: list[Any] = []
        evidence: list[Any] = []
        keys: list[Any] = []
        empty: set[UUID] = set()
        for older in olders:
            empty |= self._read_evidence(older, messages)
            parts = self._parts(older, messages)
            winner = self._winner(older, parts)
            if winner:
                self._merge(older, winner, parts, notes)
            else:
                rows.append(self._maintenance(older, parts, notes, windows))
                self._enter(older, parts)
            into = winner or older.row.pk
            evidence += self._evidence(older, into, messages)
            keys += self._keys(older, into, messages)
        self._store({"CircuitMaintenance": rows, "MaintenanceWindow": windows, "ParsedNotification": evidence})
        self._store({"MaintenanceKey": self._fresh_keys(keys)})
        mark_without_evidence(self.world, sorted(empty))
        circuits = Circuits(self.world, olders)
        circuits.provider_of.update((row.pk, row.provider_id) for row in rows)
        for older in olders:
            copy_impacts(self.world, older, self.merged.get(older.row.pk), circuits, notes)
            notes.copy(older.notes, self.merged.get(older.row.pk, older.row.pk))
        circuits.store()
        notes.store()

    def _store(self, found: Mapping[str, list[Any]]) -> None:
        for name, rows in found.items():
            self.world.model(name).objects.bulk_create(rows)

    def _fresh_keys(self, keys: Sequence[Any]) -> list[Any]:
        """Return each key once, without those that a maintenance has already that another one was merged into."""
        fresh = {each.pk: each for each in keys}
        winners = set(self.merged.values())
        doubtful = [pk for pk, each in fresh.items() if each.maintenance_id in winners]
        if doubtful:
            for pk in self.world.model("MaintenanceKey").objects.filter(pk__in=doubtful).values_list("pk", flat=True):
                del fresh[pk]
        return list(fresh.values())

    def _read(self, page: list[UUID]) -> list[Older]:
        by_pk = {row.pk: Older(row) for row in OlderMaintenance.objects.filter(pk__in=page)}
        for model, name in ((OlderParsed, "parsed"), (OlderImpact, "impacts"), (OlderNote, "notes")):
            for row in model.objects.filter(maintenance_id__in=page).order_by("created", "pk"):
                getattr(by_pk[row.maintenance_id], name).append(row)
        return [by_pk[pk] for pk in page]

    def _messages(self, olders: Iterable[Older]) -> dict[UUID, Any]:
        """Return the notifications of the evidence, without their bytes."""
        keys = {each.raw_notification_id for older in olders for each in older.parsed}
        rows = self.world.model("Notification").objects.filter(pk__in=keys).defer("raw", "error")
        return {row.pk: row for row in rows}

    def _read_evidence(self, older: Older, messages: Mapping[UUID, Any]) -> set[UUID]:
        """Read what the messages said; return those that said nothing readable."""
        items: defaultdict[UUID, list[OlderParsed]] = defaultdict(list)
        for row in older.parsed:
            if row.raw_notification_id in messages and is_readable(row.json):
                items[row.raw_notification_id].append(row)
            else:
                reason = "It names no maintenance, so that nothing follows from it."
                self.world.note("parsednotification", row.pk, Entry.LISTED, reason=reason)
        for message, rows in items.items():
            older.evidence[message] = evidence_of([row.json for row in rows], messages[message].sent_at)
            for row in rows:
                first = rows[0].pk
                outcome = Entry.MOVED if row.pk == first else Entry.MERGED
                self.world.note("parsednotification", row.pk, outcome, into="" if row.pk == first else first)
        return {row.raw_notification_id for row in older.parsed if row.raw_notification_id in messages} - items.keys()

    def _parts(self, older: Older, messages: Mapping[UUID, Any]) -> Parts:
        oldest_first = sorted(older.evidence.items(), key=lambda item: (item[1].issued_at, str(item[0])))
        announced = [(messages[key].provider_id, each.maintenance_id) for key, each in oldest_first]
        return take_apart(older.row.name, announced, self.providers)

    def _winner(self, older: Older, parts: Parts) -> UUID | None:
        """Return the maintenance that is the same one by now, if any; take the name otherwise."""
        if parts.provider is None:
            return None
        key = parts.provider, parts.name.strip().lower()
        winner = self._taken.setdefault(key, older.row.pk)
        return None if winner == older.row.pk else winner

    def _merge(self, older: Older, winner: UUID, parts: Parts, notes: Notes) -> None:
        row = older.row
        self.merged[row.pk] = winner
        reason = f"'{row.name}' is {self.providers.names[parts.provider]} {parts.name} too." if parts.provider else ""
        self.world.note("circuitmaintenance", row.pk, Entry.MERGED, into=winner, reason=reason)
        comment = (
            f"The older package had this maintenance a second time, as '{row.name}': {row.status}, "
            f"{row.start_time:%Y-%m-%d %H:%M} to {row.end_time:%Y-%m-%d %H:%M} UTC, "
            f"{'' if row.ack else 'not '}acknowledged. {row.description}"
        )
        notes.add(winner, "Merged with a second record", comment.strip(), of=row.pk, moment=row.last_updated)

    def _enter(self, older: Older, parts: Parts) -> None:
        """Enter what a person may want to know of a maintenance that was moved."""
        row, reasons = older.row, [parts.doubt] if parts.doubt else []
        if parts.provider is None and not parts.doubt:
            reasons.append("It has no provider: its name begins with that of none, and no message names it.")
        if row.status not in STATUSES:
            reasons.append(f"Its status was '{row.status}'.")
        if row.end_time <= row.start_time:
            reasons.append("It ended when it started.")
        self.world.note("circuitmaintenance", row.pk, Entry.MOVED, reason=" ".join(reasons))

    def _maintenance(self, older: Older, parts: Parts, notes: Notes, windows: list[Any]) -> Any:
        """Return the row of a maintenance; add its window, and a note on what is not as it was."""
        row = older.row
        status = known_word(row.status, STATUSES) or "UNKNOWN"
        window = window_of(row.start_time, row.end_time)
        if window:
            model = self.world.model("MaintenanceWindow")
            windows.append(
                model(pk=derived("window", row.pk), maintenance_id=row.pk, start_time=window[0], end_time=window[1])
            )
        notes.add_doubts(row, parts, status, window)
        newest = max(older.evidence.values(), key=lambda each: (each.issued_at, each.sequence), default=None)
        return self.world.model("CircuitMaintenance")(
            pk=row.pk,
            name=parts.name,
            provider_id=parts.provider,
            provider_maintenance_id=parts.maintenance_id,
            description=row.description,
            status=status,
            start_time=window and window[0],
            end_time=window and window[1],
            ack=row.ack,
            acknowledged_at=row.last_updated if row.ack else None,
            issued_at=newest and newest.issued_at,
            sequence=newest and newest.sequence,
            confidence="unchecked" if newest else "",
            _custom_field_data=row.custom_fields,
            created=row.created,
            last_updated=row.last_updated,
        )

    def _evidence(self, older: Older, into: UUID, messages: Mapping[UUID, Any]) -> list[Any]:
        """Return the rows of evidence; all but the newest count as superseded until they are concluded again."""
        model = self.world.model("ParsedNotification")
        newest = max(older.evidence, key=lambda key: (older.evidence[key].issued_at, str(key)), default=None)
        firsts: dict[UUID, UUID] = {}
        for row in older.parsed:
            if row.raw_notification_id in older.evidence and is_readable(row.json):
                firsts.setdefault(row.raw_notification_id, row.pk)
        return [
            model(
                pk=firsts[key],
                notification_id=key,
                maintenance_id=into,
                json=each.json,
                issued_at=each.issued_at,
                received_at=messages[key].received_at,
                sent_at=messages[key].sent_at,
                sequence=each.sequence,
                fingerprint=messages[key].fingerprint,
                status=each.status,
                parser=each.json["parser"]["name"],
                subject=messages[key].subject,
                sender=messages[key].sender,
                outdated=key != newest,
            )
            for key, each in older.evidence.items()
        ]

    def _keys(self, older: Older, into: UUID, messages: Mapping[UUID, Any]) -> list[Any]:
        """Return what messages find the maintenance by."""
        model = self.world.model("MaintenanceKey")
        found = {
            (messages[key].provider_id, kind, value)
            for key, each in older.evidence.items()
            for kind, value in keys_of(each.json)
        }
        return [
            model(pk=derived("key", into, *each), maintenance_id=into, provider_id=each[0], kind=each[1], value=each[2])
            for each in sorted(found, key=str)
        ]
