"""The public keys of signers, which the DNS has as text (RFC 6376 section 3.6)."""

import time

import dns.exception
import dns.name
import dns.resolver
from dkim.util import InvalidTagValueList, parse_tag_value

SECONDS = 5.0
"""How long one question may take, all name servers and retries included."""
ALL_SECONDS = 10.0
"""How long all questions of one verifier may take together: what a sender names decides whom they are asked."""
_LONGEST_KEY = 2_000
"""Bytes of a record. A key of 4096 bits has 740; the time to verify a signature grows with the cube of the length."""


class Unanswered(Exception):
    """The DNS did not answer, so that nothing is known about a key."""


class Unusable(Exception):
    """According to the DNS, the key does not exist, or it confirms nothing; the message says why."""


class KeyServer:
    """Asks the DNS for keys, each once."""

    def __init__(self) -> None:
        self._left = ALL_SECONDS
        self._answers: dict[str, list[bytes] | None] = {}

    def key(self, domain: str, selector: str) -> bytes:
        """Return the record with a key; raises Unanswered or Unusable."""
        name = f"{selector}._domainkey.{domain}"
        if name not in self._answers:
            self._answers[name] = self._ask(name)
        records = self._answers[name]
        if records is None:
            raise Unanswered(f"the DNS did not answer for {name}")
        keys = [record for record in records if b"p=" in record]
        if len(keys) != 1:
            raise Unusable(f"{'several keys' if keys else 'no key'} at {name}")
        return _usable(keys[0], name)

    def _ask(self, name: str) -> list[bytes] | None:
        """Return the TXT records of a name; None if that is not known."""
        if self._left <= 0:
            return None
        started = time.monotonic()
        try:
            # Not with the search list of the host: the name is complete.
            answer = dns.resolver.get_default_resolver().resolve(
                f"{name}.", "TXT", search=False, lifetime=min(SECONDS, self._left)
            )
            return [b"".join(record.strings) for record in answer]
        except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):  # resolve: there is none
            return []
        except (
            dns.exception.SyntaxError,
            dns.name.NameTooLong,
            dns.resolver.YXDOMAIN,
            ValueError,
        ):  # the same: no name at all
            return []
        except (dns.exception.DNSException, OSError):  # the same: time-out, SERVFAIL, no name server configured
            return None
        finally:
            self._left -= time.monotonic() - started


def _usable(record: bytes, name: str) -> bytes:
    """Return a record whose key may confirm a sender; raises Unusable."""
    if len(record) > _LONGEST_KEY:
        raise Unusable(f"the key at {name} is too long")
    try:
        tags = parse_tag_value(record)
    except InvalidTagValueList:  # parse_tag_value
        raise Unusable(f"the record at {name} is malformed") from None
    if not tags.get(b"p"):
        raise Unusable(f"the key at {name} was revoked")
    if b"y" in _listed(tags, b"t"):
        raise Unusable(f"the key at {name} is for tests only")
    if {b"*", b"email"}.isdisjoint(_listed(tags, b"s") or [b"*"]):
        raise Unusable(f"the key at {name} is not for email")
    if b"sha256" not in (_listed(tags, b"h") or [b"sha256"]):
        raise Unusable(f"the key at {name} is not for SHA-256")
    return record


def is_strict(record: bytes) -> bool:
    """Return whether a key is for exactly its domain, and not for addresses in subdomains."""
    return b"s" in _listed(parse_tag_value(record), b"t")


def _listed(tags: dict[bytes, bytes], name: bytes) -> list[bytes]:
    """Return the words of a tag, which colons separate."""
    return [word.strip().lower() for word in tags.get(name, b"").split(b":") if word.strip()]
