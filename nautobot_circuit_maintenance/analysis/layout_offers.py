"""What a person may do about layouts: those that suspended themselves, and providers whose emails are added manually."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Count, QuerySet

from nautobot_circuit_maintenance.analysis.visibility import Visibility
from nautobot_circuit_maintenance.choices import MailLayoutStateChoices as State
from nautobot_circuit_maintenance.models import MailLayout, ManualReading, Notification, ParsedNotification
from nautobot_circuit_maintenance.models.layouts import SUSPENDED_BY
from nautobot_circuit_maintenance.models.manual_readings import PARSER

_LOOKED_BACK = timedelta(days=90)
_FEWEST = 2
"""Emails that people added manually, before teaching is offered."""
_NO_PARSERS = (PARSER, "bcop")
"""Calendars are read for every provider, whatever its other emails are."""
_MOST = 100


@dataclass(frozen=True)
class Teachable:
    """A provider whose emails people add manually, though a layout could read them."""

    notification: Notification
    """The newest one that was added."""
    number: int

    @property
    def pk(self) -> UUID:
        """The primary key of the notification."""
        return self.notification.pk

    def get_absolute_url(self) -> str:
        """Return the page of the notification."""
        return self.notification.get_absolute_url()


def suspended_layouts(visibility: Visibility) -> QuerySet[MailLayout]:
    """Return the layouts that suspended themselves: not those that a person suspended."""
    rows = visibility.of_model(MailLayout).filter(state=State.SUSPENDED).exclude(suspended_because="")
    return rows.exclude(suspended_because__startswith=SUSPENDED_BY)


def teachable(visibility: Visibility, now: datetime) -> Iterator[Teachable]:
    """Yield the providers that have no layout and no parser of text, and of which people added emails twice; by three queries."""
    since = now - _LOOKED_BACK
    by_hand = ManualReading.objects.filter(read_at__gte=since).order_by().values("fingerprint")
    rows = visibility.notifications.filter(fingerprint__in=by_hand, raw__isnull=False)
    rows = rows.exclude(provider__in=MailLayout.objects.order_by().values("provider"))
    numbers = dict(rows.values_list("provider").annotate(number=Count("pk")).filter(number__gte=_FEWEST)[:_MOST])
    if not numbers:
        return
    parsed = ParsedNotification.objects.filter(notification__provider__in=numbers, received_at__gte=since)
    with_parser = set(
        parsed.exclude(parser__in=_NO_PARSERS).order_by().values_list("notification__provider", flat=True)
    )
    newest: dict[UUID, Notification] = {}
    wanted = rows.filter(provider__in=numbers.keys() - with_parser)
    for row in wanted.select_related("provider").order_by("-received_at", "fingerprint"):
        newest.setdefault(row.provider_id, row)
    for pk, row in newest.items():
        yield Teachable(row, numbers[pk])
