"""What one notification announces about one maintenance: frozen values, standard library only."""

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timezone
from types import MappingProxyType
from typing import Any, NamedTuple

from nautobot_circuit_maintenance.domain.opinions import Opinion, concluded, counted

NO_CHANGE = "NO-CHANGE"
"""The status of an event that states none: the one before it holds (BCOP 3.6.6 lets senders omit it)."""

STATUSES = ("TENTATIVE", "CONFIRMED", "RE-SCHEDULED", "IN-PROCESS", "COMPLETED", "CANCELLED")
"""In the order in which a maintenance comes to them (BCOP 3.6.6)."""

IMPACTS = ("NO-IMPACT", "REDUCED-REDUNDANCY", "DEGRADED", "OUTAGE")
"""From the least to the worst (BCOP 3.6.5)."""


LONGEST_TEXT = 10_000
"""Characters of a description that are kept; the raw message has everything."""
LONGEST_NAME = 255
"""Characters of an ID, UID, account or organizer: as many as a column holds."""


class Window(NamedTuple):
    """A maintenance window in UTC; the end is after the start."""

    start: datetime
    end: datetime


class AnnouncedImpact(NamedTuple):
    """The impact that a provider announces for one circuit ID."""

    cid: str
    """As the provider spells it."""
    impact: str
    """One of ``IMPACTS``."""


@dataclass(frozen=True)
class Provenance:
    """When and how a message was received; puts the updates of a maintenance in order."""

    received_at: datetime
    """When the mail server received it, aware."""
    sent_at: datetime | None
    """The Date header, aware; None if the message has none."""
    fingerprint: str


class MaintenanceEvent(NamedTuple):
    """One event of a notification: a VEVENT of its calendar, or one window of its text."""

    status: str
    """One of ``CircuitMaintenanceStatusChoices``, or ``NO_CHANGE``."""
    windows: tuple[Window, ...] = ()
    circuits: tuple[AnnouncedImpact, ...] = ()
    issued_at: datetime | None = None
    """DTSTAMP, or what the text states; None if only the message's Date header is known."""
    uid: str | None = None
    """Empty for an event of a calendar without UID; None for an event that is not from a calendar."""
    recurrence_id: str | None = None
    sequence: int | None = None
    """As the message states it; None if it states none."""
    method: str | None = None
    default_status: str | None = None
    """TENTATIVE or CONFIRMED of the calendar program itself; counts only while no status is known."""

    @property
    def rank(self) -> int:
        """The sequence for ordering; an event without a calendar has the parser library's default of 1."""
        if self.sequence is not None:
            return self.sequence
        return 1 if self.uid is None else -1


class ParserInfo(NamedTuple):
    """The parser that read a notification."""

    name: str = ""
    version: str = ""
    """Library and version; empty if unknown."""
    details: Mapping[str, Any] = MappingProxyType({})
    """What else the reader has on record, as JSON; for people."""


@dataclass(frozen=True)
class MaintenanceUpdate:
    """Everything that one notification announces about one maintenance."""

    maintenance_id: str
    """The provider's ID; identifies the maintenance together with the provider."""
    events: tuple[MaintenanceEvent, ...]
    """At least one, in the order of the message."""
    provenance: Provenance
    description: str = ""
    other_ids: tuple[str, ...] = ()
    """Further maintenance IDs that the message gives."""
    account: str = ""
    provider: str = ""
    """The provider's name as the message spells it."""
    organizer: str = ""
    parser: ParserInfo = ParserInfo()
    doubts: tuple[str, ...] = ()
    """What the reader is not sure of, a sentence each."""
    opinion: Opinion | None = None
    """What the comparison with the message says; None if it was read before there was one."""
    settled: frozenset[str] = frozenset()
    """Doubts about the reading that a person settled: the reading is right."""

    status: str = field(init=False, compare=False)
    """The status of the last event."""
    windows: tuple[Window, ...] = field(init=False, compare=False)
    """The distinct windows in time order; empty if the message states no time."""
    circuits: tuple[AnnouncedImpact, ...] = field(init=False, compare=False)
    """The impacts of all events, in their order."""
    issued_at: datetime = field(init=False, compare=False)
    """When the newest event was issued, according to the message."""
    sequence: int = field(init=False, compare=False)
    """The highest sequence."""

    def __post_init__(self) -> None:
        """Sum up the events; every conclusion reads these several times."""
        events = self.events
        self.__dict__.update(
            status=events[-1].status,
            windows=tuple(sorted({window for event in events for window in event.windows})),
            circuits=tuple(impact for event in events for impact in event.circuits),
            issued_at=max(event.issued_at or mail_date(self.provenance) for event in events),
            sequence=max(event.rank for event in events),
        )

    def without_findings(self, sentences: Collection[str]) -> "MaintenanceUpdate":
        """Return it with a second opinion that leaves out what was settled."""
        settled = frozenset(sentences)
        if self.opinion is None:
            return replace(self, settled=settled)
        left = [finding for finding in self.opinion.findings if finding.sentence not in settled]
        return replace(self, opinion=concluded(left), settled=settled)

    def with_known_id(self, messages: int) -> "MaintenanceUpdate":
        """Return it with what counts of its second opinion while so many messages with its ID are on record."""
        return replace(self, opinion=counted(self.opinion, messages)) if self.opinion else self

    def without_uids(self) -> "MaintenanceUpdate":
        """Return it as a message without a calendar would announce it."""
        return replace(self, events=tuple(event._replace(uid=None) for event in self.events))


def combined(updates: Sequence[MaintenanceUpdate]) -> MaintenanceUpdate:
    """Return updates of one message, whose IDs turned out to be of one maintenance, as one update."""
    first = updates[0]
    if len(updates) == 1:
        return first
    others = (each for update in updates for each in (update.maintenance_id, *update.other_ids))
    return replace(
        first,
        events=tuple(event for update in updates for event in update.events),
        other_ids=tuple(dict.fromkeys(each for each in others if each != first.maintenance_id)),
        doubts=tuple(dict.fromkeys(doubt for update in updates for doubt in update.doubts)),
        opinion=_joined(updates),
    )


def _joined(updates: Sequence[MaintenanceUpdate]) -> Opinion | None:
    """Return the opinions on these updates as one; None if there is none on one of them."""
    opinions = [update.opinion for update in updates if update.opinion]
    if len(opinions) < len(updates):
        return None
    return concluded([finding for opinion in opinions for finding in opinion.findings])


def mail_date(provenance: Provenance) -> datetime:
    """Return the date of a message in UTC, to the second: its Date header, or the time of receipt without one."""
    return (provenance.sent_at or provenance.received_at).astimezone(timezone.utc).replace(microsecond=0)


def bounded_uid(uid: str | None) -> str | None:
    """Return a UID that fits: of a longer one its beginning and a digest, so that it stays distinct."""
    if uid is None or len(uid) <= LONGEST_NAME:
        return uid
    digest = hashlib.sha256(uid.encode("utf-8", "replace")).hexdigest()
    return uid[: LONGEST_NAME - len(digest)] + digest
