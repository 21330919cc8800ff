"""Random stories: what follows from them is what the rules say, whatever the order of arrival."""

from collections.abc import Sequence
from unittest import TestCase

from hypothesis import given, settings, strategies as st

from nautobot_circuit_maintenance.domain.conclusion import Conclusion, conclude, conclusions
from nautobot_circuit_maintenance.domain.updates import MaintenanceUpdate
from nautobot_circuit_maintenance.tests.domain.oracle import Outcome, outcome_of
from nautobot_circuit_maintenance.tests.domain.stories import stories

EXAMPLES = 400


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
    )


class AnyStory(TestCase):
    """Properties of the replay."""

    maxDiff = None

    @given(stories())
    @settings(max_examples=EXAMPLES, deadline=None)
    def test_the_conclusion_is_what_the_rules_say(self, story: Sequence[MaintenanceUpdate]) -> None:
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
