"""Shows in the mailbox what became of each message, after that is committed: sources that name 'tags' only.

What remains to be done follows from the rows, so nothing of it can be lost: a tag that could not be set is set by the next
run, and one that is outdated is replaced. No message depends on it.
"""

import logging
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from functools import partial

from celery.exceptions import SoftTimeLimitExceeded
from django.db.models import Q, QuerySet

from nautobot_circuit_maintenance.app_settings import get_app_settings
from nautobot_circuit_maintenance.domain.errors import MailboxError
from nautobot_circuit_maintenance.domain.escaping import in_markdown
from nautobot_circuit_maintenance.mailboxes.opening import open_tagger
from nautobot_circuit_maintenance.mailboxes.settings import SourceSettings
from nautobot_circuit_maintenance.mailboxes.tagging import OUTCOMES, SHARED, TagChange
from nautobot_circuit_maintenance.models import Notification, NotificationSource
from nautobot_circuit_maintenance.pipeline import defects
from nautobot_circuit_maintenance.pipeline.repeating import repeated

logger = logging.getLogger(__name__)

TAGGED_FOR = timedelta(days=30)
"""How long after its receipt a message gets the tag of its outcome."""
MOST_IN_A_RUN = 2_000
"""Messages whose tags one run changes for a source; the next one continues."""


def tag_outcomes(sources: Iterable[NotificationSource], now: datetime, is_time_left: Callable[[], bool]) -> None:
    """Tag the messages of these sources, as far as there is time; a failure is logged, and retried by the next run.

    ``now`` is when the run started, which is what ``last_fetched_at`` of the sources is that it has read.
    """
    tagging = {settings.name: settings for settings in get_app_settings().sources if settings.tags}
    keys = [source.pk for source in sources if source.name in tagging]
    # Those that were just read: of a mailbox that cannot be reached, that is already known.
    for source in NotificationSource.objects.filter(pk__in=keys, last_fetched_at=now) if keys else ():
        if is_time_left():
            _tag(source, tagging[source.name], now)


def _tag(source: NotificationSource, settings: SourceSettings, now: datetime) -> None:
    """Tag the messages of a source; nothing is requested from its mailbox if all are right."""
    due = list(_due(source, settings, now)[:MOST_IN_A_RUN])
    if not due:
        return
    rows: dict[TagChange, list[Notification]] = {}
    for row in due:
        rows.setdefault(_change(row, settings), []).append(row)
    number = len(rows)
    try:
        with open_tagger(settings) as tagger:
            for changes in tagger.change(list(rows)):
                _store([row for each in changes for row in rows[each]], settings)
                number -= len(changes)
    except MailboxError as error:  # open_tagger, tagger.change
        _warn(source, number, str(error))
    except SoftTimeLimitExceeded:
        raise
    except (
        Exception
    ) as error:  # pylint: disable=broad-exception-caught  # the same: what is recorded must not depend on tags
        what = defects.log_and_describe(f"Setting tags of source {source.name}", error, settings.redact)
        _warn(source, number, what)


def _due(source: NotificationSource, settings: SourceSettings, now: datetime) -> QuerySet[Notification]:
    """Return the notifications whose message shows something else than their state."""
    wrong = Q(state__in=[each for each in OUTCOMES if each not in settings.tags]) & ~Q(tag="")
    for state, tag in settings.tags.items():
        wrong |= Q(state=state) & ~Q(tag=tag)
    rows = Notification.objects.filter(wrong, source=source, received_at__gte=now - TAGGED_FOR).exclude(server_id="")
    return rows.only("pk", "state", "tag", "server_id", "message_id").order_by("received_at", "fingerprint")


def _change(row: Notification, settings: SourceSettings) -> TagChange:
    """Return what the message of a row is to show, whatever of ours it shows now: an earlier run may have ended in between."""
    wanted = settings.tags.get(row.state, "")
    ours = {tag for tag in settings.tags.values() if tag.lower() not in SHARED}
    return TagChange(row.server_id, row.message_id, wanted, frozenset({*ours, row.tag} - {wanted, ""}))


def _store(rows: Sequence[Notification], settings: SourceSettings) -> None:
    """Remember what messages show; not of those that were digested again in the meantime."""
    for state in {row.state for row in rows}:
        keys = [row.pk for row in rows if row.state == state]
        shown = Notification.objects.filter(pk__in=keys, state=state)
        repeated(partial(shown.update, tag=settings.tags.get(state, "")))


def _warn(source: NotificationSource, number: int, reason: str) -> None:
    sentence = "%s: TAG-01: The outcome of %d messages could not be shown in the mailbox; the next run tries again. %s"
    logger.warning(
        sentence, source.name, number, in_markdown(reason), extra={"grouping": source.name, "object": source}
    )
