"""What notifications said about one maintenance, read once."""

from collections.abc import Iterable

from nautobot_circuit_maintenance.domain.conclusion import EMPTY, Conclusion
from nautobot_circuit_maintenance.domain.timeline import TimelineEntry, steps
from nautobot_circuit_maintenance.models import ParsedNotification


class Evidence:
    """All that notifications said about a maintenance, read when first asked for, by one query."""

    def __init__(self, parsed: Iterable[ParsedNotification]) -> None:
        """Remember what to read."""
        self._parsed = parsed
        self._read: tuple[list[ParsedNotification], list[TimelineEntry]] | None = None

    @property
    def rows(self) -> list[ParsedNotification]:
        """What was said, in no particular order."""
        return self._once()[0]

    @property
    def steps(self) -> list[TimelineEntry]:
        """A step for each notification, the newest first."""
        return self._once()[1]

    @property
    def conclusion(self) -> Conclusion:
        """The provider's side, all in all."""
        return self.steps[0].after if self.steps else EMPTY

    def _once(self) -> tuple[list[ParsedNotification], list[TimelineEntry]]:
        if self._read is None:
            rows = list(self._parsed)
            self._read = rows, steps(row.as_update() for row in rows)
        return self._read
