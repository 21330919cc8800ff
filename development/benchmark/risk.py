"""CPU of the assessment of risk: 2,000 sites with 10,000 circuits, all findings and causes written out."""

import time
from collections.abc import Callable
from datetime import timedelta
from random import Random
from typing import Any

from development.benchmark.risk_world import DAYS, START, outages_of, topology_of
from nautobot_circuit_maintenance.analysis.redundancy.assessing import assess, rows_of
from nautobot_circuit_maintenance.analysis.redundancy.values import Outage, Topology
from nautobot_circuit_maintenance.analysis.redundancy.what_if import Work

SIZES = (500, 2_000, 8_000)
REPEATS = 3


def run(seed: int) -> dict[str, dict[str, float]]:
    """Return the figures for some numbers of upcoming maintenances, by what a site has to reach."""
    figures = {}
    for core, with_hubs in (("the outside", False), ("a hub", True)):
        topology = topology_of(Random(seed), with_hubs=with_hubs)  # nosec B311 # a network to measure
        own: dict[str, float] = {}
        for size in SIZES:
            own |= _measure(topology, outages_of(Random(seed), topology, size), size)  # nosec B311
        figures[f"risk: 2,000 sites, 10,000 circuits, {DAYS} days, core is {core}"] = own
    return figures


def _measure(topology: Topology, outages: list[Outage], size: int) -> dict[str, float]:
    assessment, cpu = _timed(lambda: assess(topology, outages))
    rows, grouping = _timed(lambda: rows_of(assessment.findings, assessment.sites))
    _, asking = _timed(lambda: _free_slots(topology, outages))
    return {
        f"{size:,} maintenances, CPU ms": cpu + grouping,
        f"{size:,} maintenances, findings": len(assessment.findings),
        f"{size:,} maintenances, rows": len(rows),
        f"{size:,} maintenances, free slots, CPU ms": asking,
    }


def _free_slots(topology: Topology, outages: list[Outage]) -> None:
    now = START + timedelta(days=10)
    circuits = [link.circuit for link in topology.links[1300:1303]]
    starts = [now + timedelta(days=day) for day in range(14)]
    Work(topology, outages, circuits).slots(now, timedelta(hours=4), starts)


def _timed(work: Callable[[], Any]) -> tuple[Any, float]:
    """Return what some work returns, and its CPU time in milliseconds: the least of some runs."""
    spent = []
    result = None
    for _ in range(REPEATS):
        start = time.process_time()
        result = work()
        spent.append(1000 * (time.process_time() - start))
    return result, min(spent)
