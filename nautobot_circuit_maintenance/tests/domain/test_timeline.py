"""The timeline: what each notification changed, in order of issue, whenever it arrived."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from unittest import TestCase

from hypothesis import given, settings, strategies as st

from nautobot_circuit_maintenance.domain.conclusion import conclude, in_order, still_needed
from nautobot_circuit_maintenance.domain.timeline import collapse_repeats, said_by_provider, steps
from nautobot_circuit_maintenance.domain.updates import AnnouncedImpact, MaintenanceUpdate, Provenance
from nautobot_circuit_maintenance.tests.domain.test_conclusion import IMPACTS, STATUSES, after, nights, said


def received(update: MaintenanceUpdate, hour: float) -> MaintenanceUpdate:
    """Return an update that arrived so many hours after Monday."""
    return replace(update, provenance=Provenance(after(hour), None, update.provenance.fingerprint))


UPDATES = st.builds(
    lambda hour, cids, status, days, impact: said(
        hour, *(AnnouncedImpact(cid, impact) for cid in cids), status=status, days=days
    ),
    hour=st.sampled_from([0, 0.25, 0.5, 1, 1.5, 2, 9]),
    cids=st.lists(st.sampled_from(["a", "A", "b", "c"]), max_size=3),
    status=st.sampled_from(STATUSES),
    days=st.lists(st.integers(1, 3), max_size=2, unique=True),
    impact=st.sampled_from(IMPACTS),
)


class StepsTest(TestCase):
    """One notification after another."""

    def test_the_newest_comes_first_whatever_the_order_of_arrival(self) -> None:
        first, second = said(1, "C-1"), said(2, "C-1")

        self.assertEqual([step.update for step in steps([second, first])], [second, first])
        self.assertEqual([step.update for step in steps([first, second])], [second, first])

    def test_the_first_one_announces(self) -> None:
        step = steps([said(1, "C-1", "C-2")])[0]

        self.assertTrue(step.is_first)
        self.assertEqual(step.windows_new, nights(10))
        self.assertEqual([word.cid for word in step.circuits_new], ["C-1", "C-2"])

    def test_a_change_of_status_is_told_with_what_it_was(self) -> None:
        step = steps([said(1, "C-1"), said(2, "C-1", status="RE-SCHEDULED")])[0]

        self.assertEqual((step.before.status, step.after.status), ("CONFIRMED", "RE-SCHEDULED"))

    def test_windows_that_move_together_have_moved_by_so_much(self) -> None:
        for before, now, by in (((10,), (11,), 24), ((10, 12), (9, 11), -24)):
            with self.subTest(before=before):
                step = steps([said(1, "C-1", days=before), said(2, "C-1", days=now)])[0]
                self.assertEqual(step.moved_by, timedelta(hours=by))

    def test_windows_that_do_otherwise_are_named(self) -> None:
        step = steps([said(1, "C-1", days=(10, 11)), said(2, "C-1", days=(11, 13))])[0]

        self.assertIsNone(step.moved_by)
        self.assertEqual((step.windows_gone, step.windows_new), (nights(10), nights(13)))

    def test_windows_that_stay_have_not_moved(self) -> None:
        self.assertIsNone(steps([said(1, "C-1"), said(2, "C-2")])[0].moved_by)

    def test_circuits_come_go_and_turn(self) -> None:
        before = said(1, AnnouncedImpact("STAYS", "DEGRADED"), "GOES", AnnouncedImpact("TURNS", "DEGRADED"))
        now = said(9, AnnouncedImpact("stays", "DEGRADED"), "COMES", AnnouncedImpact("TURNS", "OUTAGE"))

        step = steps([before, now])[0]

        self.assertEqual(step.circuits_new, (AnnouncedImpact("COMES", "OUTAGE"),))
        self.assertEqual(step.circuits_gone, ("GOES",))
        self.assertEqual(step.circuits_turned, ((AnnouncedImpact("TURNS", "DEGRADED"), "OUTAGE"),))

    def test_a_bare_cancellation_removes_no_circuit(self) -> None:
        step = steps([said(1, "C-1"), said(9, status="CANCELLED", days=())])[0]

        self.assertEqual((step.circuits_gone, step.windows_gone), ((), ()))
        self.assertFalse(step.is_repeat)

    def test_one_that_arrived_after_a_newer_one_is_late(self) -> None:
        late = received(said(1, "C-1"), 9)

        told = steps([said(0, "C-1"), late, received(said(2, "C-1"), 3)])

        self.assertEqual([step.update for step in told if step.is_late], [late])

    def test_those_that_arrived_together_are_not_late(self) -> None:
        told = steps([received(said(1, "C-1"), 5), received(said(2, "C-1"), 5)])

        self.assertFalse([step for step in told if step.is_late])

    def test_repeats_are_laid_together_and_nothing_else_is(self) -> None:
        told = collapse_repeats(
            steps([said(hour, "C-1", status="CANCELLED" if hour > 4 else "CONFIRMED") for hour in range(1, 8)])
        )

        self.assertEqual([len(group) for group in told], [2, 1, 3, 1])

    def test_a_late_repeat_is_told_apart(self) -> None:
        late = received(said(3, "C-1"), 99)

        told = collapse_repeats(steps([said(1, "C-1"), said(2, "C-1"), late, said(4, "C-1")]))

        self.assertEqual([group[0].is_late for group in told], [False, True, False, False])

    def test_nothing_was_said(self) -> None:
        self.assertEqual(steps([]), [])

    def test_the_provider_has_said_what_holds_now(self) -> None:
        self.assertEqual(said_by_provider(conclude([said(1, "C-1"), said(9, "C-2")])), {("c-2", "OUTAGE")})

    @settings(max_examples=300, deadline=None)
    @given(st.lists(UPDATES, max_size=8))
    def test_each_step_ends_where_all_that_was_issued_until_then_does(
        self, updates: Sequence[MaintenanceUpdate]
    ) -> None:
        ordered = in_order(updates)

        told = steps(updates)[::-1]

        self.assertEqual([step.after for step in told], [conclude(ordered[: n + 1]) for n in range(len(ordered))])

    def test_what_is_needed_of_a_long_story_stays_small(self) -> None:
        story = [said(hour, "C-1") for hour in range(500)]

        self.assertLess(len(still_needed(story)), 5)
