"""Which parsers may read the emails of a provider, by its name, the domain that they come from, and their subject."""

import re
from collections.abc import Collection, Iterator
from typing import NamedTuple

_MOST_WORDS = 3
"""Words that a parser's name may consist of: "crowncastle" is two."""
_SHORTEST = 4
"""Letters of a name that a domain may contain: "att" is in too many others."""


class ProposedParser(NamedTuple):
    """A parser that may be the right one."""

    name: str
    why: str


def normalized_name(name: str) -> str:
    """Return a name as the parser library spells it: "Crown Castle" is crowncastle."""
    return "".join(character for character in name.lower() if character.isalnum())


def proposed_parsers(known: Collection[str], provider: str, sender: str, subject: str) -> list[ProposedParser]:
    """Return the parsers that fit, the most likely first."""
    found: dict[str, ProposedParser] = {}
    for each in (*_by_name(known, provider, sender), *_by_words(known, provider, subject)):
        found.setdefault(each.name, each)
    return list(found.values())


def _by_name(known: Collection[str], provider: str, sender: str) -> Iterator[ProposedParser]:
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


def _by_words(known: Collection[str], provider: str, subject: str) -> Iterator[ProposedParser]:
    in_name, in_subject = _joined_words(provider), _joined_words(subject)
    for each in known:
        if each in in_name:
            yield ProposedParser(each, "Its name stands in that of the provider.")
    for each in known:
        if len(each) >= _SHORTEST and each in in_subject:
            yield ProposedParser(each, "Its name stands in the subject of the email.")


def _joined_words(text: str) -> set[str]:
    """Return the words of a name or subject, and what two or three of them are together, as the parser library spells names."""
    words = [name for each in re.split(r"[^\w&]+", text) if (name := normalized_name(each))]
    return {
        "".join(words[first : first + number]) for first in range(len(words)) for number in range(1, _MOST_WORDS + 1)
    }
