"""A stored message for human eyes: its text, its HTML made harmless, the list of its attachments."""

import base64
import email.errors
import email.header
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
from nautobot_circuit_maintenance.mail.parts import ShortFields, decoded

LONGEST_SHOWN = 200_000
"""Characters of a text or of HTML that are shown; the download has all of it."""

CUT = "... cut here: download the message to see all of it."

# A web process has no time limit of its own. 25 MB of lines of one character cost a gigabyte of memory, and of parts
# inside of parts hours; 25 MB of attachments have 340,000 lines.
_MOST_LINES = 400_000
_MOST_SECONDS = 3.0
_PIECE = 64 * 1024
# Ordinary HTML of 200,000 characters has half of them. Nested, 40,000 take the sanitiser 5 seconds.
_MOST_TAGS = 15_000
_MOST_PARTS = 1_000
_LONGEST_NAME = 255
_HTML = "text/html"
_SHOWN = ("text/plain", _HTML)

# No image, style sheet, frame, form, media or script: nothing that loads, runs or sends anything.
_TAGS = set(
    "a abbr b bdi bdo blockquote br caption center cite code col colgroup dd del dfn div dl dt em font h1 h2 h3 h4 h5 h6 "
    "hr i ins kbd li mark ol p pre q s samp small span strike strong sub sup table tbody td tfoot th thead tr tt u ul var"
    " wbr".split()
)
# No style, class, id, name or background: a style could load, an id or a name could pose as something else.
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
_CONTENT_GOES_TOO = {"applet", "head", "iframe", "noframes", "object", "script", "style", "svg", "template", "title"}
_ABSOLUTE = re.compile(r"(?:https?://|mailto:)", re.IGNORECASE)

_STYLE = (
    "body{margin:1rem;font:14px/1.5 system-ui,sans-serif;color:#1a1a1a;background:#fff;overflow-wrap:anywhere}"
    "table{border-collapse:collapse}td,th{padding:.15rem .4rem;vertical-align:top}"
)
_HASH = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
_POLICY = f"default-src 'none'; form-action 'none'; base-uri 'none'; style-src 'sha256-{_HASH}'"
# Prefetching would tell the sender's name server that somebody reads the mail.
_HEAD = (
    f'<!doctype html><html><head><meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
    '<meta name="referrer" content="no-referrer"><meta http-equiv="x-dns-prefetch-control" content="off">'
    f"<title>Message</title><style>{_STYLE}</style></head><body>"
)


@dataclass(frozen=True)
class Attachment:
    """A part of a message that is not shown as text."""

    name: str
    kind: str
    size: int
    """Bytes, decoded."""


@dataclass(frozen=True)
class ReadableMessage:
    """What a person sees of a message."""

    plain: str = ""
    """The parts of plain text."""
    html: str = ""
    """As it came: only ``safe_document`` may show it."""
    attachments: tuple[Attachment, ...] = ()
    is_cut: bool = False
    """Whether reading all of it would take too long: this is its begin."""

    @property
    def text(self) -> str:
        """The plain text, or the words of the HTML where there is none."""
        return self.plain if self.plain.strip() else words_of(self.html)


def readable(raw: bytes) -> ReadableMessage:
    """Read a message for showing it; never raises, and takes seconds at the most, whatever the bytes are."""
    try:
        message, is_cut = _begin_of(raw)
        leaves = [part for part in itertools.islice(message.walk(), _MOST_PARTS) if not part.is_multipart()]
    except RecursionError:  # email: parts nested a thousand times
        return ReadableMessage("The parts of this message are nested too deeply to be shown.")
    texts: dict[str, list[str]] = {kind: [] for kind in _SHOWN}
    attachments = []
    for part in leaves:
        kind, content = part.get_content_type(), _content(part)
        if kind in _SHOWN and part.get_content_disposition() != "attachment":
            texts[kind].append(storable(decoded(content, part.get_content_charset())))
        elif content or _file_name(part):
            attachments.append(Attachment(_file_name(part), kind, len(content)))
    return ReadableMessage("\n\n".join(texts["text/plain"]), "<hr>".join(texts[_HTML]), tuple(attachments), is_cut)


def _begin_of(raw: bytes) -> tuple[Message, bool]:
    """Parse as much of a message as there is time and memory for, and tell whether something was left out."""
    parser = BytesFeedParser(policy=ShortFields())
    lines, begun, is_cut = 0, time.thread_time(), False
    for start in range(0, len(raw), _PIECE):
        piece = raw[start : start + _PIECE]
        lines += max(piece.count(b"\n"), piece.count(b"\r"))
        is_cut = lines > _MOST_LINES or time.thread_time() > begun + _MOST_SECONDS
        if is_cut:
            break
        parser.feed(piece)
    return parser.close(), is_cut


def begin_of_text(text: str, *, is_cut: bool = False) -> str:
    """Return as much of a text as a page shows, and say so where that, or what was read of the message, is not all."""
    return f"{text[:LONGEST_SHOWN]}\n\n{CUT}" if is_cut or len(text) > LONGEST_SHOWN else text


def safe_html(html: str) -> str:
    """Return HTML without anything that loads, runs, sends, poses as a page of ours or leads to one."""
    clean: str = nh3.clean(
        _shown(html),
        tags=_TAGS,
        clean_content_tags=_CONTENT_GOES_TOO,
        attributes=_ATTRIBUTES,
        attribute_filter=_only_absolute_links,
        url_schemes={"http", "https", "mailto"},
        link_rel="noopener noreferrer nofollow",
        set_tag_attribute_values={"a": {"target": "_blank"}},
    )
    return clean


def _shown(html: str) -> str:
    """Return the begin of HTML that is shown."""
    return "<".join(html[:LONGEST_SHOWN].split("<", _MOST_TAGS + 1)[: _MOST_TAGS + 1])


def safe_document(html: str, *, is_cut: bool = False) -> str:
    """Return a whole document for a sandboxed frame, whose own policy forbids to load anything besides."""
    cut = f"<hr><p>{CUT}</p>" if is_cut or _shown(html) != html else ""
    return f"{_HEAD}{safe_html(html)}{cut}</body></html>"


def words_of(html: str) -> str:
    """Return the words of HTML, a line for each block."""
    reader = _Words()
    # Python's reader needs a minute for 200 kB of unclosed tags; behind the sanitiser there are none.
    reader.feed(safe_html(html))
    reader.close()
    lines = (" ".join(line.split()) for line in "".join(reader.words).splitlines())
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


class _Words(HTMLParser):
    """Collects what stands between the tags."""

    _BLOCKS = frozenset("address blockquote br dd div dl dt h1 h2 h3 h4 h5 h6 hr li ol p pre table tr ul".split())

    def __init__(self) -> None:
        super().__init__()
        self.words: list[str] = []

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.words.append("\n" if tag in self._BLOCKS else "\t" if tag in ("td", "th") else "")

    def handle_endtag(self, tag: str) -> None:
        self.words.append("\n" if tag in self._BLOCKS else "")

    def handle_data(self, data: str) -> None:
        self.words.append(re.sub(r"\s+", " ", data))


def _only_absolute_links(_tag: str, name: str, value: str) -> str | None:
    """Leave out links without a scheme: in our page they would lead to Nautobot itself."""
    return None if name == "href" and not _ABSOLUTE.match(value.strip()) else value


def _content(part: Message) -> bytes:
    payload = part.get_payload(decode=True)
    return payload if isinstance(payload, bytes) else b""


def _file_name(part: Message) -> str:
    """Return the name of an attachment, encoded words decoded; empty where there is none."""
    try:
        name = str(part.get_filename() or "")
        name = str(email.header.make_header(email.header.decode_header(name[:_LONGEST_NAME])))
    except (LookupError, ValueError, TypeError, email.errors.MessageError):
        # An unknown charset is a LookupError, undecodable bytes a ValueError, broken RFC 2231 parts a TypeError.
        name = ""
    return storable(" ".join(name.split()))
