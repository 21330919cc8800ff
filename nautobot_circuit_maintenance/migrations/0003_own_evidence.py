"""Evidence is stored in a schema of our own instead of the parser library's JSON.

The conversion is frozen here: it imports nothing of the app, so that later versions of the app cannot change it. Each
page is committed by itself and converted rows are skipped, so that an interrupted run can be repeated.
"""

from collections.abc import Callable, Iterator
from datetime import datetime, timezone
from typing import Any

from django.db import migrations

PAGE_ROWS = 20
"""Few, because one row may name 20,000 circuits (2 MB)."""

# The library's defaults where a calendar has no UID or SEQUENCE, and for everything that is not a calendar.
NO_UID, NO_SEQUENCE, TEXT_SEQUENCE = "0", -1, 1


def mail_date(row: Any) -> datetime:
    """Return the date of a row's message to the second: the library took it where the text states none."""
    return (row.sent_at or row.received_at).astimezone(timezone.utc).replace(microsecond=0)


def to_time(seconds: int) -> str:
    """Return seconds since 1970 as ISO 8601."""
    return datetime.fromtimestamp(seconds, tz=timezone.utc).isoformat().replace("+00:00", "Z")


def to_seconds(time: str) -> int:
    """Return ISO 8601 as seconds since 1970."""
    return int(datetime.fromisoformat(time.replace("Z", "+00:00")).timestamp())


def own_event(item: dict[str, Any], sent: datetime) -> dict[str, Any]:
    """Return the event of one item of the library."""
    is_calendar = "ICal" in ((item.get("metadata") or {}).get("parsers") or ())
    is_stated = is_calendar or item["stamp"] != int(sent.timestamp())
    has_window = item["end"] > item["start"] > 0
    return {
        "uid": ("" if item["uid"] == NO_UID else item["uid"]) if is_calendar else None,
        "recurrence_id": None,
        "sequence": None if item["sequence"] == (NO_SEQUENCE if is_calendar else TEXT_SEQUENCE) else item["sequence"],
        "method": None,
        "status": item["status"],
        "issued_at": to_time(item["stamp"]) if is_stated else None,
        "windows": [{"start": to_time(item["start"]), "end": to_time(item["end"])}] if has_window else [],
        "circuits": [{"cid": each["circuit_id"], "impact": each["impact"]} for each in item["circuits"]],
    }


def own_evidence(row: Any) -> dict[str, Any]:
    """Return the library's items of a row in our schema, version 1."""
    last = row.json[-1]
    details = dict(last.get("metadata") or {})
    return {
        "version": 1,
        "maintenance_id": last["maintenance_id"],
        "other_ids": [],
        "account": last.get("account") or "",
        "provider": last.get("provider") or "",
        "organizer": last.get("organizer") or "",
        "description": last["summary"],
        "events": [own_event(item, mail_date(row)) for item in row.json],
        "parser": {"name": details.pop("provider", ""), "version": "", "details": details},
    }


def library_items(row: Any) -> list[dict[str, Any]]:
    """Return our evidence of a row as the library's items, one for each window."""
    data = row.json
    return [item for event in data["events"] for item in _items_of(data, event, mail_date(row))]


def _items_of(data: dict[str, Any], event: dict[str, Any], sent: datetime) -> Iterator[dict[str, Any]]:
    default = TEXT_SEQUENCE if event["uid"] is None else NO_SEQUENCE
    for window in event["windows"] or [None]:
        yield {
            "maintenance_id": data["maintenance_id"],
            "account": data["account"],
            "provider": data["provider"],
            "organizer": data["organizer"],
            "summary": data["description"],
            "status": event["status"],
            "uid": event["uid"] or NO_UID,
            "sequence": default if event["sequence"] is None else event["sequence"],
            "stamp": to_seconds(event["issued_at"]) if event["issued_at"] else int(sent.timestamp()),
            "start": to_seconds(window["start"]) if window else 0,
            "end": to_seconds(window["end"]) if window else 0,
            "circuits": [{"circuit_id": each["cid"], "impact": each["impact"]} for each in event["circuits"]],
            "metadata": {"provider": data["parser"]["name"], **data["parser"]["details"]},
        }


def convert_all(model: Any, old: type, convert: Callable[[Any], Any]) -> int:
    """Convert the JSON of all rows that have the old type, a page at a time; return their number."""
    count = 0
    rows = model.objects.order_by("pk").only("json", "sent_at", "received_at")
    page = list(rows[:PAGE_ROWS])
    while page:
        changed = [row for row in page if isinstance(row.json, old)]
        for row in changed:
            row.json = convert(row)
        model.objects.bulk_update(changed, ["json"])
        count += len(changed)
        page = list(rows.filter(pk__gt=page[-1].pk)[:PAGE_ROWS])
    return count


def forwards(apps: Any, _schema_editor: Any) -> None:
    """Convert the library's lists of items to our objects."""
    convert_all(apps.get_model("nautobot_circuit_maintenance", "ParsedNotification"), list, own_evidence)


def backwards(apps: Any, _schema_editor: Any) -> None:
    """Convert our objects to the library's lists of items."""
    convert_all(apps.get_model("nautobot_circuit_maintenance", "ParsedNotification"), dict, library_items)


class Migration(migrations.Migration):
    """Convert ``ParsedNotification.json``."""

    atomic = False

    dependencies = [("nautobot_circuit_maintenance", "0002_admission_and_server_id")]

    operations = [migrations.RunPython(forwards, backwards, elidable=False)]
