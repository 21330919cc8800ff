"""What the messages of the corpus say, in the terms of the parser library.

The record of the corpus is what the library returns. ``truth.json`` goes before it where the library is wrong, and the
standard where it turns a calendar away: its filters, and what it requires of an event.
"""

import email
import json
import re
from collections.abc import Mapping
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parents[3] / "shared" / "corpus"
Item = dict[str, Any]

_EVENT = re.compile(r"BEGIN:VEVENT(.*?)END:VEVENT", re.DOTALL)
_PROPERTY = re.compile(r"^([A-Z-]+)(?:;[^:\r\n]*)?:(.*?)\s*$", re.MULTILINE)


def truth() -> dict[str, Item]:
    """Return start and end of the messages that the library reads wrong, by the ID of the message."""
    found: dict[str, Item] = json.loads((FOLDER / "truth.json").read_text(encoding="utf-8"))
    return found


def items(record: Mapping[str, Any], raw: bytes) -> list[Item]:
    """Return what a message says, one item a window; empty if it announces nothing that can be read."""
    expected = record["expected"] or []
    events = _events(raw)
    if not expected:
        return [_by_the_standard(event, record) for event in events if {"DTSTART", "DTEND"} <= event.keys()]
    corrected = truth().get(record["id"], {})
    times = {key: corrected[key] for key in ("start", "end") if key in corrected}
    return [_as_stated({**item, **times}, events) for item in expected]


def _as_stated(item: Item, events: list[dict[str, list[str]]]) -> Item:
    """Return an item without the library's defaults, if it is from a calendar: blanks, organizer, provider."""
    [event] = [each for each in events if each["X-MAINTNOTE-MAINTENANCE-ID"][0] == item["maintenance_id"]] or [None]
    if event is None:
        return item
    names = {"organizer": "ORGANIZER", "provider": "X-MAINTNOTE-PROVIDER"}
    stated = {key: item[key].strip() if name in event else "" for key, name in names.items()}
    return {**item, **stated, "summary": item["summary"].strip()}


def _events(raw: bytes) -> list[dict[str, list[str]]]:
    """Return the properties of the BCOP events of a message, read by lines."""
    parts = [part for part in email.message_from_bytes(raw).walk() if part.get_content_type() == "text/calendar"]
    contents = [part.get_payload(decode=True) for part in parts]
    texts = [re.sub(r"\r?\n[ \t]", "", content.decode("utf-8")) for content in contents if isinstance(content, bytes)]
    found = []
    for text in texts:
        for body in _EVENT.findall(text):
            event: dict[str, list[str]] = {}
            for name, value in _PROPERTY.findall(body):
                event.setdefault(name, []).append(value)
            if "X-MAINTNOTE-MAINTENANCE-ID" in event:
                found.append(event)
    return found


def _by_the_standard(event: Mapping[str, list[str]], record: Mapping[str, Any]) -> Item:
    first = {name: values[0] for name, values in event.items()}
    date = email.utils.parsedate_to_datetime(record["date"].split(" (")[0])
    return {
        "maintenance_id": first["X-MAINTNOTE-MAINTENANCE-ID"],
        "account": first.get("X-MAINTNOTE-ACCOUNT", ""),
        "circuits": [
            {"circuit_id": cid, "impact": first["X-MAINTNOTE-IMPACT"]} for cid in event.get("X-MAINTNOTE-OBJECT-ID", ())
        ],
        "start": _seconds(first["DTSTART"]),
        "end": _seconds(first["DTEND"]),
        "stamp": _seconds(first["DTSTAMP"]) if "DTSTAMP" in first else int(date.timestamp()),
        "status": first["X-MAINTNOTE-STATUS"],
        "organizer": first.get("ORGANIZER", ""),
        "summary": first.get("SUMMARY", "").replace("\\\\", "\\"),
        "uid": first.get("UID", "0"),
        "sequence": int(first.get("SEQUENCE", -1)),
        "provider": first.get("X-MAINTNOTE-PROVIDER", ""),
    }


def _seconds(text: str) -> int:
    return int(datetime.strptime(text, "%Y%m%dT%H%M%SZ").replace(tzinfo=timezone.utc).timestamp())
