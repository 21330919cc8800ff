"""The hint that all links left are of one provider."""

from datetime import datetime, timedelta, timezone
from uuid import UUID

from hypothesis import given, strategies as st

from nautobot_circuit_maintenance.analysis.redundancy.one_provider import left_to_one_provider
from nautobot_circuit_maintenance.analysis.redundancy.values import Outage

NOON = datetime(2026, 12, 1, 12, tzinfo=timezone.utc)
HOUR = timedelta(hours=1)
SITE, WORK = UUID(int=1), UUID(int=2)
A1, A2, B1, B2 = CIRCUITS = [UUID(int=10 + number) for number in range(4)]
A, B = UUID(int=20), UUID(int=21)
PROVIDERS = {A1: A, A2: A, B1: B, B2: B}


def down(circuit, start, end):
    """Return an outage, in hours from noon."""
    return Outage(circuit, WORK, NOON + start * HOUR, NOON + end * HOUR)


def found(*outages, links=tuple(CIRCUITS), providers=None):
    """Return provider, start and end of each hint, and how many links are left."""
    hints = left_to_one_provider({SITE: links}, providers or PROVIDERS, outages)
    return [(each.provider, (each.start - NOON) / HOUR, (each.end - NOON) / HOUR, len(each.left)) for each in hints]


def test_both_links_of_the_other_provider_are_down():
    assert found(down(B1, 1, 4), down(B2, 2, 6)) == [(A, 2, 4, 2)]
    assert not found(down(B1, 1, 4))


def test_a_single_link_is_a_finding_and_no_hint():
    assert not found(down(B1, 1, 4), links=(A1, B1))
    assert found(down(B1, 1, 4), down(A1, 2, 3), links=(A1, A2, B1)) == [(A, 1, 2, 2), (A, 3, 4, 2)]


def test_a_site_that_only_ever_had_one_provider_needs_no_hint():
    assert not found(down(A1, 1, 4), links=(A1, A2))


def test_touching_windows_are_one_hint():
    assert found(down(B1, 1, 2), down(B1, 2, 4), links=(A1, A2, B1)) == [(A, 1, 4, 2)]


def test_nothing_is_said_where_a_provider_is_not_known():
    assert not found(down(B1, 1, 4), links=(A1, A2, B1), providers={A1: A, A2: A})


spans = st.tuples(st.sampled_from(CIRCUITS), st.integers(0, 8), st.integers(1, 4))


@given(st.lists(spans, max_size=6))
def test_it_is_so_at_each_moment(works):
    """Compared with every half hour, one after the other."""
    outages = [down(circuit, start, start + length) for circuit, start, length in works]
    hints = left_to_one_provider({SITE: CIRCUITS}, PROVIDERS, outages)
    for half in range(1, 26, 2):
        at = NOON + half * HOUR / 2
        left = [each for each in CIRCUITS if not any(o.circuit == each and o.start <= at < o.end for o in outages)]
        expected = {PROVIDERS[each] for each in left} if len(left) > 1 else set()
        said = {each.provider for each in hints if each.start <= at < each.end}
        assert said == (expected if len(expected) == 1 else set())
