"""What a run requests from the mailbox of a source: from which senders, and since when."""

from datetime import datetime, timedelta

from django.db.models import Max

from nautobot_circuit_maintenance.app_settings import get_app_settings
from nautobot_circuit_maintenance.mailboxes.base import FetchRequest
from nautobot_circuit_maintenance.models import NotificationSource
from nautobot_circuit_maintenance.pipeline.senders import SenderDirectory

# SEARCH by date has the granularity of a day; this also covers a clock that is slightly off.
_OVERLAP = timedelta(days=1)


def fetch_request(
    source: NotificationSource, directory: SenderDirectory, *, now: datetime, since: datetime | None
) -> FetchRequest:
    """Return the request: the backlog of senders that are new to the source, and what came since the cursor.

    With ``since``, also all messages of every sender from then on.
    """
    first_day = now - timedelta(days=get_app_settings().raw_notification_initial_days_since)
    new_senders, backlog_since = directory.addresses - set(source.searched_senders), first_day
    if since:
        # New senders also need the days before, because this search counts as their backlog.
        backlog_since = min(since, first_day) if new_senders else since
        new_senders = directory.addresses
    last_read = _last_read(source, now)
    return FetchRequest(
        cursor=source.cursor,
        senders=directory.addresses,
        new_senders=new_senders,
        backlog_since=backlog_since,
        resume_since=min(first_day, last_read - _OVERLAP) if last_read else backlog_since,
    )


def _last_read(source: NotificationSource, now: datetime) -> datetime | None:
    """Return when the source was read last; None if it never was.

    A time in the future comes from a wrong clock; then, or if no run was completed, the newest message counts.
    """
    last: datetime | None = source.last_fetched_at
    if last is None or last > now:
        last = source.notifications.filter(received_at__lte=now).aggregate(at=Max("received_at"))["at"]
    return last
