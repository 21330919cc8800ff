"""Random worlds: the assessment is that of the oracle, to the second."""

from unittest import TestCase

import pytest
from hypothesis import given, settings, strategies as st

from nautobot_circuit_maintenance.analysis.redundancy.assessing import assess
from nautobot_circuit_maintenance.analysis.redundancy.inventory import survey
from nautobot_circuit_maintenance.analysis.redundancy.values import Finding
from nautobot_circuit_maintenance.tests.redundancy import oracle
from nautobot_circuit_maintenance.tests.redundancy.worlds import START, World, long_worlds, worlds

EXAMPLES = 2 * settings().max_examples  # 200, and fewer in `invoke pure`
NIGHTLY = 100 * settings().max_examples  # 10,000


def in_order(findings: list[Finding]) -> list[Finding]:
    """Return findings in the order of the assessment."""
    return sorted(findings, key=lambda each: (each.start, each.subject.value, each.key, each.end))


class AnyWorld(TestCase):
    """The assessment of any world."""

    maxDiff = None

    def compare(self, world: World) -> None:
        """Compare the assessment with the oracle."""
        topology = survey(world.inventory).topology
        assessment = assess(topology, world.outages)

        self.assertEqual(list(assessment.findings), in_order(oracle.findings(*world)))
        expected = oracle.Oracle(world.inventory)
        self.assertEqual(set(assessment.sites), expected.assessed)
        with_two_ways = {site for site, state in assessment.sites.items() if state.has_two_ways}
        self.assertEqual(with_two_ways, expected.with_two_ways)
        self.assertEqual(set(assessment.not_assessed), expected.sites - expected.assessed - expected.core)

    @given(worlds())
    @settings(max_examples=EXAMPLES, deadline=None)
    def test_findings_causes_and_confirmation_are_those_of_the_oracle(self, world: World) -> None:
        """Each site and group, each moment, each cause."""
        self.compare(world)

    @given(long_worlds())
    @settings(max_examples=EXAMPLES, deadline=None)
    def test_chains_and_rings_are_those_of_the_oracle(self, world: World) -> None:
        """Paths that stay up are folded, branches are cut off, and yet each site has its own answer."""
        self.compare(world)

    @given(worlds(), st.data())
    @settings(max_examples=EXAMPLES, deadline=None)
    def test_what_is_over_before_a_moment_does_not_depend_on_what_begins_later(
        self, world: World, data: st.DataObject
    ) -> None:
        """What lasts until that moment begins at the same time with it and without it."""
        moments = sorted({time for each in world.outages for time in (each.start, each.end)})
        horizon = data.draw(st.sampled_from(moments)) if moments else START
        topology = survey(world.inventory).topology
        everything = assess(topology, world.outages).findings
        before = assess(topology, [each for each in world.outages if each.start < horizon]).findings

        self.assertEqual(
            [each for each in before if each.end < horizon], [each for each in everything if each.end < horizon]
        )
        lasting = [
            {(each.subject, each.key, each.kind, each.start) for each in found if each.start < horizon <= each.end}
            for found in (before, everything)
        ]
        self.assertEqual(*lasting)

    @pytest.mark.nightly
    @given(worlds(most_circuits=12, most_outages=14))
    @settings(max_examples=NIGHTLY, deadline=None)
    def test_ten_thousand_larger_worlds(self, world: World) -> None:
        """The same, with more links and outages."""
        self.compare(world)
