"""Reads Authentication-Results fields (RFC 8601 section 2.2) in one pass, strictly: what does not fit is a ValueError.

Lenient readers skip what they do not know. In this field, what is skipped may be what an attacker inserted.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

_ASCII = re.compile(r"[\t -~]*")
_TEXT = r"A-Za-z0-9!#$%&'*+?^_`{|}~\-"
_AUTHSERV_ID = re.compile(rf"[{_TEXT}/=]+(?:\.[{_TEXT}/=]+)*")
_KEYWORD = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")
_PROPERTY = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")
_VERSION = re.compile(r"[0-9]+")
_VALUE = re.compile(rf"[{_TEXT}/=.@:]*")
"""A token or an address. Servers write IPv6 addresses without the quotation marks that their colons need."""
_DOMAIN = re.compile(rf"@[{_TEXT}.]+")
_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"')
_SPACE = re.compile(r"[\t ]*")
_IN_COMMENT = re.compile(r"(?:[^()\\]|\\.)*")


class MethodResult(NamedTuple):
    """What a field states about one method."""

    method: str
    """Lower case, as are the result and the names of the properties."""
    version: str
    """Of the method; "1" if it is not stated."""
    result: str
    properties: tuple[tuple[str, str], ...]
    """Such as ("header.d", "isp.example"), in the order of the field."""


def read_results(field: str) -> tuple[MethodResult, ...]:
    """Return the results in an unfolded field; none for one that states "none". Raises ValueError."""
    if not _ASCII.fullmatch(field):
        raise ValueError("characters that are not printable ASCII")
    return tuple(_Reader(field).results())


class _Reader:
    """A field and a position in it; each method reads what stands there, and the comments and blanks behind it."""

    def __init__(self, field: str) -> None:
        self._field = field
        self._position = 0
        self._skip()

    def results(self) -> Iterator[MethodResult]:
        """Yield the results up to the end of the field."""
        self._required(_AUTHSERV_ID)
        if self._optional(_VERSION) not in ("", "1"):
            raise ValueError("an unknown version of the field")
        self._sign(";")
        if self._field[self._position :].lower().startswith("none") and self._is_none():
            return
        while True:
            yield self._result()
            if self._is_end():
                return
            self._sign(";")
            if self._is_end():  # Some servers end the last result, too.
                return

    def _is_none(self) -> bool:
        """Pass the word "none" if nothing follows it."""
        start = self._position
        self._required(_KEYWORD)
        if self._is_end():
            return True
        self._position = start
        return False

    def _result(self) -> MethodResult:
        method = self._required(_KEYWORD).lower()
        version = "1"
        if self._has("/"):
            version = self._required(_VERSION)
        self._sign("=")
        result = self._required(_KEYWORD).lower()
        return MethodResult(method, version, result, tuple(self._properties()))

    def _properties(self) -> Iterator[tuple[str, str]]:
        """Yield the properties; a reason may stand before them."""
        is_first = True
        while not self._is_end() and self._field[self._position] != ";":
            kind = self._required(_KEYWORD).lower()
            if kind == "reason" and is_first and self._has("="):
                self._value()
            else:
                self._sign(".")
                name = self._required(_PROPERTY).lower()
                self._sign("=")
                yield f"{kind}.{name}", self._value()
            is_first = False

    def _value(self) -> str:
        """Return a value without its quotation marks; those of a local part stay."""
        quoted = _QUOTED.match(self._field, self._position)
        if not quoted:
            return self._optional(_VALUE)
        self._position = quoted.end()
        if domain := self._optional(_DOMAIN):
            return quoted[0] + domain
        self._skip()
        return quoted[1]

    def _required(self, pattern: "re.Pattern[str]") -> str:
        found = self._optional(pattern)
        if not found:
            raise ValueError(f"unexpected at {self._position}")
        return found

    def _optional(self, pattern: "re.Pattern[str]") -> str:
        found = pattern.match(self._field, self._position)
        if not found or not found[0]:
            return ""
        self._position = found.end()
        self._skip()
        return found[0]

    def _has(self, sign: str) -> bool:
        """Pass a sign if it is there."""
        if not self._field.startswith(sign, self._position):
            return False
        self._position += 1
        self._skip()
        return True

    def _sign(self, sign: str) -> None:
        if not self._has(sign):
            raise ValueError(f"no {sign} at {self._position}")

    def _is_end(self) -> bool:
        return self._position == len(self._field)

    def _skip(self) -> None:
        """Pass blanks and comments, which may be nested (RFC 5322 section 3.2.2)."""
        depth = 0
        while True:
            self._position = _end_of(_IN_COMMENT if depth else _SPACE, self._field, self._position)
            sign = self._field[self._position : self._position + 1]
            if sign == "(":
                depth += 1
            elif sign == ")" and depth:
                depth -= 1
            elif depth:
                raise ValueError("a comment does not end")
            else:
                return
            self._position += 1


def _end_of(pattern: "re.Pattern[str]", text: str, start: int) -> int:
    """Return where a pattern ends that may match nothing."""
    found = pattern.match(text, start)
    return found.end() if found else start
