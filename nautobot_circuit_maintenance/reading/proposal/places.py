"""Sentences that say where something stands in a message."""

import re

from nautobot_circuit_maintenance.mail.blocks import MailText
from nautobot_circuit_maintenance.reading.candidates.spans import Span
from nautobot_circuit_maintenance.reading.candidates.zones import ZoneToken

_LONGEST = 40
_NAME = re.compile(r"[^\W\d_][\w ./-]{0,30}(?=[\W_]*$)")
"""The last words before a value, without what separates them from it."""
_ZONE_PLACES = {
    "line": "in the same line",
    "row": "in the same row",
    "column": "in the heading of the column",
    "label": "in the line above",
    "mail": "the only time zone of the email",
    "provider": "the time zone that is on record for the provider",
}


def where(mail: MailText, span: Span) -> str:
    """Return where a span stands: the subject, behind which words, or in which line."""
    line = mail.lines[mail.line_number(span.start)]
    if line.is_subject:
        return "Stands in the subject"
    before = " ".join(mail.text[line.start : span.start].split())
    if before:
        return f'Stands after "{before[-_LONGEST:]}"'
    if line.cell and (label := _cell_before(mail, span)):
        return f'Stands beside "{label}"'
    return "Stands in a line of its own"


def label_of(mail: MailText, span: Span) -> str:
    """Return the words that name what stands at a span, in lower case; empty if none do."""
    line = mail.lines[mail.line_number(span.start)]
    before = mail.text[line.start : span.start]
    if line.cell and not before.strip():
        before = _cell_before(mail, span)
    words = _NAME.search(before)
    return words[0].casefold() if words else ""


def _cell_before(mail: MailText, span: Span) -> str:
    """Return the text of the cell to the left, or of the heading of the column."""
    number = mail.line_number(span.start)
    cell = mail.lines[number].cell
    assert cell  # nosec B101 # the caller has looked
    for line in reversed(mail.lines[:number]):
        if line.cell is None or line.cell.table != cell.table:
            return ""
        if line.cell.row == cell.row or line.cell.column == cell.column:
            return " ".join(mail.of(line).split())[:_LONGEST]
    return ""


def zone_of(zone: ZoneToken | None) -> str:
    """Return the zone of a time and where it stands."""
    return f"zone {zone.written} ({_ZONE_PLACES[zone.place]})" if zone else "without a time zone"
