"""Authentication-Results as Exchange Online writes them: not as RFC 8601 specifies, and without an authserv-id.

``spf=pass (sender IP is 192.0.2.1) smtp.mailfrom=isp.example; dkim=pass (signature was verified) header.d=isp.example;
dmarc=pass action=none header.from=isp.example;compauth=pass reason=100`` (Microsoft's "Anti-spam message headers")
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

EXCHANGE_ONLINE = "exchange-online"
"""What a source trusts instead of an authserv-id. Exchange renames such fields of senders: those that are left are its own."""

_WITHOUT_ID = re.compile(r"\s*(?:spf|dkim|dmarc|compauth|arc)\s*=", re.IGNORECASE)
_STATEMENT = re.compile(
    r"(?P<method>[a-z]+)=(?P<result>[a-z]+)"
    r"(?P<rest>(?:\s*\([^()]*\)|\s+(?:action|reason)=[\w.-]+|\s+[a-z]+\.[a-z]+=[^\s;()\"=]+)*)",
    re.IGNORECASE,
)
_DOMAIN_ALONE = re.compile(r"[\w.-]+")
"""Older fields name the domain of the recipient between two results."""
_COMMENT = re.compile(r"\([^()]*\)")
_PROPERTY = re.compile(r"\s([a-z]+\.[a-z]+)=(\S+)", re.IGNORECASE)
_PROPERTIES = {"dkim": "header.d", "spf": "smtp.mailfrom", "dmarc": "header.from", "compauth": ""}


class ExchangeResult(NamedTuple):
    """The result of one method for one domain."""

    method: str
    result: str
    domain: str
    """Lower case; empty if none is named."""


def is_of_exchange(field: str) -> bool:
    """Return whether a field has no authserv-id, as Exchange Online writes it."""
    return bool(_WITHOUT_ID.match(field))


def exchange_results(field: str) -> Iterator[ExchangeResult]:
    """Yield the results in a field; raises ValueError for one that is not written as Exchange does.

    What could be a sender's words counts nowhere: comments are left out, and a character that Exchange does not write makes
    the whole field malformed. A failed composite verdict (compauth) leaves no result that passed.
    """
    statements = [each.strip() for each in _split(field)]
    found = [_result(each) for each in statements if each and not _DOMAIN_ALONE.fullmatch(each)]
    has_failed = any(each.method == "compauth" and each.result == "fail" for each in found)
    for each in found:
        if each.method != "compauth":
            yield each._replace(result="fail") if has_failed else each


def _split(field: str) -> Iterator[str]:
    """Yield the parts between semicolons that are in no comment."""
    start = depth = 0
    for position, sign in enumerate(field):
        depth += (sign == "(") - (sign == ")")
        if depth not in (0, 1):
            raise ValueError("comments are nested or do not close")
        if sign == ";" and not depth:
            yield field[start:position]
            start = position + 1
    if depth:
        raise ValueError("a comment does not close")
    yield field[start:]


def _result(statement: str) -> ExchangeResult:
    found = _STATEMENT.fullmatch(statement)
    if not found:
        raise ValueError(f"not a result: {statement}")
    method = found["method"].lower()
    wanted = _PROPERTIES.get(method, "")
    properties = _PROPERTY.findall(_COMMENT.sub(" ", found["rest"]))
    domains = {value.rpartition("@")[2].lower() for name, value in properties if name.lower() == wanted}
    return ExchangeResult(method, found["result"].lower(), domains.pop() if len(domains) == 1 else "")
