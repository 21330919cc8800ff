"""Sender authentication from trusted Authentication-Results fields (RFC 8601)."""

import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from email.message import Message
from enum import Enum
from typing import NamedTuple

from nautobot_circuit_maintenance.mail.authentication_fields import MethodResult, read_results
from nautobot_circuit_maintenance.mail.exchange_results import EXCHANGE_ONLINE, exchange_results, is_of_exchange

_FIELD = "Authentication-Results"
_HOST = re.compile(r'\s*(?:\([^()]*\)\s*)*"?([^\s;"()]+)')
"""The authserv-id at the start of a field; comments may precede it, and quotation marks may surround it."""

_LONGEST_FIELD = 5_000
"""Ten signatures take 3,000 characters."""

_DOMAIN_PROPERTIES = {"dkim": ("header.d", "header.i"), "spf": ("smtp.mailfrom",), "dmarc": ("header.from",)}
"""The properties that name the domain of a result; Google's servers give only header.i for a signature."""


class AuthResult(NamedTuple):
    """The result of one method for one domain, as reported by a mail server."""

    method: str
    result: str
    domain: str
    """Lower case; empty if the server names no domain, or several."""


class Finding(Enum):
    """What the trusted mail servers report about the sender of a message."""

    CONFIRMED = "confirmed"
    NO_FIELD = "no field of a trusted server"
    MALFORMED = "the field cannot be parsed"
    UNCONFIRMED = "no pass for the domain of the sender"


@dataclass(frozen=True)
class SenderCheck:
    """The finding on one message, with what explains it."""

    finding: Finding
    host: str = ""
    """The trusted server whose field counted."""
    results: tuple[AuthResult, ...] = ()


def authentication_results(header: Message) -> tuple[str, ...]:
    """Return the Authentication-Results fields of a message, topmost first, each on one line."""
    return tuple(_unfold(str(field)) for field in header.get_all(_FIELD, []))


def check_sender(fields: Iterable[str], sender: str, trusted: Collection[str]) -> SenderCheck:
    """Return what the trusted hosts (lower case) report about the sender of a message with these fields.

    Only the topmost field of a trusted host counts. Servers add theirs above what was in the message, so any field
    further down may be forged.
    """
    for field in fields:
        host = _host(field)
        if host and host in trusted:
            break
    else:
        return SenderCheck(Finding.NO_FIELD)
    try:
        results = tuple(_of_exchange(field) if host == EXCHANGE_ONLINE else _results(field))
    except ValueError:  # _of_exchange, _results
        return SenderCheck(Finding.MALFORMED, host)
    is_confirmed = _has_pass(results, sender.rpartition("@")[2])
    return SenderCheck(Finding.CONFIRMED if is_confirmed else Finding.UNCONFIRMED, host, results)


def _unfold(field: str) -> str:
    """Join the lines of a field (RFC 5322 section 2.2.3)."""
    return re.sub(r"\r?\n(?=[ \t])", "", field)


def _host(field: str) -> str:
    """Return the authserv-id of a field in lower case; empty if there is none that can be trusted."""
    if is_of_exchange(field):
        return EXCHANGE_ONLINE
    found = _HOST.match(field)
    host = found[1].lower() if found else ""
    return "" if host == EXCHANGE_ONLINE else host  # a name that anyone may write


def _of_exchange(field: str) -> Iterator[AuthResult]:
    """Yield the results in a field of Exchange Online; raises ValueError."""
    if len(field) > _LONGEST_FIELD:
        raise ValueError("too long")
    for result in exchange_results(field):
        if result.method in _DOMAIN_PROPERTIES:
            yield AuthResult(*result)


def _results(field: str) -> Iterator[AuthResult]:
    """Yield the results about domains in a field; raises ValueError for a malformed one."""
    if len(field) > _LONGEST_FIELD:
        raise ValueError("too long")
    for result in read_results(field):
        if result.method in _DOMAIN_PROPERTIES and result.version == "1":
            yield AuthResult(result.method, result.result, _domain(result))


def _domain(result: MethodResult) -> str:
    """Return the domain that a result is about; empty if it names none, or several."""
    for wanted in _DOMAIN_PROPERTIES[result.method]:
        values = [value for name, value in result.properties if name == wanted]
        if values:
            domains = {value.rpartition("@")[2].lower() for value in values}
            return domains.pop() if len(domains) == 1 else ""
    return ""


def _has_pass(results: Collection[AuthResult], sender_domain: str) -> bool:
    """Return whether a method passed for a domain that is aligned with the sender's.

    A message can have many signatures, but only one envelope and one author. Two results of SPF or DMARC contradict
    each other, as they would if an attacker's words got into a comment.
    """
    counts = Counter(result.method for result in results if result.domain)
    for result in results:
        is_unique = result.method == "dkim" or counts[result.method] == 1
        if result.result == "pass" and is_unique and _is_aligned(result, sender_domain):
            return True
    return False


def _is_aligned(result: AuthResult, sender_domain: str) -> bool:
    """Return whether a result is about the sender's domain, or (not for DMARC) one above or below it.

    A top-level domain such as "com" is aligned with itself only.
    """
    if result.domain == sender_domain:
        return True
    above, below = sorted((result.domain, sender_domain), key=len)
    return result.method != "dmarc" and "." in above and below.endswith("." + above)
