"""Small emails of one invented provider, for tests of learning and reading."""

from datetime import datetime, timezone

from nautobot_circuit_maintenance.domain.updates import AnnouncedImpact, Provenance, Window
from nautobot_circuit_maintenance.mail.parts import mail_content
from nautobot_circuit_maintenance.reading.candidates.circuits import Inventory
from nautobot_circuit_maintenance.reading.gates.base import Known
from nautobot_circuit_maintenance.reading.layouts.examples import Confirmed, Example
from nautobot_circuit_maintenance.reading.layouts.layout import Layout
from nautobot_circuit_maintenance.reading.layouts.page import Page
from nautobot_circuit_maintenance.reading.layouts.read import LayoutReading, read

RECEIVED = datetime(2026, 3, 2, 12, 0, tzinfo=timezone.utc)
PROVENANCE = Provenance(RECEIVED, RECEIVED, "x")
CIDS = ("LON-1001", "LON-1002", "LON-1003")
SENDER = "noc@fen.example"

BODY = """Hello,

Change: {name}
Start: {start}
End: {end}
Circuits: {circuits}

The Fen NOC
"""


def body_of(
    name: str = "CHG-4711",
    start: str = "2026-03-14 22:00 UTC",
    end: str = "2026-03-15 04:00 UTC",
    circuits: str = "LON-1001",
) -> str:
    """Return the body of an email."""
    return BODY.format(name=name, start=start, end=end, circuits=circuits)


def page_of(
    body: str,
    *,
    subject: str = "Planned work CHG-4711",
    known: Known | None = None,
    sender: str = SENDER,
    is_html: bool = False,
) -> Page:
    """Return an email as layouts look at it."""
    kind = "html" if is_html else "plain"
    head = f'Subject: {subject}\nDate: Mon, 2 Mar 2026 12:00:00 +0000\nContent-Type: text/{kind}; charset="utf-8"\n\n'
    content = mail_content((head + body).encode(), PROVENANCE)
    return Page(content, RECEIVED, sender, known or Known(Inventory(CIDS)))


def utc(text: str) -> datetime:
    """Return "2026-03-10 01:00" as a time in UTC."""
    return datetime.strptime(text, "%Y-%m-%d %H:%M").replace(tzinfo=timezone.utc)


def window(start: str, end: str) -> Window:
    """Return a window of two times in UTC."""
    return Window(utc(start), utc(end))


NIGHT = window("2026-03-14 22:00", "2026-03-15 04:00")


def example_of(
    page: Page,
    name: str = "CHG-4711",
    status: str = "CONFIRMED",
    windows: tuple[Window, ...] = (NIGHT,),
    cids: tuple[str, ...] = ("LON-1001",),
) -> Example:
    """Return an email with what a person confirmed about it."""
    return Example(page, Confirmed(name, status, windows, tuple(AnnouncedImpact(cid, "OUTAGE") for cid in cids)))


def reading_of(layout: Layout, page: Page) -> LayoutReading:
    """Return what a layout makes of an email."""
    return read(layout, page, PROVENANCE)
