"""Puts recorded notifications back into the queue, to be judged and parsed again from their stored bytes.

Web processes start without what reads header fields, so ``admission`` is imported when someone reprocesses.
"""

# pylint: disable=import-outside-toplevel  # see above

from uuid import UUID

from django.db.models import Case, Q, QuerySet, Value, When
from nautobot.circuits.models import Provider

from nautobot_circuit_maintenance.app_settings import get_app_settings
from nautobot_circuit_maintenance.choices import NotificationStateChoices as State, TakenOverChoices as TakenOver
from nautobot_circuit_maintenance.models import Notification, NotificationSource
from nautobot_circuit_maintenance.pipeline.senders import SenderDirectory


def requeue(notifications: QuerySet[Notification]) -> tuple[int, int]:
    """Reset these notifications; return how many wait now, and how many cannot be reprocessed.

    The latter have no raw bytes or, taken over from the older package, only the first of them, or were refused by a source
    whose settings are gone or have an error. A notification whose address
    belongs to another provider by now is moved to that provider.
    """
    unverifiable = _mark_unverifiable(notifications)
    unreadable = Q(raw__isnull=True) | Q(taken_over=TakenOver.CUT) | Q(pk__in=unverifiable)
    skipped = notifications.filter(unreadable).count()
    readable = notifications.exclude(unreadable)
    chosen = list(readable.values_list("pk", "sender", "provider"))
    _move_to_owners(chosen)
    # Checked again: retention may have purged one in the meantime, and a waiting notification must have bytes.
    waiting = Notification.objects.filter(pk__in=[pk for pk, _, _ in chosen], raw__isnull=False)
    _clear_verdicts(waiting)
    return waiting.update(state=State.RECEIVED, attempts=0, error=""), skipped


def _mark_unverifiable(notifications: QuerySet[Notification]) -> list[UUID]:
    """Return the refused ones that the settings cannot judge any more, and store the reason on them."""
    from nautobot_circuit_maintenance.pipeline.admission import SOURCE_GONE, known_policies

    refused = notifications.filter(state=State.REFUSED).exclude(source__name__in=known_policies(get_app_settings()))
    found = list(refused.values_list("pk", flat=True))
    Notification.objects.filter(pk__in=found).update(error=SOURCE_GONE)
    return found


def _move_to_owners(chosen: list[tuple[UUID, str, UUID]]) -> None:
    """Give each notification to the provider that its sender address belongs to today."""
    directory = SenderDirectory.of_all_providers()
    moved: dict[Provider, list[UUID]] = {}
    for pk, sender, provider_id in chosen:
        owner = directory.identify(sender)
        if owner and owner.pk != provider_id:
            moved.setdefault(owner, []).append(pk)
    for owner, pks in moved.items():
        Notification.objects.filter(pk__in=pks).update(provider=owner)


def _clear_verdicts(waiting: QuerySet[Notification]) -> None:
    """Clear positive verdicts, so that they are reached again by the settings of today.

    Without the settings of its source a notification keeps its verdict. A refused one keeps it in any case (those
    refused before verdicts were stored get it here): nothing is parsed until ``admission`` has reached another one.
    """
    from nautobot_circuit_maintenance.pipeline.admission import known_policies

    configured = NotificationSource.objects.filter(name__in=known_policies(get_app_settings()))
    is_refused = Q(state=State.REFUSED, sender_confirmed__isnull=True)
    waiting.filter(is_refused | Q(sender_confirmed=True, source__in=configured)).update(
        sender_confirmed=Case(When(is_refused, then=Value(False)), default=None)
    )
