"""A gateway delivers a message without its content first, and whole later."""

from datetime import timedelta

from nautobot_circuit_maintenance.models import Notification
from nautobot_circuit_maintenance.pipeline.digest import digest
from nautobot_circuit_maintenance.pipeline.record import record_messages
from nautobot_circuit_maintenance.pipeline.senders import SenderDirectory
from nautobot_circuit_maintenance.tests.cases import PipelineTestCase
from nautobot_circuit_maintenance.tests.factories.mail import NOON, Bcop, mail, message

WHOLE = mail(Bcop("M-1"), message_id="1@isp.example")
PLACEHOLDER = mail(sent=NOON, message_id="1@isp.example", text="This message is being scanned.")


class Placeholders(PipelineTestCase):
    """What failed for lack of content needs no one once the same message was parsed."""

    def deliver(self, *raws: bytes) -> None:
        """Deliver messages a minute apart, each digested before the next."""
        for minutes, raw in enumerate(raws):
            record_messages(SenderDirectory.of_all_providers(), [message(raw, NOON + timedelta(minutes=minutes))])
            digest(Notification.objects.all())

    def states(self) -> list[str]:
        """Return the states, in the order of receipt."""
        return list(Notification.objects.order_by("received_at").values_list("state", flat=True))

    def test_it_is_ignored_whichever_arrives_first(self):
        self.deliver(PLACEHOLDER, WHOLE)
        self.assertEqual(self.states(), ["ignored", "parsed"])
        [reason] = Notification.objects.filter(state="ignored").values_list("error", flat=True)
        self.assertIn("the same message arrived on 2026-11-20 at 12:01 UTC", reason)
        self.assertFalse(Notification.objects.needing_attention().exists())

        Notification.objects.all().delete()
        self.deliver(WHOLE, PLACEHOLDER)
        self.assertEqual(self.states(), ["parsed", "ignored"])

    def test_both_in_one_chunk(self):
        messages = [message(PLACEHOLDER, NOON), message(WHOLE, NOON + timedelta(minutes=1))]
        record_messages(SenderDirectory.of_all_providers(), messages)
        digest(Notification.objects.all())

        self.assertEqual(self.states(), ["ignored", "parsed"])

    def test_another_message_settles_nothing(self):
        for other in (
            mail(Bcop("M-1"), message_id="2@isp.example"),
            mail(Bcop("M-1"), message_id="1@isp.example", sent=NOON + timedelta(seconds=1)),
        ):
            Notification.objects.all().delete()
            self.deliver(PLACEHOLDER, other)
            self.assertEqual(self.states(), ["failed", "parsed"])

    def test_what_failed_for_another_reason_stays_failed(self):
        broken = mail(Bcop("M-1", end=NOON), message_id="1@isp.example")
        self.deliver(broken, WHOLE)
        self.assertEqual(self.states(), ["failed", "parsed"])
