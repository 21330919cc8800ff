"""Containers of content: what can be opened is opened, and what cannot is named (S/MIME, PGP, TNEF, PDF, archives)."""

import binascii
import re
import zlib
from base64 import b64decode
from collections.abc import Iterator
from enum import Enum

_BASE64 = re.compile(rb"[A-Za-z0-9+/\r\n]+={0,2}\s*")
_LONGEST_BASE64 = 5 * 1024**2
_MESSAGE = re.compile(rb"(?:[!-9;-~]{1,60}:[^\n]*\r?\n(?:[ \t][^\n]*\r?\n)*){2}")
_TNEF = b"\x78\x9f\x3e\x22"
_TNEF_HEADER = 6
_TNEF_ATTACHMENT, _TNEF_BODY = 0x0006800F, 0x0002800C
_PGP = re.compile(rb"^-----BEGIN PGP MESSAGE-----", re.MULTILINE)
_WORD = (".docx", ".doc", ".odt", ".rtf", ".pptx")
_LONGEST_INFLATED = 50 * 1024**2


class Obstacle(Enum):
    """A container whose content is not read."""

    SMIME = ("READ-22", "The message is encrypted with S/MIME. Ask the provider to send it without encryption.")
    PGP = ("READ-23", "The message is encrypted with PGP. Ask the provider to send it without encryption.")
    TNEF = (
        "READ-24",
        "The content is in a winmail.dat (TNEF) of Outlook. Ask the provider to send HTML or plain text instead.",
    )
    PDF = ("READ-25", "The message has a PDF, which is not read.")
    MSG = ("READ-26", "The message has an Outlook .msg file, which is not read.")
    ARCHIVE = ("READ-27", "The message has a compressed file (gzip or zip), which is not read.")
    LINK = ("READ-28", "The content is behind a link (message/external-body), which is not followed.")
    BOUNDARY = ("READ-29", "The message has several parts but no boundary between them.")
    DOCUMENT = ("READ-35", "The message has an Office document (such as .docx), which is not read.")
    PROTECTED = (
        "READ-36",
        "The message is encrypted by Microsoft's rights management (.rpmsg). Ask the provider to send it without.",
    )

    @property
    def hides_all(self) -> bool:
        """Whether what can be read of such a message may be a wrapper only."""
        return self not in (Obstacle.PDF, Obstacle.MSG, Obstacle.ARCHIVE, Obstacle.DOCUMENT)


def obstacle(kind: str, name: str, content: bytes) -> Obstacle | None:
    """Return the container that this part is, if its content is not read."""
    start = content.lstrip()[:32]
    found = None
    if kind == "application/pgp-encrypted" or _PGP.search(content):
        found = Obstacle.PGP
    elif kind == "application/x-microsoft-rpmsg-message" or name.endswith(".rpmsg"):
        found = Obstacle.PROTECTED
    elif is_tnef(kind, name, content):
        found = Obstacle.TNEF
    elif kind == "application/pdf" or start.startswith(b"%PDF"):
        found = Obstacle.PDF
    elif kind == "application/vnd.ms-outlook" or name.endswith(".msg"):
        found = Obstacle.MSG
    elif name.endswith(_WORD) or kind in ("application/msword", "application/rtf") or "wordprocessingml" in kind:
        found = Obstacle.DOCUMENT
    elif start.startswith(b"\x1f\x8b") or (start.startswith(b"PK\x03\x04") and "openxml" not in kind + name[-5:]):
        found = None if name.endswith((".xlsx", ".docx", ".pptx")) else Obstacle.ARCHIVE
    return found


def is_message(kind: str, name: str, content: bytes) -> bool:
    """Return whether a part is an attached message, by its type or its name and its first fields."""
    if kind in ("message/rfc822", "message/global") or name.endswith(".eml"):
        return _MESSAGE.match(content.lstrip()) is not None
    return False


def is_smime(kind: str, name: str) -> bool:
    """Return whether a part is enveloped or opaque signed S/MIME (RFC 8551 section 3.2)."""
    return kind in ("application/pkcs7-mime", "application/x-pkcs7-mime") or name.endswith((".p7m", ".p7z"))


def signed_content(content: bytes) -> bytes | None:
    """Return what a signed or compressed S/MIME part contains, not verified; None if it is encrypted or damaged."""
    # pylint: disable-next=import-outside-toplevel  # 40 ms, and hardly any message needs it
    from asn1crypto import cms, core

    try:
        info = cms.ContentInfo.load(content)
        if info["content_type"].native not in ("signed_data", "compressed_data"):
            return None
        encapsulated = info["content"]["encap_content_info"]["content"]
        if isinstance(encapsulated, core.Any):
            encapsulated = encapsulated.parse(core.OctetString)
        if encapsulated.native is None:
            return None
        inner = bytes(encapsulated.native)
        return inner if info["content_type"].native == "signed_data" else _inflated(inner)
    except (ValueError, TypeError, KeyError, AttributeError, zlib.error):
        return None


def _inflated(content: bytes) -> bytes | None:
    """Return what compressed S/MIME contains (RFC 3274: zlib); None if it is longer than any message."""
    inflate = zlib.decompressobj()
    inner = inflate.decompress(content, _LONGEST_INFLATED)
    return None if inflate.unconsumed_tail else inner


def unwrapped_base64(content: bytes) -> bytes:
    """Return content that was encoded in base64 once more than its part declares; any other as it is."""
    if not 40 < len(content) < _LONGEST_BASE64 or not _BASE64.fullmatch(content.strip()):
        return content
    try:
        inner = b64decode(content)
    except (ValueError, binascii.Error):
        return content
    return inner if b"BEGIN:VCALENDAR" in inner.replace(b"\0", b"").upper() or _MESSAGE.match(inner) else content


def is_tnef(kind: str, name: str, content: bytes) -> bool:
    """Return whether a part is Outlook's winmail.dat."""
    return kind == "application/ms-tnef" or name == "winmail.dat" or content.startswith(_TNEF)


def tnef_contents(content: bytes) -> Iterator[bytes]:
    """Yield the plain text and the attachments in a winmail.dat ([MS-OXTNEF] section 2.1.3)."""
    place = _TNEF_HEADER
    while content.startswith(_TNEF) and place + 9 <= len(content):
        attribute = int.from_bytes(content[place + 1 : place + 5], "little")
        length = int.from_bytes(content[place + 5 : place + 9], "little")
        start = place + 9
        if attribute in (_TNEF_ATTACHMENT, _TNEF_BODY):
            yield content[start : start + length]
        place = start + length + 2
