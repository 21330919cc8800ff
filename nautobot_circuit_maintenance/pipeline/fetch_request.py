"""What a run wants from the mailbox of a source: whose mail, and from when on."""

from datetime import datetime, timedelta

from django.db.models import Max

from nautobot_circuit_maintenance.app_settings import get_app_settings
from nautobot_circuit_maintenance.mailboxes.base import FetchRequest
from nautobot_circuit_maintenance.models import NotificationSource
from nautobot_circuit_maintenance.pipeline.senders import SenderDirectory

# SEARCH by date has the granularity of a day; a clock that is a little off costs nothing but a second look.
_OVERLAP = timedelta(days=1)


def fetch_request(
    source: NotificationSource, directory: SenderDirectory, *, now: datetime, since: datetime | None
) -> FetchRequest:
    """Say what is wanted: the backlog of senders that are new to the source, and what came since the cursor.

    With ``since``, every sender's mail from there on besides.
    """
    first_day = now - timedelta(days=get_app_settings().raw_notification_initial_days_since)
    new_senders, backlog_since = directory.addresses - set(source.searched_senders), first_day
    if since:
        # Whoever is new besides has the days before as well: the search counts as that sender's backlog.
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
    """Return when the source was read last; None where it never was.

    A moment in the future is one of a wrong clock: then, as where no run came to its end, the newest mail tells it.
    """
    last: datetime | None = source.last_fetched_at
    if last is None or last > now:
        last = source.notifications.filter(received_at__lte=now).aggregate(at=Max("received_at"))["at"]
    return last
