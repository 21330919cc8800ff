"""Plain text of a message: lines that were broken for transport are joined again (format=flowed, RFC 3676)."""

import re

_QUOTES = re.compile(r">*")
_SIGNATURE = "-- "


def unflowed(text: str, *, deletes_space: bool) -> str:
    """Return format=flowed text with each paragraph on one line; quotation marks stay in front."""
    result: list[str] = []
    is_open = False
    last_depth = 0
    for line in text.replace("\r\n", "\n").split("\n"):
        depth = _QUOTES.match(line).end()  # type: ignore[union-attr]  # it matches anything
        plain = line[depth:].removeprefix(" ")
        is_flowed = plain.endswith(" ") and plain != _SIGNATURE
        shown = plain[:-1] if is_flowed and deletes_space else plain
        if is_open and depth == last_depth and plain != _SIGNATURE:
            result[-1] += shown
        else:
            result.append(f"{'>' * depth} {shown}" if depth else shown)
        is_open, last_depth = is_flowed, depth
    return "\n".join(result)
