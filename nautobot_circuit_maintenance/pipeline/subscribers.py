"""Nautobot's change context around a chunk, and the subscribers to its change records."""

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from uuid import UUID

from django.contrib.auth.models import AbstractUser, AnonymousUser
from django.contrib.contenttypes.models import ContentType
from django.db.models import Q
from nautobot.apps.change_logging import JobChangeContext, change_logging, web_request_context
from nautobot.apps.choices import ObjectChangeEventContextChoices as Context
from nautobot.extras.models import JobHook, ObjectChange, Webhook

from nautobot_circuit_maintenance.choices import PIPELINE_CONTEXT
from nautobot_circuit_maintenance.compat import is_event_wanted

Kind = tuple[int, str]
"""Primary key of a content type, and an action: what webhooks and job hooks subscribe to."""


@contextmanager
def change_context(user: AbstractUser | None, change_id: UUID) -> Iterator[None]:
    """Give what is changed inside a change context; at its end, send the change records to their subscribers.

    Does the same as core's ``web_request_context``, but its loop over the records, which asks Redis for all content
    types and the database for the state before each of them, is left out if there are no subscribers.
    """
    actor = user or AnonymousUser()
    try:
        with change_logging(JobChangeContext(user=actor, context_detail=PIPELINE_CONTEXT, change_id=change_id)):
            yield
    finally:
        _send(actor, change_id)


def _send(actor: AbstractUser | AnonymousUser, change_id: UUID) -> None:
    """Let core send the change records of this context, which it does at the end of one."""
    kinds = set(
        ObjectChange.objects.filter(request_id=change_id)
        .order_by()
        .values_list("changed_object_type", "action")
        .distinct()
    )
    if not kinds:
        return
    has_job_hooks = JobHook.objects.filter(_subscribed_to(kinds), enabled=True).exists()
    if has_job_hooks or _is_sent_elsewhere(kinds):
        # Where a job hook is at work core does not look for job hooks, which it does for each record.
        context = Context.CONTEXT_JOB if has_job_hooks else Context.CONTEXT_JOB_HOOK
        with web_request_context(actor, context_detail=PIPELINE_CONTEXT, change_id=change_id, context=context):
            pass


def _is_sent_elsewhere(kinds: Collection[Kind]) -> bool:
    """Return whether a webhook or an event broker subscribes to one of these."""
    return Webhook.objects.filter(_subscribed_to(kinds), enabled=True).exists() or any(
        is_event_wanted(_topic(*kind)) for kind in kinds
    )


def _subscribed_to(kinds: Collection[Kind]) -> Q:
    """Return the condition for hooks on one of these."""
    condition = Q()
    for content_type, action in kinds:
        condition |= Q(content_types=content_type, **{f"type_{action}": True})
    return condition


def _topic(content_type: int, action: str) -> str:
    """Return the topic of core's events about these."""
    model = ContentType.objects.get_for_id(content_type)
    return f"nautobot.{action}.{model.app_label}.{model.model}"
