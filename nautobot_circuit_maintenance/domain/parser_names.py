"""Which parsers may read the emails of a provider, by its name and by the domain that they come from."""

from collections.abc import Collection, Iterator
from typing import NamedTuple

_SHORTEST = 4
"""Letters of a name that a domain may contain: "att" is in too many others."""


class ProposedParser(NamedTuple):
    """A parser that may be the right one."""

    name: str
    why: str


def normalized_name(name: str) -> str:
    """Return a name as the parser library spells it: "Crown Castle" is crowncastle."""
    return "".join(character for character in name.lower() if character.isalnum())


def proposed_parsers(known: Collection[str], provider: str, sender: str) -> list[ProposedParser]:
    """Return the parsers that fit, the most likely first."""
    found: dict[str, ProposedParser] = {}
    for each in _proposed(known, provider, sender):
        found.setdefault(each.name, each)
    return list(found.values())


def _proposed(known: Collection[str], provider: str, sender: str) -> Iterator[ProposedParser]:
    name = normalized_name(provider)
    labels = [normalized_name(label) for label in sender.rpartition("@")[2].split(".")[:-1]]
    for each in known:
        if each == name:
            yield ProposedParser(each, "It has the name of the provider.")
    for each in known:
        if each in labels or len(each) >= _SHORTEST and any(each in label for label in labels):
            yield ProposedParser(each, f"Its name is in the sender's address {sender}.")
    for each in known:
        if len(each) >= _SHORTEST and (name.startswith(each) or each.startswith(name) and len(name) >= _SHORTEST):
            yield ProposedParser(each, "Its name begins like that of the provider.")
