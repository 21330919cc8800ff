"""What is posted to Alertmanager, and what is ended there."""

from datetime import datetime, timedelta, timezone

from django.test import SimpleTestCase

from nautobot_circuit_maintenance.outbound.channels.alertmanager.plan import Plan, Post, plan
from nautobot_circuit_maintenance.outbound.channels.alertmanager.silences import Matchers, Silence, State, Wanted, ours
from nautobot_circuit_maintenance.outbound.channels.alertmanager.spans import QuietTime, wanted

NOW = datetime(2026, 11, 30, 12, tzinfo=timezone.utc)
LEAD = timedelta(minutes=10)
ONE: Matchers = frozenset({("cid", "C-1")})
TWO: Matchers = frozenset({("cid", "C-2")})
CREATOR = "nautobot-circuit-maintenance live/am"


def at(minutes: float) -> datetime:
    """Return the moment so many minutes from now."""
    return NOW + timedelta(minutes=minutes)


def work(start: float, end: float, *, matchers: Matchers = ONE, reason: str = "https://nautobot/m/1") -> QuietTime:
    """Return a window of work from and to so many minutes from now."""
    return QuietTime(matchers, at(start) - LEAD, at(end), reason)


def want(*works: QuietTime) -> Wanted:
    """Return what is wanted now for these windows."""
    return wanted(works, NOW)


def stored(name: str, start: float, end: float, *, matchers: Matchers | None = ONE) -> Silence:
    """Return a silence that Alertmanager has."""
    state = State.PENDING if start > 0 else State.ACTIVE
    return Silence(name, state, at(start), at(end), matchers)


def spans(found: Wanted, matchers: Matchers = ONE) -> list[tuple[datetime, datetime]]:
    """Return start and end of what is wanted for these matchers."""
    return [(span.start, span.end) for span in found.get(matchers, ())]


class Wanting(SimpleTestCase):
    """From windows to what should be silent."""

    def test_a_silence_begins_with_the_lead_and_ends_with_the_window(self) -> None:
        self.assertEqual(spans(want(work(5, 60))), [(at(-5), at(60))])

    def test_what_begins_later_than_in_half_an_hour_is_not_wanted_yet(self) -> None:
        self.assertEqual(spans(want(work(40, 60))), [(at(30), at(60))])
        self.assertEqual(want(work(41, 60)), {})

    def test_what_is_over_is_not_wanted(self) -> None:
        self.assertEqual(want(work(-60, 0)), {})

    def test_windows_of_two_maintenances_that_overlap_or_touch_are_one_silence_with_both_reasons(self) -> None:
        found = want(work(-30, 10, reason="b"), work(10, 40), work(30, 50, reason="a"), work(-5, 3, matchers=TWO))

        self.assertEqual(spans(found), [(at(-40), at(50))])
        self.assertEqual(found[ONE][0].reasons, ("a", "b", "https://nautobot/m/1"))
        self.assertEqual(spans(found, TWO), [(at(-15), at(3))])

    def test_windows_that_are_apart_are_two_silences(self) -> None:
        self.assertEqual(spans(want(work(-30, 5), work(20, 60))), [(at(-40), at(5)), (at(10), at(60))])

    def test_a_short_window_inside_a_long_one_does_not_shorten_it(self) -> None:
        self.assertEqual(spans(want(work(-30, 100), work(-20, -10))), [(at(-40), at(100))])


class Planning(SimpleTestCase):
    """From what is wanted and what is there to what is sent."""

    def test_what_is_missing_is_posted(self) -> None:
        self.assertEqual(
            plan(want(work(5, 60)), [], NOW), Plan((Post("", ONE, at(-5), at(60), ("https://nautobot/m/1",)),), ())
        )

    def test_what_is_there_is_left_alone_whenever_it_began(self) -> None:
        self.assertEqual(plan(want(work(5, 60)), [stored("x", -2, 60)], NOW), Plan((), ()))
        self.assertEqual(plan(want(work(30, 60)), [stored("x", 20, 60)], NOW), Plan((), ()))

    def test_another_offset_and_less_than_a_second_are_no_difference(self) -> None:
        elsewhere = timezone(timedelta(hours=2))
        silence = Silence("x", State.ACTIVE, at(-5), at(60.01).astimezone(elsewhere), ONE)

        self.assertEqual(plan(want(work(5, 60)), [silence], NOW), Plan((), ()))

    def test_an_active_silence_is_extended_and_shortened_with_its_own_beginning(self) -> None:
        for minutes in (90, 30):
            with self.subTest(minutes):
                found = plan(want(work(5, minutes)), [stored("x", -2, 60)], NOW)

                self.assertEqual(
                    [(post.id, post.start, post.end) for post in found.posts], [("x", at(-2), at(minutes))]
                )
                self.assertEqual(found.expire, ())

    def test_a_silence_that_has_not_begun_is_moved(self) -> None:
        found = plan(want(work(35, 70)), [stored("x", 10, 60)], NOW)

        self.assertEqual([(post.id, post.start, post.end) for post in found.posts], [("x", at(25), at(70))])
        self.assertEqual(found.expire, ())

    def test_an_active_silence_of_a_window_that_was_moved_to_later_is_ended(self) -> None:
        """Its beginning cannot be changed any more."""
        found = plan(want(work(35, 70)), [stored("x", -5, 60)], NOW)

        self.assertEqual([(post.id, post.start) for post in found.posts], [("", at(25))])
        self.assertEqual(found.expire, ("x",))

    def test_what_is_not_wanted_is_ended(self) -> None:
        there = [stored("x", -5, 60), stored("y", 5, 60), stored("z", -5, 60, matchers=TWO)]

        self.assertEqual(plan({}, there, NOW), Plan((), ("x", "y", "z")))

    def test_of_several_for_one_span_the_longest_is_kept_by_every_worker(self) -> None:
        there = [stored("b", -5, 60), stored("a", -5, 50), stored("d", -5, 60), stored("c", 5, 90)]

        for order in (there, there[::-1]):
            self.assertEqual(plan(want(work(5, 60)), order, NOW), Plan((), ("a", "c", "d")))

    def test_two_spans_have_a_silence_each(self) -> None:
        there = [stored("later", 10, 60), stored("now", -10, 5)]

        self.assertEqual(plan(want(work(-30, 5), work(20, 60)), there, NOW), Plan((), ()))

    def test_a_silence_for_a_later_span_is_not_taken_for_an_earlier_one(self) -> None:
        found = plan(want(work(-30, 5), work(20, 60)), [stored("later", 10, 60)], NOW)

        self.assertEqual([(post.id, post.start) for post in found.posts], [("", at(-40))])
        self.assertEqual(found.expire, ())

    def test_a_span_that_begins_in_this_second_by_one_clock_only_is_the_same(self) -> None:
        """Alertmanager's clock is ahead: for it, the silence is on."""
        early = Silence("x", State.ACTIVE, at(0.5), at(60), ONE)

        self.assertEqual(plan(want(work(10.5, 60)), [early], NOW), Plan((), ()))

    def test_a_silence_of_ours_with_matchers_that_we_never_write_is_ended(self) -> None:
        self.assertEqual(plan({}, [stored("x", -5, 60, matchers=None)], NOW), Plan((), ("x",)))


class Reading(SimpleTestCase):
    """From Alertmanager's answer to our silences."""

    entry = {
        "id": "x",
        "createdBy": CREATOR,
        "startsAt": "2026-11-30T14:00:00.000+02:00",
        "endsAt": "2026-11-30T13:00:00.123Z",
        "matchers": [{"name": "cid", "value": "C-1", "isRegex": False}],
        "status": {"state": "active"},
    }

    def test_times_are_moments_and_equality_need_not_be_written(self) -> None:
        (found,) = ours([self.entry], CREATOR)

        self.assertEqual((found.state, found.matchers), (State.ACTIVE, ONE))
        self.assertEqual(found.start, NOW)
        self.assertEqual(found.end, NOW + timedelta(hours=1, milliseconds=123))

    def test_another_creator_and_what_is_over_are_not_ours(self) -> None:
        others = ("alice", "nautobot-circuit-maintenance test/am", "nautobot-circuit-maintenance live/am2", "", None)
        entries = [{**self.entry, "createdBy": name} for name in others]
        entries.append({**self.entry, "status": {"state": "expired"}})

        self.assertEqual(ours([*entries, None, {}, "text"], CREATOR), ())

    def test_matchers_by_pattern_or_negative_are_never_equal_to_ours(self) -> None:
        for odd in ({"isRegex": True}, {"isEqual": False}):
            entry = {**self.entry, "matchers": [{**self.entry["matchers"][0], **odd}]}  # type: ignore[dict-item]  # wrong on purpose

            self.assertIsNone(ours([entry], CREATOR)[0].matchers)

    def test_one_of_ours_that_cannot_be_read_is_an_error(self) -> None:
        for key in ("id", "startsAt", "endsAt", "matchers"):
            with self.subTest(key), self.assertRaises(ValueError):
                ours([{name: value for name, value in self.entry.items() if name != key}], CREATOR)
        with self.assertRaises(ValueError):
            ours([{**self.entry, "endsAt": "2026-11-30T13:00:00"}], CREATOR)
