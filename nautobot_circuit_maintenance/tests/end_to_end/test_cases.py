"""Every case of ``../shared/cases`` through the real pipeline; collected only where the cases are."""

from collections.abc import Collection
from typing import Any

import pytest

from development.services.imap import ImapServer
from nautobot_circuit_maintenance.models import CircuitMaintenance
from nautobot_circuit_maintenance.tests.end_to_end.case_world import CaseWorld
from nautobot_circuit_maintenance.tests.end_to_end.cases import (
    ANYTHING,
    Case,
    all_cases,
    compare_keys,
    differences,
    missing_words,
)

MAIL_WORDS = dict.fromkeys(("reason_contains", "told_contains", "subject_contains"), missing_words)


@pytest.mark.django_db
@pytest.mark.parametrize("case", all_cases(), ids=lambda case: case.name)
def test_case(case: Case, imap_server: ImapServer) -> None:
    """The mails of a case become what it says, and nothing else is there at the end."""
    world = CaseWorld(case, imap_server)
    world.play()
    tried = [_unlike(world, outcome) for outcome in case.outcomes]
    if all(tried):
        title = f"{case.content['title']}\n{case.content['why']}\n"
        pytest.fail(title + "\nor\n".join("\n".join(lines) for lines in tried), pytrace=False)


def _unlike(world: CaseWorld, outcome: dict[str, Any]) -> list[str]:
    """Return what differs from one outcome of a case."""
    lines = []
    for file, expected in outcome["expect"].items():
        found = world.mail(file)
        different = compare_keys(expected, found, MAIL_WORDS)
        if different:
            lines += [f"{file} {line}" for line in different]
            lines.append(f"{file} is {found['state']}: {found['reason_contains'].strip()}")
    return lines + _unlike_maintenances(world, outcome["then"])


def _unlike_maintenances(world: CaseWorld, expected: list[dict[str, Any]]) -> list[str]:
    """Return what differs from the maintenances that there should be; there must be no others."""
    found = world.maintenances()
    # A case may leave the name open: then it is any that no other maintenance of the case has.
    others = sorted(set(found) - {each["name"] for each in expected if each["name"] != ANYTHING})
    names = [others.pop(0) if each["name"] == ANYTHING and others else each["name"] for each in expected]
    lines = differences(sorted(names), sorted(found))
    for name, each in zip(names, expected):
        if row := found.get(name):
            lines += [f"{row.name} {line}" for line in _unlike_maintenance(world, each, row)]
    return lines


def _unlike_maintenance(world: CaseWorld, expected: dict[str, Any], row: CircuitMaintenance) -> list[str]:
    """Return what differs from one maintenance."""

    def words_of_page(words: list[str | list[str]], row: CircuitMaintenance) -> list[str]:
        return missing_words(words, world.page(row))

    def not_found_by(searches: list[str], row: CircuitMaintenance) -> list[str]:
        return [f"the search for '{words}' does not find it" for words in searches if not world.finds(words, row)]

    special = {"circuits": _unlike_circuits, "hint_contains": words_of_page, "found_by": not_found_by}
    return compare_keys(expected, world.maintenance(row), special)


def _unlike_circuits(expected: Any, found: list[dict[str, Any]]) -> list[str]:
    """Return what differs from the circuits of a maintenance; all of them are named."""
    if expected == ANYTHING:
        return []
    by_cid = {each["cid"]: each for each in found}
    by_wanted = {_spelling(each["cid"], by_cid): each for each in expected}
    lines = differences(sorted(by_wanted), sorted(by_cid))
    for cid, each in by_wanted.items():
        if circuit := by_cid.get(cid):
            lines += [f"{cid} {line}" for line in compare_keys(each, circuit, {})]
    return lines


def _spelling(cid: Any, found: Collection[str]) -> str:
    """Return a circuit ID of a case; of several spellings that are right, the one that was found."""
    if isinstance(cid, str):
        return cid
    spellings: list[str] = cid["any_of"]
    return next((each for each in spellings if each in found), spellings[0])
