"""Doubts about a status that the subject or the title of a message contradicts.

"Completed: CHG-100" with a calendar that states no status, or "Cancelled: ..." with one that still says CONFIRMED: a
person must look at it. Only the subject and the start of the title count. The text below says "if the work is
cancelled" in nearly every message.
"""

import re
from dataclasses import replace

from nautobot_circuit_maintenance.domain.updates import NO_CHANGE, MaintenanceUpdate
from nautobot_circuit_maintenance.reading.base import Reading

_WORD = r"(?:(?P<CANCELLED>cancel(?:l?ed|l?ation))|(?P<COMPLETED>completed|completion))\b"
# Not "to be completed by Friday", "was not completed" or "if cancelled".
_IN_SUBJECT = re.compile(
    rf"(?<!\bbe )(?<!\bnot )(?<!\bif )(?<!\bunless )\b{_WORD}(?! (?:by|date|on|time)\b)", re.IGNORECASE
)
_AT_START = re.compile(rf"[\s\[(*]*{_WORD}\s*[])*]*\s*[:\u2013-]", re.IGNORECASE)


def with_doubts(reading: Reading, subject: str) -> Reading:
    """Return a reading with a doubt for each update whose status is contradicted."""
    updates = tuple(_checked(update, subject) for update in reading.updates)
    return reading if updates == reading.updates else replace(reading, updates=updates)


def _checked(update: MaintenanceUpdate, subject: str) -> MaintenanceUpdate:
    match = _IN_SUBJECT.search(subject) or _AT_START.match(update.description)
    if not match or match.lastgroup in _statuses(update):
        return update
    where = "subject" if match.string == subject else "title"
    status = "no status is stated" if update.status == NO_CHANGE else f"the status is {update.status}"
    doubt = f'The {where} says "{match[match.lastgroup or 0]}", but {status}.'
    return replace(update, doubts=(*update.doubts, doubt))


def _statuses(update: MaintenanceUpdate) -> set[str]:
    """Return the statuses of all events; METHOD:CANCEL is one, too."""
    return {"CANCELLED" if event.method == "CANCEL" else event.status for event in update.events}
