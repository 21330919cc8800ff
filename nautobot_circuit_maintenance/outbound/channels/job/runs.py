"""Enqueues jobs, and follows what becomes of them. A kill at any moment leaves a row that the next run continues."""

from collections.abc import Callable, Collection
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Q, QuerySet
from kombu.exceptions import OperationalError
from nautobot.circuits.models import Circuit
from nautobot.extras.models import Job, JobResult

from nautobot_circuit_maintenance.choices import DeliveryStateChoices as State, EventChoices, PhaseChoices as Phase
from nautobot_circuit_maintenance.compat import enqueue_job
from nautobot_circuit_maintenance.models import Delivery
from nautobot_circuit_maintenance.outbound.channels.errors import MessageRefused
from nautobot_circuit_maintenance.outbound.channels.job.eligible import check_job, checked_data
from nautobot_circuit_maintenance.outbound.channels.job.rows import (
    after_key,
    before_of,
    job_of,
    rows_of_jobs,
    variables_of,
    write_after,
)

Lost = Callable[[Collection[str], Collection[str]], set[str]]
"""``workers.lost``."""

PATIENCE = timedelta(minutes=2)
"""How long a worker has until we ask what became of a job."""
_REMEMBERED = timedelta(days=1)
"""How long after a job before a window we look whether it has run once more."""
_BACK_OFF = (1, 5, 15, 30)
"""Minutes until an *after* that failed is tried again; the last one for good."""
_SINGLETON = "is a singleton and already running"


def begin(row_key: str, now: datetime) -> None:
    """Enqueue the job of a row that waits, unless something is in its way: then its error says what.

    The row with the job's result is committed first, and with it what has to run after. So a kill can enqueue a job twice, but never
    leave one that no row knows.
    """
    with transaction.atomic():
        row = Delivery.objects.select_for_update(skip_locked=True).filter(key=row_key, state=State.WAITING).first()
        if row is None or (row.phase == Phase.AFTER and _is_before_open(row)):
            return
        if row.over_at and row.over_at < now:
            _give_up(row, _late(row))
            return
        try:
            job, data = _ready(row)
        except MessageRefused as error:  # _ready: its reason is for a person
            row.attempts += 1
            _wait(row, str(error), now)
            return
        result = JobResult.objects.create(name=job.name, job_model=job, user=row.user)
        row.job_result, row.state = result, State.UNSURE  # its error stays until it has worked
        row.attempts, row.next_attempt = row.attempts + 1, now + PATIENCE
        row.save()
        if row.phase == Phase.BEFORE:
            write_after(row, now)
    _enqueue(row, job, data)


def supersede(row_key: str) -> None:
    """Drop a *before* that waits, and so never ran, with what would have run after it."""
    with transaction.atomic():
        row = Delivery.objects.select_for_update(skip_locked=True).filter(key=row_key, state=State.WAITING).first()
        if row:
            row.state = State.SUPERSEDED
            row.save()
            _nothing_after(row)


def follow(now: datetime, lost: Lost) -> None:
    """Look what became of the jobs that were enqueued, and whether one that ended has run once more since."""
    known = list(_followed_rows(now))
    for row in known:
        if _ran_again(row):
            _follow_again(row, now)
    rows = [row for row in known if row.state == State.UNSURE]
    unreported = [row for row in rows if row.job_result and not _is_over(row.job_result) and row.next_attempt <= now]
    queues = {str(row.job_result.celery_kwargs.get("queue", "")) for row in unreported} - {""}
    gone = lost([str(row.job_result_id) for row in unreported], queues)
    for row in rows:
        with transaction.atomic():
            locked = Delivery.objects.select_for_update(skip_locked=True).filter(pk=row.pk, state=State.UNSURE).first()
            again = locked and _followed(locked, str(locked.job_result_id) in gone, now)
        if locked and again:
            _enqueue(locked, *again)


def may_have_been_refused(now: datetime) -> bool:
    """Return whether a singleton waits for a worker, or did so recently: its lock may refuse it, and then it is tried again."""
    recent = rows_of_jobs(State.UNSURE).filter(Q(next_attempt__gt=now) | Q(job_result__status="PENDING"))
    jobs = {data.get("job") for data in recent.values_list("data", flat=True)}
    return bool(jobs) and Job.objects.filter(pk__in=jobs, is_singleton=True).exists()


def _followed_rows(now: datetime) -> QuerySet[Any]:
    """Return the rows of jobs that were enqueued, and of those that ran before a window in the last day."""
    of_late = Q(phase=Phase.BEFORE, state__in=(State.SENT, State.FAILED), created__gte=now - _REMEMBERED)
    rows: QuerySet[Any] = Delivery.objects.filter(Q(state=State.UNSURE) | of_late, event=EventChoices.JOB)
    rows = rows.select_related("job_result").order_by("created", "pk")
    return rows


def _ran_again(row: Delivery) -> bool:
    """Return whether a *before* that had ended runs, or has run, once more.

    A broker delivers what a worker that was killed had reserved to another one, Redis after an hour, though it was enqueued again.
    """
    is_noted = row.state != State.UNSURE and row.job_result is not None and "ran" in row.data
    return is_noted and bool(row.data["ran"] != _run_of(row.job_result))


def _follow_again(row: Delivery, now: datetime) -> None:
    """Let a *before* be followed as if it had been enqueued now, and let what comes after it be due again."""
    with transaction.atomic():
        locked = Delivery.objects.select_for_update(skip_locked=True).filter(pk=row.pk, state=row.state).first()
        # An *after* that is under way is that of the run before: once it has ended, this one is looked at again.
        if locked and not Delivery.objects.filter(key=after_key(locked), state=State.UNSURE).exists():
            locked.state, locked.next_attempt = State.UNSURE, now + PATIENCE
            locked.save()
            write_after(locked, now)


def _run_of(result: JobResult) -> str:
    """Return what distinguishes the last run of a job from an earlier one with the same result."""
    return f"{result.status} {result.date_done}"


def _followed(row: Delivery, is_lost: bool, now: datetime) -> tuple[Job, dict[str, Any]] | None:
    """Store what became of a job; return it if it has to be enqueued once more."""
    result = row.job_result
    if result is None:
        _failed(row, MessageRefused("DRAIN-07", "The result of the job was deleted before it was looked at."), now)
    elif result.status == "SUCCESS":
        row.state, row.sent_at, row.error = State.SENT, result.date_done or now, ""
        _note_run(row)
    elif _is_over(result):
        _ended_badly(row, result, now)
    elif is_lost and result.status == "STARTED":
        _failed(row, MessageRefused("DRAIN-08", "The worker ended while it ran the job."), now)
    elif is_lost:
        return _once_more(row, result, now)
    return None


def _ended_badly(row: Delivery, result: JobResult, now: datetime) -> None:
    """Note that a job failed; one that was not begun, because the last run of it still lasts, waits."""
    reason = f"{result.result or ''} {result.traceback or ''}"
    if _SINGLETON in reason:
        row.state, row.job_result = State.WAITING, None
        row.error = str(MessageRefused("DRAIN-09", "The job is a singleton and still running; it is tried again."))
        row.next_attempt = now
        row.save()
    else:
        _failed(row, MessageRefused("DRAIN-10", f"The job ended as {result.status}: see its log."), now)


def _failed(row: Delivery, error: MessageRefused, now: datetime) -> None:
    """Note that a job did not do what it should: an *after* is tried again, for good; a *before* may have done half of it."""
    if row.phase == Phase.AFTER:
        row.state = State.WAITING
        _wait(row, str(error), now)
    else:
        row.state, row.error = State.FAILED, str(error)
        _note_run(row)


def _note_run(row: Delivery) -> None:
    """Store that the job has run, perhaps: from now on, nothing drops what has to run after."""
    row.data = {**row.data, "ran": _run_of(row.job_result) if row.job_result else "unknown"}
    row.save()


def _once_more(row: Delivery, result: JobResult, now: datetime) -> tuple[Job, dict[str, Any]] | None:
    """Return a job that got lost before a worker took it; None if it is too late for that."""
    if row.over_at and row.over_at < now:
        # Without its result, no worker runs it any more, should it turn up.
        JobResult.objects.filter(pk=result.pk, status="PENDING").delete()
        row.job_result = None
        _give_up(row, _late(row))
        return None
    try:
        found = _ready(row)
    except MessageRefused as error:  # _ready
        row.error, row.next_attempt = str(error), now + PATIENCE
        row.save()
        return None
    row.attempts, row.next_attempt = row.attempts + 1, now + PATIENCE * row.attempts
    row.save()
    return found


def _ready(row: Delivery) -> tuple[Job, dict[str, Any]]:
    """Return the job of a row with its variables; raises MessageRefused if it cannot be run now."""
    job = job_of(row)
    check_job(job, row.user)
    assert job is not None  # nosec B101  # checked
    circuits = Circuit.objects.filter(pk__in=row.data["circuits"]).order_by("cid", "pk").values_list("pk", flat=True)
    return job, checked_data(job, row.user, variables_of(row, circuits))


def _enqueue(row: Delivery, job: Job, data: dict[str, Any]) -> None:
    """Hand a job over to the workers; if the broker does not take it, it counts as lost."""
    try:
        enqueue_job(job, row.user, data, job_result=row.job_result)
    except (OperationalError, OSError):  # enqueue_job: the broker does not answer
        return


def _is_before_open(after: Delivery) -> bool:
    """Return whether the *before* may still run: then what comes after has to wait."""
    before = before_of(after)
    return before is not None and before.state in State.OPEN


def _give_up(before: Delivery, error: MessageRefused) -> None:
    """Note that a *before* never ran and is not run any more; then nothing has to run after."""
    before.state, before.error = State.FAILED, before.error or str(error)
    before.save()
    _nothing_after(before)


def _nothing_after(before: Delivery) -> None:
    """Drop what would have to run after, unless the job has run: a person may have tried it again since."""
    if before.data.get("ran"):
        return
    Delivery.objects.filter(key=after_key(before), state=State.WAITING).update(state=State.SUPERSEDED)


def _late(row: Delivery) -> MessageRefused:
    return MessageRefused("DRAIN-11", f"It is too late to run the job: the window began before {row.over_at:%H:%M %Z}.")


def _wait(row: Delivery, error: str, now: datetime) -> None:
    """Let a row wait, longer with each attempt; a *before* is tried in each run, as its time is short."""
    minutes = _BACK_OFF[min(row.attempts, len(_BACK_OFF)) - 1] if row.phase == Phase.AFTER else 0
    row.error, row.next_attempt = error, now + timedelta(minutes=minutes)
    row.save()


def _is_over(result: JobResult) -> bool:
    return result.status not in ("PENDING", "STARTED", "RECEIVED", "RETRY")
