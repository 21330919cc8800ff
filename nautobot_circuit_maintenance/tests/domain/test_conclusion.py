"""What follows from all updates about a maintenance, whatever the order in which they arrive."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from typing import Any
from unittest import TestCase

from hypothesis import given, settings, strategies as st

from nautobot_circuit_maintenance.domain.conclusion import EMPTY, CircuitState, conclude, conclusions, in_order
from nautobot_circuit_maintenance.domain.doubts import DoubtKind
from nautobot_circuit_maintenance.domain.updates import (
    IMPACTS,
    AnnouncedImpact,
    MaintenanceEvent,
    MaintenanceUpdate,
    Provenance,
    Window,
)

MONDAY = datetime(2026, 3, 2, tzinfo=timezone.utc)
STATUSES = ("TENTATIVE", "CONFIRMED", "CANCELLED", "IN-PROCESS", "COMPLETED", "RE-SCHEDULED", "NO-CHANGE")


def after(hours: float) -> datetime:
    """Return the time this many hours after Monday, 0:00 UTC."""
    return MONDAY + timedelta(hours=hours)


def nights(*days: int) -> tuple[Window, ...]:
    """Return windows of four hours in these nights of March."""
    return tuple(Window(after(24 * day), after(24 * day + 4)) for day in days)


def make_update(
    hour: float, *circuits: str | AnnouncedImpact, status: str = "CONFIRMED", days: Sequence[int] = (10,)
) -> MaintenanceUpdate:
    """Return an update issued and received this many hours after Monday; a bare circuit ID has an outage."""
    return MaintenanceUpdate(
        maintenance_id="CHG-1",
        events=(
            MaintenanceEvent(
                status=status,
                windows=nights(*days),
                circuits=tuple(AnnouncedImpact(each, "OUTAGE") if isinstance(each, str) else each for each in circuits),
                issued_at=after(hour),
                uid="1",
                sequence=1,
            ),
        ),
        provenance=Provenance(received_at=after(hour), sent_at=None, fingerprint=f"at {hour}"),
        description="Card exchange",
    )


def received(update: MaintenanceUpdate, hour: float) -> MaintenanceUpdate:
    """Return an update received this many hours after Monday."""
    return replace(update, provenance=Provenance(after(hour), None, update.provenance.fingerprint))


def stating(update: MaintenanceUpdate, **changes: Any) -> MaintenanceUpdate:
    """Return an update with other values in its events."""
    return replace(update, events=tuple(event._replace(**changes) for event in update.events))


def cids(*updates: MaintenanceUpdate) -> list[str]:
    """Return the circuit IDs that follow from updates."""
    return [announced.cid for announced in conclude(updates).impacts]


def shown(*updates: MaintenanceUpdate) -> list[tuple[str, str, Sequence[Window] | None]]:
    """Return circuit ID, impact and own windows of each circuit; None: all windows of the maintenance."""
    return [tuple(each) for each in conclude(updates).impacts]


def kinds(*updates: MaintenanceUpdate) -> list[str]:
    """Return the kinds of the doubts that follow from updates."""
    return sorted(doubt.kind.value for doubt in conclude(updates).doubts)


class Order(TestCase):
    """Which of two updates is newer."""

    def assert_newer(self, newer: MaintenanceUpdate, older: MaintenanceUpdate) -> None:
        """Check the order, whichever comes first."""
        self.assertEqual(in_order([newer, older]), [older, newer])
        self.assertEqual(in_order([older, newer]), [older, newer])

    def test_the_later_issued_is_newer_whenever_it_was_received(self) -> None:
        self.assert_newer(make_update(2), received(make_update(1), 99))

    def test_a_stamp_from_the_future_counts_from_when_it_was_sent(self) -> None:
        typing_error = stating(make_update(1), issued_at=after(9_999))

        self.assert_newer(make_update(2), typing_error)
        self.assertEqual(conclude([typing_error]).issued_at, after(1))

    def test_a_date_after_the_receipt_counts_from_the_receipt(self) -> None:
        wrong_clock = stating(replace(make_update(1), provenance=Provenance(after(1), after(50), "x")), issued_at=None)

        self.assert_newer(make_update(2), wrong_clock)

    def test_a_higher_sequence_of_a_uid_is_newer_than_one_sent_before(self) -> None:
        back_dated = stating(received(make_update(1), 3), sequence=2)

        self.assert_newer(back_dated, make_update(2))

    def test_a_higher_sequence_that_was_sent_before_outranks_nothing(self) -> None:
        self.assert_newer(make_update(9), stating(make_update(1), sequence=7))

    def test_sequences_of_different_uids_are_not_compared(self) -> None:
        self.assert_newer(make_update(2), stating(received(make_update(1), 3), sequence=2, uid="2"))

    def test_equal_times_are_ordered_by_sequence_date_receipt_and_fingerprint(self) -> None:
        first = stating(replace(make_update(1), provenance=Provenance(after(5), after(4), "a")), uid=None)

        self.assert_newer(stating(replace(first, provenance=Provenance(after(4), after(3), "a")), sequence=2), first)
        self.assert_newer(replace(first, provenance=Provenance(after(5), after(4.5), "a")), first)
        self.assert_newer(first, replace(first, provenance=Provenance(after(4), after(3), "b")))
        self.assert_newer(replace(first, provenance=Provenance(after(6), after(4), "a")), first)
        self.assert_newer(replace(first, provenance=Provenance(after(5), after(4), "b")), first)


class Announcements(TestCase):
    """What an open word replaces."""

    def test_nothing_follows_from_nothing(self) -> None:
        self.assertEqual(conclude([]), EMPTY)
        self.assertEqual((EMPTY.status, EMPTY.description, EMPTY.windows, EMPTY.impacts), ("UNKNOWN", "", (), ()))
        self.assertEqual((EMPTY.issued_at, EMPTY.sequence, EMPTY.name), (None, None, ""))

    def test_a_known_uid_replaces_its_own(self) -> None:
        last = stating(
            replace(make_update(2, "C-2", status="RE-SCHEDULED", days=(11, 12)), description="Later"), sequence=3
        )

        conclusion = conclude([last, make_update(1, "C-1")])

        self.assertEqual((conclusion.status, conclusion.description), ("RE-SCHEDULED", "Later"))
        self.assertEqual(conclusion.windows, nights(11, 12))
        self.assertEqual(conclusion.impacts, (CircuitState("C-2", "OUTAGE"),))
        self.assertEqual((conclusion.issued_at, conclusion.sequence), (after(2), 3))
        self.assertEqual([doubt.kind for doubt in conclusion.doubts], [DoubtKind.OTHER_CIRCUITS])

    def test_another_uid_for_another_night_stands_beside(self) -> None:
        second = stating(make_update(2, "C-2", days=(11,)), uid="2")

        self.assertEqual(conclude([make_update(1, "C-1"), second]).windows, nights(10, 11))
        self.assertEqual(
            shown(make_update(1, "C-1"), second), [("C-1", "OUTAGE", nights(10)), ("C-2", "OUTAGE", nights(11))]
        )
        self.assertEqual(kinds(make_update(1, "C-1"), second), [])

    def test_another_uid_for_another_night_of_the_same_circuit_is_a_doubt(self) -> None:
        second = stating(make_update(2, "C-1", days=(11,)), uid="2")

        self.assertEqual(conclude([make_update(1, "C-1"), second]).windows, nights(10, 11))
        self.assertEqual(kinds(make_update(1, "C-1"), second), ["second-window"])

    def test_a_new_uid_that_is_rescheduled_moves_the_open_entries_of_its_circuits(self) -> None:
        moved = stating(make_update(2, "C-1", status="RE-SCHEDULED", days=(11,)), uid="2")

        self.assertEqual(conclude([make_update(1, "C-1"), moved]).windows, nights(11))
        self.assertEqual(kinds(make_update(1, "C-1"), moved), [])

    def test_a_message_without_a_uid_replaces_all_that_is_open(self) -> None:
        text = stating(make_update(2, "C-2", "C-3", days=(11,)), uid=None, sequence=None)

        self.assertEqual(cids(make_update(1, "C-1", "C-2"), text), ["C-2", "C-3"])
        self.assertEqual(conclude([make_update(1, "C-1", "C-2"), text]).windows, nights(11))

    def test_one_message_per_circuit_without_a_uid_is_about_its_circuit(self) -> None:
        each = [stating(make_update(hour, cid), uid=None) for hour, cid in ((1, "C-3"), (9, "C-1"), (99, "C-2"))]

        self.assertEqual(cids(*each), ["C-1", "C-2", "C-3"])

    def test_one_message_per_circuit_under_one_uid_is_about_its_circuit(self) -> None:
        first, second = make_update(1, "C-1"), make_update(9, "C-2")
        completed = make_update(10, "C-1", status="COMPLETED")

        self.assertEqual(cids(first, second), ["C-1", "C-2"])
        self.assertEqual(conclude([first, second, completed]).status, "CONFIRMED")

    def test_an_id_that_is_used_again_names_other_work(self) -> None:
        done = make_update(1, "C-1", status="COMPLETED")
        again = stating(make_update(900, "C-2", days=(60,)), sequence=0)

        self.assertEqual((cids(done, again), conclude([done, again]).windows), (["C-2"], nights(60)))

    def test_a_new_date_soon_after_a_cancellation_stands_beside_it(self) -> None:
        cancelled = make_update(2, status="CANCELLED", days=())
        conclusion = conclude([make_update(1, "C-1"), cancelled, stating(make_update(3, "C-1", days=(12,)), uid="2")])

        self.assertEqual((conclusion.status, conclusion.windows), ("CONFIRMED", nights(12)))
        self.assertEqual(conclusion.cancelled_windows, nights(10))

    def test_no_change_keeps_the_status_and_alone_leaves_it_unknown(self) -> None:
        no_change = make_update(2, "C-1", status="NO-CHANGE")

        self.assertEqual(conclude([make_update(1, "C-1", status="TENTATIVE"), no_change]).status, "TENTATIVE")
        self.assertEqual(conclude([no_change]).status, "UNKNOWN")

    def test_the_status_of_the_calendar_program_counts_while_no_other_is_known(self) -> None:
        by_default = stating(make_update(2, "C-1", status="NO-CHANGE"), default_status="CONFIRMED")

        self.assertEqual(conclude([by_default]).status, "CONFIRMED")
        self.assertEqual(conclude([make_update(1, "C-1", status="IN-PROCESS"), by_default]).status, "IN-PROCESS")

    def test_what_is_over_stays_beside_the_new_date_when_that_is_repeated_or_moved(self) -> None:
        begun = [make_update(1, "C-1"), make_update(2, status="CANCELLED", days=()), make_update(3, "C-1", days=(12,))]

        for again in (make_update(4, "C-1", days=(12,)), make_update(5, "C-1", status="RE-SCHEDULED", days=(13,))):
            begun.append(again)
            self.assertEqual(conclude(begun).cancelled_windows, nights(10))
        self.assertEqual(conclude(begun).windows, nights(13))

    def test_add_replaces_nothing(self) -> None:
        further = stating(make_update(2, "C-1", days=(11,)), method="ADD")

        self.assertEqual(conclude([make_update(1, "C-1"), further]).windows, nights(10, 11))

    def test_windows_left_out_are_removed_and_doubted(self) -> None:
        both, one = make_update(1, "C-1", days=(10, 11)), make_update(2, "C-1", days=(10,))

        self.assertEqual(conclude([both, one]).windows, nights(10))
        self.assertEqual(kinds(both, one), ["windows-left-out"])

    def test_a_window_that_returns_is_a_doubt(self) -> None:
        moves = [make_update(hour, "C-1", days=(day,)) for hour, day in ((1, 10), (2, 11), (3, 10))]

        self.assertEqual(kinds(*moves), ["window-returns"])

    def test_the_worst_impact_on_a_circuit_counts(self) -> None:
        for worse, better in zip(IMPACTS[1:], IMPACTS):
            good, bad = AnnouncedImpact("C-1", better), AnnouncedImpact("C-1", worse)

            for circuits in ((good, bad), (bad, good)):
                self.assertEqual(shown(make_update(1, *circuits)), [("C-1", worse, None)])

    def test_circuit_ids_that_differ_in_case_are_one_with_the_newest_spelling(self) -> None:
        old = make_update(1, AnnouncedImpact("C-A", "OUTAGE"))

        self.assertEqual(shown(old, make_update(1.5, AnnouncedImpact("c-a", "DEGRADED"))), [("c-a", "DEGRADED", None)])
        self.assertEqual(cids(make_update(1, "c-a", "C-a", "c-A")), ["c-a"])

    def test_no_circuit_at_all_is_a_doubt(self) -> None:
        self.assertEqual(kinds(make_update(1)), ["no-circuit"])


class Endings(TestCase):
    """What an ending word ends."""

    def test_a_bare_cancellation_keeps_what_it_does_not_state(self) -> None:
        planned = make_update(1, "C-1", "C-2")
        cancelled = conclude([planned, replace(make_update(9, status="CANCELLED", days=()), description="")])

        before = conclude([planned])
        self.assertEqual((cancelled.status, cancelled.issued_at), ("CANCELLED", after(9)))
        self.assertEqual((cancelled.windows, cancelled.impacts), (before.windows, before.impacts))
        self.assertEqual((cancelled.description, cancelled.cancelled_windows), (before.description, ()))

    def test_a_circuit_that_is_cancelled_stays_on_record(self) -> None:
        one = make_update(9, "C-1", status="CANCELLED")

        self.assertEqual(shown(make_update(1, "C-1", "C-2"), one), [("C-1", "OUTAGE", ()), ("C-2", "OUTAGE", None)])
        self.assertEqual(kinds(make_update(1, "C-1", "C-2"), one), ["ended-in-part"])

    def test_a_window_that_is_cancelled_is_kept_beside_the_others(self) -> None:
        conclusion = conclude([make_update(1, "C-1", days=(10, 11)), make_update(9, status="CANCELLED", days=(10,))])

        self.assertEqual((conclusion.status, conclusion.windows), ("CONFIRMED", nights(11)))
        self.assertEqual(conclusion.cancelled_windows, nights(10))
        self.assertEqual(conclusion.impacts, (CircuitState("C-1", "OUTAGE"),))

    def test_one_window_that_ends_early_takes_the_times(self) -> None:
        early = Window(after(240), after(242))
        done = stating(make_update(243, "C-1", status="COMPLETED"), windows=(early,))

        self.assertEqual(conclude([make_update(1, "C-1"), done]).windows, (early,))

    def test_nights_that_are_completed_one_by_one(self) -> None:
        planned = [stating(make_update(1, "C-1", days=(day,)), uid=str(day)) for day in (10, 11)]
        first = stating(make_update(245, "C-1", status="COMPLETED", days=(10,)), uid="10")
        second = stating(make_update(269, "C-1", status="COMPLETED", days=(11,)), uid="11")

        self.assertEqual(conclude([*planned, first]).status, "CONFIRMED")
        self.assertEqual(conclude([*planned, first, second]).status, "COMPLETED")

    def test_a_known_uid_that_ends_what_is_not_known_ends_all_of_it(self) -> None:
        wrong = make_update(9, "C-9", status="CANCELLED")

        self.assertEqual(conclude([make_update(1, "C-1", "C-2"), wrong]).status, "CANCELLED")
        self.assertEqual(cids(make_update(1, "C-1", "C-2"), wrong), ["C-1", "C-2", "C-9"])
        self.assertEqual(kinds(make_update(1, "C-1", "C-2"), wrong), ["ended-unknown"])

    def test_an_unknown_uid_that_ends_what_is_not_known_ends_nothing_else(self) -> None:
        wrong = stating(make_update(9, "C-9", status="CANCELLED"), uid="2")

        self.assertEqual(conclude([make_update(1, "C-1", "C-2"), wrong]).status, "CONFIRMED")

    def test_work_that_is_announced_again_is_a_doubt(self) -> None:
        done = make_update(2, "C-1", status="COMPLETED")

        self.assertEqual(kinds(make_update(1, "C-1"), done, make_update(3, "C-1", status="IN-PROCESS")), ["open-again"])

    def test_a_cancellation_that_is_outranked_is_a_doubt(self) -> None:
        late = received(make_update(1.5, "C-1", status="CANCELLED"), 9)

        self.assertEqual(conclude([make_update(1, "C-1"), late, make_update(2, "C-1")]).status, "CONFIRMED")
        self.assertIn("outranked", kinds(make_update(1, "C-1"), late, make_update(2, "C-1")))


class Standing(TestCase):
    """Which messages are outdated."""

    def test_a_message_stands_while_an_entry_of_it_stands(self) -> None:
        first, other = make_update(1, "C-1"), stating(make_update(2, "C-2"), uid="2")
        newer = make_update(3, "C-1", status="IN-PROCESS")

        self.assertEqual(conclude([first, other]).standing, {"at 1", "at 2"})
        self.assertEqual(conclude([first, other, newer]).standing, {"at 2", "at 3"})

    def test_what_is_announced_and_what_ends_it_both_stand(self) -> None:
        self.assertEqual(
            conclude([make_update(1, "C-1"), make_update(2, "C-1", status="CANCELLED")]).standing, {"at 1", "at 2"}
        )

    def test_the_name_is_as_the_oldest_spells_it(self) -> None:
        old, new = replace(make_update(1), maintenance_id=" Chg-1 "), make_update(2)

        self.assertEqual(conclude([new, old]).name, "Chg-1")


times = st.integers(0, 12).map(lambda quarter: after(quarter / 4))
impacts = st.builds(AnnouncedImpact, st.sampled_from(["C-1", "c-1", "C-2", "C-3"]), st.sampled_from(IMPACTS))
provenances = st.builds(
    Provenance, received_at=times, sent_at=st.none() | times, fingerprint=st.text("abcdef0123456789", min_size=16)
)
events = st.builds(
    MaintenanceEvent,
    status=st.sampled_from(STATUSES),
    windows=st.sampled_from([(), nights(10), nights(11), nights(10, 11)]),
    circuits=st.lists(impacts, max_size=3).map(tuple),
    issued_at=st.none() | times,
    uid=st.sampled_from([None, "", "1", "2"]),
    sequence=st.none() | st.integers(0, 2),
)
some_updates = st.builds(
    MaintenanceUpdate,
    maintenance_id=st.just("CHG-1"),
    events=st.lists(events, min_size=1, max_size=2).map(tuple),
    provenance=provenances,
    description=st.sampled_from(["", "Card exchange", "Fiber cut"]),
)
# Timing is not what these test.
whenever_ready = settings(deadline=None)
histories = st.lists(some_updates, max_size=6, unique_by=lambda update: update.provenance.fingerprint)


class Always(TestCase):
    """Properties of every history."""

    @whenever_ready
    @given(st.data())
    def test_the_order_of_arrival_never_matters(self, data: st.DataObject) -> None:
        history = data.draw(histories)

        self.assertEqual(conclude(data.draw(st.permutations(history))), conclude(history))

    @whenever_ready
    @given(histories)
    def test_a_bare_cancellation_ends_everything_and_loses_no_circuit(self, history: list[MaintenanceUpdate]) -> None:
        """What was completed beside other work took place, and stays completed."""
        bare = stating(make_update(99, status="CANCELLED", days=()), uid=None)
        before, cancelled = conclude(history), conclude([*history, replace(bare, description="")])
        is_mixed = any(entry.status != "COMPLETED" for entry in before.entries)
        done = {(entry.key, entry.window) for entry in before.entries if is_mixed and entry.status == "COMPLETED"}

        self.assertEqual(cancelled.status, "COMPLETED" if done else "CANCELLED")
        self.assertEqual({entry.status for entry in cancelled.entries} - {"COMPLETED"}, {"CANCELLED"})
        self.assertEqual(
            {(entry.key, entry.window) for entry in cancelled.entries if entry.status == "COMPLETED"}, done
        )
        self.assertEqual(
            {each.cid.casefold() for each in cancelled.impacts}, {each.cid.casefold() for each in before.impacts}
        )
        self.assertLessEqual(set(before.windows), {*cancelled.windows, *cancelled.cancelled_windows})

    @whenever_ready
    @given(histories)
    def test_a_reminder_changes_nothing(self, history: list[MaintenanceUpdate]) -> None:
        plan = make_update(98, "C-1", days=(20,))
        before, after_reminder = conclude([*history, plan]), conclude(
            [*history, plan, make_update(99, "C-1", days=(20,))]
        )

        for name in ("status", "windows", "cancelled_windows", "impacts"):
            self.assertEqual(getattr(after_reminder, name), getattr(before, name))

    @whenever_ready
    @given(histories)
    def test_a_circuit_has_one_impact_and_they_are_sorted(self, history: list[MaintenanceUpdate]) -> None:
        found = [announced.cid for announced in conclude(history).impacts]

        self.assertEqual(found, sorted(found))
        self.assertEqual(len(found), len({cid.casefold() for cid in found}))

    @whenever_ready
    @given(histories)
    def test_one_after_the_other_is_the_same_as_together(self, history: list[MaintenanceUpdate]) -> None:
        self.assertEqual(list(conclusions(history)), [conclude(history[: count + 1]) for count in range(len(history))])


class EndedUnannounced(TestCase):
    """One message ends several nights of work that was not announced; none of them is lost."""

    def ends(self, *events: tuple[Sequence[str], int], uid: str | None = None) -> MaintenanceUpdate:
        """Return a message with a COMPLETED event for each of these circuits and days."""
        made = tuple(
            MaintenanceEvent(
                status="COMPLETED",
                windows=nights(day),
                circuits=tuple(AnnouncedImpact(cid, "OUTAGE") for cid in cids),
                uid=uid,
            )
            for cids, day in events
        )
        return replace(make_update(50), events=made)

    def test_the_same_circuits_in_each_night(self):
        for uid in (None, "1"):
            conclusion = conclude([self.ends((("A", "B"), 1), (("A", "B"), 2), (("A", "B"), 3), uid=uid)])

            self.assertEqual((conclusion.status, conclusion.windows), ("COMPLETED", nights(1, 2, 3)))
            self.assertEqual([state.cid for state in conclusion.impacts], ["A", "B"])

    def test_other_circuits_in_each_night(self):
        conclusion = conclude([self.ends((("A",), 1), (("A", "B"), 2))])

        self.assertEqual([state.windows for state in conclusion.impacts], [None, nights(2)])

    def test_no_circuits(self):
        self.assertEqual(conclude([self.ends(((), 1), ((), 2))]).windows, nights(1, 2))

    def test_circuits_in_the_first_event_only(self):
        conclusion = conclude([self.ends((("A",), 1), ((), 2))])

        self.assertEqual([(state.cid, state.windows) for state in conclusion.impacts], [("A", None)])
        self.assertEqual(conclusion.windows, nights(1, 2))

    def test_a_night_that_was_announced_is_ended_only(self):
        announced = make_update(1, "A", days=[1])

        conclusion = conclude([announced, self.ends((("A",), 1), uid="1")])

        self.assertEqual((conclusion.windows, len(conclusion.entries)), (nights(1), 1))
