"""Print how good the second opinion is; fails if a figure is below what the design asks for."""

import argparse
import sys
from collections.abc import Sequence

from development.second_opinion.figures import Figures, figures, milliseconds
from development.second_opinion.history import history_figures
from development.second_opinion.proposals import FIELDS, form_figures
from development.second_opinion.samples import (
    Sample,
    corpus,
    later_unseen,
    layouts,
    odd_layouts,
    plain_layouts,
    unseen,
)
from nautobot_circuit_maintenance.reading.gates.base import CONFIRMED, DOUBTFUL, UNCHECKED

# Name, messages, most that may be doubtful, least that must be confirmed.
_SPLITS = (
    ("corpus (tuned on)", corpus, 0.03, 0.80),
    ("layouts (tuned on)", layouts, 0.03, 0.80),
    ("unseen (never tuned on)", unseen, 0.10, 0.0),
    ("unseen layouts (never tuned on)", later_unseen, 0.10, 0.0),
)
# Name, messages, least share of forms that are right untouched, and with one correction.
_FORMS = (
    ("corpus (tuned on)", corpus, 0.70, 0.90),
    ("plain layouts (tuned on)", plain_layouts, 0.90, 0.92),
    ("odd layouts (tuned on)", odd_layouts, 0.40, 0.60),
    ("unseen (never tuned on)", unseen, 0.60, 0.80),
    ("unseen layouts (never tuned on)", later_unseen, 0.60, 0.80),
)
_NOTICED = 0.95
_MOST_TEXT, _MOST_CALENDAR = 4.0, 1.0


def main() -> int:
    """Print the figures and return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--verbose", action="store_true", help="name the messages of the sets that were tuned on")
    verbose = parser.parse_args().verbose
    failures: list[str] = []
    for name, load, most_doubtful, least_confirmed in _SPLITS:
        samples = load()
        if not samples:
            print(f"{name}: not available here")
            continue
        found = figures(samples)
        _print(name, samples, found, verbose=verbose and load not in (unseen, later_unseen))
        failures += _failures(name, found, most_doubtful, least_confirmed)
        failures += _print_history(name, samples)
        failures += _print_cpu(name, samples)
    print("\nThe filled form, with the parser library switched off")
    for name, load, untouched, corrected in _FORMS:
        failures += _print_forms(
            name, load(), untouched, corrected, verbose=verbose and load not in (unseen, later_unseen)
        )
    print(*(f"BELOW THE DESIGN: {failure}" for failure in failures), sep="\n")
    return bool(failures)


def _print(name: str, samples: Sequence[Sample], found: Figures, *, verbose: bool) -> None:
    shares = ", ".join(f"{word} {found.share(word):.1%}" for word in (CONFIRMED, UNCHECKED, DOUBTFUL))
    total = found.mutated.total()
    print(f"\n{name}: {len(samples)} messages, {found.confidence.total()} right readings: {shares}")
    print(f"  {total} wrong readings made of confirmed ones: {found.noticed_share:.1%} doubtful")
    for kind, count in sorted(found.mutated.items()):
        if found.noticed[kind] < count:
            print(f"    {kind}: {found.noticed[kind]} of {count}")
    if verbose:
        for message, sentence in found.doubtful.items():
            print(f"    doubtful: {message}: {sentence}")
        for kind, message in found.missed:
            print(f"    missed: {kind}: {message}")


def _failures(name: str, found: Figures, most_doubtful: float, least_confirmed: float) -> list[str]:
    failures = [f"{name}: {kind} {share:.0%}" for kind, share in found.weak_kinds().items()]
    if found.share(DOUBTFUL) > most_doubtful:
        failures.append(f"{name}: {found.share(DOUBTFUL):.1%} of right readings are doubtful")
    if found.share(CONFIRMED) < least_confirmed:
        failures.append(f"{name}: {found.share(CONFIRMED):.1%} of right readings are confirmed")
    if found.noticed_share < _NOTICED:
        failures.append(f"{name}: {found.noticed_share:.1%} of wrong readings are doubtful")
    return failures


def _print_history(name: str, samples: Sequence[Sample]) -> list[str]:
    """Print what the messages of one maintenance say together, and return what is below the design."""
    found = history_figures(samples)
    print(f"  {found.stories} maintenances with several messages: {len(found.doubtful)} doubtful beside each other")
    failures = [f"{name}: {each} is doubtful beside its other messages" for each in found.doubtful]
    for kind, count in sorted(found.wrong.items()):
        print(f"    wrong second messages, {kind}: {found.noticed[kind]} of {count} doubtful")
        if found.noticed[kind] < _NOTICED * count:
            failures.append(f"{name}: {found.noticed[kind]} of {count} second messages {kind}")
    return failures


def _print_cpu(name: str, samples: Sequence[Sample]) -> list[str]:
    """Print the CPU time per message and return what is too slow."""
    failures = []
    for kind, most, is_calendar in (("text", _MOST_TEXT, False), ("calendar", _MOST_CALENDAR, True)):
        times = milliseconds([sample for sample in samples if sample.is_calendar == is_calendar])
        if not times:
            continue
        mean = sum(times) / len(times)
        print(f"  CPU per {kind} message: mean {mean:.2f} ms, longest {max(times):.2f} ms ({len(times)} messages)")
        if mean > most:
            failures.append(f"{name}: {mean:.2f} ms per {kind} message")
    return failures


def _print_forms(
    name: str, samples: Sequence[Sample], untouched: float, corrected: float, *, verbose: bool
) -> list[str]:
    """Print how many forms are right, field by field, and return what is below the design."""
    if not samples:
        print(f"  {name}: not available here")
        return []
    found = form_figures(samples)
    fields = ", ".join(f"{each} {found.right[each] / found.messages:.1%}" for each in FIELDS)
    print(
        f"  {name}: {found.messages} messages: {found.share(0):.1%} untouched, {found.share(1):.1%} with one correction"
    )
    print(
        f"    {fields}; right, but a person is asked to look: {found.asked}; wrong windows: {len(found.wrong_windows)}"
    )
    if verbose:
        for message, field in found.wrong:
            print(f"    to correct: {message}: {field}")
    wanted = (("untouched", found.share(0), untouched), ("with one correction", found.share(1), corrected))
    failures = [f"forms, {name}: {share:.1%} {word}" for word, share, least in wanted if share < least]
    if "never" not in name:
        failures += [f"forms, {name}: wrong windows in {message}" for message in found.wrong_windows]
    return failures


if __name__ == "__main__":
    sys.exit(main())
