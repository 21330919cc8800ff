"""Render a stored message for display: text, sanitized HTML, list of attachments."""

import base64
import hashlib
import itertools
import re
import time
from dataclasses import dataclass
from email.feedparser import BytesFeedParser
from email.message import Message
from html.parser import HTMLParser

import nh3

from nautobot_circuit_maintenance.domain.text import storable
from nautobot_circuit_maintenance.mail.charsets import decode_words, decoded
from nautobot_circuit_maintenance.mail.leaves import ShortFields
from nautobot_circuit_maintenance.mail.start import message_bytes

LONGEST_SHOWN = 200_000
"""Characters of text or HTML that are shown; the download is complete."""

TRUNCATED = "Truncated. Download the message to see it in full."

# Web processes have no time limit. 25 MB of one-character lines take a gigabyte of memory, and 25 MB of nested parts take
# hours; 25 MB of attachments have 340,000 lines.
_MOST_LINES = 400_000
_MOST_SECONDS = 3.0
_PIECE = 64 * 1024
# 200,000 characters of ordinary HTML have half of them. 40,000 nested tags take the sanitizer 5 seconds.
_MOST_TAGS = 15_000
_MOST_PARTS = 1_000
_LONGEST_NAME = 255
_HTML = "text/html"
_SHOWN = ("text/plain", _HTML)

# Without images, style sheets, frames, forms, media and scripts: nothing may load, run or send anything.
_TAGS = set(
    "a abbr b bdi bdo blockquote br caption center cite code col colgroup dd del dfn div dl dt em font h1 h2 h3 h4 h5 h6 "
    "hr i ins kbd li mark ol p pre q s samp small span strike strong sub sup table tbody td tfoot th thead tr tt u ul var"
    " wbr".split()
)
# Without style, class, id, name and background: styles can load content, ids and names can spoof elements.
_CELL = {"align", "bgcolor", "colspan", "height", "nowrap", "rowspan", "valign", "width"}
_ATTRIBUTES = {
    "a": {"href"},
    "table": {"align", "bgcolor", "border", "cellpadding", "cellspacing", "width"},
    "td": _CELL,
    "th": _CELL,
    "tr": {"align", "bgcolor", "valign"},
    "col": {"span", "width"},
    "font": {"color", "size"},
    "p": {"align", "dir"},
    "div": {"align", "dir"},
    "*": {"dir", "lang"},
}
_REMOVED_WITH_CONTENT = {
    "applet",
    "head",
    "iframe",
    "noframes",
    "object",
    "script",
    "style",
    "svg",
    "template",
    "title",
}
_ABSOLUTE = re.compile(r"(?:https?://|mailto:)", re.IGNORECASE)

_STYLE = (
    "body{margin:1rem;font:14px/1.5 system-ui,sans-serif;color:#1a1a1a;background:#fff;overflow-wrap:anywhere}"
    "table{border-collapse:collapse}td,th{padding:.15rem .4rem;vertical-align:top}"
)
_HASH = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
_POLICY = f"default-src 'none'; form-action 'none'; base-uri 'none'; style-src 'sha256-{_HASH}'"
# DNS prefetching would disclose to the sender that the email is being read.
_HEAD = (
    f'<!doctype html><html><head><meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
    '<meta name="referrer" content="no-referrer"><meta http-equiv="x-dns-prefetch-control" content="off">'
    f"<title>Message</title><style>{_STYLE}</style></head><body>"
)


@dataclass(frozen=True)
class Attachment:
    """A message part that is not shown as text."""

    name: str
    kind: str
    size: int
    """Decoded size in bytes."""


@dataclass(frozen=True)
class ReadableMessage:
    """The readable parts of a message."""

    plain: str = ""
    """The plain text parts."""
    html: str = ""
    """Unsanitized: show it only with ``safe_document``."""
    attachments: tuple[Attachment, ...] = ()
    is_truncated: bool = False
    """True if the message was truncated."""

    @property
    def text(self) -> str:
        """The plain text, or the text of the HTML if there is none."""
        return self.plain if self.plain.strip() else html_to_text(self.html)


def readable(raw: bytes) -> ReadableMessage:
    """Parse a message for display; never raises, and takes seconds at most, whatever the bytes are."""
    try:
        message, is_truncated = _parse_start(message_bytes(raw))
        leaves = [part for part in itertools.islice(message.walk(), _MOST_PARTS) if not part.is_multipart()]
    except RecursionError:  # email: parts nested a thousand times
        return ReadableMessage("This message is nested too deeply to be displayed.")
    texts: dict[str, list[str]] = {kind: [] for kind in _SHOWN}
    attachments = []
    for part in leaves:
        kind, content = part.get_content_type(), _content(part)
        if kind in _SHOWN and part.get_content_disposition() != "attachment":
            texts[kind].append(storable(decoded(content, part.get_content_charset())))
        elif content or _file_name(part):
            attachments.append(Attachment(_file_name(part), kind, len(content)))
    return ReadableMessage(
        "\n\n".join(texts["text/plain"]), "<hr>".join(texts[_HTML]), tuple(attachments), is_truncated
    )


def _parse_start(raw: bytes) -> tuple[Message, bool]:
    """Parse a message within limits of time and memory, and return whether it was truncated."""
    parser = BytesFeedParser(policy=ShortFields())
    lines, started, is_truncated = 0, time.thread_time(), False
    for start in range(0, len(raw), _PIECE):
        piece = raw[start : start + _PIECE]
        lines += max(piece.count(b"\n"), piece.count(b"\r"))
        is_truncated = lines > _MOST_LINES or time.thread_time() > started + _MOST_SECONDS
        if is_truncated:
            break
        parser.feed(piece)
    return parser.close(), is_truncated


def truncated_text(text: str, *, is_truncated: bool = False) -> str:
    """Return the part of a string that a page shows, with a remark if the text or the message was truncated."""
    return f"{text[:LONGEST_SHOWN]}\n\n{TRUNCATED}" if is_truncated or len(text) > LONGEST_SHOWN else text


def safe_html(html: str) -> str:
    """Return HTML without anything that loads, runs, sends, or imitates or links to pages of Nautobot."""
    clean: str = nh3.clean(
        _shown_part(html),
        tags=_TAGS,
        clean_content_tags=_REMOVED_WITH_CONTENT,
        attributes=_ATTRIBUTES,
        attribute_filter=_only_absolute_links,
        url_schemes={"http", "https", "mailto"},
        link_rel="noopener noreferrer nofollow",
        set_tag_attribute_values={"a": {"target": "_blank"}},
    )
    return clean


def _shown_part(html: str) -> str:
    """Return the part of the HTML that is shown."""
    return "<".join(html[:LONGEST_SHOWN].split("<", _MOST_TAGS + 1)[: _MOST_TAGS + 1])


def safe_document(html: str, *, is_truncated: bool = False) -> str:
    """Return a document for a sandboxed frame, with a policy that forbids loading anything."""
    remark = f"<hr><p>{TRUNCATED}</p>" if is_truncated or _shown_part(html) != html else ""
    return f"{_HEAD}{safe_html(html)}{remark}</body></html>"


def html_to_text(html: str) -> str:
    """Return the text of HTML, with one line per block."""
    extractor = _TextExtractor()
    # Python's parser needs a minute for 200 kB of unclosed tags; sanitized HTML has none.
    extractor.feed(safe_html(html))
    extractor.close()
    lines = (" ".join(line.split()) for line in "".join(extractor.pieces).splitlines())
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


class _TextExtractor(HTMLParser):
    """Collect the text between tags."""

    _BLOCKS = frozenset("address blockquote br dd div dl dt h1 h2 h3 h4 h5 h6 hr li ol p pre table tr ul".split())

    def __init__(self) -> None:
        super().__init__()
        self.pieces: list[str] = []

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.pieces.append("\n" if tag in self._BLOCKS else "\t" if tag in ("td", "th") else "")

    def handle_endtag(self, tag: str) -> None:
        self.pieces.append("\n" if tag in self._BLOCKS else "")

    def handle_data(self, data: str) -> None:
        self.pieces.append(re.sub(r"\s+", " ", data))


def _only_absolute_links(_tag: str, name: str, value: str) -> str | None:
    """Remove links without a scheme: on our page, they would lead to Nautobot."""
    return None if name == "href" and not _ABSOLUTE.match(value.strip()) else value


def _content(part: Message) -> bytes:
    payload = part.get_payload(decode=True)
    return payload if isinstance(payload, bytes) else b""


def _file_name(part: Message) -> str:
    """Return the decoded file name of an attachment; empty if it has none."""
    try:
        name = str(part.get_filename() or "")
    except (LookupError, ValueError, TypeError):
        # An unknown charset is a LookupError, undecodable bytes a ValueError, broken RFC 2231 parts a TypeError.
        return ""
    return storable(" ".join(decode_words(name[:_LONGEST_NAME]).split()))
