"""The pipeline after the fetch step, for messages that come without a mailbox."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from uuid import UUID

from nautobot_circuit_maintenance.mail.files import FileMessage
from nautobot_circuit_maintenance.mailboxes.batching import BATCH_BYTES, BATCH_MESSAGES
from nautobot_circuit_maintenance.models import Notification
from nautobot_circuit_maintenance.pipeline.digest import digest
from nautobot_circuit_maintenance.pipeline.outcomes import Outcome, outcome_of
from nautobot_circuit_maintenance.pipeline.record import record_messages
from nautobot_circuit_maintenance.pipeline.senders import SenderDirectory, explain_unknown


@dataclass(frozen=True)
class ImportedMessage:
    """What became of one message."""

    name: str
    subject: str
    outcome: Outcome
    reason: str = ""
    """Why it was not parsed; empty if it was."""
    maintenances: tuple[str, ...] = ()
    """Names of the maintenances that it announces."""


def ingest(messages: Iterable[FileMessage]) -> Iterator[ImportedMessage]:
    """Record and digest messages from any provider, a batch at a time; raises what the database raises.

    An interrupted run can be repeated: messages that are recorded count as duplicates.
    """
    directory = SenderDirectory.of_all_providers()
    for batch in _batches(messages):
        recorded = record_messages(directory, [each.message for each in batch])
        digest(Notification.objects.filter(pk__in=recorded.new))
        yield from _outcomes(batch, set(recorded.new))


def _batches(messages: Iterable[FileMessage]) -> Iterator[list[FileMessage]]:
    """Group messages so that neither their number nor their bytes in memory grow with the input."""
    batch: list[FileMessage] = []
    for each in messages:
        batch.append(each)
        if len(batch) >= BATCH_MESSAGES or sum(len(one.message.raw or b"") for one in batch) >= BATCH_BYTES:
            yield batch
            batch = []
    if batch:
        yield batch


def _outcomes(batch: list[FileMessage], new: set[UUID]) -> Iterator[ImportedMessage]:
    """Yield what became of each message, in their order."""
    rows = Notification.objects.filter(fingerprint__in={each.message.fingerprint for each in batch})
    rows = {row.fingerprint: row for row in rows.prefetch_related("parsed_notifications__maintenance")}
    seen: set[UUID] = set()
    for name, message, problem in batch:
        row = rows.get(message.fingerprint)
        if row is None:
            yield ImportedMessage(
                name,
                message.subject,
                Outcome.UNKNOWN_SENDER,
                problem or f"RUN-07: {explain_unknown(message.sender)}",
            )
            continue
        is_new = row.pk in new and row.pk not in seen
        seen.add(row.pk)
        names = tuple(sorted(parsed.maintenance.name for parsed in row.parsed_notifications.all()))
        yield ImportedMessage(
            name, message.subject, outcome_of(row.state) if is_new else Outcome.DUPLICATE, row.error, names
        )
