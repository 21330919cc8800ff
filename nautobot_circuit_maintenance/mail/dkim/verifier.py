"""Verifies signatures by the library dkimpy; whatever it does not say, or raises, is not a valid signature."""

import logging
import re
from functools import lru_cache

import dkim
from publicsuffixlist import PublicSuffixList

from nautobot_circuit_maintenance.mail.dkim.fallback import SignatureCheck
from nautobot_circuit_maintenance.mail.dkim.keys import KeyServer, Unanswered, Unusable, is_strict
from nautobot_circuit_maintenance.mail.dkim.signatures import Signature, flaw, positions, read_signature
from nautobot_circuit_maintenance.mail.headers import sender_address, split_message, whole_message

MOST_SIGNATURES = 3
"""Signatures that are verified: each takes up to 0.3 s of CPU time, and one question to the DNS."""
_LEAST_BITS = 1024
"""RFC 8301 section 3.2."""
_BLANKS = re.compile(rb"[\t ]+")
_RAISED = (dkim.DKIMException, ValueError, LookupError, TypeError, ArithmeticError, AssertionError, AttributeError)
"""What the library raises for a signature or key that is not one."""

# It logs what a sender wrote as errors.
logging.getLogger("dkimpy").setLevel(logging.CRITICAL)


class SignatureVerifier:
    """Verifies the signatures of messages, with one budget of time for the DNS."""

    def __init__(self) -> None:
        self._keys = KeyServer()

    def check(self, raw: bytes, sender: str) -> SignatureCheck:
        """Return what the signatures of a whole message say about a sender; never raises.

        A signature counts if it is valid and its domain has the same organizational domain as the sender's (relaxed
        alignment, RFC 7489 section 3.1.1). What confirms a sender has to cover the From field, so a sender that another
        field names is not confirmed.
        """
        header, body = split_message(raw)
        whole = whole_message(raw)
        if reason := flaw(header, len(whole) - len(body)):
            return SignatureCheck(False, reason)
        if sender != sender_address(header, "From"):
            return SignatureCheck(False, "a signature says nothing about a sender that From does not name")
        if not positions(header):
            return SignatureCheck(False, "it has no signature")
        signatures, reasons = [], []
        for position in positions(header):
            try:
                signatures.append(read_signature(header, position))
            except ValueError as error:  # read_signature
                reasons.append(f"signature {position + 1}: {error}")
        aligned = [each for each in signatures if is_aligned(each.domain, sender.rpartition("@")[2])]
        if signatures and not aligned:
            reasons.append(f"signed by {', '.join(each.domain for each in signatures[:MOST_SIGNATURES])}")
        return self._any_valid(whole, len(body), aligned[:MOST_SIGNATURES], reasons)

    def _any_valid(self, whole: bytes, length: int, aligned: list[Signature], reasons: list[str]) -> SignatureCheck:
        """Return whether one of the signatures is valid, and else why not; the body is at the end of the message."""
        is_temporary = False
        for each in aligned:
            try:
                if self._is_valid(whole, length, each):
                    return SignatureCheck(True)
                reasons.append(f"signature {each.position + 1} is not valid: the message was changed, or is forged")
            except Unusable as error:  # _is_valid
                reasons.append(f"signature {each.position + 1}: {error}")
            except Unanswered as error:  # the same
                is_temporary = True
                reasons.append(str(error))
        return SignatureCheck(False, "; ".join(reasons[:MOST_SIGNATURES]), is_temporary)

    def _is_valid(self, whole: bytes, length: int, signature: Signature) -> bool:
        """Return whether a signature is valid; raises Unusable or Unanswered if there is no key to verify it with."""
        key = self._keys.key(signature.domain, signature.selector)
        if is_strict(key) and signature.identity != signature.domain:
            raise Unusable("its key is not for subdomains")
        if signature.is_relaxed:  # The library would take a time for blanks that grows with the square of their number.
            start = len(whole) - length
            whole = whole[:start] + _BLANKS.sub(b" ", whole[start:])
        message = dkim.DKIM(whole, minkey=_LEAST_BITS)
        try:
            return bool(message.verify(signature.position, dnsfunc=lambda *args, **kwargs: key))
        except _RAISED:  # verify
            if 0 < message.keysize < _LEAST_BITS:
                raise Unusable(f"its key has only {message.keysize} bits") from None
            return False


def is_aligned(signing: str, domain: str) -> bool:
    """Return whether both domains belong to one organization (RFC 7489 section 3.2)."""
    organization = _suffixes().privatesuffix(signing)
    return bool(organization) and organization == _suffixes().privatesuffix(domain)


@lru_cache(maxsize=1)
def _suffixes() -> PublicSuffixList:
    """Return the list of public suffixes that the package contains; it asks no network."""
    return PublicSuffixList()
