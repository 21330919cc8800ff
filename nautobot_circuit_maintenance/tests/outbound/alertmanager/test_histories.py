"""Random histories: whatever happened before, one complete run makes Alertmanager silent exactly where there is work."""

from datetime import datetime, timedelta

from django.test import SimpleTestCase
from hypothesis import given, settings, strategies as st

from nautobot_circuit_maintenance.outbound.channels.alertmanager.plan import Plan, Post, plan
from nautobot_circuit_maintenance.outbound.channels.alertmanager.silences import Matchers, ours
from nautobot_circuit_maintenance.outbound.channels.alertmanager.spans import QuietTime, wanted
from nautobot_circuit_maintenance.tests.outbound.alertmanager.simulated import OURS, Alertmanager
from nautobot_circuit_maintenance.tests.outbound.alertmanager.test_plan import NOW, ONE, TWO

OF_ANOTHER = "nautobot-circuit-maintenance test/am"

windows = st.builds(
    lambda matchers, start, minutes: QuietTime(
        matchers, NOW + timedelta(minutes=start), NOW + timedelta(minutes=start + minutes), f"m/{start}"
    ),
    st.sampled_from([ONE, TWO]),
    st.integers(-60, 240),
    st.integers(1, 90),
)
steps = st.one_of(
    st.tuples(st.just("announced"), st.lists(windows, max_size=5)),
    st.tuples(st.just("run"), st.none()),
    st.tuples(st.just("killed"), st.integers(0, 3)),
    st.tuples(st.just("two workers"), st.none()),
    st.tuples(st.just("time passes"), st.integers(1, 40)),
    st.tuples(st.just("lost"), st.none()),
    st.tuples(st.just("restored"), st.none()),
    st.tuples(st.just("another's"), windows),
)


class World:
    """A channel, its Alertmanager, and what has been announced."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self.now = NOW
        self.works: list[QuietTime] = []
        self.alertmanager = Alertmanager()
        self.snapshot = list(self.alertmanager.stored.values())
        self.of_another: dict[str, tuple[datetime, datetime]] = {}

    def plan(self) -> Plan:
        """Return what a run would do."""
        want = wanted(self.works, self.now)
        return plan(want, ours(self.alertmanager.answer(self.now), OURS), self.now)

    def step(self, name: str, value: object) -> None:
        """Let something happen."""
        getattr(self, "_" + name.replace(" ", "_").replace("'", ""))(value)

    def _announced(self, works: list[QuietTime]) -> None:
        self.works = works

    def _run(self, _nothing: None) -> None:
        self.alertmanager.apply(self.plan(), self.now)

    def _killed(self, done: int) -> None:
        self.alertmanager.apply(self.plan(), self.now, steps=done)

    def _two_workers(self, _nothing: None) -> None:
        first, second = self.plan(), self.plan()
        self.alertmanager.apply(first, self.now)
        self.alertmanager.apply(second, self.now)

    def _time_passes(self, minutes: int) -> None:
        self.now += timedelta(minutes=minutes)

    def _lost(self, _nothing: None) -> None:
        """Killed before it wrote anything: only what other people's members still know is left."""
        kept = self.alertmanager.stored.items()
        self.alertmanager.stored = {name: each for name, each in kept if each.created_by == OF_ANOTHER}

    def _restored(self, _nothing: None) -> None:
        """As if an older file had been read: what was ended since is there again."""
        for each in self.alertmanager.stored.values():
            if each.created_by == OURS:
                each.end = max(each.end, self.now + timedelta(minutes=7))

    def _anothers(self, work: QuietTime) -> None:
        before = set(self.alertmanager.stored)
        self.alertmanager.post(Post("", work.matchers, work.start, work.end, ()), self.now, created_by=OF_ANOTHER)
        for name in set(self.alertmanager.stored) - before:
            silence = self.alertmanager.stored[name]
            self.of_another[name] = (silence.start, silence.end)

    def at_work(self, moment: datetime) -> list[Matchers]:
        """Return the matchers of circuits that are worked on, with the lead."""
        return sorted({each.matchers for each in self.works if each.start <= moment < each.end}, key=sorted)


class Histories(SimpleTestCase):
    """Properties that hold after every history."""

    @settings(max_examples=400, deadline=None)
    @given(st.lists(steps, max_size=25))
    def test_one_run_makes_everything_right_until_the_next(self, history: list[tuple[str, object]]) -> None:
        world = World()
        for name, value in history:
            world.step(name, value)
        world.step("run", None)

        for minute in range(0, 30, 5):
            moment = world.now + timedelta(minutes=minute)
            silenced = sorted(world.alertmanager.silenced(moment), key=sorted)
            self.assertEqual(silenced, world.at_work(moment), f"{minute} minutes after the run")
        for name, times in world.of_another.items():
            silence = world.alertmanager.stored[name]
            self.assertEqual((silence.start, silence.end), times)

    @settings(max_examples=200, deadline=None)
    @given(st.lists(steps, max_size=25))
    def test_the_next_run_has_nothing_to_do(self, history: list[tuple[str, object]]) -> None:
        world = World()
        for name, value in history:
            world.step(name, value)
        world.step("run", None)

        self.assertEqual(world.plan(), Plan((), ()))

    @settings(max_examples=200, deadline=None)
    @given(st.lists(windows, max_size=5), st.integers(1, 7))
    def test_a_window_has_one_silence_however_many_runs_it_lasts(self, works: list[QuietTime], minutes: int) -> None:
        world = World()
        world.step("announced", works)
        for _ in range(60):
            world.step("run", None)
            world.step("time passes", minutes)

        made = [each.matchers for each in world.alertmanager.stored.values()]
        for matchers in (ONE, TWO):
            times = {each for each in works if each.matchers == matchers and each.end > NOW}
            self.assertLessEqual(made.count(matchers), len(times))
