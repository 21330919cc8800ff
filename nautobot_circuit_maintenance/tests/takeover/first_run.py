"""What tests of the first run after the takeover share: a mailbox that still has every message, and what operators see."""

import os
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from nautobot_circuit_maintenance.models import CircuitMaintenance
from nautobot_circuit_maintenance.takeover.tables import OLDER
from nautobot_circuit_maintenance.tests.end_to_end import world

_CALENDAR = """BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//Invented//EN
BEGIN:VEVENT
SUMMARY:BIG-1: splice works
DTSTART:{start}
DTEND:{end}
DTSTAMP:{stamp}
UID:BIG-1@invented
SEQUENCE:0
X-MAINTNOTE-PROVIDER:nordlight.example
X-MAINTNOTE-ACCOUNT:1234567
X-MAINTNOTE-MAINTENANCE-ID:BIG-1
X-MAINTNOTE-OBJECT-ID;X-MAINTNOTE-OBJECT-IMPACT=OUTAGE:{cid}
X-MAINTNOTE-STATUS:CONFIRMED
ORGANIZER;CN="NOC":mailto:maint@nordlight.example
END:VEVENT
END:VCALENDAR
"""


def whole(row: Any, cid: str) -> bytes:
    """Return a message about BIG-1 as its mailbox has it: with the calendar that the older package cut off."""
    raw = bytes(row.raw)
    big = CircuitMaintenance.objects.get(name="BIG-1")
    times = {"start": big.start_time, "end": big.end_time, "stamp": row.stamp}
    calendar = _CALENDAR.format(cid=cid, **{name: f"{moment:%Y%m%dT%H%M%SZ}" for name, moment in times.items()})
    [boundary] = re.findall(r'boundary="([^"]+)"', raw.decode())
    part = f"\n--{boundary}\nContent-Type: text/calendar; charset=utf-8\nContent-Transfer-Encoding: 8bit\n\n{calendar}"
    return raw + f"{part}\n--{boundary}--\n".encode()


@contextmanager
def mailbox(folder: Path, source: str, bytes_of: Callable[[Any], bytes]) -> Iterator[None]:
    """Configure a source as a folder that has all messages."""
    folder.mkdir()
    for number, row in enumerate(OLDER["rawnotification"].objects.order_by("stamp")):
        file = folder / f"{number:03}.eml"
        file.write_bytes(bytes_of(row))
        received = row.stamp.timestamp() + 5
        os.utime(file, (received, received))
    with world.configured({"name": source, "url": folder.as_uri(), "attach_all_providers": True}):
        yield


def maintenances() -> dict[Any, dict[str, Any]]:
    """Return everything that an operator sees of each maintenance."""
    fields = (
        "provider",
        "name",
        "status",
        "description",
        "start_time",
        "end_time",
        "ack",
        "acknowledged_at",
        "created",
    )
    rows = {row["pk"]: row for row in CircuitMaintenance.objects.values("pk", *fields)}
    for pk, row in rows.items():
        maintenance = CircuitMaintenance.objects.get(pk=pk)
        row["windows"] = sorted(maintenance.windows.values_list("start_time", "end_time"))
        row["impacts"] = sorted(maintenance.impacts.values_list("cid", "impact", "circuit"), key=str)
        row["notes"] = sorted(maintenance.maintenance_notes.values_list("pk", flat=True))
    return rows


def differences(before: dict[Any, dict[str, Any]], after: dict[Any, dict[str, Any]]) -> dict[str, Any]:
    """Return what differs, by maintenance."""
    return {
        str(before[pk]["name"]): {key: (row[key], after[pk][key]) for key in row if row[key] != after[pk][key]}
        for pk, row in before.items()
        if row != after[pk]
    }
