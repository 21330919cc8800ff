"""Who wrote the mail that a run left alone: a provider that writes from a new address should be noticed."""

import re
from collections import Counter
from collections.abc import Mapping
from typing import Any

_TOLD = 10
_MOST = 10_000
"""Domains that are remembered at a time; senders choose theirs, and memory must not grow with the mailbox."""
# Nobody can be written to at what is no host name, and Nautobot's log is Markdown.
_HOST_NAME = re.compile(r"[a-z0-9.-]+")


class UnknownSenders:
    """The domains that most mail of unknown senders came from, each with one of its addresses."""

    def __init__(self) -> None:
        """Begin with none."""
        self._counts: Counter[str] = Counter()
        self._examples: dict[str, str] = {}

    def add(self, senders: Mapping[str, int]) -> None:
        """Add how many messages came from each address; one that is empty or has no host name tells nothing."""
        for sender, count in senders.items():
            domain = sender.rpartition("@")[2]
            if _HOST_NAME.fullmatch(domain):
                self._counts[domain] += count
                self._examples.setdefault(domain, sender)
        if len(self._counts) > _MOST:
            self._counts = Counter(dict(self._counts.most_common(_MOST // 10)))
            self._examples = {domain: self._examples[domain] for domain in self._counts}

    def __str__(self) -> str:
        """Name the domains, for the log: of an address, Nautobot's would hide what stands before the @."""
        told = [f"{domain} ({count})" for domain, count in self._counts.most_common(_TOLD)]
        return ", ".join(told) + (" and others" if len(self._counts) > _TOLD else "")

    def as_json(self) -> dict[str, Any]:
        """Return the same domains for the job's result, each with the number of its messages and an address."""
        most = self._counts.most_common(_TOLD)
        return {domain: {"mails": count, "address": self._examples[domain]} for domain, count in most}
