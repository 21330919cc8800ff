"""Digests the queue of recorded notifications: they are parsed and applied a chunk at a time."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import nullcontext
from dataclasses import dataclass, field
from uuid import UUID, uuid4

from django.contrib.auth.models import AbstractUser
from django.db.models import QuerySet

from nautobot_circuit_maintenance.models import Notification
from nautobot_circuit_maintenance.pipeline.chunk import Chunk
from nautobot_circuit_maintenance.pipeline.outcomes import ApplyResult, Outcome
from nautobot_circuit_maintenance.pipeline.queue import Queue
from nautobot_circuit_maintenance.pipeline.subscribers import change_context
from nautobot_circuit_maintenance.pipeline.turns import Turns


@dataclass(frozen=True)
class DigestResult:
    """What became of some notifications, and what they did to maintenances."""

    ends: Mapping[UUID, Outcome] = field(default_factory=dict)
    """What became of each, by primary key."""
    changes: Counter[ApplyResult] = field(default_factory=Counter)
    change_ids: frozenset[UUID] = frozenset()
    """The change contexts in which that was done."""

    @property
    def outcomes(self) -> Counter[Outcome]:
        """Number of notifications by outcome."""
        return Counter(self.ends.values())

    def __add__(self, other: "DigestResult") -> "DigestResult":
        """Return both together; the later outcome of a notification counts."""
        return DigestResult(
            {**self.ends, **other.ends}, self.changes + other.changes, self.change_ids | other.change_ids
        )


def digest(
    queue: QuerySet[Notification],
    *,
    user: AbstractUser | None = None,
    is_time_left: Callable[[], bool] = lambda: True,
    only_new: bool = False,
    dry_run: bool = False,
) -> DigestResult:
    """Digest what waits in this queue and return the result; see ``digest_in_chunks``."""
    chunks = digest_in_chunks(queue, user=user, is_time_left=is_time_left, only_new=only_new, dry_run=dry_run)
    return sum(chunks, DigestResult())


def digest_in_chunks(
    queue: QuerySet[Notification],
    *,
    user: AbstractUser | None = None,
    is_time_left: Callable[[], bool] = lambda: True,
    only_new: bool = False,
    dry_run: bool = False,
    turns: Turns | None = None,
) -> Iterator[DigestResult]:
    """Digest what waits in this queue, or only what was never tried, oldest first, while there is time.

    Yields the result of each chunk. ``turns`` is how long this run has worked for each provider so far. The change
    records name the user, or the pipeline itself. In a dry run, which the caller rolls back, no attempt is counted and
    no webhook is sent. Any number of workers may digest at once. Raises one of
    ``SERVICE_ERRORS`` if the database or Redis fails; the notifications of that chunk keep waiting.
    """
    turns = turns or Turns()
    waiting = Queue(queue, counts_attempts=not dry_run, turns=turns)
    for claims in waiting.chunks(only_new=only_new):
        change_id = uuid4()
        with nullcontext() if dry_run else change_context(user, change_id):
            chunk = Chunk(claims, is_time_left, user=user, change_id=change_id, dry_run=dry_run)
            ends = chunk.digest()
        turns.add(chunk.seconds.items())
        yield DigestResult(ends, chunk.changes, frozenset([change_id]))
        if chunk.is_late:
            break
    yield DigestResult(dict.fromkeys(waiting.given_up, Outcome.FAILED))
