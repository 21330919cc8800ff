"""Which header names the sender, and which entry of a list of senders covers an address: itself, or its ``@domain``."""

from collections.abc import Container, Sequence


def names_of(source_header: str | Sequence[str]) -> Sequence[str]:
    """Return the names of one header or several."""
    return (source_header,) if isinstance(source_header, str) else source_header


def entry_for(sender: str, entries: Container[str]) -> str | None:
    """Return the entry for an address, all in lower case; None if there is none. The address goes before its domain.

    A domain covers its own addresses only, not those of its subdomains.
    """
    if "@" not in sender:
        return None
    domain = f"@{sender.rpartition('@')[2]}"
    return next((entry for entry in (sender, domain) if entry in entries), None)


def is_listed(sender: str, entries: Container[str]) -> bool:
    """Return whether one of the entries covers an address."""
    return entry_for(sender, entries) is not None
