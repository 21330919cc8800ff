"""The messages that layouts are measured with: those of one provider, each with what is right about it."""

import email
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timezone
from email.utils import parseaddr, parsedate_to_datetime
from pathlib import Path
from typing import Any

from nautobot_circuit_maintenance.domain.updates import AnnouncedImpact, Provenance, Window
from nautobot_circuit_maintenance.mail.parts import mail_content
from nautobot_circuit_maintenance.reading.bcop import is_bcop
from nautobot_circuit_maintenance.reading.candidates.circuits import Inventory
from nautobot_circuit_maintenance.reading.gates.base import Known
from nautobot_circuit_maintenance.reading.layouts.examples import Confirmed, Example
from nautobot_circuit_maintenance.reading.layouts.page import Page

ROOT = Path(__file__).parents[2]
SHARED = ROOT.parent / "shared"
CORPUS, LAYOUTS = SHARED / "corpus", SHARED / "layouts"
INVENTED = ROOT / "nautobot_circuit_maintenance" / "tests" / "layouts"


@dataclass(frozen=True)
class Sibling:
    """One message of a provider."""

    name: str
    example: Example
    provenance: Provenance

    @property
    def page(self) -> Page:
        """The message."""
        return self.example.page

    @property
    def confirmed(self) -> Confirmed:
        """What is right."""
        return self.example.confirmed


Families = dict[str, list[Sibling]]
"""The messages of each provider that has several."""


def corpus() -> Families:
    """Return the messages of the corpus that no BCOP calendar reads, of providers that have several; empty without it."""
    if not CORPUS.is_dir():
        return {}
    truth, received = _json(CORPUS / "truth.json"), _json(CORPUS / "received.json")
    records = {path: _json(path) for path in sorted((CORPUS / "parsable").glob("*.json"))}
    inventories: dict[str, dict[str, None]] = {}
    for record in records.values():
        cids = (circuit["circuit_id"] for item in record["expected"] or () for circuit in item["circuits"])
        inventories.setdefault(record["provider"], {}).update(dict.fromkeys(cids))
    families: Families = {}
    for path, record in records.items():
        known = Known(Inventory(inventories[record["provider"]]))
        sibling = _of_corpus(path, record, truth.get(path.stem), received.get(path.stem), known)
        if sibling:
            families.setdefault(record["provider"], []).append(sibling)
    return {name: members for name, members in families.items() if len(members) > 1}


def _of_corpus(
    path: Path, record: Mapping[str, Any], truth: Mapping[str, Any] | None, received: str | None, known: Known
) -> Sibling | None:
    items = record["expected"]
    if not items or len({item["maintenance_id"] for item in items}) > 1:
        return None
    windows = {
        _seconds(item["start"], item["end"]) for item in (_true(truth) or items) if item["end"] > item["start"] > 0
    }
    circuits = {
        circuit["circuit_id"]: AnnouncedImpact(circuit["circuit_id"], circuit["impact"])
        for item in items
        for circuit in item["circuits"]
    }
    confirmed = Confirmed(
        items[0]["maintenance_id"], items[-1]["status"], tuple(sorted(windows)), tuple(circuits.values())
    )
    raw = path.with_suffix(".eml").read_bytes()
    return _sibling(path.stem, raw, _time(received) if received else _date(raw), confirmed, known)


def _true(truth: Any) -> list[Mapping[str, Any]]:
    """Return what the message says where the recorded result of the library is not right."""
    if not truth:
        return []
    return list(truth["windows"]) if "windows" in truth else [truth]


def _seconds(start: int, end: int) -> Window:
    return Window(datetime.fromtimestamp(start, tz=timezone.utc), datetime.fromtimestamp(end, tz=timezone.utc))


def layouts() -> Families:
    """Return the invented messages of the shared folder; empty where it is not available."""
    return {f"{folder.parent.name}/{folder.name}": list(_invented(folder)) for folder in sorted(LAYOUTS.glob("set*/*"))}


def seen() -> Families:
    """Return the messages that were frozen once, and looked at since."""
    return _frozen("seen")


def unseen() -> Families:
    """Return the frozen messages that were never tuned on."""
    return _frozen("unseen")


def _frozen(name: str) -> Families:
    return {folder.name: list(_invented(folder)) for folder in sorted((INVENTED / name).iterdir()) if folder.is_dir()}


def _invented(folder: Path) -> Iterator[Sibling]:
    provider = _json(folder / "provider.json")
    # What a person is asked once for each provider, when the form is saved.
    known = Known(Inventory(provider["circuits"]), zone=provider["zone"] if provider["zone_needed"] else "")
    for path in sorted(folder.glob("[0-9]*.json")):
        expected = _json(path)["expected"]
        raw = path.with_suffix(".eml").read_bytes()
        confirmed = Confirmed(
            expected["maintenance_id"],
            expected["status"],
            tuple(sorted(Window(_time(start), _time(end)) for start, end in expected["windows"])),
            tuple(AnnouncedImpact(cid, "OUTAGE") for cid in expected["circuits"]),
        )
        if sibling := _sibling(f"{folder.name}/{path.stem}", raw, _date(raw), confirmed, known):
            yield sibling


def _sibling(name: str, raw: bytes, received: datetime, confirmed: Confirmed, known: Known) -> Sibling | None:
    provenance = Provenance(received, received, name)
    content = mail_content(raw, provenance)
    if any(is_bcop(text) for text in content.calendars):
        return None
    sender = parseaddr(str(email.message_from_bytes(raw)["From"]))[1].lower()
    return Sibling(name, Example(Page(content, received, sender, known), confirmed), provenance)


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


def _date(raw: bytes) -> datetime:
    return parsedate_to_datetime(email.message_from_bytes(raw)["Date"]).astimezone(timezone.utc)


def _json(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))
