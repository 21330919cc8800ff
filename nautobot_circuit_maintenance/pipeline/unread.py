"""Names the notifications of a run that failed or were refused in the log of its job, with a link to each."""

import logging
from collections.abc import Sequence
from typing import Any

from nautobot_circuit_maintenance.choices import NotificationStateChoices as State
from nautobot_circuit_maintenance.domain.escaping import in_markdown
from nautobot_circuit_maintenance.models import Notification
from nautobot_circuit_maintenance.pipeline.report import MOST_NAMED, UNREAD, RunReport

logger = logging.getLogger(__name__)

GROUP = "Failed or refused"
_LABELS: dict[str, str] = dict(State.CHOICES)
_MORE = "%d more notifications failed or were refused; the list of notifications has them under *Needs attention*."


def log_unread(report: RunReport) -> None:
    """Log a line for each of the first notifications that were not read, and how many others there are.

    What a dry run found has no row to link to.
    """
    rehearsed = [row for each in report.sources for row in each.rehearsed][:MOST_NAMED]
    stored = _stored(report)
    for row in rehearsed:
        _log(row, {"grouping": GROUP})
    for row in stored:
        _log(row, {"grouping": GROUP, "object": row})
    more = sum(each.outcomes[outcome] for each in report.sources for outcome in UNREAD) - len(rehearsed) - len(stored)
    if more > 0:
        logger.warning(_MORE, more, extra={"grouping": GROUP})


def _stored(report: RunReport) -> Sequence[Notification]:
    """Return the first of them as they are now, oldest first."""
    keys = [pk for each in report.sources for pk in each.unread][:MOST_NAMED]
    if not keys:
        return []
    rows = Notification.objects.filter(pk__in=keys, state__in=[outcome.value for outcome in UNREAD])
    return list(rows.select_related("source").order_by("received_at", "fingerprint"))


def _log(row: Notification, extra: dict[str, Any]) -> None:
    """Log one; its subject and its reason are a sender's words."""
    source = f"{row.source.name}: " if row.source else ""
    logger.warning(
        "%s%s: %s %s", source, _LABELS[row.state], in_markdown(str(row)), in_markdown(row.error), extra=extra
    )
