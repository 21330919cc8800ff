"""Random histories of windows, kills and failures, as values: nothing is left drained, nothing is put back too early."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from uuid import UUID, uuid5

from django.test import SimpleTestCase
from hypothesis import example, given, settings, strategies as st

from nautobot_circuit_maintenance.outbound.channels.job.pending import Held, afters, befores, circuits_near, worked_on
from nautobot_circuit_maintenance.outbound.work import Work

NOON = datetime(2026, 11, 30, 12, tzinfo=timezone.utc)
LEAD, LAG = timedelta(minutes=20), timedelta(minutes=15)
SUBSCRIPTION = UUID(int=1)
CIRCUITS = [UUID(int=101), UUID(int=102)]
EVERY = 5
"""Minutes between two runs."""

windows = st.tuples(
    st.integers(0, 1), st.integers(0, 40), st.integers(1, 20), st.sets(st.sampled_from(CIRCUITS), min_size=1)
)
"""Maintenance, start and length in steps of five minutes, circuits."""
changes = st.lists(st.tuples(st.integers(0, 40), st.lists(windows, max_size=3)), max_size=6)
"""After so many runs, these are the windows that are in force."""


@dataclass
class World:
    """What one subscription holds, and what was done to each circuit; jobs succeed at once."""

    windows: list[Work] = field(default_factory=list)
    held: list[Held] = field(default_factory=list)
    drained: dict[str, bool] = field(default_factory=dict)
    number: int = 0

    def announce(self, announced: list[tuple[int, int, int, set[UUID]]]) -> None:
        """Replace all windows; one that stays as it was keeps its key, as its row does."""
        self.windows = [
            Work(
                UUID(int=maintenance + 1),
                uuid5(SUBSCRIPTION, f"{maintenance} {start} {length}"),
                NOON + timedelta(minutes=start * EVERY),
                NOON + timedelta(minutes=(start + length) * EVERY),
                circuit,
            )
            for maintenance, start, length, circuits in announced
            for circuit in circuits
        ]

    def run(self, now: datetime) -> None:
        """Do what is due."""
        for before in befores(self.windows, self.held, lead=LEAD, lag=LAG, now=now):
            self.number += 1
            circuits = frozenset(before.circuits)
            self.held.append(Held(str(self.number), SUBSCRIPTION, before.maintenance, circuits))
            self.drained |= dict.fromkeys(circuits, True)
        worked = worked_on(self.windows, lead=LEAD, now=now)
        due = afters(self.held, worked, circuits_near(self.windows, lead=LEAD, now=now))
        for each in (each for each in self.held if each.key in due):
            self.drained |= dict.fromkeys(each.circuits, False)
        self.held = [each for each in self.held if each.key not in due]

    def worked(self, now: datetime) -> set[str]:
        """Return the circuits that are worked on, or will be within the lead."""
        return {str(work.circuit) for work in self.windows if work.start - LEAD <= now < work.end}


class Histories(SimpleTestCase):
    """Properties of every history."""

    @settings(max_examples=400, deadline=None)
    @given(changes)
    # The first maintenance holds both circuits for its window, which moves: the second one is worked on later.
    @example(
        [
            (0, [(1, 0, 1, {*CIRCUITS}), (0, 0, 2, {CIRCUITS[1]})]),
            (1, [(0, 0, 2, {CIRCUITS[0]}), (1, 6, 1, {CIRCUITS[1]})]),
        ]
    )
    @example(
        [
            (0, [(1, 0, 1, {*CIRCUITS}), (0, 0, 1, {CIRCUITS[0]}), (0, 0, 2, {CIRCUITS[1]})]),
            (1, [(0, 0, 2, {CIRCUITS[0]}), (1, 6, 1, {CIRCUITS[1]})]),
        ]
    )
    def test_a_circuit_is_drained_exactly_while_it_is_worked_on(
        self, history: list[tuple[int, list[tuple[int, int, int, set[UUID]]]]]
    ) -> None:
        """But for windows that were announced when they had begun for longer than the lag."""
        world, by_run = World(), dict(history)
        for number in range(90):
            now = NOON + timedelta(minutes=(number - 10) * EVERY)
            if number - 10 in by_run:
                world.announce(by_run[number - 10])
            was = {circuit for circuit, is_drained in world.drained.items() if is_drained}
            world.run(now)
            drained = {circuit for circuit, is_drained in world.drained.items() if is_drained}
            worked = world.worked(now)
            self.assertLessEqual(drained, worked | was, "drained without work")
            self.assertLessEqual(was & worked, drained, "put back while it was worked on")
            begun_late = {str(work.circuit) for work in world.windows if work.start + LAG < now < work.end}
            self.assertLessEqual(worked - begun_late, drained, "worked on without being drained")
            held = {circuit for each in world.held for circuit in each.circuits}
            self.assertLessEqual(drained, held, "drained, and nothing has to run")

        self.assertEqual(world.held, [])

    @settings(max_examples=100, deadline=None)
    @given(changes, st.integers(0, 60))
    def test_a_subscription_that_is_gone_holds_nothing(
        self, history: list[tuple[int, list[tuple[int, int, int, set[UUID]]]]], stop: int
    ) -> None:
        world, by_run = World(), dict(history)
        for number in range(stop):
            world.announce(by_run.get(number, []))
            world.run(NOON + timedelta(minutes=number * EVERY))
        gone = [Held(each.key, None, each.maintenance, each.circuits) for each in world.held]

        self.assertEqual(afters(gone, worked_on(world.windows, lead=LEAD, now=NOON)), {each.key for each in gone})
