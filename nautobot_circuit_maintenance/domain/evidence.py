"""Evidence as it is stored: a ``MaintenanceUpdate`` as JSON, in a versioned schema of our own.

The provenance is not part of it: it has columns of its own. A new optional key needs no new version; a key that
changes its meaning does, together with a data migration.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, TypeVar

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

Value = TypeVar("Value")


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
        "events": [_event_to_json(event) for event in update.events],
        "parser": {
            "name": update.parser.name,
            "version": update.parser.version,
            "details": dict(update.parser.details),
        },
    }


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
    }


def _time_to_json(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")


def from_json(data: Any, provenance: Provenance) -> MaintenanceUpdate:
    """Return the update that was stored as this JSON; raises EvidenceError if it does not follow the schema."""
    if not isinstance(data, Mapping) or data.get("version") != VERSION:
        version = data.get("version") if isinstance(data, Mapping) else None
        raise EvidenceError(f"version is {version!r}; this release reads version {VERSION}")
    parser = _field(data, "parser", _mapping)
    return MaintenanceUpdate(
        maintenance_id=_field(data, "maintenance_id", _filled),
        events=_field(data, "events", _events),
        provenance=provenance,
        description=_field(data, "description", _string),
        other_ids=tuple(_string(each) for each in _field(data, "other_ids", _list)),
        account=_field(data, "account", _string),
        provider=_field(data, "provider", _string),
        organizer=_field(data, "organizer", _string),
        parser=ParserInfo(
            name=_field(parser, "name", _string),
            version=_field(parser, "version", _string),
            details=_field(parser, "details", _mapping),
        ),
    )


def _field(data: Mapping[str, Any], name: str, read: Callable[[Any], Value]) -> Value:
    """Read one field; an error names it with the fields around it."""
    try:
        return read(data[name])
    except EvidenceError as error:
        raise EvidenceError(f"{name}: {error}") from error
    except KeyError as error:
        raise EvidenceError(f"{name} is missing") from error


def _events(value: Any) -> tuple[MaintenanceEvent, ...]:
    events = tuple(_event(_mapping(each)) for each in _list(value))
    if not events:
        raise EvidenceError("must not be empty")
    return events


def _event(data: Mapping[str, Any]) -> MaintenanceEvent:
    return MaintenanceEvent(
        uid=_field(data, "uid", _optional_string),
        recurrence_id=_field(data, "recurrence_id", _optional_string),
        sequence=_field(data, "sequence", _optional_integer),
        method=_field(data, "method", _optional_string),
        status=_field(data, "status", _filled),
        issued_at=_field(data, "issued_at", _optional_time),
        windows=_field(data, "windows", _windows),
        circuits=_field(data, "circuits", _circuits),
    )


def _windows(value: Any) -> tuple[Window, ...]:
    windows = tuple(
        Window(_field(each, "start", _time), _field(each, "end", _time)) for each in map(_mapping, _list(value))
    )
    if any(window.end <= window.start for window in windows):
        raise EvidenceError("end must be after start")
    return windows


def _circuits(value: Any) -> tuple[AnnouncedImpact, ...]:
    try:  # Not field by field: a notification names up to 20,000 circuits.
        circuits = tuple(AnnouncedImpact(each["cid"], each["impact"]) for each in _list(value))
    except (KeyError, TypeError) as error:
        raise EvidenceError("each must have a cid and an impact") from error
    for cid, impact in circuits:
        if not isinstance(cid, str) or impact not in IMPACTS:
            raise EvidenceError(f"invalid circuit {cid!r}: {impact!r}")
    return circuits


def _mapping(value: Any) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise EvidenceError(f"must be an object, not {value!r}")
    return value


def _list(value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise EvidenceError(f"must be a list, not {value!r}")
    return value


def _string(value: Any) -> str:
    if not isinstance(value, str):
        raise EvidenceError(f"must be a string, not {value!r}")
    return value


def _filled(value: Any) -> str:
    if not _string(value):
        raise EvidenceError("must not be empty")
    return str(value)


def _optional_string(value: Any) -> str | None:
    return None if value is None else _string(value)


def _optional_integer(value: Any) -> int | None:
    if value is not None and type(value) is not int:  # A bool is an int, too.
        raise EvidenceError(f"must be an integer or null, not {value!r}")
    return value


def _optional_time(value: Any) -> datetime | None:
    return None if value is None else _time(value)


def _time(value: Any) -> datetime:
    """Read a time in UTC as ISO 8601 with a final Z."""
    try:
        if _string(value).endswith("Z"):
            return datetime.fromisoformat(f"{value[:-1]}+00:00")
    except ValueError:
        pass
    raise EvidenceError(f"must be a time in UTC, not {value!r}")
