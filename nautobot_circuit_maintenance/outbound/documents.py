"""A message as headline, sections and lines, from which its text and its HTML are both written."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from html import escape

from nautobot_circuit_maintenance.domain.text import shortened

MOST_LINES = 50
"""Lines of a section that are written; the others are counted."""
_LONGEST_LINE = 1000


@dataclass(frozen=True)
class Line:
    """One line; with an address, it is a link in HTML, and the address follows it in text."""

    text: str
    url: str = ""


@dataclass(frozen=True)
class Section:
    """Lines under a title; without one, they are paragraphs."""

    lines: tuple[Line, ...]
    title: str = ""


def section(lines: Iterable[str | Line], *, title: str = "", noun: str = "lines") -> Section:
    """Return a section of these lines, the first of them if there are many; ``noun`` is what the others are counted as."""
    every = [each if isinstance(each, Line) else Line(each) for each in lines]
    more = len(every) - MOST_LINES
    shown = [Line(shortened(each.text, _LONGEST_LINE), each.url) for each in every[:MOST_LINES]]
    return Section((*shown, Line(f"and {more} more {noun}")) if more > 0 else tuple(shown), title)


def as_text(headline: str, sections: Sequence[Section]) -> str:
    """Return plain text."""
    return "\n\n".join([headline, *("\n".join(_text_lines(each)) for each in sections if each.lines)]) + "\n"


def _text_lines(written: Section) -> Iterator[str]:
    if written.title:
        yield f"{written.title}:"
    mark = "- " if written.title else ""
    for line in written.lines:
        yield f"{mark}{line.text}"
        if line.url and line.url != line.text:
            yield f"{' ' * len(mark)}{line.url}"


def as_html(headline: str, sections: Sequence[Section]) -> str:
    """Return HTML for the body of an email; everything in it is escaped."""
    return f"<p><strong>{escape(headline)}</strong></p>\n{sections_as_html(sections)}".rstrip()


def sections_as_html(sections: Sequence[Section]) -> str:
    """Return the sections without a headline."""
    return "\n".join(_html(each) for each in sections if each.lines)


def _html(written: Section) -> str:
    lines = [_linked(line) for line in written.lines]
    if not written.title:
        return f"<p>{'<br>'.join(lines)}</p>"
    items = "".join(f"<li>{line}</li>" for line in lines)
    return f"<p><strong>{escape(written.title)}</strong></p>\n<ul>{items}</ul>"


def _linked(line: Line) -> str:
    if line.url.startswith(("https://", "http://")):
        return f'<a href="{escape(line.url)}">{escape(line.text)}</a>'
    return escape(line.text)
