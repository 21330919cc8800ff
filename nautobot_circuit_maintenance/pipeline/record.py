"""Stores messages before anything tries to understand them, together with the cursor that passed them."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from django.db import DatabaseError, IntegrityError, OperationalError, transaction
from django.db.models import Q

from nautobot_circuit_maintenance.app_settings import get_app_settings
from nautobot_circuit_maintenance.choices import NotificationStateChoices as State
from nautobot_circuit_maintenance.mail.message import MailMessage
from nautobot_circuit_maintenance.mailboxes.base import Batch
from nautobot_circuit_maintenance.models import Notification, NotificationSource
from nautobot_circuit_maintenance.pipeline.admission import refusal_of
from nautobot_circuit_maintenance.pipeline.senders import SenderDirectory

_UNADMITTED = (State.REFUSED, State.RECEIVED)
"""States in which nothing is concluded from a message yet."""

_COPIED_FIELDS = (
    *("source", "provider", "state", "error", "sender", "subject", "message_id"),
    *("sent_at", "received_at", "size", "raw"),
)
"""What copies of one message can differ in."""


@dataclass
class Recorded:
    """What became of some messages: rows of new ones, how many were known, and whose mail was left alone."""

    new: list[UUID] = field(default_factory=list)
    failed: int = 0
    """How many of the new ones will never be digested: too large, or refused by the database."""
    duplicates: int = 0
    """Messages that are stored already."""
    strangers: Counter[str] = field(default_factory=Counter)
    """How many messages came from each sender that belongs to no provider of the source."""


def record_batch(source: NotificationSource, directory: SenderDirectory, batch: Batch) -> Recorded:
    """Record a batch and move the cursor in one transaction (T1), or one by one where the database refuses it.

    Raises OperationalError; nothing is recorded then and the cursor stays, so the next run fetches the batch again.
    """
    rows, recorded = _rows(source, directory, batch.messages)
    recorded.strangers.update(batch.unknown_senders)
    try:
        with transaction.atomic():
            recorded.new, recorded.duplicates = _insert(rows)
            _move_cursor(source, directory, batch)
    except OperationalError:
        raise
    except DatabaseError:  # another run recorded one of them this instant, or one holds what no column takes
        with transaction.atomic():
            recorded.new = [row.pk for row in rows if _insert_alone(row)]
            recorded.duplicates = len(rows) - len(recorded.new)
            _move_cursor(source, directory, batch)
    recorded.failed = _count_failed(rows, recorded)
    return recorded


def record_messages(directory: SenderDirectory, messages: Sequence[MailMessage]) -> Recorded:
    """Record messages that come without a source."""
    rows, recorded = _rows(None, directory, messages)
    with transaction.atomic():
        recorded.new = [row.pk for row in rows if _insert_alone(row)]
    recorded.duplicates = len(rows) - len(recorded.new)
    recorded.failed = _count_failed(rows, recorded)
    return recorded


def _rows(
    source: NotificationSource | None, directory: SenderDirectory, messages: Iterable[MailMessage]
) -> tuple[list[Notification], Recorded]:
    """Build the rows in fingerprint order, so that two runs which insert the same ones never wait in a circle."""
    recorded = Recorded()
    rows = []
    for message in sorted(messages, key=lambda each: each.fingerprint):
        provider = directory.identify(message.sender)
        if provider is None:
            recorded.strangers[message.sender] += 1
            continue
        is_whole = message.raw is not None
        rows.append(
            Notification(
                source=source,
                provider=provider,
                state=State.RECEIVED if is_whole else State.FAILED,
                error="" if is_whole else _too_large(message.size),
                fingerprint=message.fingerprint,
                message_id=message.message_id,
                sender=message.sender,
                subject=message.subject,
                sent_at=message.sent_at,
                received_at=message.received_at,
                size=message.size,
                raw=message.raw,
            )
        )
    return rows, recorded


def _count_failed(rows: Iterable[Notification], recorded: Recorded) -> int:
    new = set(recorded.new)
    return sum(row.pk in new and row.state == State.FAILED for row in rows)


def _too_large(size: int) -> str:
    return (
        f"The message has {size:,} bytes, more than max_message_size allows: only its headers were read. "
        "Raise the limit and run the job with a date in 'Since' to read it again."
    )


def _insert(rows: Sequence[Notification]) -> tuple[list[UUID], int]:
    """Insert what is not known yet; return the new primary keys and the number of known messages."""
    by_fingerprint = {fingerprint: _kept(copies) for fingerprint, copies in _copies(rows).items()}
    stored = Notification.objects.filter(fingerprint__in=by_fingerprint)
    known = dict(stored.values_list("fingerprint", "state"))
    fresh = [row for fingerprint, row in by_fingerprint.items() if fingerprint not in known]
    Notification.objects.bulk_create(fresh)
    _replace_refused([by_fingerprint[fingerprint] for fingerprint, state in known.items() if state in _UNADMITTED])
    return [row.pk for row in fresh], len(rows) - len(fresh)


def _copies(rows: Iterable[Notification]) -> dict[str, list[Notification]]:
    copies: dict[str, list[Notification]] = {}
    for row in rows:
        copies.setdefault(row.fingerprint, []).append(row)
    return copies


def _kept(copies: Sequence[Notification]) -> Notification:
    """Of equal messages keep the first that the policy of its source would let in, or else the first that came."""
    if len(copies) == 1:
        return copies[0]
    trusted_hosts = get_app_settings().trusted_hosts
    return next((row for row in copies if not refusal_of(row, trusted_hosts)), copies[0])


def _replace_refused(copies: Iterable[Notification]) -> None:
    """Let a copy that is let in speak for a stored one that is refused, or will be: a forwarded one may have come first.

    One that is refused itself replaces nothing: what is stored may be let in by Reprocess once the policy allows it.
    """
    trusted_hosts = get_app_settings().trusted_hosts
    admitted = {copy.fingerprint: copy for copy in copies if not refusal_of(copy, trusted_hosts)}
    if not admitted:
        return
    doubtful = Q(state=State.REFUSED) | Q(state=State.RECEIVED, source__name__in=trusted_hosts)
    stored = Notification.objects.filter(doubtful, fingerprint__in=admitted).defer(None)
    # Locked: the one that waits may be digested, and refused, this instant.
    for row in stored.select_related("source").select_for_update(of=("self",)).order_by("fingerprint"):
        if row.state == State.REFUSED or refusal_of(row, trusted_hosts):
            copy = admitted[row.fingerprint]
            values = {name: getattr(copy, name) for name in _COPIED_FIELDS}
            Notification.objects.filter(pk=row.pk).update(**values, attempts=0)


def _insert_alone(row: Notification) -> bool:
    """Insert one row; if the database refuses its values, keep the raw bytes and the reason. False if it is known."""
    try:
        with transaction.atomic():
            return bool(_insert([row])[0])
    except OperationalError:
        raise
    except IntegrityError:
        if Notification.objects.filter(fingerprint=row.fingerprint).exists():
            _replace_refused([row])
            return False
        raise
    except DatabaseError as error:
        row.state, row.error = State.FAILED, f"The database refused its headers: {error}"
        row.subject, row.message_id, row.sent_at = "", "", None
        Notification.objects.bulk_create([row])
        return True


def _move_cursor(source: NotificationSource, directory: SenderDirectory, batch: Batch) -> None:
    """Remember how far the mailbox is recorded; an address that nobody owns any more counts as not searched."""
    source.cursor = dict(batch.cursor)
    source.searched_senders = sorted((batch.searched | set(source.searched_senders)) & directory.addresses)
    NotificationSource.objects.filter(pk=source.pk).update(
        cursor=source.cursor, searched_senders=source.searched_senders
    )
