"""What the page of a provider says about its maintenances and emails."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from importlib import metadata

from django.core.cache import cache
from nautobot.circuits.models import Provider

from nautobot_circuit_maintenance.analysis.ledger import read_ledgers
from nautobot_circuit_maintenance.analysis.visibility import Visibility
from nautobot_circuit_maintenance.domain.ledger import Figures, Quarter, total
from nautobot_circuit_maintenance.domain.parser_names import normalized_name
from nautobot_circuit_maintenance.models import CircuitMaintenance, Notification
from nautobot_circuit_maintenance.models.providers import parser_names

_CACHE_KEY = "nautobot_circuit_maintenance.parsers.{}"
_LIBRARY = "circuit-maintenance-parser"


@dataclass(frozen=True)
class ProviderSummary:
    """Figures of the calendar year in UTC, and what came in."""

    year: int
    figures: Figures
    newest: Notification | None
    attention: int
    """Notifications that were not or only partly read, and not dismissed."""
    doubtful: int
    """Maintenances that need attention, as in the inbox."""
    unmatched: int
    """Circuit IDs that are not in Nautobot, of maintenances that are not over."""
    unknown_parsers: tuple[str, ...]
    """Parsers that would be tried and do not exist: emails without a calendar fail."""


def read_summary(provider: Provider, visibility: Visibility, now: datetime) -> ProviderSummary:
    """Return what a user may see of a provider; takes about 15 queries, however many rows there are."""
    year = Quarter.of(now).year
    ledger = read_ledgers(visibility, [Quarter(year, number) for number in range(1, 5)], now, [provider.pk])
    notifications = visibility.notifications.filter(provider=provider)
    not_over = CircuitMaintenance.objects.filter(provider=provider).not_over(now).order_by()
    known = known_parsers()
    return ProviderSummary(
        year=year,
        figures=total(row.corrected or row.figures for row in ledger),
        newest=notifications.defer("raw").order_by("-received_at").first(),
        attention=notifications.needing_attention().count(),
        doubtful=visibility.maintenances.filter(provider=provider).needing_attention(now).count(),
        unmatched=visibility.impacts.unmatched().filter(maintenance__in=not_over).count(),
        unknown_parsers=tuple(each for each in parser_names(provider) if normalized_name(each) not in known),
    )


def known_parsers() -> Sequence[str]:
    """Return the names of the library's parsers, which loads the library once for all processes of this version."""
    key = _CACHE_KEY.format(metadata.version(_LIBRARY))
    names: list[str] | None = cache.get(key)
    if names is None:
        # Loading the parser library takes 0.6 s of CPU time and 77 MB.
        from nautobot_circuit_maintenance.reading import library  # pylint: disable=import-outside-toplevel  # see above

        names = list(library.known_parser_names())
        cache.set(key, names, None)
    return names
