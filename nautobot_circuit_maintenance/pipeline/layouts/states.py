"""What people do with a layout: try it on stored notifications, put it on trial, let it go live, suspend it."""

from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction

from nautobot_circuit_maintenance.choices import MailLayoutStateChoices as State
from nautobot_circuit_maintenance.mail.limits import time_left
from nautobot_circuit_maintenance.models import MailLayout
from nautobot_circuit_maintenance.pipeline.layouts.replay import MOST_AT_ONCE, replay, stored_notifications

_SECONDS = 20
"""For which a web request may try a layout."""
_NOT_TRIED = "Replay this version on the stored notifications first."
_WRONG = "It reads {} of the stored notifications wrong. Correct it before it goes live."
_NOTHING_READ = "It reads none of the stored notifications."


def is_for_job(layout: MailLayout) -> bool:
    """Return whether a replay takes too long for a web request."""
    return stored_notifications(layout)[: MOST_AT_ONCE + 1].count() > MOST_AT_ONCE


def replay_now(layout: MailLayout, now: datetime) -> dict[str, Any]:
    """Try a layout in a web request."""
    return replay(layout, now=now, is_time_left=time_left(_SECONDS))


def change_state(layout: MailLayout, state: str, reason: str = "") -> None:
    """Change the state of a layout and save it; raises ValidationError with the reason why that is not possible."""
    with transaction.atomic():
        locked = MailLayout.objects.select_for_update(of=("self",)).get(pk=layout.pk)
        if state in (State.TRIAL, State.LIVE) and not locked.is_replayed:
            raise ValidationError(_NOT_TRIED)
        if state == State.LIVE and locked.replay["wrong"]:
            raise ValidationError(_WRONG.format(locked.replay["wrong"]))
        if state == State.LIVE and not locked.replay["read"]:
            raise ValidationError(_NOTHING_READ)
        locked.state, locked.suspended_because, locked.refusals, locked.refused = state, reason, 0, []
        locked.save()
