"""Takes secrets out of what servers and libraries say, in whatever form they repeat them."""

import base64
import html
import json
import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from urllib.parse import quote, quote_plus

HIDDEN = "***"
_MIN_CORE = 8
"""Characters of base64 that must agree: of fewer, another text may have them by chance."""
_WINDOW = 20
"""Characters of a token or a key that must agree in a word; passwords are shorter, and have to be repeated in full."""


def redact(text: str, secrets: Iterable[str], *, account: str = "") -> str:
    """Replace every secret in the text, also quoted, encoded, inside of base64, or (if it is long) in part."""
    for secret in sorted(filter(None, secrets), key=len, reverse=True):
        encoded, spellings = _patterns(secret, account)
        text = encoded.sub(HIDDEN, text) if encoded else text
        text = spellings.sub(HIDDEN, text)
        text = _without_parts(text, secret)
    return text


@lru_cache(maxsize=32)
def _patterns(secret: str, account: str) -> "tuple[re.Pattern[str] | None, re.Pattern[str]]":
    """Return what finds the secret inside of base64, and what finds its spellings, the longest first."""
    cores = "|".join(map(re.escape, sorted(set(_base64_cores(secret.encode())), key=len, reverse=True)))
    encoded = re.compile(rf"[A-Za-z0-9+/_%-]*(?:{cores})[A-Za-z0-9+/_%=-]*") if cores else None
    spellings = sorted(filter(str.strip, set(_spellings(secret, account))) or [secret], key=len, reverse=True)
    return encoded, re.compile("|".join(map(re.escape, spellings)))


def _base64_cores(secret: bytes) -> Iterator[str]:
    """Yield the characters that the base64 of every longer text with the secret has, wherever the secret starts in it.

    SASL and HTTP send a secret as base64 inside a longer string (RFC 4616, RFC 7628, RFC 7617), which a server may repeat.
    """
    for offset in range(3):
        length = offset + len(secret)
        start = (0, 2, 3)[offset]  # characters that also depend on what is before the secret
        end = length // 3 * 4 + (0, 1, 2)[length % 3]  # those after it depend on what follows
        core = base64.b64encode(b"\0" * offset + secret).decode()[start:end]
        if len(core) >= _MIN_CORE:
            yield from (core, core.translate(str.maketrans("+/", "-_")), quote(core, safe=""))


def _spellings(secret: str, account: str) -> Iterator[str]:
    """Yield the ways in which servers and libraries repeat a secret.

    A server that repeats a command has it in quotation marks (RFC 9051 section 4.3), or in base64 with the account (RFC
    4616); that of a web form is URL-encoded. Python prints bytes with more backslashes, also before an apostrophe where
    there are quotation marks.
    """
    quoted = secret.replace("\\", "\\\\").replace('"', '\\"')
    plain = base64.b64encode(f"\0{account}\0{secret}".encode()).decode()
    yield from _web_spellings(secret)
    for spelling in (secret, quoted, plain):
        printed = repr(spelling.encode())[2:-1]
        printed_in_quotes = repr(f'"{spelling}'.encode())[3:-1]
        for each in (spelling, printed, printed_in_quotes):
            yield each
            yield " ".join(each.split()) or each


def _web_spellings(secret: str) -> Iterator[str]:
    """Yield how forms, URLs, JSON and web pages have it; percent-encoding in both cases (RFC 3986 section 2.1)."""
    for encoded in (quote(secret), quote(secret, safe=""), quote_plus(secret)):
        yield encoded
        yield re.sub("%..", lambda found: found[0].lower(), encoded)
    for text in (json.dumps(secret), json.dumps(secret, ensure_ascii=False)):
        yield text[1:-1]
        yield text[1:-1].replace("/", "\\/")
    yield html.escape(secret)
    yield html.escape(secret, quote=False)


def _without_parts(text: str, secret: str) -> str:
    """Hide the words that have a part of a token or key: a line of a key in PEM, a token that was cut off."""
    if len(secret) < 2 * _WINDOW:
        return text

    def hide(found: "re.Match[str]") -> str:
        word = found[0]
        starts = range(len(word) - _WINDOW + 1)
        return HIDDEN if any(word[start : start + _WINDOW] in secret for start in starts) else word

    return re.sub(rf"\S{{{_WINDOW},}}", hide, text)
