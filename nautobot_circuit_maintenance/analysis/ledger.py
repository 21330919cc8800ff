"""The providers' ledger: the account of each quarter, live or as it was closed."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Count, Q
from django.db.models.fields.json import KT

from nautobot_circuit_maintenance.analysis.visibility import Visibility
from nautobot_circuit_maintenance.choices import CircuitImpactChoices as Impact
from nautobot_circuit_maintenance.domain.ledger import Announcement, Figures, Quarter, Work, account
from nautobot_circuit_maintenance.models import CircuitImpact, MaintenanceWindow
from nautobot_circuit_maintenance.models.evidence_times import ISSUED
from nautobot_circuit_maintenance.models.ledger import ProviderQuarter

QUARTERS = 8
"""Quarters that the pages offer, the current one included."""
_FIRST_START = KT("json__events__0__windows__0__start")
_Span = tuple[datetime, datetime]


@dataclass(frozen=True)
class LedgerRow:
    """The account of one provider, or of one circuit ID of it, in one quarter."""

    provider: UUID
    quarter: Quarter
    figures: Figures
    closed_at: datetime | None = None
    """None while the figures follow the rows."""
    corrected: Figures | None = None
    """What the figures of a closed quarter would be now; None if they are the same."""
    cid: str = ""
    """Empty for the whole provider."""


def read_ledger(
    visibility: Visibility, quarter: Quarter, now: datetime, providers: Iterable[UUID] | None = None
) -> list[LedgerRow]:
    """Return the row of each visible provider with maintenances in a quarter; see ``read_ledgers``."""
    return read_ledgers(visibility, [quarter], now, providers)


def read_ledgers(
    visibility: Visibility, quarters: Sequence[Quarter], now: datetime, providers: Iterable[UUID] | None = None
) -> list[LedgerRow]:
    """Return the row of each visible provider for each of these quarters in which it has maintenances.

    Closed figures count all maintenances: who may view only some of them gets the account of these. Takes as many
    queries for all quarters as for one.
    """
    visible = visibility.providers.filter(pk__in=list(providers)) if providers is not None else visibility.providers
    rows = list(_closed(visible, quarters)) if _sees_all(visibility) else []
    # A quarter is closed for all providers at once.
    open_ones = set(quarters) - {row.quarter for row in rows}
    pks = set(visible.values_list("pk", flat=True)) if open_ones else set()
    if not pks:
        return rows
    live: defaultdict[tuple[UUID, Quarter], list[Work]] = defaultdict(list)
    span = (min(open_ones).start, max(open_ones).end)
    for provider, found in _works_between(visibility, span, pks).items():
        for work, _ in found:
            live[provider, Quarter.of(work.start)].append(work)
    rows += (
        LedgerRow(provider, quarter, account(works, now))
        for (provider, quarter), works in live.items()
        if quarter in open_ones
    )
    return rows


def _closed(providers: Any, quarters: Iterable[Quarter]) -> Iterator[LedgerRow]:
    chosen = Q(*(Q(year=each.year, quarter=each.number) for each in quarters), _connector=Q.OR)
    for stored in ProviderQuarter.objects.filter(chosen, provider__in=providers.values("pk")):
        yield _stored_row(stored)


def read_circuits(visibility: Visibility, quarter: Quarter, now: datetime, provider: UUID) -> list[LedgerRow]:
    """Return the row of each circuit ID of a visible provider in a quarter."""
    if not visibility.providers.filter(pk=provider).exists():
        return []
    stored = ProviderQuarter.objects.filter(provider=provider, year=quarter.year, quarter=quarter.number).first()
    if stored and _sees_all(visibility):
        return [
            LedgerRow(provider, quarter, Figures.from_json(data), stored.closed_at, cid=cid)
            for cid, data in sorted(stored.circuits.items())
        ]
    works = read_works(visibility, quarter, [provider])
    found = circuits_of(works.get(provider, ()), now)
    return [LedgerRow(provider, quarter, figures, cid=cid) for cid, figures in sorted(found.items())]


def _sees_all(visibility: Visibility) -> bool:
    """Return whether permissions leave out no row that the closed figures count."""
    rows = (visibility.maintenances, visibility.impacts, visibility.parsed_notifications)
    return not any(each.query.where for each in rows) and not any(each.query.is_empty() for each in rows)


def _stored_row(stored: ProviderQuarter) -> LedgerRow:
    return LedgerRow(
        stored.provider_id,
        stored.period,
        Figures.from_json(stored.figures),
        stored.closed_at,
        Figures.from_json(stored.corrected) if stored.corrected else None,
    )


def circuits_of(works: Iterable[tuple[Work, dict[str, Work]]], now: datetime) -> dict[str, Figures]:
    """Return the figures of each circuit ID of these maintenances."""
    by_cid: defaultdict[str, list[Work]] = defaultdict(list)
    for _, circuits in works:
        for cid, work in circuits.items():
            by_cid[cid].append(work)
    return {cid: account(found, now) for cid, found in by_cid.items()}


def read_works(
    visibility: Visibility, quarter: Quarter, providers: Iterable[UUID]
) -> dict[UUID, list[tuple[Work, dict[str, Work]]]]:
    """Return the maintenances of these providers that start in a quarter, each with its part for each circuit ID."""
    return _works_between(visibility, (quarter.start, quarter.end), providers)


def _works_between(
    visibility: Visibility, span: _Span, providers: Iterable[UUID]
) -> dict[UUID, list[tuple[Work, dict[str, Work]]]]:
    chosen = visibility.maintenances.filter(
        start_time__gte=span[0], start_time__lt=span[1], provider__in=list(providers), replaced_by=None
    )
    windows = _windows(chosen)
    announcements = _announcements(visibility, chosen)
    impacts = _impacts(visibility, chosen, windows)
    works: defaultdict[UUID, list[tuple[Work, dict[str, Work]]]] = defaultdict(list)
    for pk, provider, status, start in chosen.values_list("pk", "provider", "status", "start_time"):
        known = {"status": status, "start": start, "announcements": announcements.get(pk, ())}
        affected = impacts.get(pk, {})
        outages = {span for impact, spans in affected.values() if impact == Impact.OUTAGE for span in spans}
        circuits = {
            cid: Work(windows=spans, outages=spans if impact == Impact.OUTAGE else (), **known)
            for cid, (impact, spans) in affected.items()
        }
        works[provider].append((Work(windows=windows.get(pk, ()), outages=sorted(outages), **known), circuits))
    return works


def _windows(chosen: Any) -> dict[UUID, list[_Span]]:
    found: defaultdict[UUID, list[_Span]] = defaultdict(list)
    rows = MaintenanceWindow.objects.filter(maintenance__in=chosen.values("pk")).order_by()
    for pk, start, end in rows.values_list("maintenance", "start_time", "end_time"):
        found[pk].append((start, end))
    return found


def _announcements(visibility: Visibility, chosen: Any) -> dict[UUID, list[Announcement]]:
    found: defaultdict[UUID, list[Announcement]] = defaultdict(list)
    rows = visibility.parsed_notifications.filter(maintenance__in=chosen.values("pk")).annotate(
        first=_FIRST_START, issued=ISSUED
    )
    for pk, issued_at, status, first in rows.values_list("maintenance", "issued", "status", "first"):
        found[pk].append(Announcement(issued_at, status, first or ""))
    for each in found.values():
        each.sort()
    return found


def _impacts(
    visibility: Visibility, chosen: Any, windows: dict[UUID, list[_Span]]
) -> dict[UUID, dict[str, tuple[str, list[_Span]]]]:
    """Return impact and windows by maintenance and circuit ID."""
    found: defaultdict[UUID, dict[str, tuple[str, list[_Span]]]] = defaultdict(dict)
    rows = visibility.impacts.filter(maintenance__in=chosen.values("pk"))
    own: defaultdict[UUID, list[_Span]] = defaultdict(list)
    for pk, start, end in _own_windows(rows):
        own[pk].append((start, end))
    for pk, maintenance, cid, impact, in_all in rows.values_list(
        "pk", "maintenance", "cid", "impact", "in_all_windows"
    ):
        spans = windows.get(maintenance, []) if in_all else own[pk]
        if spans:
            found[maintenance][cid] = (impact, spans)
    return found


def _own_windows(rows: Any) -> Iterator[tuple[UUID, datetime, datetime]]:
    partial = CircuitImpact.objects.filter(pk__in=rows.filter(in_all_windows=False).values("pk")).order_by()
    yield from partial.filter(windows__isnull=False).values_list("pk", "windows__start_time", "windows__end_time")


def counts_by_quarter(visibility: Visibility, now: datetime) -> dict[UUID, list[int]]:
    """Return how many maintenances of each provider started in each of the last quarters, oldest first."""
    quarters = [Quarter.of(now).earlier(count) for count in reversed(range(QUARTERS))]
    started = visibility.maintenances.not_cancelled().filter(
        start_time__gte=quarters[0].start, start_time__lt=quarters[-1].end, provider__in=visibility.providers
    )
    counts = {
        f"quarter_{number}": Count("pk", filter=Q(start_time__gte=each.start, start_time__lt=each.end))
        for number, each in enumerate(quarters)
    }
    return {row[0]: list(row[1:]) for row in started.values_list("provider").annotate(**counts)}
