"""The few names that differ between Nautobot 3.1 and 3.2, and those that core does not export."""

import inspect
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import uuid4

from nautobot.core import events
from nautobot.core.graphql import utils as graphql_utils
from nautobot.extras.choices import ObjectChangeEventContextChoices
from nautobot.extras.models import Job as JobModel, JobResult, ObjectChange

GRAPHQL_RESTRICTS_RELATED = hasattr(graphql_utils, "get_permitted_pks")
"""Since 3.2 core leaves out what may not be viewed among related objects; 3.1 restricts the lists of the schema alone."""

# 3.1 takes the variables as words of their own (**job_kwargs) and would take job_kwargs for one of them; 3.2 refuses that.
_PARAMETER = inspect.signature(JobResult.enqueue_job).parameters["job_kwargs"]
_HAS_JOB_KWARGS = _PARAMETER.kind is not inspect.Parameter.VAR_KEYWORD


def enqueue_job(job_model: JobModel, user: Any, job_kwargs: dict[str, Any], **options: Any) -> JobResult:
    """Enqueue a job with its variables, whatever the Nautobot version calls them."""
    if _HAS_JOB_KWARGS:
        return JobResult.enqueue_job(job_model, user, job_kwargs=job_kwargs, **options)
    return JobResult.enqueue_job(job_model, user, **options, **job_kwargs)


def acting_user() -> Any | None:
    """Return whose request or job is being served; None outside of both."""
    from nautobot.extras.signals import change_context_state  # pylint: disable=import-outside-toplevel  # needs apps

    context = change_context_state.get()
    return context.get_user() if context else None


def reading_user() -> Any | None:
    """Return for whom rows are read: the user of the request, an anonymous one included, or of the job; None outside."""
    from nautobot.extras.signals import change_context_state  # pylint: disable=import-outside-toplevel  # needs apps

    context = change_context_state.get()
    if context is None:
        return None
    return context.request.user if context.request else context.user


def signed(record: ObjectChange, user: Any) -> ObjectChange:
    """Set who made a change in the request that is being served, on a change record that core does not write."""
    from nautobot.extras.signals import change_context_state  # pylint: disable=import-outside-toplevel  # needs apps

    context = change_context_state.get()
    record.user, record.user_name = user, user.get_username()
    record.request_id = context.change_id if context else uuid4()
    record.change_context = context.context if context else ObjectChangeEventContextChoices.CONTEXT_ORM
    record.change_context_detail = context.context_detail if context else ""
    return record


@contextmanager
def unlogged() -> Iterator[None]:
    """Keep Nautobot from writing a change record for each row that is deleted inside."""
    from nautobot.extras.signals import change_context_state  # pylint: disable=import-outside-toplevel  # needs apps

    token = change_context_state.set(None)
    try:
        yield
    finally:
        change_context_state.reset(token)


def is_event_wanted(topic: str) -> bool:
    """Return whether an event broker publishes events with this topic."""
    return any(
        events.is_topic_match(topic, broker.include_topics) and not events.is_topic_match(topic, broker.exclude_topics)
        for broker in events._EVENT_BROKERS  # pylint: disable=protected-access  # core has no other list of them
    )


__all__ = ("GRAPHQL_RESTRICTS_RELATED", "acting_user", "enqueue_job", "reading_user", "signed", "unlogged")
