"""The findings of all users together, at most five minutes old: for whatever asks more often than the network can be assessed.

A monitoring system asks every few seconds for the number of sites at risk, and each page of core whether there is anything to say.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from django.core.cache import cache
from nautobot.circuits.models import Circuit
from nautobot.dcim.models import Device, Location

from nautobot_circuit_maintenance.analysis.redundancy.kinds import Kind
from nautobot_circuit_maintenance.analysis.redundancy.values import Subject
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
CACHE, _CACHE_SECONDS = "nautobot_circuit_maintenance.episodes", 300


class Episode(NamedTuple):
    """A finding: about a site, a hub, ..."""

    subject: Subject
    key: UUID
    kind: Kind
    start: datetime
    end: datetime
    circuits: frozenset[UUID]
    """Those that cause it, and those that it hangs on."""


def may_concern(instance: Any, now: datetime) -> bool:
    """Return whether a circuit, location or device may have to expect something, by work on whatever circuit.

    True also while no assessment is at hand: it asks for none, because pages of core wait for the answer. Takes up to
    four queries.
    """
    episodes: list[Episode] | None = cache.get(CACHE)
    if episodes is None:
        return True
    current = [each for each in episodes if each.end > now]
    if isinstance(instance, Circuit):
        return any(instance.pk in each.circuits for each in current)
    place = instance.location if isinstance(instance, Device) else instance
    if not current or not isinstance(place, Location):
        return False
    devices = {each.key for each in current if each.subject == Subject.DEVICE}
    if instance.pk in devices:
        return True
    keys = {each.key for each in current} - devices
    within = place.cacheable_descendants_pks(include_self=True) if place is instance else [place.pk]
    if place is instance and devices and Device.objects.filter(pk__in=devices, location__in=within).exists():
        return True
    return not keys.isdisjoint(within) or place.ancestors().filter(pk__in=keys).exists()


def count_sites_at_risk(now: datetime) -> dict[tuple[str, str], int] | None:
    """Return the number of sites by kind and horizon; None if the risk cannot be assessed.

    A site that goes dark is not counted again for the time with one way left. The assessment is at most five minutes old,
    because it may take most of a second for a large network.
    """
    try:
        episodes = read_episodes(now)
    except RiskError:  # of read_risk(): the settings are wrong, which the dashboard says
        return None
    current = [each for each in episodes if each.subject == Subject.SITE and each.end > now]
    counts = {}
    for horizon, ahead in HORIZONS.items():
        dark = _sites(current, Kind.DARK, now + ahead)
        counts[LABELS[Kind.DARK], horizon] = len(dark)
        counts[LABELS[Kind.ONE_LEFT], horizon] = len(_sites(current, Kind.ONE_LEFT, now + ahead) - dark)
    return counts


def _sites(episodes: Iterable[Episode], wanted: Kind, until: datetime) -> set[UUID]:
    return {each.key for each in episodes if each.kind == wanted and each.start <= until}


def read_episodes(now: datetime) -> list[Episode]:
    """Return what everyone together has to expect; raises RiskError if nothing can be assessed."""
    return cache.get_or_set(CACHE, lambda: _episodes(now), _CACHE_SECONDS) or []


def _episodes(now: datetime) -> list[Episode]:
    # With the devices: the pages whose question this answers beforehand speak of them, too.
    findings = read_risk(Visibility.everything(), now, with_devices=True).findings
    return [
        Episode(each.subject, each.key, each.kind, each.start, each.end, each.down | each.hangs_on) for each in findings
    ]
