"""A provider's own server sends back what an unknown sender wrote to it: an automatic reply, genuine and signed."""

from nautobot_circuit_maintenance.models import Notification
from nautobot_circuit_maintenance.tests.attacks.test_copies import HOST, RecordingTestCase, confirmed, trusting
from nautobot_circuit_maintenance.tests.factories.mail import Bcop, mail

FORGED = mail(Bcop(status="CANCELLED", sequence=9), subject="Cancelled")
REPLY = mail(subject="We have received your mail", text="Ticket 4711\r\n--part\r\nContent-Type: {}\r\n\r\n{}")


def reply(kind: str, attached: bytes = FORGED) -> bytes:
    """Return the provider's reply with the unknown sender's mail attached."""
    return REPLY.replace(b"{}", kind.encode(), 1).replace(
        b"{}", attached.replace(b'"part"', b'"in"').replace(b"--part", b"--in")
    )


class Reflected(RecordingTestCase):
    """The source requires that a mail server confirms the sender."""

    def test_attached_messages_are_not_read_where_the_sender_must_be_confirmed(self):
        """The mail server confirms the sender of the email, not the author of an attached message."""
        digest = b'Content-Type: multipart/digest; boundary="d"\r\n\r\n--d\r\n\r\n' + FORGED + b"\r\n--d--\r\n"
        with trusting(HOST):
            self.record(confirmed(mail(Bcop())))
            self.record(confirmed(reply("message/rfc822")), hours=1)
            self.record(confirmed(reply("message/rfc822", reply("message/global"))), hours=2)
            self.record(confirmed(reply("message/rfc822", digest)), hours=3)

            self.assertEqual(self.digest(), ["failed"] * 3 + ["parsed"])

        self.assertEqual(self.maintenance().status, "CONFIRMED")
        for row in Notification.objects.filter(state="failed"):
            self.assertIn("Attached messages are not read because their sender cannot be verified.", row.error)

    def test_the_notification_beside_an_attached_message_is_read(self):
        """What the provider wrote itself counts."""
        own = mail(Bcop()).replace(
            b"--part--", b"--part\r\nContent-Type: message/rfc822\r\n\r\n" + reply("text/plain") + b"\r\n--part--"
        )
        with trusting(HOST):
            self.record(confirmed(own))

            self.assertEqual(self.digest(), ["parsed"])

        self.assertEqual(self.maintenance().status, "CONFIRMED")

    def test_forwarded_messages_are_read_where_no_confirmation_is_required(self):
        """Anyone can send email to such a source, so a forwarded message is no less trustworthy."""
        self.record(reply("message/rfc822"))

        self.assertEqual(self.digest(), ["parsed"])
