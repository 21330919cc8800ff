"""Record: a message is a row, with its exact bytes, before anything tries to understand it."""

from dataclasses import replace
from datetime import timedelta

from django.db import OperationalError

from nautobot_circuit_maintenance.domain.errors import MailboxError
from nautobot_circuit_maintenance.mail.message import MailMessage
from nautobot_circuit_maintenance.models import Notification, NotificationSource
from nautobot_circuit_maintenance.models.providers import EMAILS_FIELD
from nautobot_circuit_maintenance.pipeline.outcomes import Outcome
from nautobot_circuit_maintenance.pipeline.record import record_messages
from nautobot_circuit_maintenance.pipeline.report import SourceReport
from nautobot_circuit_maintenance.pipeline.run import RunOptions, fetch_source
from nautobot_circuit_maintenance.pipeline.senders import SenderDirectory
from nautobot_circuit_maintenance.tests.cases import PipelineTestCase, create_provider
from nautobot_circuit_maintenance.tests.factories.mail import NOON, Bcop, FakeMailbox, mail, message
from nautobot_circuit_maintenance.tests.refusals import Refusal, accept, refuse

NOTIFICATIONS = Notification._meta.db_table


class RecordTestCase(PipelineTestCase):
    """Fetches without digesting."""

    def fetch(self, mailbox: FakeMailbox, source: NotificationSource | None = None) -> SourceReport:
        """Record what a mailbox has, as the first half of a run does."""
        source = NotificationSource.objects.get(pk=(source or self.source).pk)
        report = SourceReport(source.name)
        fetch_source(source, mailbox, RunOptions(now=NOON + timedelta(days=1)), report)
        return report

    def cursor(self) -> dict:
        """Return where the source stands in the database."""
        return NotificationSource.objects.get(pk=self.source.pk).cursor


class StoreFirst(RecordTestCase):
    """Nothing that arrives gets lost, whatever it is."""

    def test_a_message_is_stored_as_it_came_before_anything_reads_it(self):
        """A row in the queue with the exact bytes and what a list shows of them."""
        raw = mail(Bcop(), subject="Planned work", message_id="a@isp.example") + b"\xff\x00\r\n trailing \n"

        self.fetch(FakeMailbox.of([message(raw, NOON)]))

        row = Notification.objects.defer(None).get()
        self.assertEqual(bytes(row.raw), raw)
        self.assertEqual((row.state, row.error, row.attempts, row.size), ("received", "", 0, len(raw)))
        self.assertEqual((row.source, row.provider, row.sender), (self.source, self.provider, "noc@isp.example"))
        self.assertEqual((row.subject, row.message_id), ("Planned work", "<a@isp.example>"))
        self.assertEqual((row.sent_at, row.received_at), (NOON, NOON))

    def test_the_id_that_the_server_gave_the_message_is_stored(self):
        whole = replace(message(mail(Bcop("M-1"))), server_id="1600000000/7")
        header = mail(Bcop("M-2")).partition(b"\r\n\r\n")[0]
        oversize = replace(MailMessage.oversize(header, size=30_000_000, received_at=NOON), server_id="1600000000/8")

        self.fetch(FakeMailbox.of([whole, oversize]))

        stored = Notification.objects.order_by("server_id").values_list("server_id", flat=True)
        self.assertEqual(list(stored), ["1600000000/7", "1600000000/8"])

    def test_a_message_over_the_size_limit_is_recorded_from_its_headers_as_failed_with_the_reason(self):
        """No body, the real size, and a sentence that names the setting."""
        header = mail(Bcop()).partition(b"\r\n\r\n")[0]

        self.fetch(FakeMailbox.of([MailMessage.oversize(header, size=30_000_000, received_at=NOON)]))

        row = Notification.objects.get()
        self.assertEqual((row.state, row.raw, row.size, row.subject), ("failed", None, 30_000_000, "Planned work"))
        self.assertIn("30,000,000 bytes", row.error)
        self.assertIn("max_message_size", row.error)

    def test_a_message_of_more_than_two_gigabytes_is_recorded_too(self):
        """IMAP servers may say sizes of 64 bits (RFC 9051 section 9)."""
        header = mail(Bcop()).partition(b"\r\n\r\n")[0]

        self.fetch(FakeMailbox.of([MailMessage.oversize(header, size=5_000_000_000, received_at=NOON)]))

        row = Notification.objects.get()
        self.assertEqual((row.state, row.size), ("failed", 5_000_000_000))
        self.assertIn("max_message_size", row.error)

    def test_values_that_no_column_takes_are_cut_and_cleaned_and_the_bytes_kept(self):
        """NUL characters, a subject of 64 kB, bytes without a charset."""
        raw = mail(Bcop(), subject="a\0b" + 64_000 * "x").replace(b"a\0b", b"a\0b \xe9\xff")

        self.fetch(FakeMailbox.of([message(raw, NOON)]))

        row = Notification.objects.defer(None).get()
        self.assertEqual(bytes(row.raw), raw)
        self.assertEqual(len(row.subject), 255)
        self.assertTrue(row.subject.startswith("ab"))

    def test_a_batch_that_the_database_refuses_is_recorded_one_by_one(self):
        """The good ones as ever; the one whose subject no column takes keeps its bytes and the reason."""
        bad_mail = mail(Bcop("M-2"))
        bad = replace(message(bad_mail), subject=300 * "x")

        report = self.fetch(FakeMailbox.of([mail(Bcop("M-1")), bad, mail(Bcop("M-3"))]))

        self.assertEqual(report.outcomes[Outcome.NEW], 3)
        self.assertEqual(Notification.objects.filter(state="received").count(), 2)
        kept = Notification.objects.defer(None).get(state="failed")
        self.assertEqual(bytes(kept.raw), bad_mail)
        self.assertIn("The headers could not be stored", kept.error)
        self.assertEqual(self.cursor(), {"count": 3})

    def test_mail_of_an_unknown_sender_is_counted_and_not_stored(self):
        """Only mail that someone in Nautobot owns is kept."""
        report = self.fetch(FakeMailbox.of([mail(Bcop(), sender="news@elsewhere.example"), mail(Bcop())]))

        self.assertEqual(report.outcomes[Outcome.UNKNOWN_SENDER], 1)
        self.assertEqual(Notification.objects.count(), 1)


class OneMessageOneRow(RecordTestCase):
    """The fingerprint identifies the same mail."""

    def test_the_same_mail_through_two_mailboxes_is_one_row(self):
        """Trace headers, line ends and folding are the way, not the mail."""
        raw = mail(Bcop(), subject="Planned work at night")
        forwarded = b"Received: from mx2.example\r\nDelivered-To: second@customer.example\r\n" + raw
        refolded = forwarded.replace(b"work at night", b"work\r\n at night").replace(b"\r\n", b"\n")
        other = NotificationSource.objects.create(name="Other mail")
        other.providers.add(self.provider)

        self.fetch(FakeMailbox.of([raw]))
        report = self.fetch(FakeMailbox.of([message(refolded, NOON + timedelta(minutes=5))]), other)

        self.assertEqual(Notification.objects.get().source, self.source)
        self.assertEqual((report.outcomes[Outcome.NEW], report.outcomes[Outcome.DUPLICATE]), (0, 1))

    def test_the_same_mail_twice_in_one_batch_is_one_row(self):
        """As when two aliases deliver into one folder."""
        report = self.fetch(FakeMailbox.of([mail(Bcop()), mail(Bcop())]))

        self.assertEqual(Notification.objects.count(), 1)
        self.assertEqual((report.outcomes[Outcome.NEW], report.outcomes[Outcome.DUPLICATE]), (1, 1))

    def test_different_mails_with_one_message_id_are_two(self):
        """Some senders' software never changes it."""
        self.fetch(
            FakeMailbox.of([mail(Bcop(status=each), message_id="same@isp") for each in ("CONFIRMED", "CANCELLED")])
        )

        self.assertEqual(Notification.objects.count(), 2)

    def test_oversize_mails_are_distinguished_by_their_headers_and_sizes(self):
        """The same headers and size are the same mail."""
        header = mail(Bcop()).partition(b"\r\n\r\n")[0]
        mails = [MailMessage.oversize(header, size=size, received_at=NOON) for size in (30_000_000, 30_000_001)]

        self.fetch(FakeMailbox.of([*mails, mails[0]]))

        self.assertEqual(Notification.objects.count(), 2)


class Cursor(RecordTestCase):
    """How far a source was read."""

    def test_the_cursor_stays_when_the_rows_of_its_batch_were_not_stored(self):
        """A full disk on the second of two batches: the first is kept, with its cursor."""
        last = message(mail(Bcop("M-4")))
        mails = [*(message(mail(Bcop(f"M-{number}"))) for number in (1, 2, 3)), last]
        refuse(NOTIFICATIONS, column="fingerprint", value=last.fingerprint, error=Refusal.DISK_FULL)

        with self.assertRaises(OperationalError):
            self.fetch(FakeMailbox(mails))

        self.assertEqual(self.cursor(), {"count": 2})
        self.assertEqual(Notification.objects.count(), 2)

        accept(NOTIFICATIONS)
        self.fetch(FakeMailbox(mails))

        self.assertEqual(self.cursor(), {"count": 4})
        self.assertEqual(Notification.objects.count(), 4)

    def test_the_rows_of_a_batch_go_with_a_cursor_that_cannot_be_stored(self):
        """Both or none: what is recorded without its cursor would only look lost to the next reader of this code."""
        refuse(NotificationSource._meta.db_table, error=Refusal.DISK_FULL, operation="UPDATE")

        with self.assertRaises(OperationalError):
            self.fetch(FakeMailbox([message(mail(Bcop()))]))

        self.assertEqual((Notification.objects.count(), self.cursor()), (0, {}))

    def test_a_connection_lost_between_two_batches_loses_nothing(self):
        """What was recorded stays, the cursor with it, and the next run continues."""
        mailbox = FakeMailbox.of([mail(Bcop(f"M-{number}")) for number in range(5)])
        mailbox.breaks_after = 1

        with self.assertRaises(MailboxError):
            self.fetch(mailbox)

        self.assertEqual((self.cursor(), Notification.objects.count()), ({"count": 2}, 2))

        mailbox.breaks_after = None
        self.fetch(mailbox)

        self.assertEqual((self.cursor(), Notification.objects.count()), ({"count": 5}, 5))

    def test_an_empty_batch_moves_the_cursor(self):
        """A folder full of other people's mail is not looked at again."""
        self.fetch(FakeMailbox.of([mail(sender="news@elsewhere.example")]))

        self.assertEqual(self.cursor(), {"count": 1})


class Backlog(RecordTestCase):
    """A sender that is new gets its older mail read."""

    def test_the_first_run_searches_the_backlog_of_every_sender_for_the_configured_days(self):
        """Seven days unless the settings have another limit."""
        mailbox = FakeMailbox.of([mail(Bcop())])

        self.fetch(mailbox)
        self.fetch(mailbox)

        first, second = mailbox.requests
        self.assertEqual((first.cursor, first.new_senders), ({}, {"noc@isp.example"}))
        self.assertEqual(first.backlog_since, NOON - timedelta(days=6))
        self.assertEqual((second.cursor, second.new_senders), ({"count": 1}, frozenset()))

    def test_a_provider_that_gains_an_address_gets_that_senders_backlog(self):
        """Mail that was an unknown sender's yesterday is read today; the known sender's is not searched again."""
        mailbox = FakeMailbox.of([mail(Bcop("M-1")), mail(Bcop("M-2"), sender="change@isp.example")])
        self.fetch(mailbox)
        self.provider.cf[EMAILS_FIELD] = "noc@isp.example, Change@ISP.example"
        self.provider.validated_save()

        self.fetch(mailbox)

        self.assertEqual(mailbox.requests[1].new_senders, {"change@isp.example"})
        self.assertEqual(Notification.objects.count(), 2)

    def test_a_source_that_gains_a_provider_gets_its_senders_backlog(self):
        """The same, by the other way in."""
        mailbox = FakeMailbox.of([mail(Bcop("M-1")), mail(Bcop("M-2"), sender="noc@carrier.example")])
        self.fetch(mailbox)
        carrier = create_provider("Carrier", "noc@carrier.example")
        self.source.providers.add(carrier)

        self.fetch(mailbox)

        self.assertEqual(mailbox.requests[1].new_senders, {"noc@carrier.example"})
        self.assertEqual(Notification.objects.filter(provider=carrier).count(), 1)

    def test_a_backlog_that_was_not_read_to_its_end_is_still_due(self):
        """The sender counts as searched with the batch that completes the search, not before."""
        mailbox = FakeMailbox.of([mail(Bcop(f"M-{number}")) for number in range(4)])
        mailbox.breaks_after = 1
        with self.assertRaises(MailboxError):
            self.fetch(mailbox)

        mailbox.breaks_after = None
        self.fetch(mailbox)
        self.fetch(mailbox)

        new_senders = [request.new_senders for request in mailbox.requests]
        self.assertEqual(new_senders, [{"noc@isp.example"}, {"noc@isp.example"}, frozenset()])

    def test_an_address_that_was_taken_away_and_given_back_gets_its_backlog_again(self):
        """What came in between was an unknown sender's."""
        mailbox = FakeMailbox.of([mail(Bcop())])
        self.fetch(mailbox)
        self.source.providers.clear()
        self.fetch(mailbox)
        self.source.providers.add(self.provider)

        self.fetch(mailbox)

        self.assertEqual(mailbox.requests[2].new_senders, {"noc@isp.example"})

    def test_since_searches_every_sender_again_from_that_day(self):
        """The cursor stays what it is; the fingerprint absorbs what is known."""
        mailbox = FakeMailbox.of([mail(Bcop())])
        self.fetch(mailbox)
        options = RunOptions(now=NOON + timedelta(days=1), since=NOON - timedelta(days=90))
        source = NotificationSource.objects.get(pk=self.source.pk)

        fetch_source(source, mailbox, options, SourceReport("Mail"))

        again = mailbox.requests[1]
        self.assertEqual((again.new_senders, again.backlog_since), ({"noc@isp.example"}, options.since))
        self.assertEqual(Notification.objects.count(), 1)

    def test_a_day_in_since_takes_no_backlog_from_a_sender_that_is_new(self):
        """Today, or a slip of the pen: who has just been added wrote during the days before."""
        mailbox = FakeMailbox.of([mail(Bcop("M-1")), mail(Bcop("M-2"), sender="change@isp.example")])
        self.fetch(mailbox)
        self.provider.cf[EMAILS_FIELD] = "noc@isp.example, change@isp.example"
        self.provider.validated_save()
        now = NOON + timedelta(days=1)
        source = NotificationSource.objects.get(pk=self.source.pk)

        fetch_source(source, mailbox, RunOptions(now=now, since=now + timedelta(days=365)), SourceReport("Mail"))

        self.assertEqual(mailbox.requests[1].backlog_since, now - timedelta(days=7))


class WithoutSource(RecordTestCase):
    """Messages that someone imports."""

    def test_an_imported_message_has_no_source_and_is_one_row_with_its_copy_from_a_mailbox(self):
        """Import and mailbox share the fingerprint."""
        directory = SenderDirectory.of_all_providers()

        imported = record_messages(directory, [message(mail(Bcop())), message(mail(sender="x@elsewhere.example"))])
        self.fetch(FakeMailbox.of([mail(Bcop())]))

        self.assertEqual(
            (len(imported.new), imported.duplicates, imported.unknown_senders), (1, 0, {"x@elsewhere.example": 1})
        )
        self.assertIsNone(Notification.objects.get().source)
