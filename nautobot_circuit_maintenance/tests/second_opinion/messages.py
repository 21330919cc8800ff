"""Small messages with readings, for tests of candidates and gates."""

from collections.abc import Sequence
from datetime import datetime, timezone

from nautobot_circuit_maintenance.domain.updates import (
    AnnouncedImpact,
    MaintenanceEvent,
    MaintenanceUpdate,
    Provenance,
    Window,
)
from nautobot_circuit_maintenance.mail.blocks import MailText, mail_text
from nautobot_circuit_maintenance.mail.parts import MailContent, mail_content
from nautobot_circuit_maintenance.reading.candidates.circuits import Inventory
from nautobot_circuit_maintenance.reading.candidates.windows import WindowCandidate, windows_in
from nautobot_circuit_maintenance.reading.gates.base import Known, Opinion
from nautobot_circuit_maintenance.reading.gates.judge import second_opinions

RECEIVED = datetime(2026, 3, 2, 12, 0, tzinfo=timezone.utc)
NAME, CIRCUIT = "CHG-4711", "LON-1001"
INVENTORY = Inventory((CIRCUIT, "LON-1002", "LON-100"))


def utc(text: str) -> datetime:
    """Return "2026-03-10 01:00" as a time in UTC."""
    return datetime.strptime(text, "%Y-%m-%d %H:%M").replace(tzinfo=timezone.utc)


def window(start: str, end: str) -> Window:
    """Return a window of two times in UTC."""
    return Window(utc(start), utc(end))


def text_of(body: str, *, subject: str = "Planned work", is_html: bool = False, is_reply: bool = False) -> MailText:
    """Return the text of a message."""
    return mail_text(subject, [] if is_html else [body], [body] if is_html else [], is_reply=is_reply)


def windows_of(body: str, *, is_html: bool = False, received: datetime = RECEIVED) -> list[WindowCandidate]:
    """Return the windows of a message."""
    return list(windows_in(text_of(body, is_html=is_html), received).windows)


def read_windows(body: str, *, is_html: bool = False, received: datetime = RECEIVED) -> list[list[str]]:
    """Return the windows of a message in UTC, every way to read each; without a zone as local times."""
    found = []
    for source in windows_of(body, is_html=is_html, received=received):
        for way in source.ways:
            times = source.in_utc(way)
            zone = "UTC" if times else "local"
            start, end = times or (way.start, way.end)
            found.append([f"{start:%Y-%m-%d %H:%M}", f"{end:%Y-%m-%d %H:%M}", zone])
    return found


def content_of(
    body: str, *, subject: str = f"Planned work {NAME}", is_html: bool = False, headers: str = ""
) -> MailContent:
    """Return the content of a message with this body."""
    kind = "html" if is_html else "plain"
    head = f'Subject: {subject}\nDate: Mon, 2 Mar 2026 12:00:00 +0000\n{headers}Content-Type: text/{kind}; charset="utf-8"\n\n'
    return mail_content((head + body).encode(), Provenance(RECEIVED, RECEIVED, "x"))


def reading(
    *windows: Window, name: str = NAME, status: str = "CONFIRMED", circuits: Sequence[str] = (CIRCUIT,)
) -> MaintenanceUpdate:
    """Return a reading that is not of a calendar."""
    impacts = tuple(AnnouncedImpact(cid, "OUTAGE") for cid in circuits)
    events = tuple(MaintenanceEvent(status, (each,), impacts) for each in windows) or (
        MaintenanceEvent(status, (), impacts),
    )
    return MaintenanceUpdate(name, events, Provenance(RECEIVED, RECEIVED, "x"))


def opinion(content: MailContent, update: MaintenanceUpdate, known: Known | None = None) -> Opinion:
    """Return the second opinion on the only reading of a message."""
    return second_opinions(content, [update], lambda _: known or Known(INVENTORY))[0]


def doubts(content: MailContent, update: MaintenanceUpdate, known: Known | None = None) -> list[str]:
    """Return gate and sentence of each doubt."""
    return [f"{each.gate}: {each.sentence}" for each in opinion(content, update, known).doubts]
