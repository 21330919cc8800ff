"""The evidence of one maintenance, read once."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from nautobot.circuits.models import Provider

from nautobot_circuit_maintenance.models import ParsedNotification
from nautobot_circuit_maintenance.models.providers import counted

if TYPE_CHECKING:
    from nautobot_circuit_maintenance.domain.conclusion import Conclusion
    from nautobot_circuit_maintenance.domain.timeline import TimelineEntry


class Evidence:
    """Everything that notifications announced about a maintenance; read on first use, by one query."""

    def __init__(self, parsed: Iterable[ParsedNotification], provider: Provider | None = None) -> None:
        """Take the rows to read, and the provider of the maintenance."""
        self._parsed, self._provider = parsed, provider
        self._read: tuple[list[ParsedNotification], list[TimelineEntry]] | None = None

    @property
    def rows(self) -> list[ParsedNotification]:
        """The rows, in no particular order."""
        return self._once()[0]

    @property
    def entries(self) -> "list[TimelineEntry]":
        """A timeline entry for each notification, the newest first."""
        return self._once()[1]

    @property
    def conclusion(self) -> "Conclusion":
        """The provider's side of the maintenance."""
        # pylint: disable-next=import-outside-toplevel  # not at each start
        from nautobot_circuit_maintenance.domain.conclusion import EMPTY

        return self.entries[0].after if self.entries else EMPTY

    def _once(self) -> "tuple[list[ParsedNotification], list[TimelineEntry]]":
        if self._read is None:
            # pylint: disable-next=import-outside-toplevel  # not at each start
            from nautobot_circuit_maintenance.domain.timeline import entries

            rows = list(self._parsed)
            self._read = rows, entries(counted(row.as_update(), self._provider) for row in rows)
        return self._read
