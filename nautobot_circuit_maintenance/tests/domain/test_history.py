"""What a message says beside those before it: doubts that no message leaves alone, whatever arrived first."""

import itertools
from collections.abc import Sequence
from dataclasses import replace
from unittest import TestCase

from nautobot_circuit_maintenance.domain.conclusion import Conclusion, conclude
from nautobot_circuit_maintenance.domain.doubts import DoubtKind
from nautobot_circuit_maintenance.domain.history import MOVES_NOTHING, may_differ
from nautobot_circuit_maintenance.domain.opinions import DOUBTFUL, OTHER_ID, Finding, Opinion
from nautobot_circuit_maintenance.domain.updates import MaintenanceUpdate, Window
from nautobot_circuit_maintenance.tests.domain.stories import NEXT_YEAR, SWAPPED, hour, night
from nautobot_circuit_maintenance.tests.domain.test_rules import FIRST, SECOND, event, kinds, sent


def read(at: float, status: str, *windows: Window, cid: str = "C-1", uid: str | None = None, **others):
    """Return an update with a second opinion that confirms it, by default read from text."""
    update = sent(at, *(event(status, cid, windows=[window], uid=uid, **others) for window in windows))
    return MaintenanceUpdate(update.maintenance_id, update.events, update.provenance, opinion=Opinion("confirmed"))


def concluded(*story: MaintenanceUpdate) -> Conclusion:
    """Return what follows; it is the same in whatever order the messages arrive."""
    [conclusion, *others] = [conclude(each) for each in itertools.permutations(story)]
    assert all(other == conclusion for other in others), "depends on the order of arrival"
    return conclusion


class Moved(TestCase):
    """A "moved" that moves nothing."""

    def assert_doubtful(self, *story: MaintenanceUpdate, by: float) -> None:
        """Check that this message makes the maintenance doubtful."""
        conclusion = concluded(*story)
        self.assertEqual(
            [(each.fingerprint, each.text) for each in conclusion.doubts], [(f"mail at {by}", MOVES_NOTHING)]
        )
        self.assertEqual(conclusion.confidence, "doubtful")
        self.assertTrue(may_differ(story))

    def assert_confirmed(self, *story: MaintenanceUpdate) -> None:
        """Check that nothing is to be asked."""
        conclusion = concluded(*story)
        self.assertEqual((conclusion.doubts, conclusion.confidence), ((), "confirmed"))

    def test_the_same_window_is_a_doubt_in_text_and_in_a_calendar(self):
        for uid in (None, "u-1"):
            with self.subTest(uid=uid):
                self.assert_doubtful(
                    read(1, "CONFIRMED", FIRST, uid=uid), read(2, "RE-SCHEDULED", FIRST, uid=uid), by=2
                )

    def test_a_reminder_of_the_same_window_does_not_end_it(self):
        first, second = read(1, "CONFIRMED", FIRST), read(2, "RE-SCHEDULED", FIRST)
        self.assert_doubtful(first, second, read(3, "CONFIRMED", FIRST), by=2)

    def test_a_new_window_does(self):
        self.assert_confirmed(
            read(1, "CONFIRMED", FIRST), read(2, "RE-SCHEDULED", FIRST), read(3, "RE-SCHEDULED", SECOND)
        )

    def test_so_do_a_completion_and_a_cancellation(self):
        for word in ("COMPLETED", "CANCELLED"):
            with self.subTest(word):
                self.assert_confirmed(read(1, "CONFIRMED", FIRST), read(2, "RE-SCHEDULED", FIRST), read(3, word, FIRST))

    def test_what_is_moved_once_may_be_said_again(self):
        moved = read(1, "CONFIRMED", FIRST), read(2, "RE-SCHEDULED", SECOND)
        self.assert_confirmed(*moved, read(3, "RE-SCHEDULED", SECOND))
        self.assert_confirmed(*moved, read(3, "CONFIRMED", SECOND), read(4, "RE-SCHEDULED", SECOND))

    def test_the_first_message_that_is_known_has_nothing_to_be_compared_with(self):
        self.assert_confirmed(read(1, "RE-SCHEDULED", FIRST), read(2, "RE-SCHEDULED", FIRST))

    def test_one_of_two_nights_is_enough(self):
        for uid in (None, "u-1"):
            with self.subTest(uid=uid):
                both = read(1, "CONFIRMED", FIRST, SECOND, uid=uid)
                self.assert_confirmed(both, read(2, "RE-SCHEDULED", FIRST, night(14), uid=uid))
                self.assert_doubtful(both, read(2, "RE-SCHEDULED", FIRST, SECOND, uid=uid), by=2)

    def test_one_of_two_uids_is_enough(self):
        both = sent(1, event("CONFIRMED", "C-1"), event("CONFIRMED", "C-2", windows=[SECOND], uid="u-2"))
        moved = sent(
            2,
            event("RE-SCHEDULED", "C-1", windows=[night(14)]),
            event("RE-SCHEDULED", "C-2", windows=[SECOND], uid="u-2"),
        )
        self.assertEqual(kinds(concluded(both, moved)), set())

    def test_a_longer_window_is_another(self):
        self.assert_confirmed(read(1, "CONFIRMED", FIRST), read(2, "RE-SCHEDULED", night(10, 6)))

    def test_an_id_that_is_used_again_starts_afresh(self):
        story = [read(1, "RE-SCHEDULED", FIRST), read(300, "COMPLETED", FIRST), read(400, "CONFIRMED", night(400))]
        self.assert_doubtful(*story, read(410, "RE-SCHEDULED", night(400)), by=410)

    def test_a_person_settles_it(self):
        moved = read(2, "RE-SCHEDULED", FIRST).without_findings([MOVES_NOTHING])
        self.assert_confirmed(read(1, "CONFIRMED", FIRST), moved)


class Dates(TestCase):
    """A window that is an earlier one, read otherwise."""

    def sentences(self, *story: MaintenanceUpdate) -> Sequence[str]:
        """Return what is to be asked."""
        return [each.text for each in concluded(*story).doubts if each.kind == DoubtKind.SECOND_OPINION]

    def test_day_and_month_the_other_way_round(self):
        """12 March and 3 December, whichever was read first, of which kind the second message ever is."""
        for one, other in itertools.permutations((FIRST, SWAPPED)):
            for status in ("CONFIRMED", "RE-SCHEDULED", "IN-PROCESS", "COMPLETED", "CANCELLED"):
                with self.subTest(status=status, first=one):
                    story = read(1, "CONFIRMED", one), read(2, status, other)
                    [sentence] = self.sentences(*story)
                    self.assertIn("day and month the other way round", sentence)
                    self.assertEqual(concluded(*story).confidence, "doubtful")
                    self.assertTrue(may_differ(story))

    def test_another_year(self):
        [sentence] = self.sentences(read(1, "CONFIRMED", FIRST), read(2, "CONFIRMED", NEXT_YEAR))
        self.assertIn("in another year", sentence)

    def test_in_the_time_zone_of_the_provider(self):
        """12 June 22:00 EDT is the 13th in UTC, 6 December 22:00 EST the 7th, at another hour."""
        june = Window(hour(24 * 103 + 2), hour(24 * 103 + 6))
        december = Window(hour(24 * 280 + 3), hour(24 * 280 + 7))
        self.assertEqual((f"{june.start:%m-%d %H}", f"{december.start:%m-%d %H}"), ("06-13 02", "12-07 03"))
        self.assertEqual(len(self.sentences(read(1, "CONFIRMED", june), read(2, "CONFIRMED", december))), 1)

    def test_any_other_date_is_a_move(self):
        for days in (1, 7, 28, 31, 91, 182, 275, 277, 364, 366):
            with self.subTest(days=days):
                self.assertEqual(
                    self.sentences(read(1, "CONFIRMED", FIRST), read(2, "CONFIRMED", night(10 + days))), []
                )

    def test_the_third_of_march_is_no_other_day(self):
        story = read(1, "CONFIRMED", night(1)), read(2, "CONFIRMED", night(1, hours=6))
        self.assertEqual((f"{night(1).start:%m-%d}", self.sentences(*story)), ("03-03", []))

    def test_only_the_end_may_be_misread(self):
        """3 March 20:00 to 4 March, or to 3 April."""
        right, wrong = (Window(hour(24 + 20), hour(24 * day)) for day in (2, 32))
        self.assertEqual((f"{right.end:%m-%d}", f"{wrong.end:%m-%d}"), ("03-04", "04-03"))
        [sentence] = self.sentences(read(1, "CONFIRMED", right), read(2, "CONFIRMED", wrong))
        self.assertIn("day and month the other way round", sentence)

    def test_another_time_of_day_is_a_move(self):
        later = Window(SWAPPED.start.replace(hour=5), SWAPPED.end.replace(hour=9))
        self.assertEqual(self.sentences(read(1, "CONFIRMED", FIRST), read(2, "CONFIRMED", later)), [])

    def test_a_calendar_leaves_no_doubt_about_its_dates(self):
        story = read(1, "CONFIRMED", FIRST, uid="u-1"), read(2, "CONFIRMED", SWAPPED, uid="u-1")
        self.assertEqual(self.sentences(*story), [])

    def test_both_nights_of_one_message_are_meant(self):
        story = read(1, "CONFIRMED", FIRST, SWAPPED), read(2, "CONFIRMED", FIRST, SWAPPED)
        self.assertEqual(self.sentences(*story), [])

    def test_it_ends_with_the_window(self):
        story = read(1, "CONFIRMED", FIRST), read(2, "CONFIRMED", SWAPPED), read(3, "CONFIRMED", SECOND)
        self.assertEqual(self.sentences(*story), [])

    def test_a_person_settles_it(self):
        first, second = read(1, "CONFIRMED", FIRST), read(2, "CONFIRMED", SWAPPED)
        settled = second.without_findings(self.sentences(first, second))
        self.assertEqual((self.sentences(first, settled), concluded(first, settled).confidence), ([], "confirmed"))


class LowerSequence(TestCase):
    """A lower SEQUENCE that was sent later."""

    def kinds(self, *story: MaintenanceUpdate) -> set[DoubtKind]:
        """Return the kinds of the doubts."""
        return kinds(concluded(*story))

    def test_it_is_a_doubt_if_it_changes_the_windows(self):
        before = read(1, "CONFIRMED", FIRST, uid="u-1", sequence=3)
        self.assertEqual(
            self.kinds(before, read(2, "CONFIRMED", SECOND, uid="u-1", sequence=1)), {DoubtKind.LOWER_SEQUENCE}
        )
        for same in (FIRST, None):
            repeated = read(2, "CONFIRMED", FIRST, uid="u-1", sequence=1 if same else None)
            self.assertEqual(self.kinds(before, repeated), set())

    def test_an_equal_one_or_none_is_not(self):
        before = read(1, "CONFIRMED", FIRST, uid="u-1", sequence=3)
        for sequence in (3, 4, None):
            with self.subTest(sequence=sequence):
                self.assertEqual(self.kinds(before, read(2, "CONFIRMED", SECOND, uid="u-1", sequence=sequence)), set())

    def test_it_ends_with_the_next_change(self):
        story = [read(at, "CONFIRMED", night(10 + at), uid="u-1", sequence=number) for at, number in ((1, 3), (2, 1))]
        self.assertEqual(self.kinds(*story, read(3, "CONFIRMED", FIRST, uid="u-1", sequence=4)), set())


class KnownId(TestCase):
    """Something else that looks more like the ID counts until two messages with the ID are on record."""

    def doubtful(self, at: float, gate: str) -> MaintenanceUpdate:
        """Return an update that one finding makes doubtful."""
        finding = Finding(gate, DOUBTFUL, f"A-9 looks more like the ID ({at}).", otherwise="A-9")
        return replace(read(at, "CONFIRMED", FIRST), opinion=Opinion(DOUBTFUL, (finding,)))

    def test_one_message_is_doubtful_and_two_are_not(self):
        first, second = self.doubtful(1, OTHER_ID), self.doubtful(2, OTHER_ID)
        alone = concluded(first)
        self.assertEqual((kinds(alone), alone.confidence), ({DoubtKind.SECOND_OPINION}, DOUBTFUL))
        self.assertEqual((concluded(first, second).doubts, concluded(first, second).confidence), ((), "confirmed"))

    def test_one_message_received_twice_is_one(self):
        self.assertEqual(concluded(self.doubtful(1, OTHER_ID), self.doubtful(1, OTHER_ID)).confidence, DOUBTFUL)

    def test_other_doubts_stay(self):
        conclusion = concluded(self.doubtful(1, "id"), self.doubtful(2, "id"))
        self.assertEqual((kinds(conclusion), conclusion.confidence), ({DoubtKind.SECOND_OPINION}, DOUBTFUL))
