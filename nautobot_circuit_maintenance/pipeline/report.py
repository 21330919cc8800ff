"""What a run reports: for each source, and in total."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from nautobot_circuit_maintenance.models import Notification
from nautobot_circuit_maintenance.pipeline.digest import DigestResult
from nautobot_circuit_maintenance.pipeline.outcomes import ApplyResult, Outcome, outcome_of
from nautobot_circuit_maintenance.pipeline.record import Recorded
from nautobot_circuit_maintenance.pipeline.unknown_senders import UnknownSenders

PREVIOUSLY_WAITING = "Previously waiting"
"""The name of the report on notifications that the run did not record itself."""
UNREAD = (Outcome.FAILED, Outcome.REFUSED)
"""What became of notifications that the log of a job names."""
MOST_NAMED = 20
"""How many of them it names: each line is a row that Nautobot commits on a connection of its own."""


@dataclass
class SourceReport:
    """What a run did for one source."""

    name: str
    outcomes: Counter[Outcome] = field(default_factory=Counter)
    """Number of messages by outcome; a new one counts as NEW and as what became of it."""
    sender_headers: Sequence[str] = ("From",)
    """The header fields that name the sender."""
    unknown_senders: UnknownSenders = field(default_factory=UnknownSenders)
    """The senders of skipped messages."""
    changes: Counter[ApplyResult] = field(default_factory=Counter)
    """What this run did to maintenances itself."""
    ends: dict[UUID, Outcome] = field(default_factory=dict)
    """What became of the notifications that this run digested itself, by primary key."""
    change_ids: set[UUID] = field(default_factory=set)
    """The change contexts in which that was done."""
    recorded: list[UUID] = field(default_factory=list)
    """Primary keys of the new notifications."""
    settled: dict[UUID, Outcome] = field(default_factory=dict)
    """What became of the notifications that are counted here, by primary key."""
    rehearsed: list[Notification] = field(default_factory=list)
    """The first of those that a dry run could not read; their rows are gone."""
    error: str = ""
    """Why it was not read completely; empty if it was."""

    def add_recorded(self, recorded: Recorded) -> None:
        """Add a recorded batch."""
        self.recorded += recorded.new
        self.outcomes[Outcome.NEW] += len(recorded.new)
        self.outcomes[Outcome.REFUSED] += recorded.refused
        self.outcomes[Outcome.FAILED] += recorded.failed
        self.outcomes[Outcome.DUPLICATE] += recorded.duplicates
        self.outcomes[Outcome.UNKNOWN_SENDER] += recorded.unknown_senders.total()
        self.unknown_senders.add(recorded.unknown_senders)

    def add_digested(self, result: DigestResult) -> None:
        """Add digested notifications."""
        self.outcomes += result.outcomes
        self.changes += result.changes
        self.ends.update(result.ends)
        self.settled.update(result.ends)
        self.change_ids |= result.change_ids

    def settle(self, states: Mapping[UUID, str]) -> None:
        """Count what became of the messages by now, with the help of other workers.

        ``states`` are those of all notifications that the run recorded: each counts for the source that recorded it.
        """
        counted = (Outcome.NEW, Outcome.DUPLICATE, Outcome.UNKNOWN_SENDER)
        self.outcomes = Counter({each: self.outcomes[each] for each in counted})
        self.settled = {pk: outcome_of(states[pk]) for pk in self.recorded if pk in states}
        self.settled |= {pk: outcome for pk, outcome in self.ends.items() if pk not in states}
        self.outcomes += Counter(self.settled.values())

    @property
    def unread(self) -> list[UUID]:
        """Primary keys of the notifications that failed or were refused."""
        return [pk for pk, outcome in self.settled.items() if outcome in UNREAD]

    def __str__(self) -> str:
        """Return the report as one line."""
        counts = ", ".join(f"{self.outcomes[each]} {each.phrase}" for each in Outcome if self.outcomes[each])
        line = f"{self.name}: {self.error or counts or 'nothing new'}"
        return f"{line} ({counts})" if self.error and counts else line


@dataclass
class RunReport:
    """What a run did."""

    sources: list[SourceReport] = field(default_factory=list)
    states: Counter[str] = field(default_factory=Counter)
    """Current states of the notifications that this run recorded; adds up to their number."""
    is_complete: bool = True
    """False if time ran out: the next run continues."""
    changes_of_helpers: Counter[ApplyResult] = field(default_factory=Counter)
    """What other workers did to maintenances with notifications that this run recorded."""

    @property
    def recorded(self) -> int:
        """Number of notifications that this run recorded."""
        return sum(len(report.recorded) for report in self.sources)

    @property
    def digested(self) -> int:
        """Number of notifications that this run digested itself, also of those that another run recorded."""
        outcomes = [outcome for report in self.sources for outcome in report.ends.values()]
        return sum(outcome is not Outcome.WAITING for outcome in outcomes)

    @property
    def unaccounted(self) -> int:
        """Recorded notifications that are in no state: 0, or one was lost."""
        return self.recorded - sum(self.states.values())

    @property
    def changes(self) -> Counter[ApplyResult]:
        """What was done to maintenances: by this run, and with what it recorded."""
        return sum((report.changes for report in self.sources), self.changes_of_helpers)

    @property
    def failed_sources(self) -> list[SourceReport]:
        """The sources that could not be read completely."""
        return [report for report in self.sources if report.error]

    def as_json(self) -> dict[str, Any]:
        """Return the report for the job's result."""
        shown = [each for each in self.sources if each.name != PREVIOUSLY_WAITING or each.outcomes or each.error]
        return {
            "recorded": self.recorded,
            "digested": self.digested,
            "states": dict(self.states),
            "maintenances": {change.value: count for change, count in self.changes.items()},
            "complete": self.is_complete,
            "sources": {
                each.name: {
                    "outcomes": {outcome.value: count for outcome, count in each.outcomes.items() if count},
                    "unknown_senders": each.unknown_senders.as_json(),
                    "error": each.error,
                }
                for each in shown
            },
        }
