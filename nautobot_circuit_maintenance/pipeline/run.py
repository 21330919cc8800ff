"""The spine: fetch -> identify -> admit -> record -> parse -> apply, source by source, with one log line for each."""

import logging
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID

from celery.exceptions import SoftTimeLimitExceeded
from django.contrib.auth.models import AbstractUser
from django.db import DatabaseError, InterfaceError, OperationalError, transaction
from django.db.models import F, QuerySet, Value
from django.db.models.functions import Coalesce
from django.utils import timezone

from nautobot_circuit_maintenance.app_settings import get_app_settings
from nautobot_circuit_maintenance.domain.errors import MailboxError
from nautobot_circuit_maintenance.domain.escaping import in_markdown
from nautobot_circuit_maintenance.domain.text import storable
from nautobot_circuit_maintenance.mailboxes.base import Mailbox
from nautobot_circuit_maintenance.mailboxes.opening import open_mailbox
from nautobot_circuit_maintenance.models import Notification, NotificationSource
from nautobot_circuit_maintenance.models.matching import link_unmatched
from nautobot_circuit_maintenance.pipeline import defects
from nautobot_circuit_maintenance.pipeline.digest import digest, digest_in_chunks
from nautobot_circuit_maintenance.pipeline.fetch_request import fetch_request
from nautobot_circuit_maintenance.pipeline.outcomes import Outcome
from nautobot_circuit_maintenance.pipeline.record import record_batch
from nautobot_circuit_maintenance.pipeline.repeating import repeated
from nautobot_circuit_maintenance.pipeline.report import (
    MOST_NAMED,
    PREVIOUSLY_WAITING,
    UNREAD,
    RunReport,
    SourceReport,
)
from nautobot_circuit_maintenance.pipeline.sender_register import forget_known
from nautobot_circuit_maintenance.pipeline.senders import SenderDirectory
from nautobot_circuit_maintenance.pipeline.settlement import settle
from nautobot_circuit_maintenance.pipeline.tags import tag_outcomes
from nautobot_circuit_maintenance.pipeline.turns import Turns
from nautobot_circuit_maintenance.pipeline.unanswered import requeue_answered
from nautobot_circuit_maintenance.service_errors import SERVICE_ERRORS

logger = logging.getLogger(__name__)

OUT_OF_TIME = "RUN-01: Job time limit reached; the next run will continue."

_UNKNOWN_SENDERS = "%s: skipped email from unknown senders: %s. To process them, add the address to the provider."
_OF_THE_RUN = {"grouping": "run"}
"""The group of log lines about no source: core's word for what a job does itself."""
_NO_SENDER = "%s: skipped email without a sender (%d): no header %s with exactly one address. See source_header."


@dataclass(frozen=True)
class RunOptions:
    """The options of a run."""

    now: datetime
    """When it started, aware; the days of a backlog count from here."""
    user: AbstractUser | None = None
    """The user in the change records."""
    since: datetime | None = None
    """Read every sender's messages again from here (aware); None: only what is new."""
    dry_run: bool = False
    """Fetch and digest, but do not save anything."""
    is_time_left: Callable[[], bool] = lambda: True
    """Called between batches and notifications; a run that ends early is continued by the next."""
    on_recorded: Callable[[int], None] = lambda count: None
    """Called with the number of notifications that were queued, so that more workers can be started."""
    turns: Turns = field(default_factory=Turns)
    """How long the run has worked for each provider."""


@dataclass(frozen=True)
class FetchResult:
    """How far a source was read."""

    is_complete: bool
    """Whether it was read to its end."""
    unreadable: tuple[str, ...] = ()
    """Errors about single messages that the server failed to deliver; everything else was read."""


def run(sources: Sequence[NotificationSource], options: RunOptions) -> RunReport:
    """Read these sources and digest whatever waits; a dead mailbox or a bad message never stops the rest.

    Sources that failed last time are read last, so that a stalled server cannot starve the others.
    """
    report, started = RunReport(), timezone.now()
    if not options.dry_run:
        _link_unmatched()
        _requeue_answered(options)
    report.sources += [handle_source(source, options) for source in sources if not source.last_error]
    if not options.dry_run:
        report.sources += drain_waiting(options).sources
    failed = sorted((source for source in sources if source.last_error), key=_risk)
    report.sources += [handle_source(source, options) for source in failed]
    if options.dry_run:
        report.states = _rehearsed_states(report.sources)
    else:
        settle(report, since=started)
        tag_outcomes(sources, options.now, options.is_time_left)
    report.is_complete = options.is_time_left()
    return report


def _risk(source: NotificationSource) -> tuple[bool, float]:
    """Sort key of sources that failed: time-outs last, then the least recently read.

    A source with an unreadable message has an error after every run although it is read each time.
    """
    last_read = source.last_fetched_at.timestamp() if source.last_fetched_at else 0.0
    return source.last_error == OUT_OF_TIME, -last_read


def _link_unmatched() -> None:
    """Link impacts to circuits created without signals (bulk imports); failures are retried on the next run."""
    try:
        repeated(link_unmatched)
    except DatabaseError as error:  # of any kind, such as a deadlock with a worker that digests: messages come first
        logger.warning("Could not link circuit IDs; will retry in the next run: %s", error, extra=_OF_THE_RUN)


def _requeue_answered(options: RunOptions) -> None:
    """Queue messages again about which the DNS answers by now; failures are retried on the next run."""
    try:
        repeated(partial(requeue_answered, options.now))
    except DatabaseError as error:  # of any kind: messages come first
        sentence = "Could not judge unanswered senders; will retry in the next run: %s"
        logger.warning(sentence, error, extra=_OF_THE_RUN)


def drain_waiting(options: RunOptions) -> RunReport:
    """Digest whatever waits, wherever it came from: imports, other sources, reprocessed notifications."""
    report = SourceReport(PREVIOUSLY_WAITING)
    try:
        digest_queue(Notification.objects.all(), options, report)
    except SERVICE_ERRORS as error:
        report.error = _service_failed(error)
    if report.error or report.outcomes:
        _log(report)
    sources = [report] if report.outcomes or report.error else []
    return RunReport(sources, is_complete=options.is_time_left())


def handle_source(source: NotificationSource, options: RunOptions) -> SourceReport:
    """Fetch and digest the messages of one source; every failure is stored in the report and on the source."""
    report = SourceReport(source.name)
    result = FetchResult(is_complete=False)
    redact: Callable[[str], str] = str
    try:
        app_settings = get_app_settings()
        settings = app_settings.source(source.name)
        redact, report.sender_headers = settings.redact, settings.sender_headers
        with open_mailbox(settings, max_message_size=app_settings.max_message_size) as mailbox:
            result = fetch_source(source, mailbox, options, report)
        report.error = " ".join(result.unreadable)
        if report.recorded and not options.dry_run:
            # Retries wait for the end of the run: they must not delay the next source.
            digest_queue(Notification.objects.filter(source=source), options, report, only_new=True)
    except SoftTimeLimitExceeded:
        # The worker has to stop. Nothing is lost: the next run continues, with this source as the last.
        report.error = OUT_OF_TIME
        _finish(source, report, options, result)
        raise
    except Exception as error:  # pylint: disable=broad-exception-caught  # one source must not stop the others
        report.error = _failure_of(source, error, redact)
    _finish(source, report, options, result)
    return report


def _failure_of(source: NotificationSource, error: Exception, redact: Callable[[str], str]) -> str:
    """Return what an operator reads about an error that ended the reading of a source."""
    if isinstance(error, MailboxError):
        return str(error)
    if isinstance(error, SERVICE_ERRORS):
        return _service_failed(error)
    return defects.coded(defects.log_and_describe(f"Reading source {source.name}", error, redact))


def _service_failed(error: Exception) -> str:
    return f"RUN-02: The database or Redis failed; the next run will continue: {error}"


def fetch_source(
    source: NotificationSource, mailbox: Mailbox, options: RunOptions, report: SourceReport
) -> FetchResult:
    """Record what is new in a source's open mailbox.

    Nothing is parsed yet, except in a dry run, which digests each batch at once and rolls it back.
    """
    directory = SenderDirectory.for_source(source)
    if not directory.addresses:
        sentence = "%s: No provider of this source has an email address; nothing to read."
        logger.warning(sentence, source.name, extra=_log_extra(source))
    if not options.dry_run:
        repeated(partial(forget_known, source, directory))
    unreadable: list[str] = []
    for batch in mailbox.fetch(fetch_request(source, directory, now=options.now, since=options.since)):
        if options.dry_run:
            with _rolled_back():
                recorded = record_batch(source, directory, batch)
                _rehearse(recorded.new, report)
        else:
            recorded = record_batch(source, directory, batch)
            options.on_recorded(len(recorded.new))
        report.add_recorded(recorded)
        unreadable += batch.unreadable
        if not options.is_time_left():
            return FetchResult(is_complete=False, unreadable=tuple(unreadable))
    return FetchResult(is_complete=True, unreadable=tuple(unreadable))


def digest_queue(
    queue: QuerySet[Notification], options: RunOptions, report: SourceReport, *, only_new: bool = False
) -> None:
    """Digest a queue; what was done until an error is in the report as well."""
    chunks = digest_in_chunks(
        queue, user=options.user, is_time_left=options.is_time_left, only_new=only_new, turns=options.turns
    )
    for result in chunks:
        report.add_digested(result)


def _rehearse(recorded: Collection[UUID], report: SourceReport) -> None:
    """Digest messages that are about to be rolled back."""
    rows = Notification.objects.filter(pk__in=recorded)
    report.outcomes += digest(rows, dry_run=True).outcomes
    if room := MOST_NAMED - len(report.rehearsed):
        report.rehearsed += rows.filter(state__in=[each.value for each in UNREAD]).select_related("source")[:room]


@contextmanager
def _rolled_back() -> Iterator[None]:
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def _finish(source: NotificationSource, report: SourceReport, options: RunOptions, result: FetchResult) -> None:
    """Log the result of a source and store it on the source (T3)."""
    _log(report, source)
    if options.dry_run:
        return
    values: dict[str, Any] = {"last_error": storable(report.error), **_failures(report, options.now)}
    if result.is_complete:
        values["last_fetched_at"] = options.now
    try:
        repeated(partial(NotificationSource.objects.filter(pk=source.pk).update, **values))
    except (OperationalError, InterfaceError) as error:
        logger.error("%s: its state could not be stored: %s", source.name, error, extra={"skip_db_logging": True})


def _failures(report: SourceReport, now: datetime) -> dict[str, Any]:
    """Return since when, and how many times in a row, the source fails."""
    if not report.error:
        return {"failing_since": None, "failed_runs": 0}
    return {"failing_since": Coalesce("failing_since", Value(now)), "failed_runs": F("failed_runs") + 1}


def _log(report: SourceReport, source: NotificationSource | None = None) -> None:
    """Log a report, and the unknown senders that it counted."""
    extra = _log_extra(source) if source else {"grouping": report.name}
    if report.error:
        logger.error("%s", in_markdown(str(report)), extra=extra)  # Nautobot renders its log as Markdown
    else:
        logger.info("%s", report, extra=extra)
    if senders := str(report.unknown_senders):
        logger.info(_UNKNOWN_SENDERS, report.name, senders, extra=extra)
    if without := report.unknown_senders.without_sender:
        logger.info(_NO_SENDER, report.name, without, " or ".join(report.sender_headers), extra=extra)


def _log_extra(source: NotificationSource) -> dict[str, Any]:
    """Return what Nautobot shows beside a log line: its group, and the object that it is about."""
    return {"grouping": source.name, "object": source}


def _rehearsed_states(reports: Sequence[SourceReport]) -> Counter[str]:
    """Count the messages of a dry run by the state that they would have."""
    final = (Outcome.PARSED, Outcome.IGNORED, Outcome.REFUSED, Outcome.FAILED, Outcome.WAITING)
    return Counter({each.value: sum(report.outcomes[each] for report in reports) for each in final})
