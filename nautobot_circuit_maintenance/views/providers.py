"""The tab *Providers* of the dashboard: the ledger of a quarter, as a table and as CSV, and the trends of the year."""

import csv
import io
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from nautobot.apps.ui import Breadcrumbs, Titles, ViewNameBreadcrumbItem

from nautobot_circuit_maintenance.analysis import trends
from nautobot_circuit_maintenance.analysis.ledger import QUARTERS, LedgerRow, counts_by_quarter, read_ledgers
from nautobot_circuit_maintenance.analysis.visibility import Visibility
from nautobot_circuit_maintenance.domain.escaping import in_csv
from nautobot_circuit_maintenance.domain.ledger import Figures, Quarter, total
from nautobot_circuit_maintenance.ui import formatting
from nautobot_circuit_maintenance.ui.tiles import figure_tiles
from nautobot_circuit_maintenance.views import dashboard_charts as charts
from nautobot_circuit_maintenance.views.page import Page
from nautobot_circuit_maintenance.views.tab_counts import counted_tabs

_ROUTE = "plugins:nautobot_circuit_maintenance:{}"
_PANELS = {"left_charts": [charts.WEEKS, charts.NOTICE], "right_charts": [charts.PROVIDERS, charts.HOURS]}
COLUMNS = (
    ("maintenances", "Maintenances"),
    ("minutes_planned", "Minutes planned"),
    ("minutes_used", "Minutes used"),
    ("outage_minutes", "Outage minutes planned"),
    ("moved", "Moved"),
    ("cancelled", "Cancelled"),
    ("late_changes", "Late changes"),
    ("windows_without_completion", "Not completed"),
)

_FEWEST_POINTS = 2
_UNKNOWN = format_html(
    '<span class="text-secondary" title="{}">unknown</span>',
    "No notification says when work started and when it was completed",
)


class ProvidersView(Page):
    """The page, for users who may view providers."""

    template = "providers"
    view_titles = Titles(titles={"generic": "Providers"})
    breadcrumbs = Breadcrumbs(
        items={
            "generic": [
                ViewNameBreadcrumbItem(view_name=_ROUTE.format("dashboard"), label="Circuit Maintenance Dashboard"),
                ViewNameBreadcrumbItem(view_name=_ROUTE.format("providers"), label="Providers"),
            ]
        }
    )

    def get(self, request: HttpRequest) -> HttpResponse:
        """Render the page, or the same rows as CSV."""
        now, visibility = timezone.now(), Visibility.of(request.user)
        quarters = [Quarter.of(now).earlier(count) for count in range(QUARTERS)]
        chosen = next((each for each in quarters if _as_query(each) == request.GET.get("quarter")), quarters[0])
        names = dict(visibility.providers.values_list("pk", "name"))
        year = [Quarter(Quarter.of(now).year, number) for number in range(1, 5)]
        rows = read_ledgers(visibility, list(dict.fromkeys([*year, chosen])), now)
        ledger = sorted(
            (row for row in rows if row.quarter == chosen), key=lambda row: names.get(row.provider, "").casefold()
        )
        if request.GET.get("export") == "csv":
            return _csv(ledger, names, chosen)
        shows_outages = visibility.user.has_perm("nautobot_circuit_maintenance.view_circuitimpact")
        counts = counts_by_quarter(visibility, now)
        context = {
            "tabs": counted_tabs("providers", visibility, now),
            "quarters": [(str(each), _as_query(each), each == chosen) for each in quarters],
            "chosen": _as_query(chosen),
            "columns": [label for _, label in COLUMNS],
            "rows": [_row(row, names, counts, shows_outages=shows_outages) for row in ledger],
            "year": year[0].year,
            "of_year": list(_of_year(rows, year, names)),
            **_PANELS,
            **self.trends(visibility, now),
        }
        return self.page(request, **context)

    def trends(self, visibility: Visibility, now: datetime) -> dict[str, Any]:
        """Return charts and figures."""
        figures = trends.figures(visibility, now)
        data = charts.chart_data(visibility, now)
        return {
            "figures": figure_tiles(figures, now),
            "mean_duration": formatting.duration(figures.mean_duration) if figures.mean_duration else "",
            "mean_per_month": figures.mean_per_month,
            "since": figures.since,
            "charts": data,
            "has_charts": any(map(charts.has_numbers, data.values())),
        }


def _of_year(rows: Iterable[LedgerRow], year: Sequence[Quarter], names: dict[Any, str]) -> Iterator[dict[str, Any]]:
    """Yield the minutes of each provider in the four quarters of a year together, by name."""
    found: defaultdict[Any, list[Figures]] = defaultdict(list)
    for row in rows:
        if row.quarter in year:
            found[row.provider].append(row.corrected or row.figures)
    for provider in sorted(found, key=lambda each: names[each].casefold()):
        figures = total(found[provider])
        yield {"name": names[provider], "pk": provider, "figures": figures}


def _as_query(quarter: Quarter) -> str:
    return f"{quarter.year}-{quarter.number}"


def _row(row: LedgerRow, names: dict[Any, str], counts: dict[Any, list[int]], *, shows_outages: bool) -> dict[str, Any]:
    figures, notice = row.figures, row.figures.average_notice
    return {
        "name": names[row.provider],
        "pk": row.provider,
        "cells": [
            (
                label,
                formatting.HIDDEN if name == "outage_minutes" and not shows_outages else _cell(row, name),
            )
            for name, label in COLUMNS
        ],
        "notice": formatting.duration(notice) if notice else "",
        "used_of": f"{figures.with_minutes_used} of {figures.maintenances}",
        "closed_at": row.closed_at,
        "sparkline": sparkline(counts.get(row.provider, [])),
    }


def _cell(row: LedgerRow, name: str) -> str | SafeString:
    """Show a figure, and what it would be now if the quarter is closed."""
    if name == "minutes_used" and not row.figures.with_minutes_used and not row.corrected:
        return _UNKNOWN
    figure = getattr(row.figures, name)
    now = getattr(row.corrected, name) if row.corrected else figure
    if now == figure:
        return f"{figure:,}"
    html = (
        '{} <small class="text-secondary text-nowrap" title="Edited after the quarter was closed">correction {}</small>'
    )
    return format_html(html, f"{figure:,}", f"{now - figure:+,}")


def sparkline(values: list[int]) -> SafeString | str:
    """Draw the maintenances of the last quarters as a small line, with the numbers as its text; one quarter makes none."""
    if sum(map(bool, values)) < _FEWEST_POINTS:
        return ""
    top = max(values)
    points = " ".join(f"{10 * number},{22 - round(20 * value / top)}" for number, value in enumerate(values))
    words = f"Maintenances in the last {len(values)} quarters: {', '.join(map(str, values))}"
    return format_html(
        '<svg width="72" height="24" viewBox="0 0 72 24" role="img" aria-label="{0}"><title>{0}</title>'
        '<polyline points="{1}" fill="none" stroke="currentColor" stroke-width="2"/></svg>',
        words,
        points,
    )


def _csv(ledger: list[LedgerRow], names: dict[Any, str], quarter: Quarter) -> HttpResponse:
    """Return the rows as a file; a correction is a row of its own."""
    file = io.StringIO()
    fields = list(ledger[0].figures.as_json()) if ledger else [name for name, _ in COLUMNS]
    writer = csv.writer(file)
    writer.writerow(["provider", "quarter", "kind", *fields])
    for row in ledger:
        kinds = [("closed" if row.closed_at else "open", row.figures), ("corrected", row.corrected)]
        for kind, figures in kinds:
            if figures:
                known = in_csv({"provider": names[row.provider]})
                writer.writerow([known["provider"], str(quarter), kind, *figures.as_json().values()])
    return HttpResponse(
        file.getvalue(),
        content_type="text/csv; charset=UTF-8",
        headers={"Content-Disposition": f'attachment; filename="providers-{_as_query(quarter)}.csv"'},
    )
