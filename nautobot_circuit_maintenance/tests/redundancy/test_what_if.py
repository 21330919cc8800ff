"""What further work would add, and when it may be done."""

from datetime import timedelta
from unittest import TestCase

from nautobot_circuit_maintenance.analysis.redundancy.kinds import Kind
from nautobot_circuit_maintenance.analysis.redundancy.what_if import Work, not_assessable
from nautobot_circuit_maintenance.tests.redundancy.small import Small, down, key_of
from nautobot_circuit_maintenance.tests.redundancy.worlds import at

NETWORK = Small({"a1": "A mpls1", "a2": "A mpls2", "b": "B mpls1", "local": "C C", "lost": "X Y"})
KNOWN = down("a1", 20, 24)


def work(*circuits: str) -> Work:
    """Return work on these circuits, while one circuit of A has a maintenance."""
    return Work(NETWORK.topology, KNOWN, map(key_of, circuits))


class Adding(TestCase):
    """What is worse with the work."""

    def test_the_other_way_of_a_site_is_added_dark(self) -> None:
        """Only while the first one is down; before, one way is left."""
        found = [(each.finding.kind, each.start, each.end) for each in work("a2").added((at(18), at(22)))]

        self.assertEqual(found, [(Kind.ONE_LEFT, at(18), at(20)), (Kind.DARK, at(20), at(22))])

    def test_what_is_so_anyhow_is_not_added(self) -> None:
        """The same circuit once more changes nothing."""
        self.assertEqual(work("a1").added((at(20), at(22))), ())
        found = [(each.finding.kind, each.start, each.end) for each in work("a1").added((at(18), at(22)))]
        self.assertEqual(found, [(Kind.ONE_LEFT, at(18), at(20))])


class FreeSlots(TestCase):
    """When the work may be done."""

    def test_a_start_is_free_if_no_moment_of_the_work_is_closed(self) -> None:
        """The first night would meet the known work, the second does not."""
        slots = work("a2").slots(at(0), timedelta(hours=4), [at(17), at(16), at(40)])

        self.assertEqual([slot.is_free for slot in slots.slots], [False, True, True])
        self.assertEqual(slots.alone, ())
        self.assertEqual(slots.gaps, ((at(0), at(20)), (at(24), at(14 * 24 + 4))))

    def test_a_gap_that_is_too_short_is_none(self) -> None:
        """Work of 21 hours does not fit before the known one."""
        self.assertEqual(work("a2").slots(at(0), timedelta(hours=21), []).gaps, ((at(24), at(14 * 24 + 21)),))

    def test_work_that_darkens_a_site_by_itself_has_no_slot(self) -> None:
        """That is said once."""
        slots = work("b").slots(at(0), timedelta(hours=1), [at(1)])

        self.assertEqual((slots.alone, slots.slots, slots.gaps), ((key_of("B"),), (), ()))


class NotInTheGraph(TestCase):
    """Nothing is called safe that was not assessed."""

    def test_circuits_of_which_nothing_can_be_said(self) -> None:
        """Unknown ones, those within one site, those between sites that do not reach the core."""
        asked = list(map(key_of, ("a1", "b", "local", "lost", "unheard")))
        found = not_assessable(NETWORK.topology, NETWORK.assess(), asked)

        self.assertEqual(set(found), set(map(key_of, ("local", "lost", "unheard"))))
