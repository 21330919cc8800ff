"""Counts as links to the rows they count: the tiles of the dashboard, and the lines on Nautobot's home page."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.template.defaultfilters import pluralize
from django.urls import reverse

from nautobot_circuit_maintenance.analysis import dashboard, trends
from nautobot_circuit_maintenance.choices import SourceHealthChoices as Health
from nautobot_circuit_maintenance.ui.links import (
    IN_PROGRESS,
    OVERLAPPING,
    OVERLAPS_AHEAD,
    PARTLY_READ,
    UNACKNOWLEDGED,
    ahead_url,
    doubtful_url,
    list_url,
)

_VIEW_PROBLEMS = [
    f"nautobot_circuit_maintenance.view_{model}"
    for model in ("notification", "notificationsource", "circuitimpact", "unknownsender")
]
"""Permissions without which a count of zero means nothing."""


@dataclass(frozen=True)
class Tile:
    """A count and a link to the rows it counts."""

    label: str
    count: int
    url: str
    """An empty string if the rows are in several lists, to which the parts link."""
    hint: str = ""
    tone: str = ""
    """Bootstrap's color for a count that is not zero."""
    parts: tuple["Tile", ...] = ()
    is_on_home: bool = False
    """Whether Nautobot's home page shows it, too."""


def maintenance_tiles(counts: dashboard.Counts) -> list[Tile]:
    """Return the tiles about maintenances, each of which links to the list it counts."""
    spans = (
        ("Next 24 hours", counts.next_day, dashboard.DAY, True),
        ("Next 7 days", counts.next_week, dashboard.WEEK, True),
    )
    in_progress = list_url("circuitmaintenance", **IN_PROGRESS)
    unacknowledged = list_url("circuitmaintenance", **UNACKNOWLEDGED)
    return [
        Tile("In progress", counts.in_progress, in_progress, tone="danger", is_on_home=True),
        *(
            Tile(label, count, ahead_url(span), "includes in progress", is_on_home=is_on_home)
            for label, count, span, is_on_home in spans
        ),
        Tile(
            "Unacknowledged",
            counts.unacknowledged,
            unacknowledged,
            "upcoming or in progress",
            tone="warning",
            is_on_home=True,
        ),
    ]


def overlap_tile(count: int) -> Tile:
    """Return the tile of the maintenances that overlap with another at a site."""
    url, hint = list_url("circuitmaintenance", **OVERLAPPING), f"at a site, next {OVERLAPS_AHEAD.days} days"
    return Tile("Overlapping", count, url, hint)


def problems_tile(problems: dashboard.OpenProblems, user: Any) -> Tile:
    """Return the tile of what a person has to fix; its parts are the links."""
    parts = (
        _part(problems.failed, "failed notification", list_url("notification", state="failed", needs_attention=True)),
        _part(
            problems.refused, "refused notification", list_url("notification", state="refused", needs_attention=True)
        ),
        _part(problems.partly_read, "partly read notification", list_url("notification", **PARTLY_READ)),
        _part(problems.doubtful, "doubtful maintenance", doubtful_url()),
        _part(problems.failing_sources, "source error", list_url("notificationsource", health=Health.ERROR)),
        _part(problems.stale_sources, "stale source", list_url("notificationsource", health=Health.STALE)),
        _part(problems.silent_sources, "silent source", list_url("notificationsource", health=Health.SILENT)),
        _part(problems.unmatched, "unknown circuit ID", list_url("circuitimpact", has_circuit=False, ended=False)),
        _part(problems.unknown_senders, "unknown sender", list_url("unknownsender", dismissed=False)),
        _part(problems.suspended_layouts, "suspended layout", list_url("maillayout", state="suspended")),
        _part(problems.failing_subscriptions, "failing subscription", list_url("subscription", has_error=True)),
        Tile(
            "failed deliveries" if problems.failed_deliveries != 1 else "failed delivery",
            problems.failed_deliveries,
            list_url("delivery", state="failed"),
        ),
        Tile("channels down", problems.channels_down, list_url("delivery", state="waiting")),
        Tile("overdue", problems.overdue, reverse("plugins:nautobot_circuit_maintenance:inbox")),
    )
    found = tuple(part for part in parts if part.count)
    # No list shows the rows of several lists.
    url = "" if found else list_url("notification", state="failed")
    hint = "No issues" if user.has_perms(_VIEW_PROBLEMS) else "hidden"
    return Tile("Needs attention", problems.total, url, hint, tone="danger", parts=found, is_on_home=True)


def home_line(tile: Tile) -> dict[str, Any]:
    """Return what a line of the home page shows: a link to the list that the tile counts, to the dashboard for several."""
    if len(tile.parts) == 1:
        url = tile.parts[0].url
    else:
        url = tile.url or reverse("plugins:nautobot_circuit_maintenance:dashboard")
    return {"label": tile.label, "count": tile.count, "url": url}


def mail_tiles(problems: dashboard.OpenProblems) -> list[Tile]:
    """Return what was not understood, for the first screen; each leads to the rows, and none is there without a reason."""
    failed = list_url("notification", state=["failed", "refused"], needs_attention=True)
    parts = (
        _part(problems.failed + problems.refused, "email", failed, "not understood"),
        _part(problems.partly_read, "email", list_url("notification", **PARTLY_READ), "partly read"),
        _part(problems.doubtful, "doubtful maintenance", doubtful_url()),
    )
    return [part for part in parts if part.count]


def _part(count: int, noun: str, url: str, rest: str = "") -> Tile:
    return Tile(f"{noun}{pluralize(count)} {rest}".strip(), count, url)


def figure_tiles(figures: trends.Figures, now: datetime) -> list[Tile]:
    """Return how many maintenances started in the past, as links to the lists."""
    spans = (
        ("Last 7 days", figures.last_week, dashboard.WEEK),
        ("Last 30 days", figures.last_month, dashboard.MONTH),
        ("Last 365 days", figures.last_year, trends.YEAR),
    )
    return [
        Tile(
            label,
            count,
            list_url("circuitmaintenance", start_time__gte=now - span, start_time__lte=now, status__n="CANCELLED"),
        )
        for label, count, span in spans
    ]
