"""Clocks that are wrong for a while: of a mail server, of a provider, of a worker."""

from datetime import timedelta

from nautobot_circuit_maintenance.models import Notification
from nautobot_circuit_maintenance.pipeline.reprocess import requeue
from nautobot_circuit_maintenance.pipeline.run import RunOptions, drain_waiting
from nautobot_circuit_maintenance.tests.cases import PipelineTestCase
from nautobot_circuit_maintenance.tests.factories.mail import NOON, Bcop, mail, message

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


class Clocks(PipelineTestCase):
    """An announcement of noon that was received at noon."""

    def setUp(self):
        """Receive it."""
        super().setUp()
        self.receive(message(mail(Bcop()), NOON))

    def announcement(self, hours: int, status: str, *, received: timedelta) -> None:
        """Receive what the provider wrote so many hours after noon, at that time by the clock of the mail server."""
        raw = mail(Bcop(status=status, issued=NOON + hours * HOUR), subject=f"{status} {hours}")
        self.receive(message(raw, NOON + received))

    def outdated(self) -> list[str]:
        """Return the words that count as outdated."""
        evidence = self.maintenance().parsed_notifications.filter(outdated=True)
        return sorted(evidence.values_list("status", flat=True))

    def test_a_mail_server_that_is_days_ahead_changes_no_order(self):
        """What the provider stamped counts."""
        self.announcement(5, "CANCELLED", received=40 * DAY)
        self.announcement(3, "RE-SCHEDULED", received=41 * DAY)

        self.assertEqual(self.maintenance().status, "CANCELLED")

    def test_a_mail_that_the_server_dated_back_is_put_right_by_a_person_or_by_the_next_mail(self):
        """It looks older than the announcement, and is shown as outdated; reading it again takes no edit back."""
        self.announcement(5, "CANCELLED", received=-1 * DAY)
        self.assertEqual((self.maintenance().status, self.outdated()), ("CONFIRMED", ["CANCELLED"]))
        maintenance = self.maintenance()
        maintenance.status = "CANCELLED"
        maintenance.validated_save()

        requeue(Notification.objects.all())
        drain_waiting(RunOptions(now=NOON + 2 * DAY))
        self.assertEqual(self.maintenance().status, "CANCELLED")
        self.announcement(30, "CANCELLED", received=30 * HOUR)

        self.assertEqual((self.maintenance().status, self.outdated()), ("CANCELLED", ["CANCELLED"]))

    def test_a_provider_whose_clock_is_months_ahead_is_not_believed_longer_than_until_its_next_mail(self):
        """A stamp counts at most as of the arrival."""
        self.announcement(24 * 90, "CANCELLED", received=5 * HOUR)
        self.announcement(6, "CONFIRMED", received=6 * HOUR)

        self.assertEqual(self.maintenance().status, "CONFIRMED")

    def test_the_clock_of_a_worker_decides_nothing(self):
        """Months ahead or behind, the conclusion is the same; an announcement stands with what cancelled it."""
        self.announcement(5, "CANCELLED", received=5 * HOUR)
        for now in (NOON - 90 * DAY, NOON + 90 * DAY):
            with self.subTest(now):
                requeue(Notification.objects.all())
                drain_waiting(RunOptions(now=now))
                self.assertEqual((self.maintenance().status, self.outdated()), ("CANCELLED", []))
