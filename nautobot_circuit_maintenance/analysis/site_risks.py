"""The sites at risk as numbers, for a monitoring system that asks every few seconds."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from uuid import UUID

from django.core.cache import cache

from nautobot_circuit_maintenance.analysis.redundancy.values import Kind, Subject
from nautobot_circuit_maintenance.analysis.risk.report import read_risk
from nautobot_circuit_maintenance.analysis.visibility import Visibility
from nautobot_circuit_maintenance.domain.errors import RiskError

HORIZONS: Mapping[str, timedelta] = {
    "now": timedelta(),
    "24h": timedelta(hours=24),
    "7d": timedelta(days=7),
    "30d": timedelta(days=30),
}
"""How far ahead a number looks, by its label; each includes those before it."""
LABELS = {Kind.DARK: "dark", Kind.ONE_LEFT: "one_left"}
_CACHE, _CACHE_SECONDS = "nautobot_circuit_maintenance.site_risks", 300

_Episode = tuple[UUID, Kind, datetime, datetime]
"""A site, how bad it is, from when and until when."""


def count_sites_at_risk(now: datetime) -> dict[tuple[str, str], int] | None:
    """Return the number of sites by kind and horizon; None if the risk cannot be assessed.

    A site that goes dark is not counted again for the time with one way left. The assessment is at most five minutes old,
    because it may take most of a second for a large network.
    """
    try:
        episodes = cache.get_or_set(_CACHE, lambda: _episodes(now), _CACHE_SECONDS) or []
    except RiskError:  # of read_risk(): the settings are wrong, which the dashboard says
        return None
    current = [each for each in episodes if each[3] > now]
    counts = {}
    for horizon, ahead in HORIZONS.items():
        dark = _sites(current, Kind.DARK, now + ahead)
        counts[LABELS[Kind.DARK], horizon] = len(dark)
        counts[LABELS[Kind.ONE_LEFT], horizon] = len(_sites(current, Kind.ONE_LEFT, now + ahead) - dark)
    return counts


def _sites(episodes: Iterable[_Episode], wanted: Kind, until: datetime) -> set[UUID]:
    return {site for site, kind, start, _ in episodes if kind == wanted and start <= until}


def _episodes(now: datetime) -> list[_Episode]:
    findings = read_risk(Visibility.everything(), now).findings
    return [(each.key, each.kind, each.start, each.end) for each in findings if each.subject == Subject.SITE]
