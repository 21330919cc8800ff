"""Splitting what was looked at into batches of bounded size."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar

from nautobot_circuit_maintenance.mail.senders import is_listed

I = TypeVar("I", int, str)  # noqa: E741 # the usual name of a type variable is one letter
"""The type of a mailbox kind's message ids."""
T = TypeVar("T")

BATCH_MESSAGES = 100
BATCH_BYTES = 2 * 1024 * 1024
"""A batch closes at either limit: memory does not grow with the mailbox. Recording one takes ten times its bytes."""


@dataclass(frozen=True)
class MessageSummary(Generic[I]):
    """What is known about a message before it is read: enough to decide whether, and how much of it, to read."""

    id: I
    """What the mailbox kind asks the server for."""
    sender: str
    size: int
    """Bytes, as the server reports."""
    received_at: datetime
    """When the server received it, aware."""
    server_id: str = ""
    """Identifies the message on its server for good; kept with the notification."""


@dataclass(frozen=True)
class BatchGroup(Generic[I]):
    """Consecutive messages that make one batch."""

    wanted: list[MessageSummary[I]]
    last: I
    """Id of the last message that was looked at, wanted or not."""
    unknown_senders: tuple[str, ...]
    """The sender of each message that is not wanted."""


def split_into_batches(
    summaries: Sequence[MessageSummary[I]], senders: frozenset[str], *, max_message_size: int
) -> Iterator[BatchGroup[I]]:
    """Split messages, in their order, so that those from the senders fill a batch at most."""
    start = messages = size = 0
    for position, summary in enumerate(summaries):
        if not is_listed(summary.sender, senders):
            continue
        weight = summary.size if summary.size <= max_message_size else 0
        if messages == BATCH_MESSAGES or (messages and size + weight > BATCH_BYTES):
            yield _group(summaries[start:position], senders)
            start, messages, size = position, 0, 0
        messages += 1
        size += weight
    if summaries:
        yield _group(summaries[start:], senders)


def _group(summaries: Sequence[MessageSummary[I]], senders: frozenset[str]) -> BatchGroup[I]:
    wanted = [each for each in summaries if is_listed(each.sender, senders)]
    others = tuple(each.sender for each in summaries if not is_listed(each.sender, senders))
    return BatchGroup(wanted, summaries[-1].id, others)


def chunks(items: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    """Split a sequence into pieces of at most this many items."""
    return (items[start : start + size] for start in range(0, len(items), size))
