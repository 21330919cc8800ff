"""The cases of ``../shared/cases``: mails, and what has to come out of them; their README.md has the format."""

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from development.services.embedded import ROOT

FOLDER = ROOT.parent / "shared" / "cases"
ANYTHING = "*"
Compare = Callable[[Any, Any], list[str]]
"""Compares what is expected with what is there; returns the differences, a line each."""


@dataclass(frozen=True)
class Case:
    """One folder of mails."""

    path: Path
    content: dict[str, Any] = field(repr=False)

    @property
    def name(self) -> str:
        """Kind and name, as in ``order/constant-uid``."""
        return f"{self.path.parent.name}/{self.path.name}"

    @property
    def is_over_imap(self) -> bool:
        """Whether the mails have to come from a real server: what else would read settings of a source?"""
        return self.content.get("via") == "imap" or bool(self.content.get("source"))

    @property
    def is_from_files(self) -> bool:
        """Whether the mails are given to the command ``ingest_notifications``."""
        return self.content.get("via") == "files"

    @property
    def providers(self) -> list[dict[str, Any]]:
        """The provider of the case, and others that there are."""
        return [self.content["provider"], *self.content.get("other_providers", [])]

    @property
    def outcomes(self) -> list[dict[str, Any]]:
        """What may come out: for each outcome what the mails become by their file, and the maintenances at the end."""
        own = {mail["file"]: mail["expect"] for mail in self.content["mails"] if "expect" in mail}
        outcomes = self.content.get("any_of") or [{"then": self.content["then"]}]
        return [
            {
                "expect": {
                    file: {**own.get(file, {}), **outcome.get("expect", {}).get(file, {})}
                    for file in {**own, **outcome.get("expect", {})}
                },
                "then": outcome["then"],
            }
            for outcome in outcomes
        ]


def all_cases() -> list[Case]:
    """Return every folder with a case in it, in the order of the names."""
    return [Case(path.parent, json.loads(path.read_text("utf-8"))) for path in sorted(FOLDER.glob("*/*/case.json"))]


def differences(expected: Any, found: Any) -> list[str]:
    """Compare a value, one of several, or any with what is there."""
    if expected == ANYTHING:
        return []
    if isinstance(expected, dict) and set(expected) == {"any_of"}:
        return one_of(expected["any_of"], found)
    if expected == found:
        return []
    return [f"expected {json.dumps(expected, ensure_ascii=False)}, found {json.dumps(found, ensure_ascii=False)}"]


def one_of(allowed: Iterable[Any], found: Any, compare: Compare = differences) -> list[str]:
    """Return no differences if one of the allowed values has none, else those from each of them."""
    tried = [compare(each, found) for each in allowed]
    return [] if not all(tried) else [line for lines in tried for line in lines]


def missing_words(expected: Iterable[str | list[str]], text: str) -> list[str]:
    """Return the words that the text does not contain, ignoring case; of an inner list one is enough."""
    found = text.casefold()
    missing = []
    for words in expected:
        allowed = [words] if isinstance(words, str) else words
        if not any(word.casefold() in found for word in allowed):
            missing.append(f"none of {allowed} in '{text}'")
    return missing


def compare_keys(expected: dict[str, Any], found: dict[str, Any], special: dict[str, Compare]) -> list[str]:
    """Compare the keys that are expected; some keys are compared in a way of their own."""
    lines = []
    for key, value in expected.items():
        if isinstance(value, dict) and set(value) == {"any_of"}:
            different = one_of(value["any_of"], found[key], special.get(key, differences))
        else:
            different = special.get(key, differences)(value, found[key])
        lines += [f"{key}: {line}" for line in different]
    return lines
