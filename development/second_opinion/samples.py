"""The messages that the second opinion is measured with, each with its right reading."""

import email
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

from nautobot_circuit_maintenance.domain.errors import ParseError
from nautobot_circuit_maintenance.domain.updates import (
    AnnouncedImpact,
    MaintenanceEvent,
    MaintenanceUpdate,
    Provenance,
    Window,
)
from nautobot_circuit_maintenance.mail.parts import MailContent, mail_content
from nautobot_circuit_maintenance.reading.candidates.circuits import Inventory
from nautobot_circuit_maintenance.reading.gates.base import Known, Opinion
from nautobot_circuit_maintenance.reading.gates.judge import is_of_calendar, second_opinions
from nautobot_circuit_maintenance.reading.parse import parse

ROOT = Path(__file__).parents[2]
SHARED = ROOT.parent / "shared"
CORPUS, LAYOUTS = SHARED / "corpus", SHARED / "layouts"
TESTS = ROOT / "nautobot_circuit_maintenance" / "tests"
UNSEEN = TESTS / "second_opinion" / "unseen"


@dataclass(frozen=True)
class Sample:
    """One message with its right readings."""

    name: str
    content: MailContent
    updates: tuple[MaintenanceUpdate, ...]
    known: Known
    cids: tuple[str, ...]
    """The inventory."""
    also: tuple[Window, ...] = ()
    """Windows of the message that are none of the maintenance: backup, old."""

    @property
    def is_calendar(self) -> bool:
        """Whether all readings are of calendars."""
        return all(is_of_calendar(update) for update in self.updates)

    def opinions(self, updates: tuple[MaintenanceUpdate, ...] | None = None) -> list[Opinion]:
        """Return the second opinion on these readings, or on the right ones."""
        return second_opinions(self.content, updates or self.updates, lambda _: self.known)


def corpus() -> list[Sample]:
    """Return the messages of the corpus that have a reading; empty where the corpus is not available."""
    received = _json(CORPUS / "received.json") if CORPUS.is_dir() else {}
    records = {
        path: _json(path)
        for folder in ("parsable", "negative", "filtered")
        for path in sorted((CORPUS / folder).glob("*.json"))
    }
    inventories: dict[str, dict[str, None]] = {}
    for record in records.values():
        for item in record["expected"] or ():
            cids = inventories.setdefault(record["provider"], {})
            cids |= dict.fromkeys(circuit["circuit_id"] for circuit in item["circuits"])
    return [
        sample
        for path, record in records.items()
        if (sample := _of_corpus(path, record, received.get(path.stem), tuple(inventories.get(record["provider"], ()))))
    ]


def _of_corpus(path: Path, record: Mapping[str, Any], received: str | None, cids: tuple[str, ...]) -> Sample | None:
    raw = path.with_suffix(".eml").read_bytes()
    time = _time(received) if received else _date(raw)
    provenance = Provenance(time, time, path.stem)
    try:
        updates = parse(raw, [record["provider"]], provenance).updates
    except ParseError:
        return None
    content = mail_content(raw, provenance)
    return Sample(path.stem, content, updates, Known(Inventory(cids)), cids) if updates else None


def layouts() -> list[Sample]:
    """Return the invented messages of the shared folder; empty where it is not available."""
    return plain_layouts() + odd_layouts()


def plain_layouts() -> list[Sample]:
    """Return those whose layout is plain."""
    return _of_providers(LAYOUTS / "set1")


def odd_layouts() -> list[Sample]:
    """Return those whose layout is odd."""
    return _of_providers(LAYOUTS / "set2") + _of_providers(LAYOUTS / "set3")


def later_unseen() -> list[Sample]:
    """Return the frozen messages of several providers that were never tuned on, written after the others."""
    return _of_providers(TESTS / "layouts" / "unseen")


def _of_providers(folder: Path) -> list[Sample]:
    return [
        _invented(
            path,
            _json(path),
            tuple(_json(path.parent / "provider.json")["circuits"]),
            _json(path.parent / "provider.json").get("zone", ""),
        )
        for path in sorted(folder.glob("*/[0-9].json"))
    ]


def unseen() -> list[Sample]:
    """Return the frozen messages that were never tuned on."""
    records = {path: _json(path) for path in sorted(UNSEEN.glob("*.json"))}
    return [
        _invented(path, record, tuple(record["circuits"]), record["zone"] or "") for path, record in records.items()
    ]


def _invented(path: Path, record: Mapping[str, Any], cids: tuple[str, ...], zone: str) -> Sample:
    raw = path.with_suffix(".eml").read_bytes()
    time = _date(raw)
    provenance = Provenance(time, time, path.stem)
    expected = record["expected"]
    circuits = tuple(AnnouncedImpact(cid, "OUTAGE") for cid in expected["circuits"])
    windows = tuple(_window(pair) for pair in expected["windows"])
    update = MaintenanceUpdate(
        expected["maintenance_id"], (MaintenanceEvent(expected["status"], windows, circuits),), provenance
    )
    known = Known(Inventory(cids), zone=zone if record["zone_from"] == "provider" else "")
    also = tuple(_window(pair) for pair in record.get("also_in_the_mail", ()) if isinstance(pair, list))
    name = f"{path.parent.name}/{path.stem}" if "provider" in path.parent.name or path.stem.isdigit() else path.stem
    return Sample(name, mail_content(raw, provenance), (update,), known, cids, also)


def _window(pair: list[str]) -> Window:
    return Window(_time(pair[0]), _time(pair[1]))


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


def _date(raw: bytes) -> datetime:
    return parsedate_to_datetime(email.message_from_bytes(raw)["Date"]).astimezone(timezone.utc)


def _json(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


def each_update(samples: Sequence[Sample]) -> Iterator[tuple[Sample, MaintenanceUpdate, Opinion]]:
    """Yield every right reading with the opinion on it."""
    for sample in samples:
        yield from (
            (sample, update, opinion) for update, opinion in zip(sample.updates, sample.opinions(), strict=True)
        )
