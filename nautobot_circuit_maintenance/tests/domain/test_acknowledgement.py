"""When a change withdraws the acknowledgement, and when it does not."""

from collections.abc import Sequence
from unittest import TestCase

from nautobot_circuit_maintenance.domain.acknowledgement import Affected, Recorded, withdraws
from nautobot_circuit_maintenance.domain.conclusion import Conclusion, conclude
from nautobot_circuit_maintenance.domain.updates import AnnouncedImpact, MaintenanceUpdate, Window
from nautobot_circuit_maintenance.tests.domain.test_conclusion import after, make_update, nights, stating


def recorded(conclusion: Conclusion, **circuits: str) -> Recorded:
    """Return what is on record if no one edited anything."""
    affected = {
        Affected(circuits.get(state.cid, state.cid.casefold()), window, state.impact)
        for state in conclusion.impacts
        for window in (conclusion.windows if state.windows is None else state.windows)
    }
    return Recorded(conclusion.status, frozenset(affected), {cid.casefold(): name for cid, name in circuits.items()})


class Withdrawal(TestCase):
    """A plan for two circuits in two nights, acknowledged; then one more update."""

    plan = make_update(1, "C-1", "C-2", days=(10, 11))

    def is_withdrawn(self, *updates: MaintenanceUpdate, known: Sequence[MaintenanceUpdate] = ()) -> bool:
        """Return whether updates withdraw the acknowledgement of what was known."""
        old = list(known or [self.plan])
        before, now = conclude(old), conclude([*old, *updates])
        return withdraws(before, now, recorded(before), recorded(now))

    def test_a_reminder_and_another_case_of_a_circuit_id_keep_it(self) -> None:
        self.assertFalse(self.is_withdrawn(make_update(2, "C-1", "C-2", days=(10, 11))))
        self.assertFalse(self.is_withdrawn(make_update(2, "c-1", "C-2", days=(10, 11))))

    def test_work_that_starts_or_is_completed_keeps_it(self) -> None:
        self.assertFalse(self.is_withdrawn(make_update(2, "C-1", "C-2", status="IN-PROCESS", days=(10, 11))))
        self.assertFalse(self.is_withdrawn(make_update(2, status="COMPLETED", days=())))
        self.assertFalse(self.is_withdrawn(make_update(2, status="COMPLETED", days=(10,))))

    def test_a_night_that_is_completed_early_after_it_started_keeps_it(self) -> None:
        planned = [stating(make_update(1, "C-1", days=(day,)), uid=str(day)) for day in (10, 11)]
        begun = stating(make_update(240, "C-1", days=(10,), status="IN-PROCESS"), uid="10")
        early = stating(
            make_update(242, "C-1", status="COMPLETED"), uid="10", windows=(Window(after(240), after(241)),)
        )

        self.assertFalse(self.is_withdrawn(begun, known=planned))
        self.assertFalse(self.is_withdrawn(early, known=[*planned, begun]))

    def test_another_window_circuit_or_impact_withdraws_it(self) -> None:
        worse = AnnouncedImpact("C-2", "DEGRADED")
        for changed in (
            make_update(2, "C-1", "C-2", days=(10, 12)),
            make_update(2, "C-1", "C-2", "C-3", days=(10, 11)),
            make_update(2, "C-1", worse, days=(10, 11)),
        ):
            self.assertTrue(self.is_withdrawn(changed))

    def test_what_is_left_out_or_cancelled_withdraws_it(self) -> None:
        self.assertTrue(self.is_withdrawn(make_update(2, "C-1", days=(10, 11))))
        self.assertTrue(self.is_withdrawn(make_update(2, "C-1", "C-2", days=(10,))))
        self.assertTrue(self.is_withdrawn(make_update(2, "C-1", status="CANCELLED", days=(10, 11))))
        self.assertTrue(self.is_withdrawn(make_update(2, status="CANCELLED", days=(10,))))
        self.assertTrue(self.is_withdrawn(make_update(2, status="CANCELLED", days=())))

    def test_another_status_withdraws_it(self) -> None:
        self.assertTrue(self.is_withdrawn(make_update(2, "C-1", "C-2", status="TENTATIVE", days=(10, 11))))

    def test_what_was_over_and_is_open_again_withdraws_it(self) -> None:
        done = make_update(2, status="COMPLETED", days=(10,))
        again = make_update(3, "C-1", "C-2", status="IN-PROCESS", days=(10, 11))

        self.assertTrue(self.is_withdrawn(again, known=[self.plan, done]))
        self.assertTrue(self.is_withdrawn(again, known=[self.plan, make_update(2, status="COMPLETED", days=())]))

    def test_another_id_of_the_same_circuit_keeps_it(self) -> None:
        known, renamed = make_update(1, "A-1"), stating(make_update(2, "A 1"), sequence=2)
        before, now = conclude([known]), conclude([known, renamed])
        link = {"A-1": "circuit", "A 1": "circuit"}

        self.assertFalse(withdraws(before, now, recorded(before, **link), recorded(now, **link)))
        self.assertTrue(withdraws(before, now, recorded(before), recorded(now)))

    def test_what_a_person_recorded_in_advance_is_not_new(self) -> None:
        moved = make_update(2, "C-1", "C-2", status="CONFIRMED", days=(12,))
        before, now = conclude([self.plan]), conclude([self.plan, moved])
        edited = Recorded(
            "CONFIRMED", frozenset(Affected(cid, window, "OUTAGE") for cid in ("c-1", "c-2") for window in nights(12))
        )

        self.assertFalse(withdraws(before, now, edited, recorded(now)))
