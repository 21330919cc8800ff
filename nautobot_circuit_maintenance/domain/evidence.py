"""Evidence as it is stored: a ``MaintenanceUpdate`` as JSON, in a versioned schema of our own.

The provenance is not part of it: it has columns of its own. A new optional key needs no new version; a key that
changes its meaning does, together with a data migration.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from nautobot_circuit_maintenance.domain.opinions import LEVELS, Opinion, findings_from_json, findings_to_json
from nautobot_circuit_maintenance.domain.updates import (
    IMPACTS,
    AnnouncedImpact,
    MaintenanceEvent,
    MaintenanceUpdate,
    ParserInfo,
    Provenance,
    Window,
)

VERSION = 1


class EvidenceError(ValueError):
    """Stored evidence does not follow the schema; the message names the field."""


def to_json(update: MaintenanceUpdate) -> dict[str, Any]:
    """Return an update as JSON."""
    return {
        "version": VERSION,
        "maintenance_id": update.maintenance_id,
        "other_ids": list(update.other_ids),
        "account": update.account,
        "provider": update.provider,
        "organizer": update.organizer,
        "description": update.description,
        **({"doubts": list(update.doubts)} if update.doubts else {}),
        **({"opinion": _opinion_to_json(update.opinion)} if update.opinion else {}),
        "events": [_event_to_json(event) for event in update.events],
        "parser": {
            "name": update.parser.name,
            "version": update.parser.version,
            "details": dict(update.parser.details),
        },
    }


def _opinion_to_json(opinion: Opinion) -> dict[str, Any]:
    return {"confidence": opinion.confidence, "findings": findings_to_json(opinion.findings)}


def _event_to_json(event: MaintenanceEvent) -> dict[str, Any]:
    return {
        "uid": event.uid,
        "recurrence_id": event.recurrence_id,
        "sequence": event.sequence,
        "method": event.method,
        "status": event.status,
        "issued_at": _time_to_json(event.issued_at) if event.issued_at else None,
        "windows": [{"start": _time_to_json(start), "end": _time_to_json(end)} for start, end in event.windows],
        "circuits": [{"cid": cid, "impact": impact} for cid, impact in event.circuits],
        **({} if event.default_status is None else {"default_status": event.default_status}),
    }


def _time_to_json(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")


def from_json(data: Any, provenance: Provenance) -> MaintenanceUpdate:
    """Return the update that was stored as this JSON; raises EvidenceError if it does not follow the schema."""
    version = data.get("version") if isinstance(data, dict) else None
    if version != VERSION:
        raise EvidenceError(f"version is {version!r}; this release reads version {VERSION}")
    _check(data, _UPDATE)
    _check(data["parser"], _PARSER, "parser: ")
    if not data["maintenance_id"] or not data["events"]:
        raise EvidenceError("maintenance_id and events must not be empty")
    parser = data["parser"]
    return MaintenanceUpdate(
        maintenance_id=data["maintenance_id"],
        events=tuple([_event(event) for event in data["events"]]),
        provenance=provenance,
        description=data["description"],
        other_ids=tuple(data["other_ids"]),
        account=data["account"],
        provider=data["provider"],
        organizer=data["organizer"],
        parser=ParserInfo(parser["name"], parser["version"], parser["details"]),
        doubts=tuple(data.get("doubts", ())),
        opinion=_opinion(data["opinion"]) if "opinion" in data else None,
    )


_STRING, _LIST, _OBJECT = (str,), (list,), (dict,)
_OPTIONAL_STRING, _OPTIONAL_INTEGER = (str, type(None)), (int, type(None))
_UPDATE = {
    "maintenance_id": _STRING,
    "other_ids": _LIST,
    "account": _STRING,
    "provider": _STRING,
    "organizer": _STRING,
    "description": _STRING,
    "events": _LIST,
    "parser": _OBJECT,
}
_PARSER = {"name": _STRING, "version": _STRING, "details": _OBJECT}
_EVENT = {
    "uid": _OPTIONAL_STRING,
    "recurrence_id": _OPTIONAL_STRING,
    "sequence": _OPTIONAL_INTEGER,
    "method": _OPTIONAL_STRING,
    "status": _STRING,
    "issued_at": _OPTIONAL_STRING,
    "windows": _LIST,
    "circuits": _LIST,
}
_WINDOW = {"start": _STRING, "end": _STRING}


def _check(data: Any, schema: Mapping[str, tuple[type, ...]], path: str = "") -> None:
    """Check that data is an object with these fields, of exactly these types."""
    if not isinstance(data, dict):
        raise EvidenceError(f"{path}must be an object, not {data!r}")
    for name, types in schema.items():
        if name not in data:
            raise EvidenceError(f"{path}{name} is missing")
        if type(data[name]) not in types:  # Not isinstance: a bool is an int, too.
            raise EvidenceError(f"{path}{name}: invalid value {data[name]!r}")


def _opinion(data: Any) -> Opinion:
    try:
        opinion = Opinion(data["confidence"], findings_from_json(data["findings"]))
    except (IndexError, KeyError, TypeError) as error:
        raise EvidenceError(f"opinion: invalid value {data!r}") from error
    if opinion.confidence not in LEVELS:
        raise EvidenceError(f"opinion: invalid confidence {opinion.confidence!r}")
    return opinion


def _event(data: Any) -> MaintenanceEvent:
    _check(data, _EVENT, "events: ")
    if not data["status"]:
        raise EvidenceError("events: status must not be empty")
    return MaintenanceEvent(
        uid=data["uid"],
        recurrence_id=data["recurrence_id"],
        sequence=data["sequence"],
        method=data["method"],
        status=data["status"],
        issued_at=_time(data["issued_at"]) if data["issued_at"] is not None else None,
        windows=tuple([_window(window) for window in data["windows"]]),
        circuits=_circuits(data["circuits"]),
        default_status=data.get("default_status"),
    )


def _window(data: Any) -> Window:
    _check(data, _WINDOW, "windows: ")
    window = Window(_time(data["start"]), _time(data["end"]))
    if window.end <= window.start:
        raise EvidenceError("windows: end must be after start")
    return window


def _circuits(data: list[Any]) -> tuple[AnnouncedImpact, ...]:
    """Read all circuits at once: a notification names up to 20,000."""
    try:
        circuits = tuple([AnnouncedImpact(each["cid"], each["impact"]) for each in data])
    except (KeyError, TypeError) as error:
        raise EvidenceError("circuits: each must have a cid and an impact") from error
    for cid, impact in circuits:
        if not isinstance(cid, str) or impact not in IMPACTS:
            raise EvidenceError(f"circuits: invalid circuit {cid!r}: {impact!r}")
    return circuits


def _time(text: str) -> datetime:
    """Read a time in UTC as ISO 8601 with a final Z."""
    try:
        if text.endswith("Z"):
            return datetime.fromisoformat(f"{text[:-1]}+00:00")
    except ValueError:
        pass
    raise EvidenceError(f"must be a time in UTC, not {text!r}")
