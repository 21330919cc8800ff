"""Our own emails come back to a mailbox that a source reads: they announce nothing, also with the address of a provider."""

from datetime import timezone

from nautobot_circuit_maintenance.channel_settings.email import EmailSettings
from nautobot_circuit_maintenance.models import CircuitMaintenance, Notification
from nautobot_circuit_maintenance.outbound.calendars import attachment
from nautobot_circuit_maintenance.outbound.channels.email.mime import email_of
from nautobot_circuit_maintenance.outbound.messages import Message, Recipient
from nautobot_circuit_maintenance.outbound.state import Occasion
from nautobot_circuit_maintenance.outbound.texts import write
from nautobot_circuit_maintenance.tests.attacks.test_copies import RecordingTestCase
from nautobot_circuit_maintenance.tests.factories.mail import NOON, Bcop, mail
from nautobot_circuit_maintenance.tests.outbound.states import STATE


def sent(calendar: bytes | None = None) -> bytes:
    """Return an email as the app sends it, from the address of a provider: the worst of all settings."""
    words = write(Occasion("new", STATE), zone=timezone.utc)
    settings = EmailSettings(name="Email", instance="live", url="smtp://mail.example", sender="noc@isp.example")
    recipient = Recipient("NOC", "noc@customer.example")
    message = Message(
        "a" * 64, "new", recipient, words.subject, words.headline, words.text, words.html, calendar=calendar
    )
    return email_of(message, settings, address="noc@customer.example", now=NOON)


class MailLoop(RecordingTestCase):
    """The sender is the address of a provider."""

    def test_what_the_app_sent_is_ignored_with_that_reason(self):
        """With our calendar file, with a provider's calendar in it, and without any."""
        ours = attachment(STATE, instance="live", organizer="noc@isp.example")
        theirs = mail(Bcop()).partition(b"\r\n\r\n")[2]
        bcop = theirs[theirs.index(b"BEGIN:VCALENDAR") : theirs.index(b"END:VCALENDAR")] + b"END:VCALENDAR\r\n"

        self.assertEqual(self.record(sent(), sent(ours), sent(bcop)), 3)
        self.assertEqual(self.digest(), ["ignored"] * 3)

        reasons = {row.error for row in Notification.objects.all()}
        self.assertEqual(reasons, {"Sent by the app itself (live)."})
        self.assertFalse(CircuitMaintenance.objects.exists())

    def test_what_a_ticket_system_generates_is_news_all_the_same(self):
        """The mark of automatic messages is not ours."""
        self.record(b"Auto-Submitted: auto-generated\r\nX-Auto-Response-Suppress: All\r\n" + mail(Bcop()))
        self.assertEqual(self.digest(), ["parsed"])
