"""How a finding is said."""

from unittest import TestCase
from uuid import UUID

from nautobot_circuit_maintenance.analysis.redundancy.kinds import Kind
from nautobot_circuit_maintenance.analysis.redundancy.values import Finding, Phase, Subject
from nautobot_circuit_maintenance.analysis.risk.words import Names
from nautobot_circuit_maintenance.tests.factories.mail import NOON

KEYS = [UUID(int=number) for number in range(1, 5)]


class HangsOnTest(TestCase):
    """Which circuits may not fail."""

    def hangs_on(self, circuits: dict[UUID, str]) -> list[UUID]:
        """Return them for a finding that hangs on all of the keys, of which these circuits may be viewed."""
        phase = Phase(NOON, NOON, (), (), tuple(KEYS))
        finding = Finding(Subject.SITE, UUID(int=9), Kind.ONE_LEFT, NOON, NOON, (phase, phase), True, True, 2)
        return Names(circuits, {}, {}).hangs_on_keys(finding)

    def test_circuits_of_two_providers_with_the_same_id_are_two(self):
        self.assertEqual(self.hangs_on(dict.fromkeys(KEYS, "1001")), KEYS)

    def test_those_that_may_not_be_viewed_are_one(self):
        self.assertEqual(self.hangs_on({KEYS[1]: "1001", KEYS[3]: "1002"}), [KEYS[0], KEYS[1], KEYS[3]])
