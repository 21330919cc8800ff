"""The way to the libraries for signatures, which are an extra: imported when a source judges a message by them."""

from importlib import import_module
from importlib.util import find_spec
from typing import NamedTuple, Protocol

LIBRARIES = ("dkim", "dns", "publicsuffixlist")
"""Top-level modules of the extra "dkim"."""


class SignatureCheck(NamedTuple):
    """What the signatures of a message say about its sender."""

    is_valid: bool
    reason: str = ""
    """Why they do not confirm the sender; empty if they do."""
    is_temporary: bool = False
    """Whether another attempt may have another result: the DNS did not answer."""


class Verifier(Protocol):
    """Verifies signatures with keys from the DNS, within a limit of time for all messages together."""

    def check(self, raw: bytes, sender: str) -> SignatureCheck:
        """Return what the signatures of a whole message say about a sender; never raises."""


def missing_libraries() -> list[str]:
    """Return the libraries of the extra that are not installed, without importing any."""
    return [name for name in LIBRARIES if find_spec(name) is None]


def new_verifier() -> Verifier:
    """Return a verifier; raises ImportError without the libraries."""
    verifier: Verifier = import_module("nautobot_circuit_maintenance.mail.dkim.verifier").SignatureVerifier()
    return verifier
