"""The timeline: what each notification changed, in the order of issue, whenever it arrived."""

from collections.abc import Sequence
from datetime import timedelta
from unittest import TestCase

from hypothesis import given, settings, strategies as st

from nautobot_circuit_maintenance.domain.conclusion import CircuitState, conclude, in_order
from nautobot_circuit_maintenance.domain.timeline import announced_impacts, collapse_repeats, entries
from nautobot_circuit_maintenance.domain.updates import AnnouncedImpact, MaintenanceUpdate
from nautobot_circuit_maintenance.tests.domain.test_conclusion import (
    IMPACTS,
    STATUSES,
    make_update,
    nights,
    received,
    stating,
)

UPDATES = st.builds(
    lambda hour, cids, status, days, impact: make_update(
        hour, *(AnnouncedImpact(cid, impact) for cid in cids), status=status, days=days
    ),
    hour=st.sampled_from([0, 0.25, 0.5, 1, 1.5, 2, 9]),
    cids=st.lists(st.sampled_from(["a", "A", "b", "c"]), max_size=3),
    status=st.sampled_from(STATUSES),
    days=st.lists(st.integers(1, 3), max_size=2, unique=True),
    impact=st.sampled_from(IMPACTS),
)


class EntriesTest(TestCase):
    """One entry per notification."""

    def test_the_newest_comes_first_whatever_the_order_of_arrival(self) -> None:
        first, second = make_update(1, "C-1"), make_update(2, "C-1")

        self.assertEqual([entry.update for entry in entries([second, first])], [second, first])
        self.assertEqual([entry.update for entry in entries([first, second])], [second, first])

    def test_the_first_one_announces(self) -> None:
        entry = entries([make_update(1, "C-1", "C-2")])[0]

        self.assertTrue(entry.is_first)
        self.assertEqual(entry.windows_added, nights(10))
        self.assertEqual([announced.cid for announced in entry.circuits_added], ["C-1", "C-2"])

    def test_a_changed_status_is_shown_with_the_one_before(self) -> None:
        entry = entries([make_update(1, "C-1"), make_update(2, "C-1", status="RE-SCHEDULED")])[0]

        self.assertEqual((entry.before.status, entry.after.status), ("CONFIRMED", "RE-SCHEDULED"))

    def test_windows_that_move_together_have_a_shift(self) -> None:
        for before, now, by in (((10,), (11,), 24), ((10, 12), (9, 11), -24)):
            with self.subTest(before=before):
                entry = entries([make_update(1, "C-1", days=before), make_update(2, "C-1", days=now)])[0]
                self.assertEqual(entry.moved_by, timedelta(hours=by))

    def test_windows_that_do_not_move_together_are_listed(self) -> None:
        entry = entries([make_update(1, "C-1", days=(10, 11)), make_update(2, "C-1", days=(11, 13))])[0]

        self.assertIsNone(entry.moved_by)
        self.assertEqual((entry.windows_removed, entry.windows_added), (nights(10), nights(13)))

    def test_windows_that_stay_have_no_shift(self) -> None:
        self.assertIsNone(entries([make_update(1, "C-1"), make_update(2, "C-2")])[0].moved_by)

    def test_circuits_are_added_and_removed_and_impacts_change(self) -> None:
        before = make_update(1, AnnouncedImpact("STAYS", "DEGRADED"), "GOES", AnnouncedImpact("TURNS", "DEGRADED"))
        now = make_update(9, AnnouncedImpact("stays", "DEGRADED"), "COMES", AnnouncedImpact("TURNS", "OUTAGE"))

        entry = entries([before, now])[0]

        self.assertEqual(entry.circuits_added, (CircuitState("COMES", "OUTAGE"),))
        self.assertEqual(entry.circuits_removed, ("GOES",))
        self.assertEqual(entry.impacts_changed, ((CircuitState("TURNS", "DEGRADED"), "OUTAGE"),))

    def test_a_bare_cancellation_removes_no_circuit(self) -> None:
        entry = entries([make_update(1, "C-1"), make_update(9, status="CANCELLED", days=())])[0]

        self.assertEqual((entry.circuits_removed, entry.windows_removed), ((), ()))
        self.assertFalse(entry.is_repeat)

    def test_an_update_received_after_a_newer_one_is_late(self) -> None:
        late = received(make_update(1, "C-1"), 9)

        found = entries([make_update(0, "C-1"), late, received(make_update(2, "C-1"), 3)])

        self.assertEqual([entry.update for entry in found if entry.is_late], [late])

    def test_updates_received_together_are_not_late(self) -> None:
        found = entries([received(make_update(1, "C-1"), 5), received(make_update(2, "C-1"), 5)])

        self.assertFalse([entry for entry in found if entry.is_late])

    def test_only_repeats_are_grouped(self) -> None:
        found = collapse_repeats(
            entries([make_update(hour, "C-1", status="CANCELLED" if hour > 4 else "CONFIRMED") for hour in range(1, 8)])
        )

        self.assertEqual([len(group) for group in found], [2, 1, 3, 1])

    def test_a_late_repeat_is_a_group_of_its_own(self) -> None:
        late = received(make_update(3, "C-1"), 99)

        found = collapse_repeats(entries([make_update(1, "C-1"), make_update(2, "C-1"), late, make_update(4, "C-1")]))

        self.assertEqual([group[0].is_late for group in found], [False, True, False, False])

    def test_no_updates_have_no_entries(self) -> None:
        self.assertEqual(entries([]), [])

    def test_the_current_impacts_are_those_of_the_provider(self) -> None:
        self.assertEqual(
            announced_impacts(conclude([make_update(1, "C-1"), stating(make_update(9, "C-2"), sequence=2)])),
            {("c-2", "OUTAGE")},
        )

    @settings(max_examples=3 * settings().max_examples, deadline=None)
    @given(st.lists(UPDATES, max_size=8))
    def test_each_entry_ends_with_the_conclusion_from_everything_issued_until_then(
        self, updates: Sequence[MaintenanceUpdate]
    ) -> None:
        ordered = in_order(updates)

        found = entries(updates)[::-1]

        self.assertEqual([entry.after for entry in found], [conclude(ordered[: n + 1]) for n in range(len(ordered))])
