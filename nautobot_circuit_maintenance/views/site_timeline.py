"""The picture of the next days by site: its numbers for the script, and the same as a table."""

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, time, timedelta, timezone as zones
from itertools import islice
from typing import Any

from django.template.defaultfilters import pluralize
from django.urls import reverse
from django.utils import timezone

from nautobot_circuit_maintenance.analysis.keys import as_text
from nautobot_circuit_maintenance.analysis.redundancy.kinds import SEVERITIES, Kind
from nautobot_circuit_maintenance.analysis.site_timeline import Segment, SiteRow
from nautobot_circuit_maintenance.analysis.visibility import Visibility
from nautobot_circuit_maintenance.ui import formatting
from nautobot_circuit_maintenance.ui.links import OVERLAPS_AHEAD, list_url, urls_by_key

DAYS = OVERLAPS_AHEAD.days
MOST_BARS, MOST_SITES = 15, 40
"""More sites become cells of a day each; of more still, only those at risk are shown."""
_KEYS = 5
"""Where the maintenances stand in a bar or cell."""
_ROW, _FRAME, _MOST_ROWS, _MOST_NAMED, _MOST_LISTED = 26, 40, 100, 5, 50
_MAINTENANCE = "plugins:nautobot_circuit_maintenance:circuitmaintenance"


def timeline_of(rows: Sequence[SiteRow], now: datetime, visibility: Visibility) -> dict[str, Any]:
    """Return what the template shows; one query reads the names of the maintenances."""
    shown = [row for row in rows if row.is_at_risk] if len(rows) > MOST_SITES else list(rows)
    shown = sorted(shown or rows, key=lambda row: not row.is_at_risk)[:MOST_SITES]
    drawn = _cells(shown, now) if len(shown) > MOST_BARS else _bars(shown)
    marks, table = drawn.get("bars") or drawn.get("cells") or [], list(islice(_table_rows(shown), _MOST_ROWS))
    keys = [*(each[_KEYS][:_MOST_NAMED] for each in marks), *(row["keys"] for row in table)]
    names = _names_of((key for some in keys for key in some), visibility)
    _name_drawn(marks, names)
    _name_rows(table, names)
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
        "rows": table,
        "more": max(sum(len(row.segments) for row in shown) - _MOST_ROWS, 0),
        "hidden": len(rows) - len(shown),
        "has_ranges": "bars" in drawn,
    }


def _bars(rows: Sequence[SiteRow]) -> dict[str, Any]:
    """Return a bar for each segment: site, start, end, share, state, maintenances, words."""
    return {
        "bars": [
            [
                number,
                _milliseconds(segment.start),
                _milliseconds(segment.end),
                _share(row, segment),
                state_of(segment),
                maintenances,
                f"{row.name}: {words_of(row, segment)}, {formatting.plain_window(segment.start, segment.end)}",
            ]
            for number, row in enumerate(rows)
            for segment, maintenances in zip(row.segments, row.maintenances(row.segments))
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
        worst_of_days = _worst_of_days(row, midnights)
        of_days = row.maintenances(list(worst_of_days.values()))
        for (position, worst), maintenances in zip(worst_of_days.items(), of_days):
            words = f"{row.name}, {days[position]:%a %d %b}: {words_of(row, worst)}"
            cells.append([position, number, _share(row, worst), 0, 0, maintenances, words])
    return {"days": [f"{day:%d %b}" for day in days], "cells": cells}


def _worst_of_days(row: SiteRow, midnights: Sequence[datetime]) -> dict[int, Segment]:
    """Return the gravest segment of a site by the position of the day, in order; the first of those that are as grave."""
    worst: dict[int, tuple[tuple[int, int, int], Segment]] = {}
    first = 0
    for segment in row.segments:
        gravity = _gravity(segment)
        while first + 1 < len(midnights) and midnights[first + 1] <= segment.start:
            first += 1
        last = bisect_left(midnights, segment.end, lo=first + 1) - 1
        for position in range(first, last + 1):
            if position not in worst or gravity > worst[position][0]:
                worst[position] = gravity, segment
    return {position: segment for position, (_, segment) in worst.items()}


def _gravity(segment: Segment) -> tuple[int, int, int]:
    return (SEVERITIES[segment.kind] if segment.kind else 0, segment.down, segment.affected)


def _table_rows(rows: Iterable[SiteRow]) -> Iterator[dict[str, Any]]:
    for row in rows:
        segments = row.segments[:_MOST_ROWS]
        for segment, maintenances in zip(segments, row.maintenances(segments)):
            yield {
                "name": row.name,
                "url": reverse("dcim:location", kwargs={"pk": row.pk}),
                "window": formatting.window(segment.start, segment.end),
                "words": words_of(row, segment),
                "keys": maintenances[:_MOST_NAMED],
                "more": max(len(maintenances) - _MOST_NAMED, 0),
                "overlaps": len(maintenances) > 1,
            }


def _names_of(keys: Iterable[str], visibility: Visibility) -> dict[str, str]:
    """Return the names of maintenances, with the provider in front; one query, if there are any."""
    wanted = set(keys)
    found = visibility.maintenances.filter(pk__in=wanted).values_list(as_text("pk"), "provider__name", "name")
    return {pk: f"{provider or ''} {name}".strip() for pk, provider, name in found} if wanted else {}


def _name_rows(rows: Iterable[dict[str, Any]], names: Mapping[str, str]) -> None:
    """Add names and addresses of the maintenances of each row: two that overlap at a site are both to be seen."""
    address = urls_by_key(_MAINTENANCE)
    for row in rows:
        row["maintenances"] = [(names[key], address(key)) for key in row["keys"] if key in names]


def _name_drawn(drawn: Iterable[list[Any]], names: Mapping[str, str]) -> None:
    """Put an address in the place of the maintenances of a bar or cell, of several that of their list, and add their names."""
    address, of_several = urls_by_key(_MAINTENANCE), list_url("circuitmaintenance")
    for each in drawn:
        keys = each[_KEYS]
        several = "&".join(f"id={key}" for key in keys[:_MOST_LISTED])
        each[_KEYS] = address(keys[0]) if len(keys) == 1 else f"{of_several}?{several}"
        named = [names[key] for key in keys[:_MOST_NAMED] if key in names]
        more = [f"and {len(keys) - _MOST_NAMED} more"] if len(keys) > _MOST_NAMED else []
        each.append([*named, *more])


def state_of(segment: Segment) -> str:
    """Return what a segment means for the site: dark, one-left, down or degraded."""
    if segment.kind:
        return "dark" if segment.kind == Kind.DARK else "one-left"
    return "down" if segment.down else "degraded"


def words_of(row: SiteRow, segment: Segment) -> str:
    """Return what a segment means for the site in words: "all" is said only of the same moment, and of a site that is dark."""
    links = _links_of(row, segment)
    if segment.kind == Kind.ONE_LEFT:
        return f"{links}, one left" if segment.down else f"one left, {links}"
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


def _milliseconds(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)
