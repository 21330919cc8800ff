"""What an HTML message quotes, apart from what it states itself."""

import re
from collections.abc import Iterator
from html import unescape
from typing import NamedTuple

from lxml import etree

from nautobot_circuit_maintenance.mail.quotes import (
    FROM_WORDS,
    has_words,
    is_attribution,
    is_forward_mark,
    quote_start,
)

_MARKS = ("<blockquote", "_quote", "rplyfwdmsg", "appendonsend", "stopspelling", "olk_src_body")
_DIVIDER = re.compile(r"--(?:\s|&nbsp;|&#160;){0,3}(?:[^\W\d]|&)")
_FROM = re.compile(rf"\b(?:{FROM_WORDS})\W{{0,3}}(?:<[^>]{{0,300}}>\s{{0,9}}){{0,8}}[:：]", re.IGNORECASE)
"""What HTML with a quote contains; the rest, nearly all of it, is left as it is without being parsed."""
_QUOTE_CLASSES = ("gmail_quote", "yahoo_quoted", "protonmail_quote", "zmail_extra", "tutanota_quote")
"""Programs put something of their own before the names: "x_gmail_quote" (Outlook), "ydp8a7b1yahoo_quoted" (Yahoo)."""
_START_IDS = ("divrplyfwdmsg", "appendonsend", "stopspelling", "olk_src_body_section")
"""Outlook's marks: from here on, everything is quoted."""
_BREAKS = frozenset("address blockquote body br dd div dl dt h1 h2 h3 h4 h5 h6 hr li ol p pre table tr ul".split())
_SILENT = frozenset(("head", "script", "style", "title"))


class _Line(NamedTuple):
    """One line of text, and where it starts."""

    text: str
    element: "etree._Element"
    is_tail: bool
    """Whether it starts behind the element, not in it."""


def newest_html(html: str, *, is_reply: bool) -> str:
    """Return HTML without what it quotes; the same string if it quotes nothing, or contains nothing else."""
    if not _may_quote(html, is_reply):
        return html
    root = etree.fromstring(html.encode(), etree.HTMLParser(encoding="utf-8", huge_tree=True, remove_comments=True))
    if root is None:
        return html
    is_cut = _drop_quotes(root, is_reply)
    lines = list(_lines(root))
    start = quote_start([line.text for line in lines], is_reply=is_reply)
    if start < len(lines):
        _cut_from(lines[start].element, is_tail=lines[start].is_tail)
    elif not is_cut:
        return html
    if not any(has_words(line.text) for line in lines[:start]):
        return html
    rest: str = etree.tostring(root, encoding="unicode", method="html")
    return rest


def _may_quote(html: str, is_reply: bool) -> bool:
    lower = html.lower()
    is_marked = any(mark in lower for mark in _MARKS) or _DIVIDER.search(html)
    return bool(is_marked or is_reply and _FROM.search(unescape(html)))


def _drop_quotes(root: "etree._Element", is_reply: bool) -> bool:
    """Remove the elements that hold a quote; return whether there was one."""
    is_cut = False
    waiting = [root]
    while waiting:
        element = waiting.pop()
        if not isinstance(element.tag, str):  # A processing instruction.
            continue
        if (element.get("id") or "").lower().endswith(_START_IDS) and not is_forward_mark(_text_start(element)):
            if is_reply:
                _cut_from(element, is_tail=False)
                return True
        if _is_quote(element, is_reply):
            _drop_attribution(element)
            _drop(element)
            is_cut = True
        else:
            waiting += reversed(element)
    return is_cut


def _is_quote(element: "etree._Element", is_reply: bool) -> bool:
    """Return whether an element holds a quote; what a forward contains is none."""
    names = (*(element.get("class") or "").split(), element.get("id") or "")
    is_marked = any(name.endswith(_QUOTE_CLASSES) for name in names)
    if element.tag == "blockquote":
        is_marked = is_marked or is_reply or (element.get("type") or "").lower() == "cite"
    return is_marked and not is_forward_mark(_text_start(element))


def _text_start(element: "etree._Element") -> str:
    """Return the first words of an element."""
    text = ""
    for piece in element.itertext():
        text += piece
        if len(text) > 200:
            break
    return text.strip()


def _drop_attribution(quote: "etree._Element") -> None:
    """Remove "On ... wrote:" before a quote, if it is an element of its own."""
    before = quote.getprevious()
    while before is not None and before.tag == "br" and not (before.tail or "").strip():
        before = before.getprevious()
    if before is None or (before.tail or "").strip():
        return
    if is_attribution(" ".join(_text_start(before).split())):
        _drop(before)


def _drop(element: "etree._Element") -> None:
    """Remove an element, but not the text behind it."""
    parent, before = element.getparent(), element.getprevious()
    if parent is None:
        return
    if element.tail and before is not None:
        before.tail = (before.tail or "") + element.tail
    elif element.tail:
        parent.text = (parent.text or "") + element.tail
    parent.remove(element)


def _cut_from(element: "etree._Element", *, is_tail: bool) -> None:
    """Remove an element, or only the text behind it, and everything that follows in the document."""
    first = True
    while element is not None:
        parent = element.getparent()
        for sibling in list(element.itersiblings()):
            if parent is not None:
                parent.remove(sibling)
        element.tail = None
        if first and not is_tail and parent is not None:
            parent.remove(element)
        element, first = parent, False


def _lines(root: "etree._Element") -> Iterator[_Line]:
    """Yield the lines of text of a document that are not blank."""
    pieces: list[str] = []
    anchor: tuple[etree._Element, bool] | None = None
    for element, is_tail, text in _pieces(root):
        if text is None:
            line = " ".join("".join(pieces).split())
            if line and anchor:
                yield _Line(line, *anchor)
            pieces, anchor = [], None
        elif text:
            if anchor is None and text.strip():
                anchor = (element, is_tail)
            pieces.append(text)
    line = " ".join("".join(pieces).split())
    if line and anchor:
        yield _Line(line, *anchor)


def _pieces(root: "etree._Element") -> Iterator[tuple["etree._Element", bool, str | None]]:
    """Yield the pieces of text in document order, each with its element; None where a line ends."""
    silent = 0
    for event, element in etree.iterwalk(root, events=("start", "end")):
        if not isinstance(element.tag, str):
            continue
        silent += (1 if event == "start" else -1) if element.tag in _SILENT else 0
        if element.tag in _BREAKS:
            yield element, False, None
        elif element.tag in ("td", "th"):
            yield element, False, "\t"
        if not silent:
            yield element, event == "end", (element.text if event == "start" else element.tail) or ""
