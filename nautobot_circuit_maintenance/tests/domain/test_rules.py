"""One story for each rule of the data; the rules are in docs/dev/architecture.md."""

from collections.abc import Sequence
from unittest import TestCase

from nautobot_circuit_maintenance.domain.conclusion import Conclusion, conclude
from nautobot_circuit_maintenance.domain.doubts import DoubtKind
from nautobot_circuit_maintenance.domain.updates import (
    AnnouncedImpact,
    MaintenanceEvent,
    MaintenanceUpdate,
    Provenance,
    Window,
)
from nautobot_circuit_maintenance.tests.domain.stories import hour, night

FIRST, SECOND = night(10), night(11)
NEXT_YEAR = night(400)


def event(
    status: str, *circuits: str, windows: Sequence[Window] = (FIRST,), uid: str | None = "u-1", **others
) -> MaintenanceEvent:
    """Return an event; every circuit has an outage."""
    impacts = tuple(AnnouncedImpact(cid, "OUTAGE") for cid in circuits)
    return MaintenanceEvent(status, tuple(windows), impacts, uid=uid, **others)


def sent(at: float, *events: MaintenanceEvent, date: float | None = None, text: str = "") -> MaintenanceUpdate:
    """Return an update received this many hours after Monday, 0:00 UTC, with a Date field of its own if it has one."""
    return MaintenanceUpdate(
        "CHG-1",
        events,
        Provenance(hour(at), None if date is None else hour(date), f"mail at {at}"),
        description=text,
    )


def windows_of(conclusion: Conclusion) -> dict[str, tuple[Window, ...]]:
    """Return the windows in which each circuit is affected."""
    return {each.cid: conclusion.windows if each.windows is None else each.windows for each in conclusion.impacts}


def kinds(conclusion: Conclusion) -> set[DoubtKind]:
    """Return the kinds of the doubts."""
    return {doubt.kind for doubt in conclusion.doubts}


class Order(TestCase):
    """Which event is the last."""

    def test_sequence_goes_before_the_stamp(self) -> None:
        first = event("CONFIRMED", "C-1", issued_at=hour(2), sequence=0)
        second = event("CANCELLED", issued_at=hour(1), sequence=1)

        self.assertEqual(conclude([sent(2, first), sent(3, second)]).status, "CANCELLED")

    def test_a_sequence_does_not_outrank_what_was_sent_later(self) -> None:
        first = event("CONFIRMED", "C-1", issued_at=hour(1), sequence=7)
        second = event("CANCELLED", issued_at=hour(5), sequence=1)

        self.assertEqual(conclude([sent(1, first), sent(5, second)]).status, "CANCELLED")

    def test_a_stamp_is_never_later_than_the_mail(self) -> None:
        first = event("CONFIRMED", "C-1", issued_at=hour(999))

        self.assertEqual(conclude([sent(1, first), sent(2, event("CANCELLED", issued_at=hour(2)))]).status, "CANCELLED")

    def test_a_date_is_never_later_than_the_receipt(self) -> None:
        first = sent(1, event("CONFIRMED", "C-1", uid=None), date=999)

        self.assertEqual(conclude([first, sent(2, event("CANCELLED", uid=None))]).status, "CANCELLED")

    def test_the_description_is_that_of_the_newest_event(self) -> None:
        late = sent(
            9, event("NO-CHANGE", "C-1", issued_at=hour(1)), event("CONFIRMED", "C-1", issued_at=hour(8)), text="new"
        )

        self.assertEqual(conclude([late, sent(5, event("CONFIRMED", "C-1"), text="old")]).description, "new")


class Announcing(TestCase):
    """What an open word replaces."""

    def test_a_known_uid_replaces_its_own_entries_and_no_others(self) -> None:
        story = [
            sent(1, event("CONFIRMED", "C-1"), event("CONFIRMED", "C-1", uid="u-2", windows=[SECOND])),
            sent(2, event("RE-SCHEDULED", "C-1", windows=[night(12)])),
        ]

        self.assertEqual(conclude(story).windows, (SECOND, night(12)))

    def test_one_mail_per_circuit_under_one_uid(self) -> None:
        story = [sent(number, event("CONFIRMED", f"C-{number}", sequence=0)) for number in (1, 2, 3)]
        self.assertEqual(set(windows_of(conclude(story))), {"C-1", "C-2", "C-3"})

        moved = conclude([*story, sent(4, event("CONFIRMED", "C-1", windows=[SECOND], sequence=1))])
        self.assertEqual(windows_of(moved), {"C-1": (SECOND,), "C-2": (FIRST,), "C-3": (FIRST,)})

    def test_a_higher_sequence_with_another_circuit_is_a_correction_and_a_doubt(self) -> None:
        conclusion = conclude(
            [sent(1, event("CONFIRMED", "C-1", sequence=0)), sent(2, event("CONFIRMED", "C-2", sequence=1))]
        )

        self.assertEqual(set(windows_of(conclusion)), {"C-2"})
        self.assertIn(DoubtKind.OTHER_CIRCUITS, kinds(conclusion))

    def test_a_new_uid_at_another_time_stands_beside_and_is_a_doubt(self) -> None:
        conclusion = conclude(
            [sent(1, event("CONFIRMED", "C-1")), sent(2, event("CONFIRMED", "C-1", uid="u-2", windows=[SECOND]))]
        )

        self.assertEqual(conclusion.windows, (FIRST, SECOND))
        self.assertEqual(kinds(conclusion), {DoubtKind.SECOND_WINDOW})

    def test_rescheduled_under_a_new_uid_replaces_what_is_open(self) -> None:
        conclusion = conclude(
            [sent(1, event("CONFIRMED", "C-1")), sent(2, event("RE-SCHEDULED", "C-1", uid="u-2", windows=[SECOND]))]
        )

        self.assertEqual(conclusion.windows, (SECOND,))
        self.assertEqual(kinds(conclusion), set())

    def test_an_id_that_is_used_again_starts_a_new_life(self) -> None:
        story = [sent(1, event("CONFIRMED", "C-1", sequence=3)), sent(300, event("COMPLETED", sequence=4))]
        again = event("CONFIRMED", "C-2", windows=[NEXT_YEAR], sequence=0)

        conclusion = conclude([*story, sent(9_000, again)])
        self.assertEqual(windows_of(conclusion), {"C-2": (NEXT_YEAR,)})

        corrected = event("CONFIRMED", "C-3", windows=[NEXT_YEAR], sequence=1)
        self.assertEqual(set(windows_of(conclude([*story, sent(9_000, again), sent(9_001, corrected)]))), {"C-3"})

    def test_a_new_date_after_a_cancellation_stands_beside_it(self) -> None:
        story = [
            sent(1, event("CONFIRMED", "C-1", sequence=0)),
            sent(2, event("CANCELLED", sequence=1)),
            sent(3, event("CONFIRMED", "C-1", windows=[SECOND], sequence=2)),
        ]
        conclusion = conclude(story)

        self.assertEqual((conclusion.windows, conclusion.cancelled_windows), ((SECOND,), (FIRST,)))

    def test_added_windows_replace_nothing(self) -> None:
        story = [sent(1, event("CONFIRMED", "C-1")), sent(2, event("CONFIRMED", "C-1", windows=[SECOND], method="ADD"))]

        self.assertEqual(conclude(story).windows, (FIRST, SECOND))

    def test_a_mail_without_uid_replaces_all_that_is_open(self) -> None:
        story = [
            sent(1, event("CONFIRMED", "C-1", "C-2")),
            sent(2, event("CONFIRMED", "C-1", "C-2", uid=None, windows=[SECOND])),
        ]

        self.assertEqual(conclude(story).windows, (SECOND,))

    def test_a_further_night_of_one_circuit_leaves_the_completed_one(self) -> None:
        story = [
            sent(1, event("CONFIRMED", "C-1", uid=None)),
            sent(300, event("COMPLETED", "C-1", uid=None)),
            sent(301, event("CONFIRMED", "C-1", uid=None, windows=[night(13)])),
        ]

        self.assertEqual(conclude(story).windows, (FIRST, night(13)))

    def test_a_mail_without_uid_keeps_the_uid_of_each_night(self) -> None:
        story = [
            sent(1, event("CONFIRMED", "C-1"), event("CONFIRMED", "C-1", uid="u-2", windows=[SECOND])),
            sent(2, event("CONFIRMED", "C-1", uid=None, windows=[FIRST, SECOND])),
            sent(3, event("CONFIRMED", "C-1", windows=[night(9)])),
        ]

        self.assertEqual(conclude(story).windows, (night(9), SECOND))

    def test_a_reminder_that_states_nothing_keeps_windows_and_status(self) -> None:
        story = [
            sent(1, event("TENTATIVE", "C-2"), event("TENTATIVE", "C-1", uid="u-2", windows=[SECOND])),
            sent(2, event("CONFIRMED", "C-1", uid="u-2", windows=[SECOND])),
            sent(3, event("NO-CHANGE", uid=None, windows=[])),
        ]
        conclusion = conclude(story)

        self.assertEqual(windows_of(conclusion), {"C-1": (SECOND,), "C-2": (FIRST,)})
        self.assertEqual(conclusion.status, "CONFIRMED")


class Ending(TestCase):
    """What an ending word ends."""

    def test_it_ends_only_the_window_that_it_names(self) -> None:
        story = [sent(1, event("CONFIRMED", "C-1", "C-2", windows=[FIRST, SECOND])), sent(2, event("CANCELLED"))]
        conclusion = conclude(story)

        self.assertEqual((conclusion.status, conclusion.windows), ("CONFIRMED", (SECOND,)))
        self.assertEqual(conclusion.cancelled_windows, (FIRST,))
        self.assertIn(DoubtKind.ENDED_IN_PART, kinds(conclusion))

    def test_it_ends_only_the_circuit_that_it_names(self) -> None:
        conclusion = conclude([sent(1, event("CONFIRMED", "C-1", "C-2")), sent(2, event("CANCELLED", "C-2"))])

        self.assertEqual(windows_of(conclusion), {"C-1": (FIRST,), "C-2": ()})

    def test_without_names_it_ends_all_of_its_uid(self) -> None:
        story = [
            sent(1, event("CONFIRMED", "C-1"), event("CONFIRMED", "C-1", uid="u-2", windows=[SECOND])),
            sent(2, event("CANCELLED", windows=[])),
        ]

        self.assertEqual(conclude(story).windows, (SECOND,))

    def test_the_only_window_takes_the_times_of_its_end(self) -> None:
        early = night(10, 2)

        self.assertEqual(
            conclude([sent(1, event("CONFIRMED", "C-1")), sent(2, event("COMPLETED", windows=[early]))]).windows,
            (early,),
        )

    def test_an_unannounced_window_ends_nothing_under_an_unknown_uid(self) -> None:
        conclusion = conclude(
            [sent(1, event("CONFIRMED", "C-1")), sent(2, event("CANCELLED", "C-1", uid="u-9", windows=[SECOND]))]
        )

        self.assertEqual((conclusion.status, conclusion.windows), ("CONFIRMED", (FIRST,)))
        self.assertIn(DoubtKind.ENDED_UNKNOWN, kinds(conclusion))

    def test_a_recurrence_id_that_is_not_known_ends_nothing_and_is_a_doubt(self) -> None:
        other_night = "2026-03-20T00:00:00Z"
        for status in ("CANCELLED", "COMPLETED"):
            for uid, circuits, windows in (
                ("u-1", (), ()),
                ("u-1", ("C-1",), ()),
                ("u-1", ("C-1",), (night(20),)),
                ("u-9", (), ()),
            ):
                word = event(status, *circuits, windows=windows, uid=uid, recurrence_id=other_night)
                with self.subTest(word):
                    conclusion = conclude([sent(1, event("CONFIRMED", "C-1", windows=[FIRST, SECOND])), sent(2, word)])

                    self.assertEqual((conclusion.status, conclusion.windows), ("CONFIRMED", (FIRST, SECOND)))
                    self.assertEqual(kinds(conclusion), {DoubtKind.ENDED_UNKNOWN})

    def test_a_recurrence_id_under_an_unknown_uid_ends_the_window_that_starts_then(self) -> None:
        story = [
            sent(1, event("CONFIRMED", "C-1", windows=[FIRST, SECOND])),
            sent(2, event("CANCELLED", windows=[], uid="u-9", recurrence_id="2026-03-13T00:00:00Z")),
        ]

        self.assertEqual(conclude(story).windows, (FIRST,))

    def test_what_ended_otherwise_stays_so_unless_it_is_named_with_circuit_and_window(self) -> None:
        """A cancelled night stays cancelled when the work is completed, and a completed one when the rest is cancelled."""
        for first, second in (("CANCELLED", "COMPLETED"), ("COMPLETED", "CANCELLED")):
            story = [
                sent(1, event("CONFIRMED", "C-1", "C-2", windows=[FIRST, SECOND])),
                sent(2, event(first, windows=[FIRST])),
            ]
            for circuits, windows in (((), ()), (("C-1", "C-2"), ()), ((), (FIRST, SECOND))):
                with self.subTest((first, circuits, windows)):
                    word = event(second, *circuits, windows=windows)
                    entries = conclude([*story, sent(3, word)]).entries

                    self.assertEqual(
                        {(entry.window, entry.status) for entry in entries}, {(FIRST, first), (SECOND, second)}
                    )
            named = conclude([*story, sent(3, event(second, "C-1", windows=[FIRST]))])
            self.assertEqual(
                {(entry.cid, entry.window, entry.status) for entry in named.entries if entry.window == FIRST},
                {("C-1", FIRST, second), ("C-2", FIRST, first)},
            )

    def test_what_is_over_as_a_whole_is_what_the_last_word_says(self) -> None:
        for first, second, windows, status in (
            ("CANCELLED", "COMPLETED", (), "COMPLETED"),
            ("CANCELLED", "COMPLETED", (FIRST,), "COMPLETED"),
            ("COMPLETED", "CANCELLED", (), "CANCELLED"),
            ("COMPLETED", "CANCELLED", (FIRST,), "CANCELLED"),
        ):
            story = [sent(1, event("CONFIRMED", "C-1")), sent(2, event(first, windows=[]))]
            with self.subTest((first, windows)):
                self.assertEqual(conclude([*story, sent(3, event(second, windows=windows))]).status, status)

    def test_a_repeated_cancellation_changes_nothing(self) -> None:
        story = [
            sent(1, event("CONFIRMED", "C-1", windows=[FIRST, SECOND])),
            sent(2, event("COMPLETED", windows=[FIRST])),
            sent(3, event("CANCELLED", windows=[])),
        ]
        again = conclude([*story, sent(4, event("CANCELLED", windows=[]))])

        self.assertEqual((again.status, again.windows, again.cancelled_windows), ("COMPLETED", (FIRST,), (SECOND,)))

    def test_the_last_of_equal_words_stands(self) -> None:
        story = [sent(at, event("CANCELLED" if at > 1 else "CONFIRMED", "C-1")) for at in (1, 2, 3)]

        self.assertEqual(conclude(story).standing, {"mail at 1", "mail at 3"})

    def test_open_again_is_a_doubt(self) -> None:
        story = [sent(1, event("CONFIRMED", "C-1")), sent(2, event("CANCELLED")), sent(3, event("CONFIRMED", "C-1"))]
        conclusion = conclude(story)

        self.assertEqual((conclusion.status, kinds(conclusion)), ("CONFIRMED", {DoubtKind.OPEN_AGAIN}))

    def test_events_of_one_mail_do_not_replace_or_end_each_other(self) -> None:
        nights = sent(1, event("CONFIRMED", "C-1", uid=None), event("CONFIRMED", "C-1", uid=None, windows=[SECOND]))
        self.assertEqual(conclude([nights]).windows, (FIRST, SECOND))

        mixed = sent(1, event("CONFIRMED", "C-1"), event("CANCELLED", windows=[], uid="u-2"))
        self.assertEqual(conclude([mixed]).status, "CONFIRMED")
