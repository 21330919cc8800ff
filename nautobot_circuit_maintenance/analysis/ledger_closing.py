"""Closes the quarters of the providers' ledger, and notes what closed figures would be now."""

import logging
from datetime import datetime, timedelta

from django.core.cache import cache
from django.db import DatabaseError, transaction

from nautobot_circuit_maintenance.analysis.ledger import QUARTERS, circuits_of, read_works
from nautobot_circuit_maintenance.analysis.visibility import Visibility
from nautobot_circuit_maintenance.domain.ledger import Quarter, account
from nautobot_circuit_maintenance.models import CircuitMaintenance
from nautobot_circuit_maintenance.models.ledger import ProviderQuarter

logger = logging.getLogger(__name__)

GRACE = timedelta(days=7)
"""How long after its end a quarter is closed: completion notifications arrive late."""
_DAY_SECONDS = 24 * 60 * 60
_CACHE = "nautobot_circuit_maintenance.ledger"


def close_daily(now: datetime) -> None:
    """Close quarters, at most once a day; a failure is left to the next day."""
    if cache.add(_CACHE, True, _DAY_SECONDS):
        try:
            with transaction.atomic():
                close_quarters(now)
        except DatabaseError as error:  # of any kind: messages matter more
            sentence = "Could not close the quarters of the ledger; will retry tomorrow: %s"
            logger.warning(sentence, error, extra={"grouping": "run"})


def close_quarters(now: datetime) -> None:
    """Close the quarters that are over, and compare those that are closed with the rows as they are now."""
    current = Quarter.of(now)
    for quarter in (current.earlier(count) for count in range(1, QUARTERS)):
        if quarter.end + GRACE <= now:
            _close(quarter, now)


def _close(quarter: Quarter, now: datetime) -> None:
    stored = {row.provider_id: row for row in ProviderQuarter.objects.filter(year=quarter.year, quarter=quarter.number)}
    started = CircuitMaintenance.objects.filter(start_time__gte=quarter.start, start_time__lt=quarter.end).order_by()
    providers = {pk for pk in started.values_list("provider", flat=True).distinct() if pk} | stored.keys()
    if not providers:
        return
    works = read_works(Visibility.everything(), quarter, providers)
    for provider in providers:
        found = works.get(provider, [])
        figures = account((work for work, _ in found), now).as_json()
        if provider in stored:
            _check(stored[provider], figures, now)
        else:
            ProviderQuarter.objects.create(
                provider_id=provider,
                year=quarter.year,
                quarter=quarter.number,
                figures=figures,
                circuits={cid: each.as_json() for cid, each in circuits_of(found, now).items()},
                closed_at=now,
                checked_at=now,
            )


def _check(row: ProviderQuarter, figures: dict[str, int], now: datetime) -> None:
    row.corrected = figures if figures != row.figures else None
    row.checked_at = now
    row.save()
