"""Email of unknown senders in the log and the result of a run."""

import tracemalloc

import pytest

from nautobot_circuit_maintenance.pipeline.unknown_senders import UnknownSenders


def of(*batches: dict[str, int]) -> UnknownSenders:
    """Add these, one after the other."""
    senders = UnknownSenders()
    for batch in batches:
        senders.add(batch)
    return senders


def test_the_ten_domains_with_most_mail_are_named_and_each_with_an_address():
    few = {f"noc@isp{number}.example": 2 for number in range(10)}
    many = {f"bounce-{number}@carrier.example": 1 for number in range(20)}
    senders = of(few, many)
    names = [f"isp{number}.example" for number in range(9)]
    assert str(senders) == ", ".join(["carrier.example (20)", *(f"{name} (2)" for name in names)]) + " and others"
    found = senders.as_json()
    assert list(found) == ["carrier.example", *names]
    assert found["carrier.example"] == {"mails": 20, "address": "bounce-0@carrier.example"}


def test_where_there_are_no_more_than_ten_there_are_no_others():
    assert str(of({f"a@isp{number}.example": 1 for number in range(10)})).endswith("isp9.example (1)")
    assert (str(of()), of().as_json()) == ("", {})


def test_mail_without_a_sender_is_counted():
    senders = of({"": 2, "noc@carrier.example": 1}, {"": 1})
    assert (str(senders), senders.without_sender) == ("carrier.example (1)", 3)
    assert senders.as_json()["(no sender)"] == {"mails": 3, "address": ""}


@pytest.mark.parametrize("sender", ["a@x_**y", "a@`b`", "a@caf\N{LATIN SMALL LETTER E WITH ACUTE}.example"])
def test_addresses_without_a_host_name_are_not_listed(sender):
    assert (str(of({sender: 3})), of({sender: 3}).as_json()) == ("", {})


def test_memory_does_not_grow_with_the_number_of_senders():
    senders = of({"noc@carrier.example": 50})
    tracemalloc.start()
    for start in range(0, 100_000, 500):
        senders.add({f"a@{'x' * 200}{number}.example": 1 for number in range(start, start + 500)})
    used, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert used < 12_000_000
    assert str(senders).startswith("carrier.example (50), ")
