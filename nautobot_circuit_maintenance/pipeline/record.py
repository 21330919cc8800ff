"""Stores messages before anything tries to parse them, together with the cursor that covers them."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import partial
from uuid import UUID

from django.db import DatabaseError, IntegrityError, OperationalError, transaction
from django.db.models import Q
from django.utils import timezone

from nautobot_circuit_maintenance.choices import NotificationStateChoices as State
from nautobot_circuit_maintenance.mail.message import MailMessage
from nautobot_circuit_maintenance.mailboxes.base import Batch
from nautobot_circuit_maintenance.models import Notification, NotificationSource
from nautobot_circuit_maintenance.pipeline.admission import Admission
from nautobot_circuit_maintenance.pipeline.repeating import repeated
from nautobot_circuit_maintenance.pipeline.rewritten import without_rewritten_copies
from nautobot_circuit_maintenance.pipeline.sender_register import register_unknown
from nautobot_circuit_maintenance.pipeline.senders import SenderDirectory
from nautobot_circuit_maintenance.pipeline.taken_over import IDENTITY, may_be_taken_over, renew_taken_over

_COPIED_FIELDS = (
    *("source", "provider", "state", "error", "sender", "subject"),
    *("sender_confirmed", "requires_confirmation"),
    *("message_id", "server_id", "tag", "sent_at", "received_at", "size", "raw"),
)
"""The fields in which copies of one message can differ."""


@dataclass
class Recorded:
    """The result of recording some messages."""

    new: list[UUID] = field(default_factory=list)
    """Primary keys of the new rows."""
    refused: int = 0
    """New rows whose sender is not confirmed."""
    failed: int = 0
    """New rows that cannot be parsed: too large, or with headers that the database does not accept."""
    duplicates: int = 0
    """Messages that were stored before."""
    unknown_senders: Counter[str] = field(default_factory=Counter)
    """Number of messages from each sender that belongs to no provider of the source."""


def record_batch(source: NotificationSource, directory: SenderDirectory, batch: Batch) -> Recorded:
    """Record a batch and move the cursor in one transaction (T1), or row by row if the database rejects it.

    Raises OperationalError; then nothing is recorded and the cursor stays, so that the next run fetches the batch again.
    """
    return repeated(partial(_record_batch, source, directory, batch))


def _record_batch(source: NotificationSource, directory: SenderDirectory, batch: Batch) -> Recorded:
    admission = Admission()
    messages = without_rewritten_copies(source, batch.messages)
    rows, recorded = _rows(source, directory, messages, admission)
    recorded.unknown_senders.update(batch.unknown_senders)
    try:
        with transaction.atomic():
            recorded.new = _insert(rows, admission)
            _move_cursor(source, directory, batch)
            register_unknown(source, recorded.unknown_senders, timezone.now())
    except OperationalError:
        raise
    except DatabaseError:  # another run has just recorded one of them, or a value does not fit its column
        with transaction.atomic():
            recorded.new = [row.pk for row in rows if _insert_alone(row, admission)]
            _move_cursor(source, directory, batch)
            register_unknown(source, recorded.unknown_senders, timezone.now())
    _count(rows, recorded)
    recorded.duplicates += len(batch.messages) - len(messages)
    return recorded


def record_messages(directory: SenderDirectory, messages: Sequence[MailMessage]) -> Recorded:
    """Record messages that come without a source."""
    return repeated(partial(_record_messages, directory, messages))


def _record_messages(directory: SenderDirectory, messages: Sequence[MailMessage]) -> Recorded:
    admission = Admission()
    rows, recorded = _rows(None, directory, messages, admission)
    with transaction.atomic():
        recorded.new = [row.pk for row in rows if _insert_alone(row, admission)]
    _count(rows, recorded)
    return recorded


def _rows(
    source: NotificationSource | None, directory: SenderDirectory, messages: Iterable[MailMessage], admission: Admission
) -> tuple[list[Notification], Recorded]:
    """Build the rows in fingerprint order, so that two runs inserting the same messages cannot deadlock."""
    recorded = Recorded()
    rows = []
    for message in sorted(messages, key=lambda each: each.fingerprint):
        provider = directory.identify(message.sender)
        if provider is None:
            recorded.unknown_senders[message.sender] += 1
            continue
        is_whole = message.raw is not None
        row = Notification(
            source=source,
            provider=provider,
            state=State.RECEIVED if is_whole else State.FAILED,
            error="" if is_whole else _too_large(message.size),
            fingerprint=message.fingerprint,
            message_id=message.message_id,
            server_id=message.server_id,
            sender=message.sender,
            subject=message.subject,
            sent_at=message.sent_at,
            received_at=message.received_at,
            size=message.size,
            raw=message.raw,
        )
        admission.admit(row, message.authentication_results)
        rows.append(row)
    return rows, recorded


def _count(rows: Sequence[Notification], recorded: Recorded) -> None:
    """Count what became of the rows that are new; the others are duplicates."""
    new = set(recorded.new)
    states = Counter(row.state for row in rows if row.pk in new)
    recorded.failed, recorded.refused = states[State.FAILED], states[State.REFUSED]
    recorded.duplicates = len(rows) - len(new)


def _too_large(size: int) -> str:
    return (
        f"RUN-05: Message too large ({size:,} bytes). Only headers were stored. "
        'Raise max_message_size and run the job with "Since" to re-read it.'
    )


def _insert(rows: Sequence[Notification], admission: Admission) -> list[UUID]:
    """Insert the messages that are not stored yet; return the new primary keys."""
    copies: dict[str, list[Notification]] = {}
    for row in rows:
        copies.setdefault(row.fingerprint, []).append(row)
    preferred = {fingerprint: _preferred_copy(same) for fingerprint, same in copies.items()}
    stored = Notification.objects.filter(Q(fingerprint__in=preferred) | may_be_taken_over(preferred.values()))
    found = list(stored.only("fingerprint", "state", "sender_confirmed", *IDENTITY))
    known = {
        row.fingerprint: row.state == State.REFUSED or (row.state == State.RECEIVED and not row.sender_confirmed)
        for row in found
        if row.fingerprint in preferred
    }
    unknown = [row for fingerprint, row in preferred.items() if fingerprint not in known]
    fresh = renew_taken_over(unknown, found)
    Notification.objects.bulk_create(fresh)
    _replace_refused([preferred[each] for each, is_replaceable in known.items() if is_replaceable], admission)
    return [row.pk for row in fresh]


def _preferred_copy(copies: Sequence[Notification]) -> Notification:
    """Return the first copy that is admitted, or else the first."""
    return next((row for row in copies if row.state != State.REFUSED), copies[0])


def _replace_refused(copies: Iterable[Notification], admission: Admission) -> None:
    """Replace stored copies that are refused with admitted ones; a forwarded copy may have arrived first.

    A refused copy replaces nothing: the stored one may still be admitted by Reprocess once the settings allow it. Nor
    does one of a source that the settings do not know. A stored copy that waits without a valid verdict is judged first.
    """
    admitted = {
        copy.fingerprint: copy for copy in copies if copy.state == State.RECEIVED and admission.is_known(copy.source)
    }
    if not admitted:
        return
    replaceable = Q(state=State.REFUSED) | Q(state=State.RECEIVED) & admission.undecided
    stored = Notification.objects.filter(replaceable, fingerprint__in=admitted).defer(None)
    # Locked: a waiting one may be in the hands of a worker.
    for row in stored.select_related("source").select_for_update(of=("self",)).order_by("fingerprint"):
        if row.state == State.REFUSED or not admission.verdict_on(row).is_admitted:
            copy = admitted[row.fingerprint]
            values = {name: getattr(copy, name) for name in _COPIED_FIELDS}
            Notification.objects.filter(pk=row.pk).update(**values, attempts=0)


def _insert_alone(row: Notification, admission: Admission) -> bool:
    """Insert one row; if the database rejects its values, keep the raw bytes and the reason. False if it is known."""
    try:
        with transaction.atomic():
            return bool(_insert([row], admission))
    except OperationalError:
        raise
    except IntegrityError:
        if Notification.objects.filter(fingerprint=row.fingerprint).exists():
            _replace_refused([row], admission)
            return False
        raise
    except DatabaseError as error:
        row.state, row.error = State.FAILED, f"RUN-06: The headers could not be stored: {error}"
        row.subject, row.message_id, row.sent_at = "", "", None
        Notification.objects.bulk_create([row])
        return True


def _move_cursor(source: NotificationSource, directory: SenderDirectory, batch: Batch) -> None:
    """Store how far the mailbox is recorded, which locks the source until the end; an address without a provider no longer counts as searched."""
    source.cursor = dict(batch.cursor)
    source.searched_senders = sorted((batch.searched | set(source.searched_senders)) & directory.addresses)
    NotificationSource.objects.filter(pk=source.pk).update(
        cursor=source.cursor, searched_senders=source.searched_senders
    )
