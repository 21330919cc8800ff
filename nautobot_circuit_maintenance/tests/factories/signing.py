"""Messages that are really signed (DKIM), and the records with the keys."""

import base64
import random
from functools import lru_cache
from typing import Any

import dkim
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

PLAIN = (
    b"From: NOC <noc@isp.example>\r\nTo: ops@customer.example\r\nSubject: Works on C-1\r\nDate: Mon, 30 Nov 2026 10:00:00 +0000\r\n"
    b"Message-ID: <1@isp.example>\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n"
    b"Dear customer,  \r\nplanned   works.\r\n"
)
SIGNED_FIELDS = (b"from", b"to", b"subject", b"date", b"message-id")


@lru_cache
def private_key(bits: int = 2048) -> rsa.RSAPrivateKey:
    """Return a key of this many bits, the same each time; the library makes none that are short."""
    if bits >= 1024:
        return rsa.generate_private_key(public_exponent=65537, key_size=bits)
    p, q = _prime(bits // 2, 1), _prime(bits // 2, 2)
    d = pow(65537, -1, (p - 1) * (q - 1))
    numbers = rsa.RSAPrivateNumbers(
        p, q, d, d % (p - 1), d % (q - 1), pow(q, -1, p), rsa.RSAPublicNumbers(65537, p * q)
    )
    return numbers.private_key(unsafe_skip_rsa_key_validation=True)


def _prime(bits: int, seed: int) -> int:
    """Return a prime of this many bits, by Fermat's test."""
    numbers = random.Random(seed)  # nosec B311 # keys for tests
    while True:
        candidate = numbers.getrandbits(bits) | (3 << (bits - 2)) | 1
        if pow(2, candidate - 1, candidate) == 1 and candidate % 65537 != 1:
            return candidate


def record(bits: int = 2048, tags: str = "v=DKIM1; k=rsa") -> str:
    """Return the TXT record of that key."""
    public = private_key(bits).public_key()
    encoded = public.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    return f"{tags}; p={base64.b64encode(encoded).decode()}"


def signed(message: bytes = PLAIN, *, domain: str = "isp.example", bits: int = 2048, **options: Any) -> bytes:
    """Return a message with a signature of a domain (selector "s1") above it; the options are those of dkimpy."""
    key = private_key(bits).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
    )
    known: dict[str, Any] = {"canonicalize": (b"relaxed", b"relaxed"), "include_headers": SIGNED_FIELDS, **options}
    return bytes(dkim.sign(message, b"s1", domain.encode(), key, **known)) + message
