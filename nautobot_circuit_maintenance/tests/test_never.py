"""What may not happen: each of these has hurt the users of existing tools."""

from datetime import timedelta

from django.test import override_settings

from development.services.imap import imap_server
from nautobot_circuit_maintenance.mailboxes.batching import BATCH_MESSAGES
from nautobot_circuit_maintenance.models import CircuitMaintenance, Note, Notification
from nautobot_circuit_maintenance.pipeline.outcomes import Outcome
from nautobot_circuit_maintenance.pipeline.run import RunOptions, handle_source
from nautobot_circuit_maintenance.tests.cases import PipelineTestCase
from nautobot_circuit_maintenance.tests.factories.mail import NOON, START, Bcop, mail, message

C12_OUTAGE = (("C-1", "OUTAGE"), ("C-2", "OUTAGE"))
LATER = NOON + timedelta(hours=5)


class Never(PipelineTestCase):
    """One test each."""

    def test_a_late_older_mail_never_reverts_a_cancellation(self):
        """Sent before it, received after it."""
        self.receive(mail(Bcop(issued=LATER, status="CANCELLED")))
        self.receive(message(mail(Bcop(issued=NOON)), LATER + timedelta(hours=1)))

        self.assertEqual(self.maintenance().status, "CANCELLED")

    def test_a_mail_without_subject_or_date_or_with_8_bit_headers_never_stops_a_run(self):
        """Each is read, and so is the one behind it."""
        whole = mail(Bcop("M-4"))
        without_subject = mail(Bcop("M-1")).replace(b"Subject: Planned work\r\n", b"")
        without_date = mail(Bcop("M-2")).replace(b"Date: Fri, 20 Nov 2026 12:00:00 +0000\r\n", b"")
        eight_bit = mail(Bcop("M-3")).replace(b"Subject: Planned work", b"Subject: W\xe4rtung \xff\xfe")
        self.assertEqual(len({without_subject, without_date, eight_bit, whole}), 4)
        self.assertNotIn(b"Date:", without_date)

        self.receive(*(message(raw, NOON) for raw in (without_subject, without_date, eight_bit, whole)))

        self.assertEqual(
            [row.name for row in CircuitMaintenance.objects.order_by("name")], ["M-1", "M-2", "M-3", "M-4"]
        )
        self.assertFalse(Notification.objects.exclude(state="parsed").exists())

    def test_a_mail_with_several_windows_never_keeps_only_the_last(self):
        """All of them are the maintenance's."""
        nights = [START + timedelta(days=number) for number in range(3)]

        self.receive(mail(*(Bcop(start=night) for night in nights)))

        self.assertEqual(list(self.maintenance().windows.values_list("start_time", flat=True)), nights)

    def test_a_parse_error_never_leaves_no_trace(self):
        """The row, the bytes, the state and the reason."""
        raw = mail(text="Nothing a parser knows")

        self.receive(raw)

        row = Notification.objects.defer(None).get()
        self.assertEqual((row.state, bytes(row.raw)), ("failed", raw))
        self.assertTrue(row.error)

    def test_two_mails_with_the_same_second_and_subject_never_become_one(self):
        """Even if they share the Message-ID."""
        self.receive(
            *(mail(Bcop(name), subject="Works", message_id="1@isp.example", sent=NOON) for name in ("M-1", "M-2"))
        )

        self.assertEqual((Notification.objects.count(), CircuitMaintenance.objects.count()), (2, 2))

    def test_a_bare_cancellation_never_wipes_the_list_of_circuits(self):
        """It lists none, and means all."""
        self.receive(mail(Bcop(circuits=C12_OUTAGE)), mail(Bcop(issued=LATER, status="CANCELLED", circuits=())))

        self.assertEqual((self.maintenance().status, self.impacts()), ("CANCELLED", dict(C12_OUTAGE)))

    def test_a_reminder_never_clears_the_acknowledgement(self):
        """It announces nothing new."""
        self.receive(mail(Bcop()))
        maintenance = self.maintenance()
        maintenance.ack = True
        maintenance.validated_save()

        self.receive(mail(Bcop(issued=LATER, sequence=1), subject="Reminder"))

        self.assertTrue(self.maintenance().ack)

    def test_an_edited_note_never_breaks_the_next_update(self):
        """Notes are people's, whatever their title, level and number."""
        self.receive(mail(Bcop()))
        for title in ("Parsed from notification", "Parsed from notification", ""):
            Note.objects.create(maintenance=self.maintenance(), title=title, level="WARNING", comment="edited")

        self.receive(mail(Bcop(issued=LATER, status="CANCELLED")))

        self.assertEqual((self.maintenance().status, Note.objects.count()), ("CANCELLED", 3))
        self.assertEqual(set(Notification.objects.values_list("state", flat=True)), {"parsed"})

    def test_a_provider_rename_never_duplicates_maintenances(self):
        """The row is the provider, not its name."""
        self.receive(mail(Bcop()))
        self.provider.name = "ISP International"
        self.provider.validated_save()

        self.receive(mail(Bcop(issued=LATER, status="CANCELLED")))

        maintenance = CircuitMaintenance.objects.get()
        self.assertEqual((maintenance.status, maintenance.provider.name), ("CANCELLED", "ISP International"))

    def test_a_display_name_is_never_accepted_as_the_sender(self):
        """Nor a first address in front of another one."""
        for forged in ('"<noc@isp.example>" <evil@elsewhere.example>', "noc@isp.example <evil@elsewhere.example>"):
            raw = mail(Bcop()).replace(b"From: ISP NOC <noc@isp.example>", b"From: " + forged.encode())
            self.assertIn(forged.encode(), raw)
            self.receive(raw)

        self.assertEqual((Notification.objects.count(), CircuitMaintenance.objects.count()), (0, 0))

    def test_mail_is_never_cut_to_some_size(self):
        """Eight megabytes arrive as eight megabytes."""
        raw = mail(Bcop(), text=("x" * 70 + "\r\n") * 120_000)

        self.receive(raw)

        row = Notification.objects.defer(None).get()
        self.assertGreater(len(raw), 8_000_000)
        self.assertEqual((bytes(row.raw), row.size, row.state), (raw, len(raw), "parsed"))

    def test_the_whole_mailbox_is_never_read_again_at_every_poll(self):
        """A poll asks for what is behind the cursor, of no sender's past, and gets nothing."""
        self.receive(*(mail(Bcop(f"M-{number}")) for number in range(5)))

        report = self.receive()

        self.assertEqual(self.folder.requests[-1].cursor, {"count": 5})
        self.assertFalse(self.folder.requests[-1].new_senders)
        self.assertEqual((report.outcomes[Outcome.NEW], report.outcomes[Outcome.DUPLICATE]), (0, 0))


class NeverInTheMailbox(PipelineTestCase):
    """With a real IMAP server."""

    def setUp(self):
        """Run a server, and configure it as the source."""
        manager = imap_server()
        self.server = manager.__enter__()
        self.addCleanup(manager.__exit__, None, None, None)
        source = {
            "name": "Mail",
            "url": f"imap://localhost:{self.server.tls_port}",
            "account": self.server.username,
            "secret": self.server.password,
            "ca_file": str(self.server.ca_file),
        }
        config = {"notification_sources": [source], "raw_notification_initial_days_since": 3650}
        settings = override_settings(PLUGINS_CONFIG={"nautobot_circuit_maintenance": config})
        settings.enable()
        self.addCleanup(settings.disable)

    def flags(self) -> set[bytes]:
        """Return all flags and keywords that any message of the mailbox has."""
        with self.server.client() as client:
            client.select_folder("INBOX", readonly=True)
            return set().union(*client.get_flags(client.search()).values()) - {b"\\Recent"}

    def handle(self, **options):
        """Run on the source."""
        self.source.refresh_from_db()
        return handle_source(self.source, RunOptions(**{"now": NOON + timedelta(days=1), **options}))

    def test_mail_is_never_marked_as_read(self):
        """Whatever became of it."""
        self.server.deliver_all([(mail(Bcop()), None), (mail(text="Hello"), None)])

        self.assertEqual(self.handle().outcomes[Outcome.NEW], 2)

        self.assertEqual(self.flags(), set())

    def test_a_dry_run_never_sets_labels(self):
        """It leaves the mailbox as it was."""
        self.server.deliver(mail(Bcop()))

        self.assertEqual(self.handle(dry_run=True).outcomes[Outcome.PARSED], 1)

        self.assertEqual(self.flags(), set())

    def test_a_first_run_too_long_for_the_time_limit_never_repeats_for_ever(self):
        """Each run gets a batch further, none reads again what another has recorded."""
        count = 2 * BATCH_MESSAGES + 5
        self.server.deliver_all([(mail(Bcop(f"M-{number}")), None) for number in range(count)])

        reports = [self.handle(is_time_left=lambda: False) for _ in range(4)]

        self.assertEqual([report.outcomes[Outcome.NEW] for report in reports], [BATCH_MESSAGES, BATCH_MESSAGES, 5, 0])
        self.assertFalse(any(report.outcomes[Outcome.DUPLICATE] for report in reports))
