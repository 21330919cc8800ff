"""What a maintenance is, worked out a second time from the words of the architecture, to compare the pipeline with.

"Concluded, not accumulated": a function of all parsed notifications ordered by (issued_at, but never later than
received_at; then SEQUENCE; then Date; then received_at; then fingerprint). Status: the last word that is not NO-CHANGE,
else UNKNOWN. Windows, description: those of the last. Impacts: those of the newest update that lists circuits, together
with updates of the same windows and status issued within the hour before it, the worst per circuit id.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any

WORST_LAST = ["NO-IMPACT", "REDUCED-REDUNDANCY", "DEGRADED", "OUTAGE"]


@dataclass(frozen=True)
class Word:
    """What one message says about one maintenance."""

    status: str
    summary: str
    windows: tuple[tuple[datetime, datetime], ...]
    circuits: tuple[tuple[str, str], ...]
    place: tuple[datetime, int, datetime, datetime, str]
    """Where it stands among the others."""

    @classmethod
    def of(
        cls, items: Sequence[Mapping[str, Any]], *, received_at: datetime, sent_at: datetime | None, fingerprint: str
    ) -> "Word":
        """Read the items of the library that share an id, one a window."""
        last = items[-1]
        spans = {(item["start"], item["end"]) for item in items}
        issued = min(_utc(last["stamp"]), received_at)
        return cls(
            status=last["status"],
            summary=last["summary"],
            # GTT's cancellations name no time; the library then says 1970.
            windows=tuple((_utc(start), _utc(end)) for start, end in sorted(spans) if 0 < start < end),
            circuits=tuple((c["circuit_id"], c["impact"]) for item in items for c in item["circuits"]),
            place=(issued, last["sequence"], sent_at or _utc(0), received_at, fingerprint),
        )

    @classmethod
    def of_evidence(
        cls, data: Mapping[str, Any], *, received_at: datetime, sent_at: datetime | None, fingerprint: str
    ) -> "Word":
        """Read the evidence that is stored about one maintenance."""
        events = data["events"]
        last = events[-1]
        issued = datetime.fromisoformat(last["issued_at"].replace("Z", "+00:00")) if last["issued_at"] else sent_at
        sequence = last["sequence"] if last["sequence"] is not None else (1 if last["uid"] is None else -1)
        windows = {(window["start"], window["end"]) for event in events for window in event["windows"]}
        return cls(
            status=last["status"],
            summary=data["description"],
            windows=tuple(
                (
                    datetime.fromisoformat(start.replace("Z", "+00:00")),
                    datetime.fromisoformat(end.replace("Z", "+00:00")),
                )
                for start, end in sorted(windows)
            ),
            circuits=tuple((each["cid"], each["impact"]) for event in events for each in event["circuits"]),
            place=(min(issued or received_at, received_at), sequence, sent_at or _utc(0), received_at, fingerprint),
        )


def _utc(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, tz=timezone.utc)


def concluded(words: Iterable[Word]) -> dict[str, Any]:
    """Return what these words come to, and which of them is the newest."""
    ordered = sorted(words, key=lambda word: word.place)
    listing = [word for word in ordered if word.circuits]
    worst: dict[str, str] = {}
    for word in listing:
        if _belongs_to(word, listing[-1]):
            for cid, impact in word.circuits:
                worst[cid] = max(impact, worst.get(cid, impact), key=WORST_LAST.index)
    return {
        "status": ([word.status for word in ordered if word.status != "NO-CHANGE"] or ["UNKNOWN"])[-1],
        "description": ([word.summary for word in ordered if word.summary] or [""])[-1],
        "windows": list(([word.windows for word in ordered if word.windows] or [()])[-1]),
        "impacts": worst,
        "issued_at": ordered[-1].place[0],
        "newest": ordered[-1].place[-1],
    }


def _belongs_to(word: Word, newest: Word) -> bool:
    same = (word.windows, word.status) == (newest.windows, newest.status)
    return same and (newest.place[0] - word.place[0]).total_seconds() <= 3600
