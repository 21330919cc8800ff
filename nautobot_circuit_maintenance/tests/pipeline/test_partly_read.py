"""A message of which a part cannot be read: the rest is applied, and a person is asked to look at it."""

from nautobot_circuit_maintenance.choices import NotificationStateChoices as State
from nautobot_circuit_maintenance.models import CircuitMaintenance, Notification
from nautobot_circuit_maintenance.tests.cases import PipelineTestCase
from nautobot_circuit_maintenance.tests.factories.mail import Bcop, mail


class PartlyRead(PipelineTestCase):
    """Two events, one of them without a start."""

    def test_what_can_be_read_is_applied_and_the_rest_needs_attention(self):
        """The maintenance of the readable event exists; the notification names the other."""
        readable, separator, broken = mail(Bcop("M-1"), Bcop("M-2")).rpartition(b"\r\nDTSTART:")
        self.receive(readable + separator.replace(b"DTSTART", b"X-START") + broken)

        row = Notification.objects.get()
        self.assertEqual(list(CircuitMaintenance.objects.values_list("name", flat=True)), ["M-1"])
        self.assertEqual(row.state, State.PARSED)
        self.assertIn("M-2", row.error)
        self.assertEqual(list(Notification.objects.needing_attention()), [row])
