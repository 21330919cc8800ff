"""Takes secrets out of what servers and libraries say, in whatever form they repeat them."""

import base64
import html
import json
import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from html.entities import codepoint2name
from urllib.parse import quote, quote_plus

HIDDEN = "***"
_MIN_CORE = 8
"""Characters of base64 that must agree: of fewer, another text may have them by chance."""
_WINDOW = 20
"""Characters of a token or a key that must agree in a word; passwords are shorter, and have to be repeated in full."""


_WORD = re.compile(r"[A-Za-z0-9+/_%-]+=*")
_ESCAPE = r"(?:\\|%(?:25)*5c)"
_REFERENCE, _REFERENCE_END = r"(?:&|%(?:25)*26)(?:amp(?:;|%(?:25)*3b)){0,8}", r"(?:;|%(?:25)*3b)"
_LONGEST_SPELLED = 100
"""Characters of a secret that is found however each of them is written; longer ones are found by their parts."""
_ENTITIES = {chr(code): name for code, name in codepoint2name.items()}
"""Names of characters in HTML."""


def redact(text: str, secrets: Iterable[str], *, account: str = "") -> str:
    """Replace every secret in the text, also quoted, encoded, inside of base64, or (if it is long) in part."""
    for secret in sorted(filter(None, secrets), key=len, reverse=True):
        encoded, spellings = _patterns(secret, account)
        text = _without_words(text, encoded) if encoded else text
        text = spellings.sub(HIDDEN, text)
        text = _without_parts(text, secret)
    return text


@lru_cache(maxsize=32)
def _patterns(secret: str, account: str) -> "tuple[re.Pattern[str] | None, re.Pattern[str]]":
    """Return what finds the secret inside of base64, and what finds its spellings, the longest first."""
    cores = "|".join(map(re.escape, sorted(_all_cores(secret), key=len, reverse=True)))
    encoded = re.compile(cores) if cores else None
    spellings = sorted(filter(str.strip, set(_spellings(secret, account))) or [secret], key=len, reverse=True)
    patterns = list(map(re.escape, spellings))
    if len(secret) <= _LONGEST_SPELLED and secret.strip():
        patterns.insert(0, "".join(map(_any_spelling, " ".join(secret.split()))))
    return encoded, re.compile("|".join(patterns), re.IGNORECASE)


def _any_spelling(sign: str) -> str:
    r"""Return a pattern for one character, however it is escaped, by whom and how often: %41, %2541, &#65;, \u0041, =41."""
    number = ord(sign)
    ways = [rf"{_REFERENCE}#0*{number}{_REFERENCE_END}", rf"{_REFERENCE}#x0*{number:x}{_REFERENCE_END}"]
    ways += [
        rf"{_REFERENCE}{name}{_REFERENCE_END}"
        for name in (_ENTITIES.get(sign), "apos" if sign == "'" else None)
        if name
    ]
    ways += [rf"{_ESCAPE}{{1,8}}u0*{number:x}", rf"{_ESCAPE}{{1,8}}u\{{0*{number:x}\}}"]
    for codec in ("utf-8", "latin-1"):
        numbers = [f"{each:02x}" for each in sign.encode(codec, "ignore")]
        if numbers:
            ways += [prefix + prefix.join(numbers) for prefix in ("%(?:25)*", rf"{_ESCAPE}{{1,8}}x", "=")]
    # The character itself comes last: it may be one that starts an escape.
    ways += [r"\s+|\+" if sign == " " else rf"{_ESCAPE}{{1,8}}" if sign == "\\" else re.escape(sign)]
    return rf"{_ESCAPE}{{0,8}}(?:{'|'.join(ways)})"


def _all_cores(secret: str) -> set[str]:
    """Return what the base64 of every text with the secret has, also with one that was encoded before."""
    before = (
        secret,
        quote(secret),
        quote(secret, safe=""),
        quote_plus(secret),
        json.dumps(secret)[1:-1],
        html.escape(secret),
    )
    forms = {each.encode() for each in before} | {secret.encode("utf-16-le"), secret.encode("utf-16-be")}
    forms |= {core.encode() for core in _base64_cores(secret.encode())}
    return {core for form in forms for core in _base64_cores(form)}


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
    yield secret.encode().hex()
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


def _without_words(text: str, parts: "re.Pattern[str]") -> str:
    """Hide the words in base64 that have one of these parts; each word is looked at once."""
    return _WORD.sub(lambda found: HIDDEN if parts.search(found[0]) else found[0], text)


def _without_parts(text: str, secret: str) -> str:
    """Hide the words that have a part of a token or key: a line of a key in PEM, a token that was cut off."""
    if len(secret) < 2 * _WINDOW:
        return text
    lower = secret.lower()

    def hide(found: "re.Match[str]") -> str:
        word = found[0].lower()
        starts = range(len(word) - _WINDOW + 1)
        return HIDDEN if any(word[start : start + _WINDOW] in lower for start in starts) else found[0]

    return re.sub(rf"\S{{{_WINDOW},}}", hide, text)
