"""Whether email is still coming in, as one line of the dashboard: in words, and with a warning where it may not."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from nautobot_circuit_maintenance.analysis.freshness import SourceState
from nautobot_circuit_maintenance.analysis.visibility import Visibility
from nautobot_circuit_maintenance.choices import SourceHealthChoices as Health
from nautobot_circuit_maintenance.ui import formatting

_MOST, _NEVER = 2, "never"
_RECENT = timedelta(days=7)
"""Email is coming in if the newest arrived within this time."""


@dataclass(frozen=True)
class MailLine:
    """What the line says."""

    says: str
    """The answer in a few words."""
    times: str
    """When email last arrived, and when it was last read."""
    is_warning: bool


def mail_line(sources: Sequence[SourceState], visibility: Visibility, now: datetime) -> MailLine | None:
    """Return the line; None if no source is configured, of those that the user may view."""
    configured = [each for each in sources if each.health != Health.NOT_CONFIGURED]
    if not configured:
        return None
    problems = list(_problems(configured, now))
    more = f" and {len(problems) - _MOST} more" if len(problems) > _MOST else ""
    arrival = _arrival(visibility, now)
    says = f"{'; '.join(problems[:_MOST])}{more}" if problems else arrival.says
    times = ", ".join(filter(None, [arrival.times, f"last read {_read(configured, now)}"]))
    return MailLine(says, times, bool(problems) or arrival.is_warning)


def _problems(sources: Sequence[SourceState], now: datetime) -> Iterator[str]:
    """Yield what is wrong with each source, the worst first."""
    for state in sources:
        name, read_at = state.source.name, state.source.last_fetched_at
        if state.health == Health.ERROR:
            yield f"Error reading {name}"
        if state.health == Health.STALE:
            yield f"Stale: {name} was last read {formatting.relative(read_at, now) if read_at else 'never'}"
        if state.health == Health.SILENT:
            for each in state.silent:
                yield f"Silent: last email of {each.name} {formatting.relative(each.last, now)}"
    unread = [each.source.name for each in sources if each.health == Health.OK and not each.source.last_fetched_at]
    if unread:
        yield (
            f"{unread[0]} has not been read yet"
            if len(unread) == 1
            else f"{len(unread)} sources have not been read yet"
        )


def _arrival(visibility: Visibility, now: datetime) -> MailLine:
    """Return the line as far as it is about email that arrived: mailboxes may be read every minute, and nothing comes in.

    To a user from whom emails may be hidden, only one that is recent says something about all of them.
    """
    visible = visibility.notifications
    newest = visible.order_by("-received_at").values_list("received_at", flat=True).first()
    times = f"last arrived {formatting.relative(newest, now)}" if newest else ""
    if newest and now - newest <= _RECENT:
        return MailLine("Email is coming in", times, is_warning=False)
    if visible.query.where:
        return MailLine("All mailboxes are read", "", is_warning=False)
    if not newest:
        return MailLine("No email has arrived yet", "", is_warning=False)
    return MailLine(f"No email for {(now - newest).days} days", times, is_warning=True)


def _read(sources: Sequence[SourceState], now: datetime) -> str:
    """Return when email was last read: of the source that was read least recently."""
    times = [each.source.last_fetched_at for each in sources if each.source.last_fetched_at]
    return formatting.relative(min(times), now) if times and len(times) == len(sources) else _NEVER
