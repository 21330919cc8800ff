"""What a run of the job that sends did."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any


@dataclass
class SendReport:
    """Counts of one run."""

    changes: int = 0
    """Changes that were observed."""
    outcomes: Counter[str] = field(default_factory=Counter)
    """Attempts by how they ended: sent, waiting, unsure, failed, superseded."""
    down: dict[str, str] = field(default_factory=dict)
    """Why channels do not work, by name."""
    lines: list[str] = field(default_factory=list)
    """What was done with silences and jobs, for the log."""
    errors: list[str] = field(default_factory=list)
    """What else failed."""
    is_complete: bool = True
    """False if the time of the job was over first."""

    def as_json(self) -> dict[str, Any]:
        """Return the result of the job."""
        return {
            "changes": self.changes,
            **dict(sorted(self.outcomes.items())),
            "down": self.down,
            "errors": self.errors,
        }
