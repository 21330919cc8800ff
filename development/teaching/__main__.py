"""Print how well taught layouts read; fails if a figure is below what the design asks for."""

import argparse
import sys
import time
from collections.abc import Callable, Mapping

from development.teaching.figures import NEVER, WRONG_STATUS, Figures, figures, taught_by_all
from development.teaching.odd import Make, odd_pages
from development.teaching.siblings import Families, corpus, layouts, seen, unseen
from nautobot_circuit_maintenance.reading.layouts.layout import Layout
from nautobot_circuit_maintenance.reading.layouts.read import read

_SPLITS: tuple[tuple[str, Callable[[], Families], Mapping[int, float], bool], ...] = (
    ("corpus (tuned on)", corpus, {1: 0.55, 2: 0.70, 3: 0.80}, False),
    ("layouts (tuned on)", layouts, {2: 0.90, 3: 0.90}, True),
    ("seen (frozen once, tuned on since)", seen, {1: 0.80, 2: 0.80, 3: 0.80}, False),
    ("unseen (never tuned on)", unseen, {1: 0.80, 2: 0.80, 3: 0.80}, False),
)
"""Name, messages, least coverage after so many taught ones, and whether it counts only where a layout is kept."""
_FROM = 2
"""Taught messages from which nothing may be wrong."""
_MOST_WRONG_STATUS = 0.05
_MOST_SECONDS = 0.1
_RUNS = 3


def main() -> int:
    """Print the figures and return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--verbose", action="store_true", help="print why messages of the tuned sets are not read")
    verbose = parser.parse_args().verbose
    failures: list[str] = []
    for name, load, least, where_kept in _SPLITS:
        families = load()
        if not families:
            print(f"{name}: not available here")
            continue
        print(f"\n{name}: {sum(map(len, families.values()))} messages of {len(families)} providers")
        for taught in (1, 2, 3):
            found = figures(families, taught)
            _print(taught, found, verbose=verbose and load is not unseen)
            coverage = found.coverage_where_kept if where_kept else found.coverage
            failures += [f"{name} after {taught}: {each}" for each in _failures(taught, found, coverage, least)]
    failures += _odd()
    print(*(f"BELOW THE DESIGN: {failure}" for failure in failures), sep="\n")
    return bool(failures)


def _print(taught: int, found: Figures, *, verbose: bool) -> None:
    wrong = ", ".join(f"{kind} {found.wrong[kind]}" for kind in (*NEVER, WRONG_STATUS))
    counts = ", ".join(f"{kind} {count}" for kind, count in found.outcomes.items())
    print(
        f"  after {taught} taught: {found.coverage:.1%} read right, {found.coverage_where_kept:.1%} where a layout is kept"
    )
    print(f"    {found.outcomes.total()} readings: {counts}; wrong: {wrong}")
    if verbose:
        for reason, number in found.reasons.most_common(20):
            print(f"      {number}: {reason[:150]}")


def _failures(taught: int, found: Figures, coverage: float, least: Mapping[int, float]) -> list[str]:
    failures = []
    if coverage < least.get(taught, 0):
        failures.append(f"coverage {coverage:.1%}")
    if taught >= _FROM:
        failures += [f"{kind}: {found.wrong[kind]}" for kind in NEVER if found.wrong[kind]]
        if found.wrong[WRONG_STATUS] > _MOST_WRONG_STATUS * max(found.outcomes["read"], 1):
            failures.append(f"{WRONG_STATUS}: {found.wrong[WRONG_STATUS]}")
    return failures


def _odd() -> list[str]:
    """Print how long layouts take for odd messages and return what takes too long; an exception ends the command."""
    layouts_taught = taught_by_all(unseen())
    longest = 0.0
    slow = []
    count = 0
    for name, make in odd_pages():
        for layout in layouts_taught:
            taken = min(_seconds(layout, make) for _ in range(_RUNS))
            count += 1
            longest = max(longest, taken)
            if taken > _MOST_SECONDS:
                slow.append(f"odd message {name}: {taken * 1000:.0f} ms")
    print(f"\nodd messages: {count} readings, 0 exceptions, longest {longest * 1000:.0f} ms CPU")
    return slow


def _seconds(layout: Layout, make: Make) -> float:
    """Return the CPU time of one reading."""
    page, provenance = make(layout)
    started = time.process_time()
    read(layout, page, provenance)
    return time.process_time() - started


if __name__ == "__main__":
    sys.exit(main())
