"""When a job is due, as values: *before* each window, and *after* it for what was begun, whatever happened since."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from nautobot_circuit_maintenance.outbound.work import Work

Worked = Mapping[UUID, frozenset[str]]
"""By maintenance, the circuits that are worked on now or within the lead, for any viewer."""


@dataclass(frozen=True)
class Held:
    """An *after* that has to run one day: circuits that were handed over to the job before a window."""

    key: str
    subscription: UUID | None
    """None if it was deleted or disabled, or runs another job now: then it is due at once."""
    maintenance: UUID | None
    circuits: frozenset[str]
    """Primary keys."""


class Before(NamedTuple):
    """A *before* that has to run now."""

    maintenance: UUID
    window: UUID
    start: datetime
    circuits: tuple[str, ...]
    """Primary keys, sorted."""


def befores(
    works: Iterable[Work], held: Iterable[Held], *, lead: timedelta, lag: timedelta, now: datetime
) -> list[Before]:
    """Return what one subscription has to run: for each window that is near, the circuits that it does not hold already.

    A window that was extended is a new one: what was handed over for the window that it replaces stays so.
    """
    taken: dict[UUID | None, set[str]] = defaultdict(set)
    for each in held:
        taken[each.maintenance] |= each.circuits
    wanted: dict[tuple[UUID, UUID, datetime], set[str]] = defaultdict(set)
    for work in works:
        is_near = work.start - lead <= now <= work.start + lag and now < work.end
        if is_near and str(work.circuit) not in taken[work.maintenance]:
            wanted[work.maintenance, work.window, work.start].add(str(work.circuit))
    return [Before(*key, tuple(sorted(circuits))) for key, circuits in wanted.items()]


def afters(held: Iterable[Held], worked: Worked, near: Set[str] = frozenset()) -> set[str]:
    """Return the keys of those of one subscription that are due: nothing that they hold is worked on any more.

    Nor is it for another maintenance that the subscription holds circuits for, or that it matches (``near``): traffic is not put
    back while the next window is on. What one that is not due yet holds stays with it, if others hold it as well: for a window
    of its own that comes later, it would not be handed over again.
    """
    all_held = list(held)
    still = set(near)
    for each in all_held:
        if each.subscription and each.maintenance:
            still |= each.circuits & worked.get(each.maintenance, frozenset())
    due = {each.key: each for each in all_held}
    while kept := [each for each in due.values() if each.subscription and each.circuits & still]:
        for each in kept:
            still |= due.pop(each.key).circuits
    return set(due)


def circuits_near(works: Iterable[Work], *, lead: timedelta, now: datetime) -> frozenset[str]:
    """Return the circuits that are worked on, or will be within the lead."""
    return frozenset().union(*worked_on(works, lead=lead, now=now).values())


def worked_on(works: Iterable[Work], *, lead: timedelta, now: datetime) -> Worked:
    """Return what is worked on, or will be within the lead."""
    found: dict[UUID, set[str]] = defaultdict(set)
    for work in works:
        if work.start - lead <= now < work.end:
            found[work.maintenance].add(str(work.circuit))
    return {maintenance: frozenset(circuits) for maintenance, circuits in found.items()}
