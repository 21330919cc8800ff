"""What the drain job has done to circuits, as it wrote it down itself."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Ledger:
    """A file with a line for each beginning and each end of a run."""

    path: Path

    def lines(self) -> list[dict[str, Any]]:
        """Return all lines, the oldest first."""
        return [json.loads(line) for line in self.path.read_text("ascii").splitlines()] if self.path.exists() else []

    def running(self) -> list[int]:
        """Return the processes whose last run has no end; some of them were killed."""
        last = {line["process"]: line["is_over"] for line in self.lines()}
        return [process for process, is_over in last.items() if not is_over]

    def drained(self) -> list[str]:
        """Return the circuits of which a *before* began after the last *after* ended."""
        found: set[str] = set()
        for line in self.lines():
            if line["phase"] == "before" and not line["is_over"]:
                found |= set(line["cids"])
            elif line["phase"] == "after" and line["is_over"]:
                found -= set(line["cids"])
        return sorted(found)
