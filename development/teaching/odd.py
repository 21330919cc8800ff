"""Messages that are long, nested or meaningless, dressed so that a layout takes them for its own."""

import random
from collections.abc import Callable, Iterator
from datetime import datetime, timezone

from nautobot_circuit_maintenance.domain.updates import Provenance
from nautobot_circuit_maintenance.mail.parts import MailContent
from nautobot_circuit_maintenance.reading.candidates.circuits import Inventory
from nautobot_circuit_maintenance.reading.gates.base import Known
from nautobot_circuit_maintenance.reading.layouts.layout import Layout
from nautobot_circuit_maintenance.reading.layouts.page import Page

_RECEIVED = datetime(2026, 3, 1, tzinfo=timezone.utc)
_ROW = "<tr><td>14/03/2026 22:00</td><td>15 March 2026 04:00 CET</td><td>LON-1001</td></tr>"
_CHARACTERS = "abcdefgh -:./0123456789\n"
ODD = {
    "table of 10,000 dates": ("<table>" + _ROW * 10_000 + "</table>", "text/html"),
    "one row of 10,000 dates": ("<table><tr>" + "<td>14/03/2026 22:00</td>" * 10_000 + "</tr></table>", "text/html"),
    "dates without end": ("14/03/2026 22:00 - 15/03/2026 04:00 UTC, " * 10_000, "text/plain"),
    "lines of dates": ("14 March 2026 22:00 - 04:00 UTC\n" * 10_000, "text/plain"),
    "words with digits": ("a1 b2 c3 d4 " * 20_000, "text/plain"),
    "lines of IDs": ("Ticket: CHG-88213\n" * 10_000, "text/plain"),
    "one line of digits": ("1" * 300_000, "text/plain"),
    "bars": ("| 1 | 2 " * 40_000, "text/plain"),
    "nested tables": ("<table><tr><td>" * 3_000 + "14 March 2026", "text/html"),
    "huge spans": ("<table><tr>" + "<td colspan=99999 rowspan=99999>22:00</td>" * 3_000 + "</tr></table>", "text/html"),
    "nested strikes": ("<s>" * 20_000 + "14 March 2026 22:00", "text/html"),
    "letters": ("".join(random.Random(1).choices(_CHARACTERS, k=300_000)), "text/plain"),  # nosec B311 # no secret
    "words of status": ("cancelled if completed when rescheduled. " * 8_000, "text/plain"),
    "headings": ("Circuits:\n" * 10_000, "text/plain"),
    "surrogates and marks": ("\u202e\u0301\U0001f600" * 50_000, "text/plain"),
    "cjk": ("2026年3月14日午後10時" * 20_000, "text/plain"),
    "nothing": ("", "text/plain"),
}
Make = Callable[[Layout], tuple[Page, Provenance]]


def odd_pages() -> Iterator[tuple[str, Make]]:
    """Yield the name of each message, and what makes it a message of a layout."""
    for name, (body, kind) in ODD.items():
        yield name, lambda layout, body=body, kind=kind: _page(layout, body, kind)  # type: ignore[misc]  # its own body


def _page(layout: Layout, body: str, kind: str) -> tuple[Page, Provenance]:
    headings = "\n".join(f"{words}:" for words in layout.applies_to.words)
    text = f"<p>{headings.replace(chr(10), '<br>')}</p>{body}" if kind == "text/html" else f"{headings}\n{body}"
    parts = {kind: (text.encode("utf-8", "replace"),)}
    content = MailContent(
        parts, (), {}, (), "", is_reply=False, has_unread_message=False, subject="Planned work CHG-88213"
    )
    sender = f"noc@{layout.applies_to.senders[0]}"
    page = Page(content, _RECEIVED, sender, Known(Inventory(["LON-1001"]), zone=layout.windows.zone))
    return page, Provenance(_RECEIVED, _RECEIVED, "odd")
