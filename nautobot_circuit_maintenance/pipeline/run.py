"""The spine: fetch -> identify -> record -> parse -> apply, source by source; a line of the log for each."""

import logging
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from celery.exceptions import SoftTimeLimitExceeded
from django.contrib.auth.models import AbstractUser
from django.db import InterfaceError, OperationalError, transaction
from django.db.models import Count, QuerySet

from nautobot_circuit_maintenance.app_settings import get_app_settings
from nautobot_circuit_maintenance.domain.errors import MailboxError
from nautobot_circuit_maintenance.domain.text import storable
from nautobot_circuit_maintenance.mailboxes.base import Mailbox
from nautobot_circuit_maintenance.mailboxes.opening import open_mailbox
from nautobot_circuit_maintenance.models import Notification, NotificationSource
from nautobot_circuit_maintenance.models.matching import link_unmatched
from nautobot_circuit_maintenance.pipeline import defects
from nautobot_circuit_maintenance.pipeline.digest import Digester
from nautobot_circuit_maintenance.pipeline.fetch_request import fetch_request
from nautobot_circuit_maintenance.pipeline.outcomes import ApplyResult, Outcome
from nautobot_circuit_maintenance.pipeline.record import Recorded, record_batch
from nautobot_circuit_maintenance.pipeline.senders import SenderDirectory
from nautobot_circuit_maintenance.pipeline.unknown_senders import UnknownSenders

logger = logging.getLogger(__name__)

OUT_OF_TIME = "RUN-01: Job time limit reached; the next run will continue."

_UNKNOWN_SENDERS = "%s: skipped email from unknown senders: %s. To process them, add the address to the provider."

_STATES_PER_QUERY = 1_000


@dataclass(frozen=True)
class RunOptions:
    """How a run was asked for."""

    now: datetime
    """When it began, aware: the days of a backlog count from here."""
    user: AbstractUser | None = None
    """On whose behalf; stands in the change records."""
    since: datetime | None = None
    """Read every sender's mail again from here (aware); None: only what is new."""
    dry_run: bool = False
    """Read and digest, and write nothing."""
    is_time_left: Callable[[], bool] = lambda: True
    """Asked between batches and notifications; a run that ends early is continued by the next."""
    on_recorded: Callable[[int], None] = lambda count: None
    """Told how many notifications came into the queue, so that other workers can be asked to help."""


@dataclass
class SourceReport:
    """What a run did for one source."""

    name: str
    outcomes: Counter[Outcome] = field(default_factory=Counter)
    """How many messages met which fate; a new one counts as NEW and for what became of it."""
    unknown_senders: UnknownSenders = field(default_factory=UnknownSenders)
    """Who wrote what was left alone."""
    changes: Counter[ApplyResult] = field(default_factory=Counter)
    """What was done to maintenances."""
    recorded: list[UUID] = field(default_factory=list)
    """Primary keys of the notifications that are new."""
    error: str = ""
    """Why it was not read to its end, in a sentence; empty if it was."""

    def count(self, recorded: Recorded) -> None:
        """Add what became of a batch."""
        self.recorded += recorded.new
        self.outcomes[Outcome.NEW] += len(recorded.new)
        self.outcomes[Outcome.REFUSED] += recorded.refused
        self.outcomes[Outcome.FAILED] += recorded.failed
        self.outcomes[Outcome.DUPLICATE] += recorded.duplicates
        self.outcomes[Outcome.UNKNOWN_SENDER] += recorded.unknown_senders.total()
        self.unknown_senders.add(recorded.unknown_senders)

    def digest(self, queue: QuerySet[Notification], options: RunOptions, *, only_new: bool = False) -> None:
        """Digest what waits in this queue, and add what became of it."""
        digester = Digester(options.user)
        try:
            self.outcomes += digester.drain(queue, options.is_time_left, only_new=only_new)
        finally:
            self.changes += digester.changes

    def __str__(self) -> str:
        """Tell it in one line."""
        counts = ", ".join(f"{self.outcomes[each]} {each.value}" for each in Outcome if self.outcomes[each])
        return f"{self.name}: {self.error or counts or 'nothing new'}" + (
            f" ({counts})" if self.error and counts else ""
        )


@dataclass
class RunReport:
    """What a run did."""

    sources: list[SourceReport] = field(default_factory=list)
    states: Counter[str] = field(default_factory=Counter)
    """Where the messages recorded by this run stand now; adds up to their number."""
    is_complete: bool = True
    """False where time ran out: the next run goes on."""

    @property
    def recorded(self) -> int:
        """Number of messages that this run recorded."""
        return sum(len(report.recorded) for report in self.sources)

    @property
    def unaccounted(self) -> int:
        """Recorded messages that are neither parsed, ignored, refused, failed nor waiting: 0, or we lost one."""
        return self.recorded - sum(self.states.values())

    def as_json(self) -> dict[str, Any]:
        """Return the report for the job's result."""
        return {
            "recorded": self.recorded,
            "states": dict(self.states),
            "maintenances": {change.value: count for change, count in self.changes.items()},
            "complete": self.is_complete,
            "sources": {
                each.name: {
                    "outcomes": {o.value: n for o, n in each.outcomes.items() if n},
                    "unknown_senders": each.unknown_senders.as_json(),
                    "error": each.error,
                }
                for each in self.sources
            },
        }

    @property
    def changes(self) -> Counter[ApplyResult]:
        """What this run did to maintenances."""
        return sum((report.changes for report in self.sources), Counter())

    @property
    def failed_sources(self) -> list[SourceReport]:
        """The sources that could not be read to the end."""
        return [report for report in self.sources if report.error]


@dataclass(frozen=True)
class FetchResult:
    """How far one source was read."""

    is_complete: bool
    """False if time ran out between two batches."""
    unreadable: tuple[str, ...] = ()
    """An error for the messages that the server failed to deliver; all others were read."""


def run(sources: Sequence[NotificationSource], options: RunOptions) -> RunReport:
    """Read these sources and digest whatever waits; one dead mailbox or bad message never stops the rest.

    Sources that failed the last time come after everything else: a server that sends a byte now and then holds the run
    until the job's time is up, and would take it from the others at every run. Among them, those that were read lately
    come first: one that names a message which it cannot get has an error after every run.
    """
    report = RunReport()
    if not options.dry_run:
        _link_unmatched()
    report.sources += [handle_source(source, options) for source in sources if not source.last_error]
    if not options.dry_run:
        report.sources += drain_waiting(options).sources
    failed = sorted((source for source in sources if source.last_error), key=_doubt)
    report.sources += [handle_source(source, options) for source in failed]
    if options.dry_run:
        report.states = _rehearsed_states(report.sources)
    else:
        report.states = _states([pk for each in report.sources for pk in each.recorded])
    report.is_complete = options.is_time_left()
    return report


def _doubt(source: NotificationSource) -> tuple[bool, float]:
    """Return what puts sources that failed in order, those last that would most likely cost the others their turn."""
    last_read = source.last_fetched_at.timestamp() if source.last_fetched_at else 0.0
    return source.last_error == OUT_OF_TIME, -last_read


def _link_unmatched() -> None:
    """Link impacts whose circuit came by a way that sends no signal; what fails here is tried again by the next run."""
    try:
        link_unmatched()
    except OperationalError as error:  # a deadlock with a worker that digests
        logger.warning("Could not link circuit IDs; will retry in the next run: %s", error)


def drain_waiting(options: RunOptions) -> RunReport:
    """Digest whatever waits, wherever it came from: imported messages, other sources, notifications to read again."""
    report = SourceReport("Previously waiting")
    try:
        report.digest(Notification.objects.all(), options)
    except (OperationalError, InterfaceError) as error:
        report.error = _database_failed(error)
    if report.error:
        logger.error("%s", report)
    elif report.outcomes:
        logger.info("%s", report)
    sources = [report] if report.outcomes or report.error else []
    return RunReport(sources, is_complete=options.is_time_left())


def handle_source(source: NotificationSource, options: RunOptions) -> SourceReport:
    """Fetch and digest what one source has; every failure ends in the report and on the source."""
    report = SourceReport(source.name)
    result = FetchResult(is_complete=False)
    redact: Callable[[str], str] = str
    try:
        app_settings = get_app_settings()
        settings = app_settings.source(source.name)
        redact = settings.redact
        with open_mailbox(settings, max_message_size=app_settings.max_message_size) as mailbox:
            result = fetch_source(source, mailbox, options, report)
        report.error = " ".join(result.unreadable)
        if report.recorded and not options.dry_run:
            # What is read again waits for the end of the run: it must not keep the next source from its turn.
            report.digest(Notification.objects.filter(source=source), options, only_new=True)
    except SoftTimeLimitExceeded:
        # The worker is told to stop: nothing is lost, the next run goes on, with this source as the last.
        report.error = OUT_OF_TIME
        _tell(source, report, options, result.is_complete)
        raise
    except MailboxError as error:
        report.error = str(error)
    except (OperationalError, InterfaceError) as error:
        report.error = _database_failed(error)
    except Exception as error:  # pylint: disable=broad-exception-caught  # see below
        # Our own defect in one mailbox must not keep the others from being read.
        report.error = defects.coded(defects.log_and_describe(f"Reading source {source.name}", error, redact))
    _tell(source, report, options, result.is_complete)
    return report


def fetch_source(
    source: NotificationSource, mailbox: Mailbox, options: RunOptions, report: SourceReport
) -> FetchResult:
    """Record what is new in a source's open mailbox.

    Nothing is parsed yet, but in a dry run: that digests each batch at once and rolls it back.
    """
    directory = SenderDirectory.for_source(source)
    if not directory.addresses:
        logger.warning("%s: No provider of this source has an email address; nothing to read.", source.name)
    unreadable: list[str] = []
    for batch in mailbox.fetch(fetch_request(source, directory, now=options.now, since=options.since)):
        if options.dry_run:
            with _rolled_back():
                recorded = record_batch(source, directory, batch)
                report.outcomes += _rehearse(recorded.new)
        else:
            recorded = record_batch(source, directory, batch)
            options.on_recorded(len(recorded.new))
        report.count(recorded)
        unreadable += batch.unreadable
        if not options.is_time_left():
            return FetchResult(is_complete=False, unreadable=tuple(unreadable))
    return FetchResult(is_complete=True, unreadable=tuple(unreadable))


def _rehearse(recorded: Collection[UUID]) -> Counter[Outcome]:
    """Digest messages that are about to be rolled back."""
    queue = Notification.objects.filter(pk__in=recorded)
    return Digester(dry_run=True).drain(queue, lambda: True)


@contextmanager
def _rolled_back() -> Iterator[None]:
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def _database_failed(error: Exception) -> str:
    return f"RUN-02: Database error; the next run will continue: {error}"


def _tell(source: NotificationSource, report: SourceReport, options: RunOptions, is_read: bool) -> None:
    """Say in the log and on the source how it went (T3)."""
    if report.error:
        logger.error("%s", report)
    else:
        logger.info("%s", report)
    if senders := str(report.unknown_senders):
        logger.info(_UNKNOWN_SENDERS, report.name, senders)
    if options.dry_run:
        return
    values: dict[str, Any] = {"last_error": storable(report.error)}
    if is_read:
        values["last_fetched_at"] = options.now
    try:
        NotificationSource.objects.filter(pk=source.pk).update(**values)
    except (OperationalError, InterfaceError) as error:
        logger.error("%s: its state could not be stored: %s", source.name, error, extra={"skip_db_logging": True})


def _states(recorded: Sequence[UUID]) -> Counter[str]:
    """Count in which state the rows that this run recorded are."""
    states: Counter[str] = Counter()
    for start in range(0, len(recorded), _STATES_PER_QUERY):
        rows = Notification.objects.filter(pk__in=recorded[start : start + _STATES_PER_QUERY]).order_by()
        states.update(dict(rows.values_list("state").annotate(Count("pk"))))
    return states


def _rehearsed_states(reports: Sequence[SourceReport]) -> Counter[str]:
    """Count in which state a dry run's messages would be."""
    final = (Outcome.PARSED, Outcome.IGNORED, Outcome.REFUSED, Outcome.FAILED, Outcome.WAITING)
    return Counter({each.value: sum(report.outcomes[each] for report in reports) for each in final})
