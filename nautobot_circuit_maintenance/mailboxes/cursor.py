"""Where reading a mailbox stopped: stored as JSON, and trusted only if it fits the mailbox."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, ClassVar, Generic, TypeVar

from nautobot_circuit_maintenance.mailboxes.batching import I
from nautobot_circuit_maintenance.mailboxes.settings import SourceSettings

JsonCursor = Mapping[str, Any]
"""A cursor as the pipeline stores it; only the mailbox kind that made it reads it."""
C = TypeVar("C", bound="Cursor[Any]")
V = TypeVar("V")


@dataclass(frozen=True)
class Backlog(Generic[I]):
    """A search for older messages of some senders, and how far it got."""

    senders: frozenset[str]
    since: datetime
    """How far back it goes, aware."""
    reached: I | None = None
    """Id of the last message that was looked at, in the order of the mailbox kind; None before the first."""

    def after(self, reached: I) -> "Backlog[I]":
        """Return the search as it is after the message of this id."""
        return replace(self, reached=reached)

    @classmethod
    def from_json(cls, stored: Any, id_type: type[I]) -> "Backlog[I]":
        """Read a stored search; raises AttributeError, LookupError, TypeError or ValueError if it is not one."""
        since = datetime.fromisoformat(stored["since"])
        if since.tzinfo is None:
            raise ValueError("since is naive")
        return cls(frozenset(stored["senders"]), since, typed(stored["reached"], id_type))

    def to_json(self) -> dict[str, Any]:
        """Return what is stored."""
        return {"senders": sorted(self.senders), "since": self.since.isoformat(), "reached": self.reached}


@dataclass(frozen=True)
class Cursor(Generic[I]):
    """Where reading a mailbox stopped; each mailbox kind has a subclass."""

    mark_key: ClassVar[str]
    mark_type: ClassVar[type]

    identity: Mapping[str, Any]
    """The mailbox that the mark is about."""
    mark: I
    """Everything up to here was read, or belongs to the backlog."""
    backlog: Backlog[I] | None = None
    """The search that was interrupted."""

    @classmethod
    def from_json(cls: type[C], stored: Any, identity: Mapping[str, Any]) -> C | None:
        """Read a stored cursor; None if it is about another mailbox or unreadable.

        Unreadable cursors occur: databases are edited manually, and other versions of the app store other cursors.
        """
        try:
            if not identity.items() <= stored.items():
                return None
            return cls(identity=identity, **cls._read(stored))
        except (AttributeError, LookupError, TypeError, ValueError):  # whatever else JSON can hold
            return None

    @classmethod
    def _read(cls, stored: JsonCursor) -> dict[str, Any]:
        """Return the fields other than the identity; raises what ``from_json`` catches."""
        mark: Any = typed(stored[cls.mark_key], cls.mark_type)
        backlog = Backlog.from_json(stored["backlog"], cls.mark_type) if "backlog" in stored else None
        return {"mark": mark, "backlog": backlog}

    def to_json(self) -> dict[str, Any]:
        """Return what is stored."""
        backlog = {"backlog": self.backlog.to_json()} if self.backlog else {}
        return {**self.identity, self.mark_key: self.mark, **backlog}


def typed(value: Any, wanted: type[V]) -> V:
    """Return a value of exactly this type, which excludes bool for int; raises TypeError for any other."""
    if type(value) is not wanted:  # pylint: disable=unidiomatic-typecheck  # to isinstance, True is an int
        raise TypeError(f"{value!r} is not of type {wanted.__name__}")
    return value


def mailbox_identity(settings: SourceSettings, **others: Any) -> dict[str, Any]:
    """Return what a cursor depends on: with other settings, the same id is another message, or others are wanted."""
    return {"server": settings.host, "account": settings.account, "header": " ".join(settings.sender_headers), **others}
