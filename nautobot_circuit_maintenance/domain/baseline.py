"""What notifications last made of a maintenance; whatever differs from it on record, a person has edited.

It is stored with the maintenance, because rules and readers change. What is on record was concluded by the rules of its
time: to compare only what today's rules conclude before and after a notification would leave every difference between
the two for good, and to take such a difference for an edit would protect a mistake.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from nautobot_circuit_maintenance.domain.conclusion import EMPTY, CircuitState, Conclusion
from nautobot_circuit_maintenance.domain.updates import Window


@dataclass(frozen=True)
class Baseline:
    """The fields of a maintenance that people edit and notifications change, as notifications last had them."""

    status: str = EMPTY.status
    description: str = EMPTY.description
    windows: frozenset[Window] = frozenset()
    impacts: Mapping[str, CircuitState] = field(default_factory=dict)
    """By circuit ID in lower case."""

    @classmethod
    def of(cls, conclusion: Conclusion) -> "Baseline":
        """Return what a conclusion makes of a maintenance that no person edits."""
        impacts = {state.cid.casefold(): state for state in conclusion.impacts}
        return cls(conclusion.status, conclusion.description, frozenset(conclusion.windows), impacts)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "Baseline":
        """Return the baseline that was stored as this JSON."""
        states = [
            CircuitState(cid, impact, None if windows is None else tuple(map(_window, windows)))
            for cid, impact, windows in data["impacts"]
        ]
        return cls(
            data["status"],
            data["description"],
            frozenset(map(_window, data["windows"])),
            {state.cid.casefold(): state for state in states},
        )

    def to_json(self) -> dict[str, Any]:
        """Return the baseline as JSON."""
        return {
            "status": self.status,
            "description": self.description,
            "windows": [_times(window) for window in sorted(self.windows)],
            "impacts": [
                [cid, impact, None if windows is None else [_times(window) for window in windows]]
                for cid, impact, windows in self.impacts.values()
            ],
        }


def adopts(recorded: object, baseline: object, before: object, after: object, *, is_news: bool) -> bool:
    """Return whether what is on record follows the conclusion.

    It does if no person edited it since notifications last set it, or if the provider says something new about it:
    ``before`` and ``after`` are today's conclusions without and with a notification that was not read before.
    """
    return recorded == baseline or (is_news and before != after)


def _times(window: Window) -> list[str]:
    return [moment.isoformat() for moment in window]


def _window(times: list[str]) -> Window:
    start, end = times
    return Window(datetime.fromisoformat(start), datetime.fromisoformat(end))
