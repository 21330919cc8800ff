"""Random stories: the conclusion follows the rules, whatever the order of arrival."""

from collections.abc import Sequence
from dataclasses import replace
from unittest import TestCase

from hypothesis import assume, given, settings, strategies as st

from nautobot_circuit_maintenance.domain.conclusion import Conclusion, conclude, conclusions
from nautobot_circuit_maintenance.domain.doubts import DoubtKind
from nautobot_circuit_maintenance.domain.events import events_in_order, rank
from nautobot_circuit_maintenance.domain.history import MOVES_NOTHING
from nautobot_circuit_maintenance.domain.updates import MaintenanceEvent, MaintenanceUpdate, Provenance
from nautobot_circuit_maintenance.tests.domain.oracle import Outcome, outcome_of
from nautobot_circuit_maintenance.tests.domain.stories import hour, stories

EXAMPLES = 4 * settings().max_examples  # 400, and fewer in `invoke pure`


def outcome(conclusion: Conclusion) -> Outcome:
    """Return what the domain concludes in the words of the oracle."""
    return Outcome(
        status=conclusion.status,
        windows=list(conclusion.windows),
        cancelled_windows=list(conclusion.cancelled_windows),
        circuits={
            each.cid.casefold(): (
                each.impact,
                list(conclusion.windows if each.windows is None else each.windows),
            )
            for each in conclusion.impacts
        },
        standing=set(conclusion.standing),
        name=conclusion.name,
        description=conclusion.description,
        questioned={
            (
                each.fingerprint,
                "" if each.text == MOVES_NOTHING else str(min(side.window.start for side in each.sides[0])),
            )
            for each in conclusion.doubts
            if each.kind == DoubtKind.SECOND_OPINION
        },
    )


class AnyStory(TestCase):
    """Properties of the replay."""

    maxDiff = None

    @given(stories())
    @settings(max_examples=EXAMPLES, deadline=None)
    def test_the_conclusion_follows_the_rules(self, story: Sequence[MaintenanceUpdate]) -> None:
        """The oracle, worked out a second time from the rules, comes to the same."""
        self.assertEqual(outcome(conclude(story)), outcome_of(story))

    @given(stories(), st.randoms(use_true_random=False))
    @settings(max_examples=EXAMPLES, deadline=None)
    def test_the_order_of_arrival_does_not_matter(self, story: Sequence[MaintenanceUpdate], random) -> None:
        """Everything is equal, doubts and entries included."""
        shuffled = random.sample(list(story), len(story))

        self.assertEqual(conclude(shuffled), conclude(story))
        self.assertEqual(outcome_of(shuffled), outcome_of(story))

    @given(stories())
    @settings(max_examples=EXAMPLES, deadline=None)
    def test_one_after_the_other_is_the_same_as_all_at_once(self, story: Sequence[MaintenanceUpdate]) -> None:
        """The conclusion after each update is that of all updates so far."""
        for count, conclusion in enumerate(conclusions(story), start=1):
            self.assertEqual(conclusion, conclude(story[:count]))

    @given(stories(), stories(most=1))
    @settings(max_examples=EXAMPLES, deadline=None)
    def test_an_ending_word_loses_no_circuit(
        self, story: Sequence[MaintenanceUpdate], last: Sequence[MaintenanceUpdate]
    ) -> None:
        """Whatever is cancelled or completed, every circuit stays on record with its impact."""
        ending = as_newest(last[0], *(event._replace(status="CANCELLED") for event in last[0].events))
        before, after = conclude(story), conclude([*story, ending])

        known = {(entry.key, entry.impact) for entry in before.entries if entry.cid}
        self.assertLessEqual(known, {(entry.key, entry.impact) for entry in after.entries})
        self.assertLessEqual(set(outcome(before).circuits), set(outcome(after).circuits))

    @given(stories(), st.booleans())
    @settings(max_examples=EXAMPLES, deadline=None)
    def test_a_reminder_changes_nothing(self, story: Sequence[MaintenanceUpdate], is_bare: bool) -> None:
        """Neither a repetition of the newest event, nor an event without any content."""
        newest = events_in_order(story)[-1]
        event = MaintenanceEvent("NO-CHANGE") if is_bare else newest.event._replace(issued_at=None)
        assume(newest.event.method != "ADD" and (is_bare or len(story[newest.update].events) == 1))
        before = conclude(story)
        if is_bare:
            assume(not all(entry.is_over for entry in before.entries))
            # Two occurrences of a series moved to the same time become one.
            assume(len({(entry.key, entry.window) for entry in before.entries}) == len(before.entries))
        expected, found = outcome(before), outcome(conclude([*story, as_newest(story[newest.update], event)]))

        self.assertEqual((found.status, found.windows), (expected.status, expected.windows))
        self.assertEqual(found.circuits, expected.circuits)

    @given(stories())
    @settings(max_examples=EXAMPLES, deadline=None)
    def test_no_two_events_have_the_same_place(self, story: Sequence[MaintenanceUpdate]) -> None:
        """The order is total, so that nothing is left to the order of arrival."""
        places = [rank(each) for each in events_in_order(story)]

        self.assertEqual(len(set(places)), len(places))
        self.assertEqual(places, sorted(places))


def as_newest(update: MaintenanceUpdate, *events: MaintenanceEvent) -> MaintenanceUpdate:
    """Return an update with these events that is newer than any story; its SEQUENCE is as it is."""
    return replace(
        update,
        events=tuple(event._replace(issued_at=None) for event in events),
        provenance=Provenance(received_at=hour(9_000), sent_at=None, fingerprint="newest"),
    )
