"""Compare the results of the demo's emails with the expected ones, and print them."""

import json
import sys
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime, timezone
from typing import Any

from development.samples import Sample
from nautobot_circuit_maintenance.mail.message import MailMessage
from nautobot_circuit_maintenance.models import CircuitMaintenance, Notification

AGREED = "ok"


@dataclass
class Line:
    """One line of the table: subject, result, and how it differs from what was expected."""

    name: str
    outcome: str
    details: str = ""
    differences: list[str] = field(default_factory=list)

    @property
    def verdict(self) -> str:
        """Return `ok`, or the differences."""
        return f"DIFFERS: {'; '.join(self.differences)}" if self.differences else AGREED

    def expect(self, what: str, *, expected: Any, actual: Any) -> None:
        """Note a difference."""
        if expected != actual:
            self.differences.append(f"{what}: expected {shown(expected)}, got {shown(actual)}")


def shown(value: Any) -> str:
    """Return a value as the table shows it."""
    if isinstance(value, datetime):
        return value.astimezone(timezone.utc).strftime("%a %d %b %H:%M")
    if isinstance(value, dict):
        return ", ".join(f"{key} {shown(value[key])}" for key in sorted(value)) or "none"
    if isinstance(value, (list, tuple, set)):
        joint = "-" if len(value) == 2 and all(isinstance(item, datetime) for item in value) else ", "
        return joint.join(shown(item) for item in value) or "none"
    return str(value) or "none"


def mail_lines(samples: Iterable[Sample]) -> list[Line]:
    """Return a line for every delivered email; later copies of an email are duplicates."""
    seen: set[str] = set()
    lines = []
    for sample in samples:
        fingerprint = MailMessage.from_bytes(sample.raw, received_at=sample.received_at).fingerprint
        if fingerprint in seen:
            lines.append(copy_line(sample))
        else:
            lines.append(mail_line(sample, Notification.objects.filter(fingerprint=fingerprint).first()))
        seen.add(fingerprint)
    return lines


def copy_line(sample: Sample) -> Line:
    """Compare the outcome of a copy: a constraint allows only one row per fingerprint."""
    line = Line(sample.name, "duplicate")
    line.expect("outcome", expected=sample.expected, actual=line.outcome)
    return line


def mail_line(sample: Sample, found: Notification | None) -> Line:
    """Compare one email's outcome: state, reason and maintenances."""
    names = sorted(found.parsed_notifications.values_list("maintenance__name", flat=True)) if found else []
    outcome = found.state if found else "unknown sender"
    line = Line(sample.name, outcome, ", ".join(names) or (found.error if found else ""))
    line.expect("outcome", expected=sample.expected, actual=outcome)
    line.expect("maintenances", expected=sorted(sample.maintenances), actual=names)
    if sample.reason and not (found and sample.reason.lower() in found.error.lower()):
        line.differences.append(f"the reason does not contain '{sample.reason}'")
    return line


def maintenance_lines(expected: Sequence[dict[str, Any]]) -> list[Line]:
    """Return a line for every expected maintenance, and one for every other maintenance."""
    lines = [maintenance_line(entry) for entry in expected]
    known = {(entry["provider"], entry["name"]) for entry in expected}
    for maintenance in CircuitMaintenance.objects.select_related("provider"):
        if (maintenance.provider.name, maintenance.name) not in known:
            lines.append(Line(str(maintenance), maintenance.status, differences=["not expected"]))
    return lines


def maintenance_line(expected: dict[str, Any]) -> Line:
    """Compare one maintenance with all that is expected of it."""
    maintenance = CircuitMaintenance.objects.filter(provider__name=expected["provider"], name=expected["name"]).first()
    if maintenance is None:
        return Line(f"{expected['provider']} {expected['name']}", "missing", differences=["it does not exist"])
    actual = described(maintenance)
    line = Line(str(maintenance), maintenance.status, f"{shown(actual['windows'])} | {shown(actual['impacts'])}")
    for key in [key for key in actual if key in expected]:  # other fields may have any value
        wanted = expected[key]
        line.expect(key, expected=sorted(wanted) if key in ("windows", "unmatched") else wanted, actual=actual[key])
    return line


def described(maintenance: CircuitMaintenance) -> dict[str, Any]:
    """Return a maintenance in the format of `expected.json`; `impacts` contains matched circuits only."""
    impacts = list(maintenance.impacts.all())
    return {
        "status": maintenance.status,
        "description": maintenance.description,
        "windows": sorted([window.start_time, window.end_time] for window in maintenance.windows.all()),
        "impacts": {impact.cid: impact.impact for impact in impacts},
        "unmatched": sorted(impact.cid for impact in impacts if impact.circuit_id is None),
        "notifications": maintenance.parsed_notifications.count(),
    }


def print_json(*, new: int, mails: Sequence[Line], maintenances: Sequence[Line], result: Any) -> None:
    """Print everything as one JSON object on standard output."""
    document = {
        "new": new,
        "differences": sum(bool(line.differences) for line in (*mails, *maintenances)),
        "mails": [{**asdict(line), "verdict": line.verdict} for line in mails],
        "maintenances": [{**asdict(line), "verdict": line.verdict} for line in maintenances],
        "job": result,
    }
    json.dump(document, sys.stdout, indent=2)
    print()


def print_table(*, new: int, mails: Sequence[Line], maintenances: Sequence[Line]) -> None:
    """Print two tables: emails and maintenances."""
    print_lines("CAME IN", mails)
    print_lines("CAME OUT", maintenances)
    differing = sum(bool(line.differences) for line in (*mails, *maintenances))
    print(
        f"\n{len(mails)} mails, {new} of them new; {len(maintenances)} maintenances; {differing} differ from what was expected."
    )
    if not new:
        print("Nothing new: every mail had been recorded before.")


def print_lines(title: str, lines: Sequence[Line]) -> None:
    """Print one table."""
    width = max([len(line.name) for line in lines] or [0])
    print(f"\n{title}")
    for line in lines:
        print(f"  {line.name:{width}}  {line.outcome:14}  {line.details}  [{line.verdict}]")
