"""Turns of providers: one whose messages take long to read goes behind the others, and is never left out.

Anyone can send email in the name of a provider that takes seconds to parse. Strictly first come first served, a flood of it
would use up run after run while everyone else's email waits.
"""

from collections import defaultdict
from collections.abc import Iterable
from uuid import UUID

SLOW_SECONDS = 10.0
"""Working time in one run after which the rest of a provider's notifications waits for those of the others."""


class Turns:
    """How long a worker has worked for each provider in one run."""

    def __init__(self) -> None:
        """Start a run."""
        self._seconds: defaultdict[UUID, float] = defaultdict(float)

    def add(self, seconds: Iterable[tuple[UUID, float]]) -> None:
        """Add working time, by primary keys of providers."""
        for provider, more in seconds:
            self._seconds[provider] += more

    @property
    def behind(self) -> list[UUID]:
        """The providers that go behind the others, those with the least working time first."""
        slow = [(seconds, provider) for provider, seconds in self._seconds.items() if seconds > SLOW_SECONDS]
        return [provider for _, provider in sorted(slow)]
