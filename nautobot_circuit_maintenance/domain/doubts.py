"""What only a person can tell about a maintenance; each doubt lasts while the entries on both of its sides stand."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple

from nautobot_circuit_maintenance.domain.updates import Window


class DoubtKind(str, Enum):
    """Why a person should look at a maintenance."""

    SECOND_WINDOW = "second-window"
    CIRCUITS_LEFT_OUT = "circuits-left-out"
    OTHER_CIRCUITS = "other-circuits"
    WINDOWS_LEFT_OUT = "windows-left-out"
    ENDED_IN_PART = "ended-in-part"
    ENDED_UNKNOWN = "ended-unknown"
    OPEN_AGAIN = "open-again"
    OPEN_AND_OVER = "open-and-over"
    WINDOW_RETURNS = "window-returns"
    LOWER_SEQUENCE = "lower-sequence"
    OUTRANKED = "outranked"
    NO_CIRCUIT = "no-circuit"
    READING = "reading"
    SECOND_OPINION = "second-opinion"


SENTENCES = {
    DoubtKind.SECOND_WINDOW: "Another window was announced for the same circuits under a new UID: a second night, or a new date?",
    DoubtKind.CIRCUITS_LEFT_OUT: "A notification repeats a window without some of its circuits. They are still on record.",
    DoubtKind.OTHER_CIRCUITS: "An update of the same notification names entirely different circuits. It replaced the previous ones.",
    DoubtKind.WINDOWS_LEFT_OUT: "An update leaves out some of several windows without calling them rescheduled. They were removed.",
    DoubtKind.ENDED_IN_PART: "Only some of the circuits or windows were cancelled or completed. The others still stand.",
    DoubtKind.ENDED_UNKNOWN: "A cancellation or completion names circuits or windows that were not announced.",
    DoubtKind.OPEN_AGAIN: "Work that was cancelled or completed has been announced again.",
    DoubtKind.OPEN_AND_OVER: "One notification announces and ends the same work. It counts as announced.",
    DoubtKind.WINDOW_RETURNS: "The window was moved back to an earlier one.",
    DoubtKind.LOWER_SEQUENCE: "A notification with a lower SEQUENCE than before was sent later and changed the windows.",
    DoubtKind.OUTRANKED: "A cancellation or rescheduling was received last, but an update issued later outranks it.",
    DoubtKind.NO_CIRCUIT: "No circuit is named.",
}
"""What a person reads; a doubt about the reading itself brings its own sentence."""


TOPICS = {
    DoubtKind.SECOND_WINDOW: "windows",
    DoubtKind.CIRCUITS_LEFT_OUT: "circuits",
    DoubtKind.OTHER_CIRCUITS: "circuits",
    DoubtKind.WINDOWS_LEFT_OUT: "windows",
    DoubtKind.ENDED_IN_PART: "status",
    DoubtKind.ENDED_UNKNOWN: "status",
    DoubtKind.OPEN_AGAIN: "status",
    DoubtKind.OPEN_AND_OVER: "status",
    DoubtKind.WINDOW_RETURNS: "windows",
    DoubtKind.LOWER_SEQUENCE: "windows",
    DoubtKind.OUTRANKED: "status",
    DoubtKind.NO_CIRCUIT: "circuits",
    DoubtKind.READING: "reading",
    DoubtKind.SECOND_OPINION: "reading",
}
"""What is doubtful, in one word for a badge."""


class Side(NamedTuple):
    """One entry that a doubt is about."""

    uid: str | None
    cid: str
    window: Window | None
    is_over: bool


@dataclass(frozen=True)
class Doubt:
    """Something about a maintenance that only a person can tell."""

    kind: DoubtKind
    fingerprint: str
    """The message that raised it."""
    sides: tuple[frozenset[Side], ...] = ()
    """Entries; one of each side still stands while the doubt lasts."""
    text: str = ""

    @property
    def sentence(self) -> str:
        """What a person reads."""
        return self.text or SENTENCES[self.kind]


def doubts_beside(doubts: Iterable[Mapping[str, str]], *, has_circuits: bool) -> list[dict[str, str]]:
    """Return those of these stored doubts that stand beside what is on record.

    A circuit that a person added ends the doubt that no notification names one: nothing is left to decide.
    """
    return [dict(doubt) for doubt in doubts if not (has_circuits and doubt["kind"] == DoubtKind.NO_CIRCUIT)]
