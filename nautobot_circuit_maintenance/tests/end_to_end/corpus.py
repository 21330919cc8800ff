"""The corpus of real, anonymised mails as a mailbox holds it, and what is on record about each."""

import importlib.util
import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from email import message_from_bytes
from email.utils import parsedate_to_datetime
from functools import cached_property
from pathlib import Path
from typing import Any

from nautobot_circuit_maintenance.domain.updates import (
    AnnouncedImpact,
    MaintenanceEvent,
    MaintenanceUpdate,
    Provenance,
    Window,
)
from nautobot_circuit_maintenance.tests import corpus_record

FOLDER = corpus_record.FOLDER
READS_EXCEL = all(importlib.util.find_spec(name) for name in ("pandas", "openpyxl"))
ANNOUNCED = ("maintenance_id", "account", "circuits", "start", "end", "stamp", "status", "organizer", "summary", "uid")


@dataclass(frozen=True)
class Sample:
    """One message of the corpus."""

    path: Path
    folder: str
    """Of the corpus; what can be read counts as parsable: Excel sheets with the extra, calendars that are filtered."""
    sender: str
    parser: str
    sha256: str
    expected: Sequence[Mapping[str, Any]]
    """What the message says, empty for nothing that can be read."""
    is_calendar: bool
    delivered_at: datetime | None
    """When to let it arrive, if its Date header has nothing to do with its content."""

    @cached_property
    def raw(self) -> bytes:
        """The bytes of the message."""
        return self.path.read_bytes()

    @cached_property
    def sent_at(self) -> datetime:
        """The Date header, in UTC."""
        date = parsedate_to_datetime(message_from_bytes(self.raw)["Date"])
        return date.replace(tzinfo=date.tzinfo or timezone.utc).astimezone(timezone.utc)

    @property
    def received_at(self) -> datetime:
        """When the mail server got it: a minute after it was sent, if its Date header can be believed."""
        return self.delivered_at or self.sent_at + timedelta(minutes=1)

    def items_by_id(self) -> dict[str, list[dict[str, Any]]]:
        """Return what the message says, by maintenance id, as a parsed notification stores it."""
        by_id: dict[str, list[dict[str, Any]]] = defaultdict(list)
        for item in self.expected:
            by_id[item["maintenance_id"]].append(announced(item))
        return dict(by_id)

    def updates(self, fingerprint: str) -> dict[str, MaintenanceUpdate]:
        """Return what the message says, by maintenance id, for the oracle."""
        provenance = Provenance(self.received_at, self.sent_at, fingerprint)
        return {
            name: MaintenanceUpdate(
                maintenance_id=name,
                events=tuple(self._event(item) for item in items),
                provenance=provenance,
                description=items[-1]["summary"],
            )
            for name, items in self.items_by_id().items()
        }

    def _event(self, item: Mapping[str, Any]) -> MaintenanceEvent:
        """Return an item without the library's defaults for what is not stated."""
        windows = (Window(_utc(item["start"]), _utc(item["end"])),) if item["start"] else ()
        issued_at = _utc(item["stamp"])
        is_stated = self.is_calendar or issued_at != self.sent_at
        return MaintenanceEvent(
            status=item["status"],
            windows=windows,
            circuits=tuple(AnnouncedImpact(each["circuit_id"], each["impact"]) for each in item["circuits"]),
            issued_at=issued_at if is_stated else None,
            uid=("" if item["uid"] == "0" else item["uid"]) if self.is_calendar else None,
            sequence=None if item["sequence"] == (-1 if self.is_calendar else 1) else item["sequence"],
        )


def announced(item: Mapping[str, Any]) -> dict[str, Any]:
    """Return what counts of one item of the library, circuits in the order of their ids."""
    circuits = sorted(item["circuits"], key=lambda circuit: (circuit["circuit_id"], circuit["impact"]))
    start, end = (item["start"], item["end"]) if item["end"] > item["start"] > 0 else (0, 0)
    values = {key: item[key] for key in (*ANNOUNCED, "sequence", "provider")}
    return values | {"circuits": circuits, "start": start, "end": end}


def stored(evidence: Mapping[str, Any], sent_at: datetime) -> list[dict[str, Any]]:
    """Return stored evidence in the terms of the library, comparable with ``announced``."""
    values = {key: evidence[key] for key in ("maintenance_id", "account", "organizer", "provider")}
    return [
        values | {"summary": evidence["description"]} | _stored_event(event, sent_at) for event in evidence["events"]
    ]


def _stored_event(event: Mapping[str, Any], sent_at: datetime) -> dict[str, Any]:
    [window] = event["windows"] or [{"start": "1970-01-01T00:00:00Z", "end": "1970-01-01T00:00:00Z"}]
    circuits = [{"circuit_id": each["cid"], "impact": each["impact"]} for each in event["circuits"]]
    no_sequence = 1 if event["uid"] is None else -1
    return {
        "start": _seconds(window["start"]),
        "end": _seconds(window["end"]),
        "stamp": _seconds(event["issued_at"]) if event["issued_at"] else int(sent_at.timestamp()),
        "status": event["status"],
        "uid": event["uid"] or "0",
        "sequence": no_sequence if event["sequence"] is None else event["sequence"],
        "circuits": sorted(circuits, key=lambda circuit: (circuit["circuit_id"], circuit["impact"])),
    }


def _utc(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, tz=timezone.utc)


def _seconds(text: str) -> int:
    return int(datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp())


def samples() -> list[Sample]:
    """Return all messages."""
    manifest = json.loads((FOLDER / "manifest.json").read_text(encoding="utf-8"))
    arrivals = json.loads((FOLDER / "received.json").read_text(encoding="utf-8"))
    return [_sample(entry, arrivals) for entry in manifest["messages"]]


def _sample(entry: Mapping[str, Any], arrivals: Mapping[str, str]) -> Sample:
    record = json.loads((FOLDER / entry["json"]).read_text(encoding="utf-8"))
    path = FOLDER / entry["eml"]
    with_excel = record.get("expected_with_xlsx_extra") if READS_EXCEL else None
    expected = corpus_record.items(record, path.read_bytes()) or with_excel or []
    arrival = arrivals.get(record["id"])
    return Sample(
        path=path,
        folder="parsable" if expected else entry["folder"],
        sender=entry["sender"],
        parser=entry["provider"],
        sha256=entry["sha256"],
        expected=expected,
        is_calendar=entry["folder"] in ("filtered", "negative") or "ICal" in record.get("parsers", ()),
        delivered_at=datetime.fromisoformat(arrival.replace("Z", "+00:00")) if arrival else None,
    )


def addresses_by_parser() -> dict[tuple[str, ...], list[str]]:
    """Return who sends for which parsers: the providers to create."""
    manifest = json.loads((FOLDER / "manifest.json").read_text(encoding="utf-8"))
    by_parser: dict[tuple[str, ...], list[str]] = defaultdict(list)
    for address, parsers in manifest["senders"].items():
        by_parser[tuple(parsers)].append(address)
    return dict(by_parser)
