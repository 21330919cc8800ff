"""Benchmark on the embedded services: emails from the mailbox to the change record, concurrent workers, pages.

Every step runs in its own process on its own database, so that CPU and memory belong to it alone. The data is
the same for the same seed. Run by `invoke benchmark`; docs/dev/benchmark.md says what the figures mean.
"""

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from development.benchmark import growth, ingest, pages, poll, risk, startup, steps, workers
from development.services import embedded

PARTS = ("ingest", "workers", "poll", "pages", "startup", "risk")
GROWTH = "growth"
"""Measured only if asked for: it takes half an hour."""
SIZES = (1_000, 10_000, 50_000)
MAILS = 3_000
HTML_SHARE = 10
"""Emails with a calendar per HTML email, which costs ten times as much."""

Figures = dict[str, dict[str, float]]
"""Figures by scenario, then by what was measured."""


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", choices=(*PARTS, GROWTH), help="measure only this part")
    parser.add_argument("--mails", type=int, default=MAILS, help="number of emails with a calendar")
    parser.add_argument("--sizes", default=",".join(map(str, SIZES)), help="numbers of maintenances, ascending")
    parser.add_argument("--seed", type=int, default=1, help="seed of the generated data")
    parser.add_argument("--json", type=Path, help="write the results to this file")
    parser.add_argument("--compare", type=Path, help="compare with the results in this file")
    parser.add_argument("--profile", default="", help="write a cProfile of the digest phase, calendars, to this file")
    chosen = parser.parse_args()
    before = json.loads(chosen.compare.read_text(encoding="utf-8")) if chosen.compare else {}
    try:
        figures = run([chosen.only] if chosen.only else PARTS, chosen)
    except embedded.ServiceError as error:
        sys.exit(str(error))
    if chosen.json:
        chosen.json.write_text(json.dumps(figures, indent=1), encoding="utf-8")
    print("\n".join(table(figures, before)))


def run(parts: Sequence[str], options: argparse.Namespace) -> Figures:
    """Measure these parts on their own services."""
    figures: Figures = {}
    with steps.benchmark_services():
        if "ingest" in parts:
            html = max(options.mails // HTML_SHARE, 30)
            bcop = ingest.run_by_subscribers(options.mails, options.seed, options.profile)
            figures |= {f"{options.mails:,} BCOP mails, {who}": each for who, each in bcop.items()}
            figures[f"{html:,} HTML mails"] = ingest.run("html", html, options.seed)
        if "workers" in parts:
            figures[f"workers, {options.mails:,} BCOP mails"] = workers.run(options.mails, options.seed)
        if "poll" in parts:
            figures[f"a mailbox of {poll.MESSAGES:,} messages"] = poll.run(options.seed)
        if "pages" in parts:
            figures["pages"] = pages.run(options.sizes, options.seed)
        if "startup" in parts:
            figures["start of nautobot-server"] = startup.run()
        if "risk" in parts:
            figures |= risk.run(options.seed)
        if GROWTH in parts:
            figures["years of history"] = growth.run(options.seed)
    return figures


def table(figures: Figures, before: Figures) -> Iterator[str]:
    """Yield the lines of the table, with the figures of an earlier run where it has them."""
    for scenario, values in figures.items():
        yield f"\n{scenario}"
        for name, value in values.items():
            old = before.get(scenario, {}).get(name)
            change = f"{100 * (value / old - 1):+.0f} %" if old else ""
            was = "" if old is None else f"{old:,.1f} ->"
            yield f"  {name:<48} {was:>13} {value:>10,.1f} {change:>7}".rstrip()


if __name__ == "__main__":
    main()
