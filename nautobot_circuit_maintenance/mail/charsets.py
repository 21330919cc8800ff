"""From bytes to text: charset labels as the WHATWG's Encoding Standard reads them, and what is labeled wrongly."""

import binascii
import codecs
import re
from base64 import b64decode
from email.message import Message
from quopri import decodestring

import webencodings

_CODECS = {
    "gbk": "gb18030",
    "gb18030": "gb18030",
    "big5": "big5hkscs",
    "shift_jis": "cp932",
    "euc-kr": "cp949",
    "iso-2022-jp": "iso2022_jp_ext",
    "replacement": "",
    "x-user-defined": "",
}
"""The codec of Python for a name of the standard, where it is not the one that ``webencodings`` gives."""
_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
"""UTF-32's mark starts with that of UTF-16."""
_ASCII_LABELS = ("us-ascii", "ascii", "ansi_x3.4-1968", "iso-ir-6", "unknown", "unknown-8bit", "x-unknown", "default")
# Encodings of Python that are not charsets of mail; with the first two, 1 MB takes minutes.
_NOT_CHARSETS = ("idna", "punycode", "raw-unicode-escape", "unicode-escape", "undefined", "unicode_escape")
_ENCODED_WORD = re.compile(r"=\?([^?*\s]{1,60})(?:\*[^?\s]*)?\?([bBqQ])\?([^?]*)\?=")
_BETWEEN_WORDS = re.compile(r"(\?=)[ \t\r\n]+(?==\?[^?\s]+\?[bBqQ]\?)")


def codec(label: str) -> str:
    """Return the codec for a charset label; empty if the label is unknown."""
    plain = label.strip().strip("'\"").lower()
    found = webencodings.lookup(plain)
    if found is not None:
        name: str = _CODECS.get(found.name, found.codec_info.name)
        if name:
            return name
    for candidate in (plain, plain.removeprefix("x-"), plain.replace("cp-", "cp").replace("_", "-")):
        try:
            info = codecs.lookup(candidate)
        except (LookupError, ValueError):
            continue
        # pylint: disable-next=protected-access  # the only way to tell text encodings from "hex" and "zip"
        if not info._is_text_encoding or info.name in _NOT_CHARSETS:
            return ""
        # Another spelling of a label of the standard, such as "euc_kr", means what the standard says.
        same = info.name.replace("_", "-")
        return codec(same) if same != plain and webencodings.lookup(same) else str(info.name)
    return ""


def decoded(content: bytes, charset: str | None) -> str:
    """Decode bytes, whatever their label is.

    A byte order mark decides, then the label, then UTF-8; what fits neither is decoded as far as possible.
    """
    for mark, name in _MARKS:
        if content.startswith(mark):
            return content[len(mark) :].decode(name, "replace")
    if wide := _wide(content):
        return content.decode(wide, "replace")
    label = (charset or "").strip().lower()
    name = "" if label in _ASCII_LABELS else codec(label)
    if name == "iso2022_jp_ext":
        return _iso_2022_jp(content)
    for candidate in dict.fromkeys((name or "utf-8", "utf-8")):
        try:
            return content.decode(candidate)
        except ValueError:
            continue
    return _with_replacements(content, name)


def _wide(content: bytes) -> str:
    """Return the codec of UTF-16 without a byte order mark; its first two characters are most often ASCII."""
    zeros = "".join("0" if byte == 0 else "x" for byte in content[:4])
    return {"x0x0": "utf-16-le", "0x0x": "utf-16-be"}.get(zeros, "")


def _iso_2022_jp(content: bytes) -> str:
    """Decode ISO-2022-JP, also with the characters of NEC and IBM, which JIS X 0213 contains."""
    for escape, name in ((b"\x1b$B", "iso2022_jp_ext"), (b"\x1b$(Q", "iso2022_jp_2004")):
        try:
            return content.replace(b"\x1b$B", escape).decode(name)
        except ValueError:
            continue
    return content.decode("iso2022_jp_ext", "replace")


def _with_replacements(content: bytes, name: str) -> str:
    """Decode bytes that are not all valid: as their label says if most of them are, else as Windows-1252."""
    lenient = content.decode(name or "utf-8", "replace")
    replaced = lenient.count("\ufffd")
    if replaced <= len(lenient) - replaced - len(content.decode("ascii", "ignore")):
        return lenient
    return content.decode("windows-1252", "replace")


def decode_words(value: str) -> str:
    """Return a field value with its encoded words decoded (RFC 2047), as far as they can be."""
    if "=?" not in value:
        return value
    pieces: list[str] = []
    last = 0
    words: list[tuple[str, bytes]] = []
    joined = _BETWEEN_WORDS.sub(r"\1", value)
    for match in _ENCODED_WORD.finditer(joined):
        content = _word_bytes(match[2], match[3])
        if content is None or not (_is_known(match[1]) or _is_utf_8(content)):
            continue
        if match.start() > last:
            pieces += _decoded_words(words)
            words = []
            pieces.append(joined[last : match.start()])
        # Some programs split a character between two words (RFC 2047 section 5 forbids it).
        if words and words[-1][0] == match[1].lower():
            words[-1] = (words[-1][0], words[-1][1] + content)
        else:
            words.append((match[1].lower(), content))
        last = match.end()
    return "".join([*pieces, *_decoded_words(words), joined[last:]])


def _is_known(label: str) -> bool:
    return label.lower() in _ASCII_LABELS or bool(codec(label))


def _is_utf_8(content: bytes) -> bool:
    try:
        content.decode("utf-8")
    except ValueError:
        return False
    return True


def _decoded_words(words: list[tuple[str, bytes]]) -> list[str]:
    return [decoded(content, charset) for charset, content in words]


def _word_bytes(encoding: str, text: str) -> bytes | None:
    """Return the bytes of an encoded word; None if they cannot be decoded."""
    try:
        if encoding in "qQ":
            return decodestring(text.encode("ascii", "surrogateescape"), header=True)
        plain = re.sub(r"[^A-Za-z0-9+/]", "", text)
        usable = len(plain) - (len(plain) % 4 == 1)
        return b64decode(plain[:usable] + "=" * (-usable % 4)) if usable or not text else None
    except (ValueError, binascii.Error):
        return None


def raw_field(message: Message, name: str) -> str:
    """Return the first field of this name as text: bytes that are not ASCII are decoded; empty if it is missing.

    RFC 6532 allows UTF-8 in fields; other programs just send whatever they use.
    """
    for key, value in message.raw_items():
        if key.lower() == name.lower():
            return field_text(str(value))
    return ""


def field_text(value: str) -> str:
    """Return a field value with its undecoded bytes decoded."""
    if value.isascii():
        return value
    return decoded(value.encode("utf-8", "surrogateescape"), None)
