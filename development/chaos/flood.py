"""A flood of email that takes long to parse, from one provider: how long does it delay the email of the others?"""

from collections.abc import Sequence
from datetime import timedelta

from nautobot.extras.models import Job

from nautobot_circuit_maintenance.choices import NotificationStateChoices as State
from nautobot_circuit_maintenance.mail.message import MailMessage
from nautobot_circuit_maintenance.models import Notification
from nautobot_circuit_maintenance.pipeline.record import record_messages
from nautobot_circuit_maintenance.pipeline.senders import SenderDirectory
from nautobot_circuit_maintenance.tests.cases import create_provider
from nautobot_circuit_maintenance.tests.end_to_end.world import HANDLE
from nautobot_circuit_maintenance.tests.factories.mail import NOON

PROVIDER, ADDRESS = "Flood", "noc@flood.example"
RUN_SECONDS = 10
"""Time limit of a run that meets a flood: less than the whole flood takes."""
MAILS = 80
MOST_RUNS = 10


def create() -> None:
    """Create the provider; its parser's time grows with the square of the open tags."""
    create_provider(PROVIDER, ADDRESS, "globalcloudxchange")


def mails(count: int, first: int = 0) -> list[MailMessage]:
    """Return emails that take some tenths of a second each, and arrived before all others."""
    return [_mail(number) for number in range(first, first + count)]


def _mail(number: int) -> MailMessage:
    head = f"From: {ADDRESS}\r\nSubject: {number}\r\nMessage-ID: <{number}@flood.example>\r\nContent-Type: text/html\r\n\r\n"
    return MailMessage.from_bytes(head.encode() + b"<div>" * 2_500, received_at=NOON - timedelta(days=9))


def record(found: Sequence[MailMessage]) -> None:
    """Record emails; the next run finds them waiting."""
    record_messages(SenderDirectory.of_all_providers(), found)


def waiting(*, of_flood: bool) -> int:
    """Return how many emails of the flood wait, or of all other providers."""
    rows = Notification.objects.filter(state=State.RECEIVED)
    chosen = rows.filter(provider__name=PROVIDER) if of_flood else rows.exclude(provider__name=PROVIDER)
    return chosen.count()


def forget() -> None:
    """Delete the flood, which is not compared."""
    Notification.objects.filter(provider__name=PROVIDER).delete()


def limit_runs(seconds: int | None) -> None:
    """Limit the time of a run; None removes the limit."""
    values = {"soft_time_limit": seconds or 0, "soft_time_limit_override": bool(seconds)}
    Job.objects.filter(job_class_name=HANDLE).update(**values)
