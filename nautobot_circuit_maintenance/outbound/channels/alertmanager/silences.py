"""Values: what should be silent, and what Alertmanager has."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Any

Matchers = frozenset[tuple[str, str]]
"""Names and values of labels that an alert must have, all of them, by equality."""

AUTHOR = "nautobot-circuit-maintenance"
SECOND = 1.0
"""Seconds from which on two moments differ: Alertmanager keeps milliseconds."""


class State(Enum):
    """States of a silence that is not over, in the words of Alertmanager's API."""

    PENDING = "pending"
    ACTIVE = "active"


@dataclass(frozen=True)
class Span:
    """A time in which alerts should be silent, and why."""

    start: datetime
    end: datetime
    reasons: tuple[str, ...]
    """URLs of the maintenances, sorted."""


@dataclass(frozen=True)
class Silence:
    """A silence of ours that Alertmanager has and that is not over."""

    id: str
    state: State
    start: datetime
    end: datetime
    matchers: Matchers | None
    """None for those that are never ours to say: by regular expression, or negative."""


Wanted = Mapping[Matchers, tuple[Span, ...]]
"""For each set of matchers, the times in which it should be silent: apart from each other, in their order."""


def author(instance: str, channel: str) -> str:
    """Return who creates the silences of a channel of this Nautobot."""
    return f"{AUTHOR} {instance}/{channel}"


def differ(one: datetime, other: datetime) -> bool:
    """Return whether two aware moments differ, whatever the offset they are written with."""
    return abs((one - other).total_seconds()) >= SECOND


def ours(answer: Iterable[Any], created_by: str) -> tuple[Silence, ...]:
    """Return the silences of an answer that this creator made and that are not over; raises ValueError.

    Every other entry is left alone, even one that is malformed: the answer has the silences of people, too.
    """
    found = (each for each in answer if isinstance(each, Mapping) and each.get("createdBy") == created_by)
    return tuple(_silence(each) for each in found if _state(each) in {state.value for state in State})


def _state(entry: Mapping[str, Any]) -> object:
    """Return the state of a silence."""
    status = entry.get("status")
    return status.get("state") if isinstance(status, Mapping) else None


def _silence(entry: Mapping[str, Any]) -> Silence:
    """Return the value of a silence."""
    try:
        return Silence(
            id=str(entry["id"]),
            state=State(_state(entry)),
            start=_moment(entry["startsAt"]),
            end=_moment(entry["endsAt"]),
            matchers=_matchers(entry["matchers"]),
        )
    except (KeyError, TypeError, AttributeError) as error:  # what the API promises is missing or of another type
        raise ValueError(f"A silence without {error}") from error


def _moment(text: str) -> datetime:
    """Return the aware time of RFC 3339 text, whose offset is the one that it was sent with; raises ValueError."""
    moment = datetime.fromisoformat(text.replace("Z", "+00:00"))
    if moment.tzinfo is None:
        raise ValueError(f"A time without offset: {text}")
    return moment


def _matchers(entries: Iterable[Mapping[str, Any]]) -> Matchers | None:
    """Return the matchers if all of them are by equality; ``isEqual`` is missing where it is true."""
    written = list(entries)
    if any(each.get("isRegex", False) or not each.get("isEqual", True) for each in written):
        return None
    return frozenset((each["name"], each["value"]) for each in written)
