"""The picture of the next days by site: its numbers for the script, and the same as a table."""

from bisect import bisect_right
from collections.abc import Sequence
from datetime import datetime, time, timedelta, timezone as zones
from operator import attrgetter
from typing import Any

from django.template.defaultfilters import pluralize
from django.urls import reverse
from django.utils import timezone

from nautobot_circuit_maintenance.analysis.redundancy.values import SEVERITIES, Kind
from nautobot_circuit_maintenance.analysis.site_timeline import Segment, SiteRow
from nautobot_circuit_maintenance.models import CircuitMaintenance
from nautobot_circuit_maintenance.ui import formatting

DAYS = 14
MOST_BARS, MOST_SITES = 15, 40
"""More sites become cells of a day each; of more still, only those at risk are shown."""
_ROW, _FRAME, _MOST_ROWS = 26, 40, 100


def timeline_of(rows: Sequence[SiteRow], now: datetime) -> dict[str, Any]:
    """Return what the template shows."""
    shown = [row for row in rows if row.is_at_risk] if len(rows) > MOST_SITES else list(rows)
    shown = (shown or list(rows))[:MOST_SITES]
    drawn = _cells(shown, now) if len(shown) > MOST_BARS else _bars(shown)
    segments = [(row, segment) for row in shown for segment in row.segments]
    data = {
        "sites": [row.name for row in shown],
        "from": _milliseconds(now),
        "until": _milliseconds(now + timedelta(days=DAYS)),
        "description": f"{len(rows)} site{pluralize(len(rows))} with maintenances in the next {DAYS} days. "
        "The table below the picture has the same.",
        **drawn,
    }
    return {
        "data": data,
        "height": _FRAME + _ROW * len(shown),
        "rows": [_table_row(row, segment) for row, segment in segments[:_MOST_ROWS]],
        "more": max(len(segments) - _MOST_ROWS, 0),
        "hidden": len(rows) - len(shown),
        "has_ranges": "bars" in drawn,
    }


def _bars(rows: Sequence[SiteRow]) -> dict[str, Any]:
    """Return a bar for each segment: site, start, end, share, state, address, words."""
    return {
        "bars": [
            [
                number,
                _milliseconds(segment.start),
                _milliseconds(segment.end),
                _share(row, segment),
                state_of(segment),
                _url(segment),
                f"{row.name}: {words_of(row, segment)}, {formatting.plain_window(segment.start, segment.end)}",
            ]
            for number, row in enumerate(rows)
            for segment in row.segments
        ]
    }


def _cells(rows: Sequence[SiteRow], now: datetime) -> dict[str, Any]:
    """Return the worst share of each site on each day."""
    first = timezone.localdate(now)
    days = [first + timedelta(days=count) for count in range(DAYS)]
    # Converting each segment to local time would cost more than the rest.
    midnights = [datetime.combine(day, time.min, timezone.get_current_timezone()).astimezone(zones.utc) for day in days]
    cells = []
    for number, row in enumerate(rows):
        for position, worst in sorted(_worst_of_days(row, midnights).items()):
            words = f"{row.name}, {days[position]:%a %d %b}: {words_of(row, worst)}"
            cells.append([position, number, _share(row, worst), 0, 0, _url(worst), words])
    return {"days": [f"{day:%d %b}" for day in days], "cells": cells}


def _worst_of_days(row: SiteRow, midnights: Sequence[datetime]) -> dict[int, Segment]:
    """Return the gravest segment of a site by the position of the day; the first of those that are as grave."""
    worst: dict[int, Segment] = {}
    for segment in row.segments:
        first, last = (bisect_right(midnights, moment) - 1 for moment in (segment.start, segment.end))
        for position in range(max(first, 0), last + 1):
            if position not in worst or _gravity(segment) > _gravity(worst[position]):
                worst[position] = segment
    return worst


def _gravity(segment: Segment) -> tuple[int, int, int]:
    return (SEVERITIES[segment.kind] if segment.kind else 0, segment.down, segment.affected)


def _table_row(row: SiteRow, segment: Segment) -> dict[str, Any]:
    return {
        "name": row.name,
        "url": reverse("dcim:location", kwargs={"pk": row.pk}),
        "window": formatting.window(segment.start, segment.end),
        "words": words_of(row, segment),
        "maintenance": _url(segment),
        "count": len(segment.maintenances),
    }


def state_of(segment: Segment) -> str:
    """Return what a segment means for the site: dark, one-left, down or degraded."""
    if segment.kind:
        return "dark" if segment.kind == Kind.DARK else "one-left"
    return "down" if segment.down else "degraded"


def words_of(row: SiteRow, segment: Segment) -> str:
    """Return what a segment means for the site in words: "all" is said only of the same moment, and of a site that is dark."""
    links = _links_of(row, segment)
    if segment.kind == Kind.ONE_LEFT:
        return f"{links}, one left" if segment.down else f"one way left, {links}"
    if segment.kind != Kind.DARK:
        return links
    if segment.down < row.links:
        return f"dark, {links}"
    return f"all {row.links} links down" if row.links > 1 else "the only link down"


def _links_of(row: SiteRow, segment: Segment) -> str:
    total = f"of {row.links} link{pluralize(row.links)}"
    if segment.down:
        return f"{segment.down} {total} down"
    return f"{segment.affected} {total} degraded" if segment.affected else f"0 {total} down"


def _share(row: SiteRow, segment: Segment) -> float:
    """Return the height of a bar: full for a dark site, else the share of links that are down; a line if none is."""
    if segment.kind == Kind.DARK:
        return 1
    return round(min(segment.down / max(row.links, 1), 1), 3) if segment.down else 0.12


def _url(segment: Segment) -> str:
    """Return the address of one of its maintenances, of several always the same."""
    return CircuitMaintenance(pk=min(segment.maintenances, key=attrgetter("int"))).get_absolute_url()


def _milliseconds(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)
