"""The unknown senders of a run, because a provider that writes from a new address should be noticed."""

import re
from collections import Counter
from collections.abc import Mapping
from typing import Any

_LISTED = 10
_NO_SENDER = "(no sender)"
_MOST = 10_000
"""Domains to keep; senders choose theirs, and memory must not grow with the mailbox."""
# Anything else is not an address, and Nautobot renders its log as Markdown.
_HOST_NAME = re.compile(r"[a-z0-9.-]+")


class UnknownSenders:
    """The domains that most messages of unknown senders came from, each with one of its addresses.

    Messages without a sender are counted apart.
    """

    def __init__(self) -> None:
        """Start empty."""
        self._counts: Counter[str] = Counter()
        self._examples: dict[str, str] = {}
        self.without_sender = 0
        """Number of messages without exactly one address in the header that names the sender."""

    def add(self, senders: Mapping[str, int]) -> None:
        """Add the number of messages from each address; addresses without a valid host name are ignored."""
        self.without_sender += senders.get("", 0)
        for sender, count in senders.items():
            domain = sender.rpartition("@")[2]
            if _HOST_NAME.fullmatch(domain):
                self._counts[domain] += count
                self._examples.setdefault(domain, sender)
        if len(self._counts) > _MOST:
            self._counts = Counter(dict(self._counts.most_common(_MOST // 10)))
            self._examples = {domain: self._examples[domain] for domain in self._counts}

    def __str__(self) -> str:
        """Return the domains for the log, which would redact the part of an address before the @."""
        listed = [f"{domain} ({count})" for domain, count in self._counts.most_common(_LISTED)]
        return ", ".join(listed) + (" and others" if len(self._counts) > _LISTED else "")

    def as_json(self) -> dict[str, Any]:
        """Return the same domains for the job's result, each with the number of its messages and an address."""
        most = self._counts.most_common(_LISTED)
        found = {domain: {"mails": count, "address": self._examples[domain]} for domain, count in most}
        if self.without_sender:
            found[_NO_SENDER] = {"mails": self.without_sender, "address": ""}
        return found
