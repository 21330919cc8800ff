"""A case played: its providers, its mails one after the other, and what the product has and says afterwards."""

import json
import logging
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from email import message_from_bytes, policy
from email.utils import parsedate_to_datetime
from functools import cached_property
from io import StringIO
from pathlib import Path
from typing import Any
from uuid import UUID

from django.contrib.auth import get_user_model
from django.core.management import CommandError, call_command
from django.test import Client
from nautobot.circuits.models import Circuit, CircuitType, Provider
from nautobot.extras.models import Status

from development.services.imap import ImapServer
from nautobot_circuit_maintenance.filters import CircuitMaintenanceFilterSet
from nautobot_circuit_maintenance.mail.message import MailMessage
from nautobot_circuit_maintenance.models import CircuitImpact, CircuitMaintenance, Notification, NotificationSource
from nautobot_circuit_maintenance.models.acknowledgement import acknowledge
from nautobot_circuit_maintenance.pipeline.report import SourceReport
from nautobot_circuit_maintenance.pipeline.run import RunOptions, drain_waiting, fetch_source
from nautobot_circuit_maintenance.tests.cases import create_provider
from nautobot_circuit_maintenance.tests.end_to_end.cases import Case
from nautobot_circuit_maintenance.tests.end_to_end.world import configured, log_lines, new_folder, reading, run_job
from nautobot_circuit_maintenance.tests.factories.mail import NOON, FakeMailbox

Span = tuple[datetime | None, datetime | None]
NO_ROW = ("duplicate", "unknown sender")


class Delivery:
    """What became of one mail, as far as its run shows it."""

    def __init__(self) -> None:
        """Start with a mail of which nothing is known."""
        self.outcome = ""
        self.reported = ""
        self.row: UUID | None = None

    @property
    def notification(self) -> Notification | None:
        """The row of the mail as it is now; None if it made none."""
        return Notification.objects.filter(pk=self.row).first() if self.row else None


class CaseWorld:
    """The database of one case."""

    def __init__(self, case: Case, server: ImapServer) -> None:
        """Create the providers, their circuits and the source."""
        self.case, self.server = case, server
        self.deliveries: dict[str, Delivery] = {}
        self.user = get_user_model().objects.create_superuser(username="operator")
        providers = [self._create(each) for each in case.providers]
        self.source = NotificationSource.objects.create(name="Mail")
        self.source.providers.add(*providers)
        self.mailbox = FakeMailbox()

    @cached_property
    def folder(self) -> str:
        """The folder on the mail server that the source reads."""
        name = new_folder()
        self.server.deliver_all([], name)
        return name

    def _create(self, given: dict[str, Any]) -> Provider:
        provider = create_provider(given["name"], ",".join(given["emails"]), ",".join(given["parsers"]))
        kind, _ = CircuitType.objects.get_or_create(name="Transit")
        status = Status.objects.get_for_model(Circuit).first()
        circuits = [
            Circuit(cid=cid, provider=provider, circuit_type=kind, status=status) for cid in given.get("circuits", [])
        ]
        Circuit.objects.bulk_create(circuits)
        return provider

    def play(self) -> None:
        """Let everything happen in the order of the case; each mail has a run of its own."""
        for step in self.case.content["mails"]:
            if "acknowledge" in step:
                self._acknowledge(step["acknowledge"])
            else:
                self.deliveries[step["file"]] = self._deliver(step)

    def _acknowledge(self, name: str) -> None:
        done = acknowledge(CircuitMaintenance.objects.filter(name=name), self.user, now=NOON)
        assert done.acknowledged, f"There is no {name} to acknowledge."

    def _deliver(self, step: dict[str, Any]) -> Delivery:
        raw = (self.case.path / step["file"]).read_bytes()
        received_at = datetime.fromisoformat(step["received"].replace("Z", "+00:00")) if step["received"] else None
        delivery, before = Delivery(), set(Notification.objects.values_list("pk", flat=True))
        with _log_of_the_app() as log:
            if self.case.is_from_files:
                self._ingest(step["file"], raw, delivery)
            elif self.case.is_over_imap:
                self._run_job(raw, received_at or _date_field(raw), delivery)
            else:
                self._read(MailMessage.from_bytes(raw, received_at=received_at or _date_field(raw)), delivery)
        delivery.reported = "\n".join([delivery.reported, *log])
        new = set(Notification.objects.values_list("pk", flat=True)) - before
        assert len(new) <= 1, "One mail made several rows."
        delivery.row = next(iter(new), None)
        return delivery

    def _ingest(self, name: str, raw: bytes, delivery: Delivery) -> None:
        """Give the mail as a file to the command."""
        out = StringIO()
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / name
            path.write_bytes(raw)
            try:
                call_command("ingest_notifications", str(path), "--json", stdout=out)
            except CommandError as error:
                delivery.outcome, delivery.reported = "error", str(error)
                return
        (message,) = json.loads(out.getvalue())["messages"]
        delivery.outcome, delivery.reported = message["outcome"], message["reason"]

    def _run_job(self, raw: bytes, received_at: datetime | None, delivery: Delivery) -> None:
        """Put the mail into a folder of a real server, and run the job."""
        self.server.deliver_all([(raw, received_at)], self.folder)
        with configured(reading(self.server, self.folder, **self.case.content.get("source", {}))):
            result = run_job()
        assert result.status == "SUCCESS", "\n".join(log_lines(result))
        outcomes = result.result["sources"]["Mail"]["outcomes"]
        delivery.outcome = _outcome(outcomes)
        delivery.reported = "\n".join([json.dumps(result.result), *log_lines(result)])

    def _read(self, message: MailMessage, delivery: Delivery) -> None:
        """Put the mail into the mailbox of the source, read it and digest what waits, as a run does."""
        self.mailbox.messages.append(message)
        self.source.refresh_from_db()
        report = SourceReport(self.source.name)
        options = RunOptions(now=message.received_at + timedelta(minutes=1), user=self.user)
        fetch_source(self.source, self.mailbox, options, report)
        for drained in drain_waiting(options).sources:
            report.outcomes += drained.outcomes
            assert not drained.error, drained.error
        delivery.outcome = _outcome({outcome.value: count for outcome, count in report.outcomes.items()})
        delivery.reported = "\n".join(str(part) for part in (report, report.unknown_senders))

    def mail(self, file: str) -> dict[str, Any]:
        """Return the result of a mail at the end, by the keys of ``expect``."""
        delivery = self.deliveries[file]
        row = delivery.notification
        return {
            "state": row.state if row else delivery.outcome,
            "reason_contains": ("\n".join([row.error, _doubts(row), delivery.reported]) if row else delivery.reported),
            "told_contains": delivery.reported,
            "needs_attention": row is not None and _needing_attention().filter(pk=row.pk).exists(),
            "subject": row.subject if row else None,
            "subject_contains": row.subject if row else "",
        }

    def maintenances(self) -> dict[str, CircuitMaintenance]:
        """Return all maintenances by name; a name that two providers use is there twice, with its provider."""
        found: dict[str, CircuitMaintenance] = {}
        for each in CircuitMaintenance.objects.order_by("name", "provider__name"):
            found[f"{each.name} of {each.provider}" if each.name in found else each.name] = each
        return found

    def maintenance(self, row: CircuitMaintenance) -> dict[str, Any]:
        """Return the state of a maintenance, by the keys of ``then``."""
        replaced_by = getattr(row, "replaced_by", None)
        return {
            "name": row.name,
            "status": row.status,
            "windows": [_as_json(span) for span in _spans(row)],
            "circuits": [self._impact(row, impact) for impact in row.impacts.order_by("cid")],
            "circuit_count": row.impacts.count(),
            "description": row.description,
            "ack": row.ack,
            "needs_attention": _doubtful().filter(pk=row.pk).exists(),
            "replaced_by": replaced_by.name if replaced_by else None,
            "hint_contains": row,
            "found_by": row,
        }

    @staticmethod
    def _impact(row: CircuitMaintenance, impact: CircuitImpact) -> dict[str, Any]:
        everywhere = getattr(impact, "in_all_windows", True)
        spans = _spans(row) if everywhere else [(each.start_time, each.end_time) for each in impact.windows.all()]
        return {
            "cid": impact.cid,
            "circuit": impact.circuit.cid if impact.circuit else None,
            "impact": impact.impact,
            "windows": [_as_json(span) for span in sorted(spans, key=str)],
        }

    def page(self, row: CircuitMaintenance) -> str:
        """Return the page of a maintenance as a person sees it, with its notes."""
        client = Client(HTTP_HOST="nautobot.example.com")
        client.force_login(self.user)
        answer = client.get(row.get_absolute_url())
        assert answer.status_code == 200, answer.status_code
        notes = row.maintenance_notes.values_list("title", "comment")
        return answer.content.decode() + "\n".join(part for note in notes for part in note)

    def finds(self, words: str, row: CircuitMaintenance) -> bool:
        """Return whether the search finds a maintenance by these words."""
        found = CircuitMaintenanceFilterSet({"q": words}, CircuitMaintenance.objects.all())
        assert found.is_valid(), found.errors
        return found.qs.filter(pk=row.pk).exists()


@contextmanager
def _log_of_the_app() -> Iterator[list[str]]:
    """Collect the lines that the app logs during the block."""
    lines: list[str] = []

    class Collector(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            lines.append(record.getMessage())

    logger, handler = logging.getLogger("nautobot_circuit_maintenance"), Collector()
    level = logger.level
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    try:
        yield lines
    finally:
        logger.setLevel(level)
        logger.removeHandler(handler)


def _outcome(counts: dict[str, int]) -> str:
    """Return what became of the only mail of a run that made no row."""
    return next((outcome for outcome in NO_ROW if counts.get(outcome)), "")


def _date_field(raw: bytes) -> datetime | None:
    """Return the Date field of a mail that is said to have been received when it was sent."""
    field = message_from_bytes(raw.lstrip(), policy=policy.compat32).get("Date")
    return parsedate_to_datetime(str(field)) if field else None


def _spans(row: CircuitMaintenance) -> list[Span]:
    return [(window.start_time, window.end_time) for window in row.windows.order_by("start_time", "end_time")]


def _as_json(span: Span) -> list[str | None]:
    return [f"{moment:%Y-%m-%dT%H:%M:%SZ}" if moment else None for moment in span]


def _needing_attention() -> Any:
    rows = Notification.objects.all()
    return rows.needing_attention() if hasattr(rows, "needing_attention") else rows.filter(state="failed")


def _doubtful() -> Any:
    rows = CircuitMaintenance.objects.all()
    return rows.doubtful() if hasattr(rows, "doubtful") else rows.none()


def _doubts(row: Notification) -> str:
    """Return the doubts that a notification caused."""
    return "\n".join(
        doubt["sentence"]
        for maintenance in CircuitMaintenance.objects.filter(parsed_notifications__notification=row)
        for doubt in getattr(maintenance, "doubts", [])
        if doubt["fingerprint"] == row.fingerprint
    )
