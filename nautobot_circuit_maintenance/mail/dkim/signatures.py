"""Which signatures of a message may confirm its sender, before any of them is verified."""

import re
import time
from collections.abc import Sequence
from dataclasses import dataclass
from email.message import Message

from dkim.util import InvalidTagValueList, parse_tag_value

LONGEST_HEADER = 64 * 1024
"""Bytes; the library's time grows with the square."""
_MOST_FIELDS = 500
_LONGEST_SIGNATURE = 8_000
_MOST_SIGNED = 100
_LONG_BLANK = re.compile(r"\s{80}")
"""What the library's patterns take a time for that grows with the cube."""
_ONCE = (
    *("From", "Sender", "Subject", "Date", "Message-ID", "MIME-Version"),
    *("Content-Type", "Content-Transfer-Encoding", "Content-Disposition"),
)
"""Fields that a message may have once (RFC 5322 section 3.6): of several, programs use different ones."""
_MUST_BE_SIGNED = ("from", "subject", "date")
"""Anyone who has a signed message could give it other ones. Content-Type is not among them: Google does not sign it."""
_ALGORITHM = "rsa-sha256"
"""RFC 8301 section 3.1: rsa-sha1 must not be verified. Who signs with Ed25519 (RFC 8463) has a signature by RSA beside it."""


@dataclass(frozen=True)
class Signature:
    """A DKIM-Signature field."""

    position: int
    """Among the fields of that name, the topmost is 0."""
    domain: str
    """Lower case."""
    selector: str
    identity: str
    """Domain of the user or agent on whose behalf it was made; lower case."""
    is_relaxed: bool
    """Whether blanks in the body do not count."""


def flaw(header: Message, size: int) -> str:
    """Return why no signature can confirm the sender of a message with this header of that many bytes; empty if one can."""
    if size > LONGEST_HEADER or len(header) > _MOST_FIELDS:
        return "its header is too long"
    if getattr(header, "rest", b"") or header.defects:
        return "its header is malformed"
    repeated = [name for name in _ONCE if len(header.get_all(name, [])) > 1]
    return f"it has several fields {', '.join(repeated)}" if repeated else ""


def read_signature(header: Message, position: int) -> Signature:
    """Return a signature; raises ValueError with the reason why it cannot confirm a sender."""
    tags = _tags(str(header.get_all("DKIM-Signature", [])[position]))
    if missing := [name for name in ("d", "s", "h", "a", "b", "bh") if not tags.get(name)]:
        raise ValueError(f"it has no {missing[0]}=")
    if tags["a"].lower() != _ALGORITHM:
        raise ValueError(f"its algorithm is {tags['a']}")
    if "l" in tags:
        raise ValueError("it covers only a part of the body (l=)")
    if _is_past(tags.get("x", "")):
        raise ValueError("it has expired (x=)")
    signed = [name.strip().lower() for name in tags["h"].split(":")]
    if len(signed) > _MOST_SIGNED:
        raise ValueError("it covers too many fields")
    if unsigned := [name for name in _MUST_BE_SIGNED if header[name] is not None and name not in signed]:
        raise ValueError(f"it does not cover {' and '.join(unsigned)}")
    domain = tags["d"].lower()
    identity = tags.get("i", "").rpartition("@")[2].lower() or domain
    return Signature(position, domain, tags["s"], identity, tags.get("c", "").lower().endswith("/relaxed"))


def _tags(field: str) -> dict[str, str]:
    """Return the tags of a signature, by name."""
    if len(field) > _LONGEST_SIGNATURE or _LONG_BLANK.search(field) or not field.isascii():
        raise ValueError("it is malformed")
    try:
        found = parse_tag_value(re.sub(r"\r?\n", "", field).encode("ascii"))
    except InvalidTagValueList:  # parse_tag_value
        raise ValueError("it is malformed") from None
    return {name.decode(): re.sub(r"\s", "", value.decode()) for name, value in found.items()}


def _is_past(expiry: str) -> bool:
    return bool(expiry) and not (expiry.isdecimal() and len(expiry) < 13 and int(expiry) > time.time())


def positions(header: Message) -> Sequence[int]:
    """Return the positions of all signatures."""
    return range(len(header.get_all("DKIM-Signature", [])))
