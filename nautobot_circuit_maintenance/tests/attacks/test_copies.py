"""Copies of a mail: one that is sent again, earlier or in another form, neither blocks nor replaces it."""

from dataclasses import replace
from datetime import timedelta

from django.test.utils import override_settings

from nautobot_circuit_maintenance.mailboxes.base import Batch
from nautobot_circuit_maintenance.models import CircuitMaintenance, Notification, NotificationSource
from nautobot_circuit_maintenance.pipeline.digest import digest
from nautobot_circuit_maintenance.pipeline.record import record_batch
from nautobot_circuit_maintenance.pipeline.reprocess import requeue
from nautobot_circuit_maintenance.pipeline.senders import SenderDirectory
from nautobot_circuit_maintenance.tests.cases import PipelineTestCase
from nautobot_circuit_maintenance.tests.factories.mail import NOON, Bcop, mail, message
from nautobot_circuit_maintenance.tests.refusals import refuse

RAW = mail(Bcop(), subject="Works")
HOST, NEW_HOST = "mx.customer.example", "mx.new.example"


def confirmed(raw: bytes = RAW, host: str = HOST) -> bytes:
    """Return a mail with the confirmation of a mail server that it is genuine."""
    return f"Authentication-Results: {host}; dkim=pass header.d=isp.example\r\n".encode() + raw


def trusting(*hosts: str, source: str = "Mail") -> override_settings:
    """Let a source require that one of these hosts confirms the sender."""
    entry = {
        "name": source,
        "url": "imap://localhost",
        "account": "ops",
        "secret": "x",
        "require_authentication": True,
        "trusted_authserv_ids": list(hosts),
    }
    return override_settings(PLUGINS_CONFIG={"nautobot_circuit_maintenance": {"notification_sources": [entry]}})


class RecordingTestCase(PipelineTestCase):
    """Records mails, and digests them."""

    def record(self, *raws: bytes, source: NotificationSource | None = None, hours: int = 0) -> int:
        """Record a batch of a source; return how many rows are new."""
        source = source or self.source
        messages = tuple(replace(message(raw), received_at=NOON + timedelta(hours=hours)) for raw in raws)
        return len(record_batch(source, SenderDirectory.for_source(source), Batch(messages, {})).new)

    def digest(self) -> list[str]:
        """Digest what waits; return the states."""
        digest(Notification.objects.all())
        return list(Notification.objects.order_by("state").values_list("state", flat=True))


class Copies(RecordingTestCase):
    """A mail, and others with the same headers and text."""

    def test_a_copy_that_waits_to_be_refused_does_not_keep_the_confirmed_one_out(self):
        """It was recorded a batch, or a run that was killed, before."""
        with trusting(HOST):
            self.record(RAW)
            self.record(confirmed(), hours=1)

            self.assertEqual(self.digest(), ["parsed"])

        row = Notification.objects.defer(None).get()
        self.assertEqual((bytes(row.raw), row.size), (confirmed(), len(confirmed())))
        self.assertEqual(row.received_at, NOON + timedelta(hours=1))

    def test_an_unconfirmed_copy_does_not_replace_one_that_may_be_admitted_later(self):
        """A new mail server was not trusted yet; someone sends again what it had confirmed."""
        with trusting(HOST):
            self.record(confirmed(host=NEW_HOST))
            self.assertEqual(self.digest(), ["refused"])
            self.record(RAW)
            self.assertEqual(self.digest(), ["refused"])

        with trusting(HOST, NEW_HOST):
            requeue(Notification.objects.all())

            self.assertEqual(self.digest(), ["parsed"])

    def test_copies_that_are_recorded_one_by_one_are_judged_as_well(self):
        """The database refused another mail of the batch."""
        with trusting(HOST):
            refuse(Notification._meta.db_table, column="subject", value="Odd")
            self.record(RAW, confirmed(), mail(Bcop("M-2"), subject="Odd"))

            self.assertEqual(self.digest(), ["failed", "parsed"])

    def test_a_mail_whose_parts_have_other_types_is_another_mail(self):
        """Sent before the provider's own arrives, it would be no calendar to us."""
        for field in (b'Content-Type: multipart/mixed; boundary="part"', b"MIME-Version: 1.0"):
            with self.subTest(field):
                Notification.objects.all().delete()
                CircuitMaintenance.objects.all().delete()
                self.record(RAW.replace(field, b"Content-Type: text/plain"))
                self.digest()
                self.record(RAW, hours=1)
                self.digest()

                self.assertEqual(self.maintenance().status, "CONFIRMED")


class RefusedForGood(RecordingTestCase):
    """Refused mail of a source that was taken away, or has another name now."""

    def setUp(self):
        """Refuse a mail."""
        super().setUp()
        with trusting(HOST):
            self.record(RAW)
            self.assertEqual(self.digest(), ["refused"])

    def test_it_is_not_admitted_because_its_source_is_no_longer_configured(self):
        """Reprocess leaves it as it is, with the reason."""
        for what, spoil in {
            "renamed": lambda: None,
            "deleted": lambda: NotificationSource.objects.all().delete(),
        }.items():
            with self.subTest(what), trusting(HOST, source="Carrier mail"):
                spoil()

                self.assertEqual(requeue(Notification.objects.all()), (0, 1))
                self.assertEqual(self.digest(), ["refused"])
                self.assertIn(
                    "AUTH-04: This notification was refused and its source is no longer configured",
                    Notification.objects.get().error,
                )
        self.assertFalse(CircuitMaintenance.objects.exists())

    def test_what_was_let_in_can_be_read_again_without_its_source(self):
        """It was good enough when its source was there."""
        with trusting(HOST):
            self.record(confirmed(), hours=1)
            self.assertEqual(self.digest(), ["parsed"])

        with trusting(HOST, source="Carrier mail"):
            self.assertEqual(requeue(Notification.objects.all()), (1, 0))
            self.assertEqual(self.digest(), ["parsed"])
