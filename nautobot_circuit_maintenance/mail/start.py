"""Where a message starts: what mail programs, servers and exports put before its header is left out."""

import codecs
import re

_UTF_16 = ((codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
_RUBBISH = re.compile(rb"(?:\xef\xbb\xbf|[ \t]*\r*\n|>?From [^\r\n]*\r*\n)+")
"""A byte order mark, empty lines, and the line that starts a message in an mbox (RFC 4155), quoted or not."""
_FIELD = re.compile(rb"[!-9;-~]{1,60}:")
_EMLX = re.compile(rb"(\d{1,10})[ \t]*\r?\n(?=[!-9;-~]{1,60}:)")
"""Apple Mail's files start with the number of bytes of the message; a property list follows it."""
_DOUBLED = re.compile(rb"[^\r\n]{1,4000}\r\r\n")


def message_bytes(raw: bytes) -> bytes:
    """Return the message in these bytes, from its header on; the same bytes if nothing surrounds it."""
    if _FIELD.match(raw) and b"\r\r\n" not in raw[:4_000]:
        return raw
    for mark, codec in _UTF_16:
        if raw.startswith(mark):
            raw = raw[len(mark) :].decode(codec, "replace").encode("utf-8")
    if found := _EMLX.match(raw):
        raw = raw[found.end() : found.end() + int(found[1])]
    if found := _RUBBISH.match(raw):
        # Without fields behind it, this is not what stands before a header.
        raw = raw[found.end() :] if _FIELD.match(raw, found.end()) else raw
    return raw.replace(b"\r\r\n", b"\r\n") if _DOUBLED.match(raw) else raw
