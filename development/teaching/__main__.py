"""Print how well taught layouts read; fails if a figure is below what the design asks for."""

import argparse
import sys

from development.teaching.figures import NEVER, WRONG_STATUS, Figures, figures
from development.teaching.siblings import corpus, layouts, unseen

_SPLITS = (("corpus (tuned on)", corpus), ("layouts (tuned on)", layouts), ("unseen (never tuned on)", unseen))


def main() -> int:
    """Print the figures and return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--verbose", action="store_true")
    parser.add_argument("--only", default="")
    parser.add_argument("--details", type=int, default=0)
    options = parser.parse_args()
    for name, load in _SPLITS:
        if not name.startswith(options.only):
            continue
        families = load()
        count = sum(map(len, families.values()))
        print(f"\n{name}: {count} messages of {len(families)} providers")
        for taught in (1, 2, 3):
            found = figures(families, taught)
            print(
                f"  after {taught}: {found.outcomes.total()} readings, coverage {found.coverage:.1%}, where a layout is kept"
                f" {found.coverage_where_kept:.1%}; {dict(found.outcomes)} wrong {dict(found.wrong)}"
            )
            if options.verbose:
                for reason, number in found.reasons.most_common(15):
                    print(f"      {number}: {reason[:150]}")
            if options.details == taught:
                print(*found.details, sep="\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
