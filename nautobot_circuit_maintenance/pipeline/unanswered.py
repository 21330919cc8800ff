"""Messages that were refused because the DNS did not answer: they wait again once it does."""

from datetime import datetime, timedelta

from nautobot_circuit_maintenance.choices import NotificationStateChoices as State
from nautobot_circuit_maintenance.models import Notification
from nautobot_circuit_maintenance.pipeline.admission import UNANSWERED, Admission
from nautobot_circuit_maintenance.pipeline.reprocess import requeue

TRIED_FOR = timedelta(days=7)
"""How long after its receipt a message is tried again. Signers remove their keys from the DNS at some time."""
_AT_ONCE = 50
"""Messages that one run tries; the DNS has ten seconds for all of them."""


def requeue_answered(now: datetime) -> int:
    """Queue the messages about which the DNS answers now; return their number. No query unless a source needs it."""
    admission = Admission()
    if not admission.verifies_signatures:
        return 0
    refused = Notification.objects.filter(
        state=State.REFUSED, error__startswith=UNANSWERED, received_at__gte=now - TRIED_FOR
    )
    answered = []
    for key in list(refused.order_by("received_at").values_list("pk", flat=True)[:_AT_ONCE]):
        # One after the other: each may have 25 MiB.
        row = refused.filter(pk=key).defer(None).select_related("source").first()
        if row and not admission.verdict_on(row).is_temporary:
            answered.append(key)
    return requeue(refused.filter(pk__in=answered))[0] if answered else 0
