"""Whether a mail is from who it says: what a trusted mail server found out about it (RFC 8601), and nobody else's word."""

import re
from collections import Counter
from collections.abc import Collection, Iterator
from typing import Any, NamedTuple

import authres
import authres.core

from nautobot_circuit_maintenance.domain.text import storable
from nautobot_circuit_maintenance.mail.headers import header_of

_FIELD = "Authentication-Results"
_HOST = re.compile(r'\s*(?:\([^()]*\)\s*)*"?([^\s;"()]+)')
"""The authserv-id at the beginning of a field; comments may stand before it, and quotation marks around it."""

_LONGEST_FIELD = 5_000
"""Ten signatures take 3 000 characters; the library's time for a field grows with the square of its length."""

_ABOUT = {"dkim": ("header.d", "header.i"), "spf": ("smtp.mailfrom",), "dmarc": ("header.from",)}
"""Which property of a result names the domain that passed; Google's servers name of a signature its header.i alone."""

_MOST_TOLD = 5


class _Claim(NamedTuple):
    """What a mail server says about one domain."""

    method: str
    result: str
    domain: str
    """Lower case; empty where it is not told which one."""


class _StrictHeader(authres.core.AuthenticationResultsHeader):  # type: ignore[misc]  # the library has no type hints
    """A field without words that the library would skip: behind them may stand what an attacker brought in."""

    def __init__(self, feature_context: Any) -> None:
        super().__init__(feature_context, strict=True)


def refusal(raw: bytes, sender: str, trusted: Collection[str]) -> str:
    """Return why nobody vouches for the sender of a message, and what to do; empty where a trusted host does.

    Only the topmost field of the trusted hosts (lower case) counts. Servers put theirs above what was in the mail, so
    that one may be forged which stands further down.
    """
    fields = (_unfolded(str(field)) for field in header_of(raw).get_all(_FIELD, []))
    host, field = next(((host, field) for field in fields if (host := _host(field)) in trusted), ("", ""))
    if not host:
        names = ", ".join(sorted(trusted)) or "none"
        return (
            f"No trusted mail server ({names}) says in an {_FIELD} field who wrote it. If it is genuine, write the name "
            f"that your mail server gives itself there into 'trusted_authserv_ids' of the source, then Reprocess."
        )
    try:
        claims = list(_claims(field))
    except (authres.AuthResError, AttributeError, ValueError, RecursionError):  # the library's, for what is no grammar
        return (
            f"The topmost {_FIELD} field of {host} cannot be read (RFC 8601): look at that mail server, then Reprocess."
        )
    domain = sender.rpartition("@")[2]
    if _is_proof(claims, domain):
        return ""
    told = ", ".join(f"{each.method}={each.result} for {each.domain or 'no domain'}" for each in claims[:_MOST_TOLD])
    return storable(
        f"{host} confirms no DKIM, SPF or DMARC pass for {domain}; it says: {told or 'nothing about it'}. If it is genuine, "
        f"ask the provider to sign its mail, or demand no authentication of this source, then Reprocess."
    )


def _unfolded(field: str) -> str:
    """Put the lines of a field together (RFC 5322 section 2.2.3)."""
    return re.sub(r"\r?\n(?=[ \t])", "", field)


def _host(field: str) -> str:
    """Return the authserv-id of a field in lower case; empty where it begins with none."""
    found = _HOST.match(field)
    return found[1].lower() if found else ""


def _claims(field: str) -> Iterator[_Claim]:
    """Yield what a field says about domains; raises what the library raises where it is malformed."""
    if len(field) > _LONGEST_FIELD:
        raise ValueError("too long")
    for result in _StrictHeader.parse_value(authres.core_features(), field).results:
        # The word "none" stands alone, says RFC 8601, and has no method; a method of another version, that it is unknown.
        if result.method in _ABOUT and result.version in (None, "1"):
            yield _Claim(result.method, result.result, _domain(result))


def _domain(result: Any) -> str:
    """Return the domain that a result is about; empty where it names none, or several."""
    for name in _ABOUT[result.method]:
        values = [each.value or "" for each in result.properties if f"{each.type}.{each.name}" == name]
        if values:
            domains = {value.rpartition("@")[2].lower() for value in values}
            return domains.pop() if len(domains) == 1 else ""
    return ""


def _is_proof(claims: Collection[_Claim], sender_domain: str) -> bool:
    """Tell whether something passed that the domain of the sender answers for.

    A mail can have many signatures but has one envelope and one author: two results of SPF or DMARC contradict each
    other, as where words of an attacker's got into a comment.
    """
    counts = Counter(claim.method for claim in claims if claim.domain)
    for method, result, domain in claims:
        if result == "pass" and (method == "dkim" or counts[method] == 1):
            if domain == sender_domain or (method != "dmarc" and _is_aligned(domain, sender_domain)):
                return True
    return False


def _is_aligned(one: str, other: str) -> bool:
    """Tell whether one domain lies below the other, a top-level domain such as "com" excepted."""
    above, below = sorted((one, other), key=len)
    return "." in above and below.endswith("." + above)
