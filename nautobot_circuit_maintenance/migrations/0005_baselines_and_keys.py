"""What notifications last made of each maintenance, the keys of those on record, and how their circuits were found.

The rules of the data changed with 0004. What is on record was concluded by the rules before; they are frozen here, so
that reprocessing does not mistake a difference between the two for an edit by a person. Nothing that people see changes.

Repeatable: maintenances that have keys were concluded since, and are left as they are.
"""

import hashlib
import re
import uuid
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta, timezone
from typing import Any

import django.db.models.deletion
from django.db import migrations, models

PAGE_ROWS = 500
KEY_LENGTH = 255
NO_CHANGE = "NO-CHANGE"
IMPACTS = ("NO-IMPACT", "REDUCED-REDUNDANCY", "DEGRADED", "OUTAGE")
ONE_ANNOUNCEMENT = timedelta(hours=1)
NO_DATE = datetime.min.replace(tzinfo=timezone.utc)
NO_LETTER_OR_DIGIT = re.compile(r"[\W_]+")


def moment(text: str) -> datetime:
    """Read a time of our evidence."""
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


class Update:
    """A row of evidence, as the rules before 0004 counted it."""

    def __init__(self, row: Any) -> None:
        """Sum up the events."""
        data, events = row.json, row.json["events"]
        mail_date = (row.sent_at or row.received_at).astimezone(timezone.utc).replace(microsecond=0)
        stamps = [moment(event["issued_at"]) if event["issued_at"] else mail_date for event in events]
        self.name = data["maintenance_id"].strip()
        self.issued = min(max(stamps), row.received_at)
        self.sequence = max(_rank(event) for event in events)
        self.order = (self.issued, self.sequence, row.sent_at or NO_DATE, row.received_at, row.fingerprint)
        self.status = events[-1]["status"]
        self.description = data["description"]
        self.windows = sorted({(moment(w["start"]), moment(w["end"])) for event in events for w in event["windows"]})
        self.circuits = [(each["cid"], each["impact"]) for event in events for each in event["circuits"]]


def _rank(event: dict[str, Any]) -> int:
    if event["sequence"] is not None:
        return int(event["sequence"])
    return 1 if event["uid"] is None else -1


def baseline(rows: Iterable[Any]) -> dict[str, Any]:
    """Return what the rules before 0004 concluded from the evidence of a maintenance, as a baseline."""
    ordered = sorted(map(Update, rows), key=lambda update: update.order)
    newest = ordered[::-1]
    return {
        "status": next((each.status for each in newest if each.status != NO_CHANGE), "UNKNOWN"),
        "description": next((each.description for each in newest if each.description), ""),
        "windows": [
            [time.isoformat() for time in window]
            for window in next((each.windows for each in newest if each.windows), [])
        ],
        "impacts": [[cid, impact, None] for cid, impact in _impacts([each for each in ordered if each.circuits])],
    }


def _impacts(ordered: Sequence[Update]) -> list[tuple[str, str]]:
    """Return the worst impact on each circuit in the newest announcement: that and equal ones of the hour before."""
    newest = ordered[-1] if ordered else None
    worst: dict[str, tuple[str, str]] = {}
    for update in ordered:
        is_same = newest and (update.windows, update.status) == (newest.windows, newest.status)
        if not is_same or newest.issued - update.issued > ONE_ANNOUNCEMENT:
            continue
        spelling = {cid.casefold(): cid for cid in sorted((cid for cid, _ in update.circuits), reverse=True)}
        for cid, impact in update.circuits:
            known = worst.get(cid.casefold(), (cid, impact))[1]
            worst[cid.casefold()] = spelling[cid.casefold()], max(known, impact, key=IMPACTS.index)
    return sorted(worst.values())


def keys_of(row: Any, provider: uuid.UUID) -> Iterator[tuple[uuid.UUID, str, str]]:
    """Yield what a row of evidence refers to its maintenance by."""
    for each in (row.json["maintenance_id"], *row.json["other_ids"]):
        if each.strip():
            yield provider, "id", _bounded(each.strip().lower())
    for event in row.json["events"]:
        if (event["uid"] or "").strip():
            yield provider, "uid", _bounded(event["uid"].strip())


def _bounded(value: str) -> str:
    return value if len(value) <= KEY_LENGTH else hashlib.sha256(value.encode()).hexdigest()


def add_baselines_and_keys(apps: Any) -> None:
    """Add what is known of every maintenance that has evidence and no keys; one at a time, as each may be large."""
    model = {name: apps.get_model("nautobot_circuit_maintenance", name) for name in _MODELS}
    has_evidence = models.Exists(model["ParsedNotification"].objects.filter(maintenance=models.OuterRef("pk")))
    found = model["CircuitMaintenance"].objects.filter(has_evidence, keys=None).values_list("pk", flat=True)
    for pk in list(found):
        maintenance = model["CircuitMaintenance"].objects.only("provider", "provider_maintenance_id").get(pk=pk)
        rows = list(model["ParsedNotification"].objects.filter(maintenance=pk).select_related("notification"))
        keys = {
            key
            for row in rows
            if (provider := row.notification.provider_id if row.notification else maintenance.provider_id)
            for key in keys_of(row, provider)
        }
        model["MaintenanceBaseline"].objects.create(maintenance=maintenance, json=baseline(rows))
        model["MaintenanceKey"].objects.bulk_create(
            model["MaintenanceKey"](maintenance=maintenance, provider_id=provider, kind=kind, value=value)
            for provider, kind, value in sorted(keys, key=str)
        )
        # A person may have renamed it: until now its name was its only ID.
        oldest = min(map(Update, rows), key=lambda update: update.order)
        maintenance.provider_maintenance_id = oldest.name
        maintenance.save(update_fields=["provider_maintenance_id"])


_MODELS = ("CircuitMaintenance", "ParsedNotification", "MaintenanceBaseline", "MaintenanceKey")


def matched_by(cid: str, known: str) -> str:
    """Return how the code before 0004 found a circuit by a circuit ID; empty if it could not, so that a person did.

    Or if the circuit got another ID since: that cannot be known.
    """
    for name, spell in (("exact", str), ("case", str.casefold), ("separators", _without_separators)):
        if spell(cid) == spell(known):
            return name
    return ""


def _without_separators(cid: str) -> str:
    return NO_LETTER_OR_DIGIT.sub("", cid.casefold()) or cid


def add_matched_by(apps: Any) -> None:
    """Set how the circuits of impacts were found, where that can be known."""
    impacts = apps.get_model("nautobot_circuit_maintenance", "CircuitImpact")
    linked = impacts.objects.filter(
        circuit__isnull=False, matched_by="", circuit__provider=models.F("maintenance__provider")
    )
    found: dict[str, list[uuid.UUID]] = {}
    for pk, cid, known in list(linked.values_list("pk", "cid", "circuit__cid")):
        found.setdefault(matched_by(cid, known), []).append(pk)
    for name, keys in found.items():
        for start in range(0, len(keys) if name else 0, PAGE_ROWS):
            impacts.objects.filter(pk__in=keys[start : start + PAGE_ROWS]).update(matched_by=name)


def forwards(apps: Any, _schema_editor: Any) -> None:
    """Add the baselines, keys and ways of matching."""
    add_baselines_and_keys(apps)
    add_matched_by(apps)


class Migration(migrations.Migration):
    """Add the table of baselines, and fill it together with that of the keys."""

    dependencies = [("nautobot_circuit_maintenance", "0004_rules_of_the_data")]

    operations = [
        migrations.CreateModel(
            name="MaintenanceBaseline",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid.uuid4, editable=False, primary_key=True, serialize=False, unique=True
                    ),
                ),
                ("json", models.JSONField()),
                (
                    "maintenance",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="nautobot_circuit_maintenance.circuitmaintenance",
                    ),
                ),
            ],
            options={"ordering": ("maintenance",)},
        ),
        # Last: PostgreSQL does not change a table that has rows with pending checks.
        migrations.RunPython(forwards, migrations.RunPython.noop, elidable=False),
    ]
