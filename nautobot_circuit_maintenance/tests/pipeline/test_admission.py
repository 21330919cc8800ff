"""Admission: the verdict on a sender, where it is stored, and when it is reached again."""

from dataclasses import replace
from datetime import timedelta
from unittest import TestCase

from django.test.utils import override_settings

from nautobot_circuit_maintenance.choices import NotificationStateChoices as State
from nautobot_circuit_maintenance.mailboxes.base import Batch
from nautobot_circuit_maintenance.models import CircuitMaintenance, Notification, NotificationSource
from nautobot_circuit_maintenance.pipeline.admission import Admission
from nautobot_circuit_maintenance.pipeline.record import record_batch
from nautobot_circuit_maintenance.pipeline.reprocess import requeue
from nautobot_circuit_maintenance.pipeline.run import RunOptions, drain_waiting
from nautobot_circuit_maintenance.pipeline.senders import SenderDirectory
from nautobot_circuit_maintenance.tests.attacks.test_copies import HOST, RAW, confirmed, trusting
from nautobot_circuit_maintenance.tests.cases import PipelineTestCase
from nautobot_circuit_maintenance.tests.factories.mail import NOON, message

SECOND_HOST = "mx2.customer.example"
OPEN = override_settings(
    PLUGINS_CONFIG={
        "nautobot_circuit_maintenance": {
            "notification_sources": [
                {"name": "Mail", "url": "imap://localhost", "account": "ops", "secret": "x"},
            ]
        }
    }
)


class Reasons(TestCase):
    """Why a message is refused, and what to do."""

    def reason(self, *results: str) -> str:
        """Return why a message with these Authentication-Results is refused."""
        row = Notification(source=NotificationSource(name="Mail"), sender="noc@isp.example", state=State.RECEIVED)
        with trusting(HOST, SECOND_HOST):
            Admission().admit(row, results)
        self.assertEqual((row.state, row.sender_confirmed), (State.REFUSED, False))
        return row.error

    def test_without_a_field_of_a_trusted_server_the_trusted_ones_are_named(self):
        """The names in the message are not: someone might copy them into the settings."""
        reason = self.reason("mx.evil.example; dkim=pass header.d=isp.example")

        self.assertIn(f"{HOST}, {SECOND_HOST}", reason)
        self.assertIn("trusted_authserv_ids", reason)
        self.assertNotIn("evil", reason)

    def test_the_results_of_the_trusted_server_are_listed(self):
        """They show which piece is missing."""
        reason = self.reason(
            f"{HOST}; dkim=fail header.d=isp.example; spf=pass smtp.mailfrom=x@else.example; dmarc=none"
        )

        self.assertIn(HOST, reason)
        self.assertIn("dkim=fail for isp.example, spf=pass for else.example, dmarc=none for no domain", reason)

    def test_a_malformed_field_is_reported_with_its_server(self):
        self.assertIn(f"from {HOST} is malformed", self.reason(f"{HOST}; dkim"))

    def test_a_reason_is_short(self):
        """A field can hold hundreds of results."""
        self.assertLess(len(self.reason(f"{HOST}; " + "; ".join(["dkim=fail header.d=evil.example"] * 150))), 1_000)

    def test_each_reason_has_its_code_and_asks_for_reprocessing(self):
        for code, field in (
            ("AUTH-01", "mx.evil.example; dkim=pass header.d=isp.example"),
            ("AUTH-02", f"{HOST}; dkim"),
            ("AUTH-03", f"{HOST}; dkim=none"),
        ):
            reason = self.reason(field)
            self.assertTrue(reason.startswith(f"{code}: "), reason)
            self.assertIn("reprocess", reason)


class AdmissionTestCase(PipelineTestCase):
    """Records messages of the source, and digests them."""

    def record(self, raw: bytes, *, hours: int = 0) -> Notification:
        """Record a message."""
        arrived = replace(message(raw), received_at=NOON + timedelta(hours=hours))
        record_batch(self.source, SenderDirectory.for_source(self.source), Batch((arrived,), {}))
        return self.row()

    def digest(self) -> Notification:
        """Digest what waits."""
        drain_waiting(RunOptions(now=NOON + timedelta(days=1)))
        return self.row()

    @staticmethod
    def row() -> Notification:
        """Return the one notification."""
        return Notification.objects.get()

    def verdict(self) -> tuple[str, bool | None]:
        """Return the state and the verdict on the row."""
        return self.row().state, self.row().sender_confirmed


class OnTheRow(AdmissionTestCase):
    """The verdict is reached when a message is recorded."""

    def test_a_confirmed_sender(self):
        with trusting(HOST):
            self.record(confirmed())
            self.assertEqual(self.verdict(), ("received", True))
            self.digest()
        self.assertEqual(self.verdict(), ("parsed", True))

    def test_a_sender_that_is_not_confirmed_never_waits(self):
        with trusting(HOST):
            self.assertIn("AUTH-01", self.record(RAW).error)
            self.assertEqual(self.verdict(), ("refused", False))

    def test_a_source_that_requires_nothing(self):
        with OPEN:
            self.record(RAW)
        self.assertEqual(self.verdict(), ("received", None))

    def test_the_settings_of_a_later_day_do_not_change_a_verdict(self):
        """A server that is no longer trusted was when the message was recorded."""
        with trusting(HOST):
            self.record(confirmed())
        with trusting(SECOND_HOST):
            self.digest()

        self.assertEqual(self.verdict(), ("parsed", True))


class WithoutValidVerdict(AdmissionTestCase):
    """Rows that wait without one are judged before they are parsed."""

    def wait(self, raw: bytes, verdict: bool | None = None) -> None:
        """Leave a message in the queue, as the code before verdicts did, or Reprocess does."""
        with OPEN:
            self.record(raw)
        Notification.objects.update(sender_confirmed=verdict)

    def test_a_forged_message_that_was_recorded_before_verdicts_were_stored_is_refused(self):
        self.wait(RAW)
        with trusting(HOST):
            self.assertIn("AUTH-01", self.digest().error)

        self.assertEqual(self.verdict(), ("refused", False))
        self.assertFalse(CircuitMaintenance.objects.exists())

    def test_a_confirmed_message_that_was_recorded_before_verdicts_were_stored_is_parsed(self):
        self.wait(confirmed())
        with trusting(HOST):
            self.digest()

        self.assertEqual(self.verdict(), ("parsed", True))

    def test_a_refused_message_never_counts_as_admitted_because_its_source_left_the_settings(self):
        """Not even if that happens between Reprocess and the run of the worker."""
        self.wait(RAW, verdict=False)
        with trusting(HOST, source="Carrier mail"):
            self.assertIn("AUTH-04", self.digest().error)

        self.assertEqual(self.verdict(), ("refused", False))

    def test_an_admitted_copy_replaces_a_forged_one_that_waits_without_verdict(self):
        self.wait(RAW)
        with trusting(HOST):
            self.record(confirmed(), hours=1)
            self.assertEqual(self.verdict(), ("received", True))

        self.assertEqual(self.row().received_at, NOON + timedelta(hours=1))

    def test_a_copy_does_not_replace_a_confirmed_one_that_waits_without_verdict(self):
        self.wait(confirmed())
        with trusting(HOST):
            self.record(confirmed(), hours=1)

        self.assertEqual(self.row().received_at, NOON)


class Reprocess(AdmissionTestCase):
    """Reprocess reaches the verdict again, by the settings of today."""

    def test_a_confirmed_sender_is_judged_again(self):
        with trusting(HOST):
            self.record(confirmed())
            self.digest()
        with trusting(SECOND_HOST):
            requeue(Notification.objects.all())
            self.assertEqual(self.verdict(), ("received", None))
            self.digest()

        self.assertEqual(self.verdict(), ("refused", False))

    def test_a_refused_message_stays_refused_until_it_is_judged(self):
        """Also one that was refused before verdicts were stored."""
        with trusting(HOST):
            self.record(RAW)
            for verdict in (False, None):
                Notification.objects.update(state=State.REFUSED, sender_confirmed=verdict)
                requeue(Notification.objects.all())
                self.assertEqual(self.verdict(), ("received", False))

    def test_a_source_that_requires_nothing_any_more_admits_what_it_refused(self):
        with trusting(HOST):
            self.record(RAW)
        with OPEN:
            requeue(Notification.objects.all())
            self.digest()

        self.assertEqual(self.verdict(), ("parsed", None))

    def test_without_its_source_a_confirmed_message_keeps_its_verdict(self):
        with trusting(HOST):
            self.record(confirmed())
            self.digest()
        with trusting(HOST, source="Carrier mail"):
            requeue(Notification.objects.all())
            self.digest()

        self.assertEqual(self.verdict(), ("parsed", True))
