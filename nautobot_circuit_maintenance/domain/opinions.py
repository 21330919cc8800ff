"""The second opinion on a reading, as a value and as it is stored in the evidence."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

CONFIRMED, UNCHECKED, DOUBTFUL = "confirmed", "unchecked", "doubtful"
"""From the best to the worst; the worst finding of all gates counts."""
LEVELS = (CONFIRMED, UNCHECKED, DOUBTFUL)
OTHER_ID = "another ID"
"""The gate of findings that something else looks more like the ID; they count until two messages with the ID are on record."""
_ENOUGH = 2


class Finding(NamedTuple):
    """What a gate says about a reading."""

    gate: str
    """Its name, stable: part of the evidence."""
    level: str
    """UNCHECKED or DOUBTFUL."""
    sentence: str
    span: tuple[int, int] | None = None
    """Where in ``MailText.text``; None if it is about something that the message lacks."""
    otherwise: str = ""
    """What it would be otherwise; empty if that is unknown."""
    quote: str = ""
    """The words at the span."""


class Opinion(NamedTuple):
    """The second opinion on a reading."""

    confidence: str
    findings: tuple[Finding, ...] = ()
    """The reasons for any other confidence than CONFIRMED, the doubts first."""

    @property
    def doubts(self) -> tuple[Finding, ...]:
        """The findings that make it doubtful."""
        return tuple(finding for finding in self.findings if finding.level == DOUBTFUL)


def concluded(findings: Sequence[Finding]) -> Opinion:
    """Return the opinion that follows from these findings."""
    ordered = sorted(dict.fromkeys(findings), key=lambda finding: finding.level != DOUBTFUL)
    return Opinion(ordered[0].level if ordered else CONFIRMED, tuple(ordered))


def counted(opinion: Opinion, messages: int) -> Opinion:
    """Return an opinion with what counts of it while so many messages with the ID are on record."""
    if messages < _ENOUGH:
        return opinion
    return concluded([finding for finding in opinion.findings if finding.gate != OTHER_ID])


def worst(confidences: Sequence[str]) -> str:
    """Return the worst of these confidences; empty without any."""
    return max(confidences, key=LEVELS.index, default="")


def findings_to_json(findings: Sequence[Finding]) -> list[dict[str, Any]]:
    """Return findings as JSON."""
    return [{**finding._asdict(), "span": list(finding.span) if finding.span else None} for finding in findings]


def findings_from_json(data: Sequence[Mapping[str, Any]]) -> tuple[Finding, ...]:
    """Return the findings that were stored as this JSON."""
    return tuple(
        Finding(
            each["gate"],
            each["level"],
            each["sentence"],
            (each["span"][0], each["span"][1]) if each["span"] else None,
            each["otherwise"],
            each["quote"],
        )
        for each in data
    )
