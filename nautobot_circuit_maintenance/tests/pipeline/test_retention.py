"""Retention: raw bytes go after a while, everything else stays."""

from datetime import timedelta

from nautobot_circuit_maintenance.models import Notification, NotificationSource, ParsedNotification
from nautobot_circuit_maintenance.pipeline.outcomes import Outcome
from nautobot_circuit_maintenance.pipeline.report import SourceReport
from nautobot_circuit_maintenance.pipeline.retention import purge_raw
from nautobot_circuit_maintenance.tests.cases import PipelineTestCase
from nautobot_circuit_maintenance.tests.factories.mail import NOON, Bcop, FakeMailbox, mail

HOUR = timedelta(hours=1)


class Retention(PipelineTestCase):
    """One mail of noon, one of an hour later."""

    mails = (mail(Bcop("M-1")), mail(Bcop("M-2", issued=NOON + HOUR)))

    def test_only_what_was_received_before_loses_its_bytes(self):
        """Row, evidence and maintenance stay, and the size shows what there was."""
        self.receive(*self.mails)

        self.assertEqual(purge_raw(before=NOON + HOUR), 1)

        old, new = Notification.objects.defer(None).order_by("received_at")
        self.assertEqual((old.raw, old.state, old.size), (None, "parsed", len(self.mails[0])))
        self.assertEqual(bytes(new.raw), self.mails[1])
        self.assertEqual(ParsedNotification.objects.count(), 2)
        self.assertEqual(self.maintenance("M-1").status, "CONFIRMED")

    def test_a_mailbox_that_is_read_again_brings_nothing_back(self):
        """The fingerprint is still there."""
        self.receive(*self.mails)
        purge_raw(before=NOON + 2 * HOUR)
        NotificationSource.objects.update(cursor={}, searched_senders=[])

        report: SourceReport = self.read(FakeMailbox.of(self.mails))

        self.assertEqual((report.outcomes[Outcome.NEW], report.outcomes[Outcome.DUPLICATE]), (0, 2))
        self.assertFalse(Notification.objects.filter(raw__isnull=False).exists())

    def test_an_unread_message_keeps_its_bytes(self):
        """However old it is."""
        self.read(FakeMailbox.of(self.mails), is_time_left=lambda: False)

        self.assertEqual(purge_raw(before=NOON + 2 * HOUR), 0)

    def test_a_second_purge_finds_nothing(self):
        """The count is of what was freed."""
        self.receive(*self.mails)
        purge_raw(before=NOON + HOUR)

        self.assertEqual(purge_raw(before=NOON + HOUR), 0)
