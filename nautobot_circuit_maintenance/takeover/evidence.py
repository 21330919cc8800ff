"""Turns what the older package read from a message into evidence of ours, version 1; frozen here, like its words."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta, timezone
from typing import Any, NamedTuple

STATUSES = ("TENTATIVE", "CONFIRMED", "CANCELLED", "IN-PROCESS", "COMPLETED", "RE-SCHEDULED", "UNKNOWN")
IMPACTS = ("NO-IMPACT", "REDUCED-REDUNDANCY", "DEGRADED", "OUTAGE")
NO_CHANGE = "NO-CHANGE"
LONGEST_NAME, LONGEST_TEXT, KEY_LENGTH = 255, 10_000, 255
EARLIEST, LATEST = datetime(1970, 1, 1, tzinfo=timezone.utc), datetime(9999, 1, 1, tzinfo=timezone.utc)
_NO_UID = ("", "0")
_NO_SEQUENCE, _TEXT_SEQUENCE = -1, 1

Window = tuple[datetime, datetime]


class Evidence(NamedTuple):
    """The evidence of one message about one maintenance, and what its columns say."""

    json: dict[str, Any]
    issued_at: datetime
    sequence: int
    status: str

    @property
    def maintenance_id(self) -> str:
        """The provider's ID."""
        return str(self.json["maintenance_id"])


def known_word(word: Any, words: Sequence[str]) -> str:
    """Return the word of ours that this is in other letters; empty if there is none."""
    plain = "-".join(str(word or "").strip().upper().replace("_", " ").split())
    return plain if plain in words else ""


def status_of(word: Any) -> str:
    """Return the status that a word means."""
    return known_word(word, (*STATUSES, NO_CHANGE)) or "UNKNOWN"


def impact_of(word: Any) -> str:
    """Return the impact that a word means, the worst if it means none."""
    return known_word(word, IMPACTS) or "OUTAGE"


def is_readable(item: Any) -> bool:
    """Return whether stored JSON announces a maintenance at all."""
    return (
        isinstance(item, Mapping)
        and isinstance(item.get("maintenance_id"), (str, int))
        and bool(str(item["maintenance_id"]).strip())
        and isinstance(item.get("circuits", []), list)
    )


def evidence_of(items: Sequence[Mapping[str, Any]], sent: datetime) -> Evidence:
    """Return the evidence of what one message said about one maintenance, in the order in which it was read."""
    events = [_event(item, sent) for item in items]
    last = items[-1]
    metadata = last.get("metadata")
    parser = metadata.get("provider") if isinstance(metadata, Mapping) else ""
    ids = list(dict.fromkeys(_text(item["maintenance_id"]) for item in items))
    stamps = [_moment(event["issued_at"]) for event in events if event["issued_at"]]
    return Evidence(
        json={
            "version": 1,
            "maintenance_id": ids[-1],
            "other_ids": ids[:-1],
            "account": _text(last.get("account")),
            "provider": _text(last.get("provider")),
            "organizer": _text(last.get("organizer")),
            "description": _text(last.get("summary"), LONGEST_TEXT),
            "events": events,
            "parser": {"name": _text(parser), "version": "", "details": {}},
        },
        issued_at=max(stamps, default=sent),
        sequence=max(_rank(event) for event in events),
        status=events[-1]["status"],
    )


def keys_of(data: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield kind and value of what evidence refers to its maintenance by."""
    for each in (data["maintenance_id"], *data["other_ids"]):
        if each.strip():
            yield "id", _bounded(each.strip().lower())
    for event in data["events"]:
        if (event["uid"] or "").strip():
            yield "uid", _bounded(event["uid"].strip())


def _event(item: Mapping[str, Any], sent: datetime) -> dict[str, Any]:
    uid, stamp, sequence = _text(item.get("uid")), _time(item.get("stamp")), item.get("sequence")
    is_calendar = uid not in _NO_UID or _is_calendar(item.get("metadata"))
    is_stated = stamp is not None and (is_calendar or stamp != sent.replace(microsecond=0))
    is_default = not isinstance(sequence, int) or sequence == (_NO_SEQUENCE if is_calendar else _TEXT_SEQUENCE)
    return {
        "uid": ("" if uid in _NO_UID else uid) if is_calendar else None,
        "recurrence_id": None,
        "sequence": None if is_default else sequence,
        "method": None,
        "status": status_of(item.get("status")),
        "issued_at": _iso(stamp) if is_stated and stamp else None,
        "windows": [{"start": _iso(start), "end": _iso(end)} for start, end in _windows(item)],
        "circuits": list(_circuits(item.get("circuits", []))),
    }


def _circuits(circuits: Sequence[Any]) -> Iterator[dict[str, str]]:
    for each in circuits:
        cid = _text(each.get("circuit_id")) if isinstance(each, Mapping) else ""
        if cid.strip():
            yield {"cid": cid, "impact": impact_of(each.get("impact"))}


def _windows(item: Mapping[str, Any]) -> Iterator[Window]:
    start, end = _time(item.get("start")), _time(item.get("end"))
    if start and end and start < end:
        yield start, end


def window_of(start: datetime, end: datetime) -> Window | None:
    """Return the window of an older row: at least a minute long; None if no calendar has it."""
    end = max(end, start + timedelta(minutes=1))
    return (start, end) if start >= EARLIEST and end < LATEST else None


def _is_calendar(metadata: Any) -> bool:
    parsers = metadata.get("parsers") if isinstance(metadata, Mapping) else None
    return isinstance(parsers, list) and any(str(each).lower() == "ical" for each in parsers)


def _rank(event: Mapping[str, Any]) -> int:
    if event["sequence"] is not None:
        return int(event["sequence"])
    return _TEXT_SEQUENCE if event["uid"] is None else _NO_SEQUENCE


def _text(value: Any, longest: int = LONGEST_NAME) -> str:
    return "" if value is None else str(value).replace("\0", "")[:longest]


def _time(seconds: Any) -> datetime | None:
    if isinstance(seconds, bool) or not isinstance(seconds, (int, float)):
        return None
    return datetime.fromtimestamp(seconds, tz=timezone.utc) if 0 < seconds < LATEST.timestamp() else None


def _iso(moment: datetime) -> str:
    return moment.astimezone(timezone.utc).isoformat().replace("+00:00", "Z")


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


def _bounded(value: str) -> str:
    return value if len(value) <= KEY_LENGTH else hashlib.sha256(value.encode()).hexdigest()
