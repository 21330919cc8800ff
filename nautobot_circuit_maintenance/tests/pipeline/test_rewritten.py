"""Messages that their server writes differently each time are stored once."""

from dataclasses import replace
from datetime import timedelta

from nautobot_circuit_maintenance.models import Notification
from nautobot_circuit_maintenance.pipeline.outcomes import Outcome
from nautobot_circuit_maintenance.tests.cases import PipelineTestCase
from nautobot_circuit_maintenance.tests.factories import mail as mails


class RewrittenTest(PipelineTestCase):
    """Exchange Online makes new boundaries whenever it is asked for a message."""

    def written(self, boundary: str, *, raw: bytes | None = None, **changes):
        """Return a message as it is written this time."""
        raw = raw or mails.mail(mails.Bcop("M-1"))
        message = mails.message(
            raw.replace(b'boundary="part"', f'boundary="{boundary}"'.encode()).replace(
                b"--part", f"--{boundary}".encode()
            )
        )
        return replace(message, **{"is_rewritten": True, "server_id": "AAMk1", **changes})

    def test_the_same_message_with_other_bytes_is_a_duplicate(self):
        first = self.receive(self.written("_000_1"))
        again = self.receive(self.written("_000_2"), self.written("_000_3", server_id="moved"))

        self.assertEqual((first.recorded and len(first.recorded), len(again.recorded)), (1, 0))
        self.assertEqual(again.outcomes[Outcome.DUPLICATE], 2)
        self.assertEqual(Notification.objects.count(), 1)

    def test_another_message_is_none(self):
        later = mails.NOON + timedelta(hours=1)
        self.receive(self.written("_000_1"))
        others = (
            self.written("_000_2", received_at=later),
            self.written("_000_3", raw=mails.mail(mails.Bcop("M-1", "CANCELLED"), message_id="2@isp.example")),
            self.written(
                "_000_4", raw=mails.mail(mails.Bcop("M-1"), subject="Planned work (2)", message_id="1@isp.example")
            ),
        )

        self.assertEqual([len(self.receive(each).recorded) for each in others], [1, 1, 1])

    def test_without_message_ids_the_id_on_the_server_tells(self):
        plain = self.written("_000_1", message_id="")
        self.receive(plain)

        again = self.receive(
            self.written("_000_2", message_id=""), self.written("_000_3", message_id="", server_id="AAMk2")
        )

        self.assertEqual(len(again.recorded), 1)

    def test_messages_of_other_kinds_are_told_by_their_bytes(self):
        one, other = (replace(self.written(name), is_rewritten=False) for name in ("a", "b"))

        self.assertEqual(len(self.receive(one, other).recorded), 2)
