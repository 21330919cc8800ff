"""Asks Celery's workers what became of a job that is not reported to have begun, or to have ended."""

from collections.abc import Collection
from typing import Any

from kombu.exceptions import OperationalError
from nautobot.core import celery
from redis.exceptions import RedisError

ANSWER_WITHIN = 2.0
"""Seconds that workers have to answer."""


def lost(tasks: Collection[str], queues: Collection[str]) -> set[str]:
    """Return those of these tasks that no worker knows and that wait in none of these queues.

    None is lost as far as we know if no worker answers.
    """
    if not tasks:
        return set()
    try:
        # First: a task that a worker takes in between is in one of both.
        waiting = {str(task) for queue in queues for task in _waiting(queue)}
        answers = celery.app.control.inspect(timeout=ANSWER_WITHIN).query_task(list(tasks))
    except (OperationalError, RedisError):  # _waiting, query_task: the broker does not answer
        return set()
    if not answers:
        return set()
    known = {str(task) for answer in answers.values() for task in answer}
    return set(tasks) - known - waiting


def _waiting(queue: str) -> Any:
    """Return the tasks in a queue; Nautobot 3.1 cannot say, and no version can for another broker than Redis."""
    items = getattr(celery, "_get_celery_queue_items", None)
    try:
        return items(queue) if items else ()
    except AttributeError:  # items: the channel of another broker has no client
        return ()
