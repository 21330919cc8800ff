"""Header lines end where SMTP says: what someone else writes into one line starts no other line, for any reader."""

from datetime import datetime, timezone
from itertools import product
from unittest import TestCase

from nautobot_circuit_maintenance.domain.updates import Provenance
from nautobot_circuit_maintenance.mail.authentication import Finding, authentication_results, check_sender
from nautobot_circuit_maintenance.mail.automatic import automatic_reply
from nautobot_circuit_maintenance.mail.headers import parse_header
from nautobot_circuit_maintenance.mail.leaves import leaves, parsed
from nautobot_circuit_maintenance.mail.message import MailMessage
from nautobot_circuit_maintenance.mail.parts import mail_content

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=timezone.utc)

ENDS = {
    "CR": b"\r",
    "two CRs": b"\r\r",
    "CR and blank": b"\r ",
    "VT": b"\v",
    "FF": b"\f",
    "FS": b"\x1c",
    "GS": b"\x1d",
    "RS": b"\x1e",
    "NEL in Latin-1": b"\x85",
    "NEL": "\x85".encode(),
    "LS": "\u2028".encode(),
    "PS": "\u2029".encode(),
    "CR and VT": b"\r\v",
    "NUL": b"\0",
    "encoded CRLF": b"=?utf-8?q?=0D=0A?=",
    "written CRLF": b"\\r\\n",
}
"""What a program may take for the end of a line."""

PLACES = (
    b'Return-Path: <"x%s"@evil.example>',
    b'Delivered-To: "x%s"@customer.example',
    b"X-Original-To: x%s",
    b"Received: from evil%s by mx.customer.example; Fri, 20 Nov 2026 11:59:00 +0000",
    b"Received-SPF: fail (evil%s)",
    b"Received: from a\r\n\tby b%s",
)
"""Lines that a mail server writes above its own field, with words of an attacker."""

FORGERIES = {
    "Authentication-Results": b"Authentication-Results: mx.customer.example; dkim=pass header.d=isp.example",
    "From": b"From: noc@isp.example",
    "Message-ID": b"Message-ID: <forged@isp.example>",
    "Date": b"Date: Fri, 20 Nov 2026 13:00:00 +0000",
    "Subject": b"Subject: Forged",
    "Content-Type": b"Content-Type: text/calendar",
    "Auto-Submitted": b"Auto-Submitted: auto-replied",
    "the end of the header": b"",
}

GENUINE = (
    b"Authentication-Results: mx.customer.example; dkim=fail header.d=isp.example\r\n"
    b"From: someone@evil.example\r\n"
    b"Message-ID: <real@evil.example>\r\n"
    b"Date: Fri, 20 Nov 2026 12:00:00 +0000\r\n"
    b"Subject: Real\r\n"
    b"Content-Type: text/plain\r\n"
    b"\r\n"
    b"Text\r\n"
)


def mails():
    """Yield every forgery at every place behind every end, with its name."""
    for place, (end, code), (field, forged) in product(PLACES, ENDS.items(), FORGERIES.items()):
        words = code + forged + code + b"X: y"
        yield f"{field} behind {end} in {place[:20]!r}", place.replace(b"%s", words) + b"\r\n" + GENUINE


def of_message(message: MailMessage):
    """Return what is stored of a message."""
    return message.sender, message.message_id, message.sent_at, message.subject, message.authentication_results


class ForgedLines(TestCase):
    """A header that a server judged, below a line with words of an attacker."""

    def assert_genuine(self, raw: bytes, name: str) -> None:
        """Compare what each reader finds with what it finds in the genuine message."""
        genuine = MailMessage.from_bytes(GENUINE, received_at=NOON)
        for read in (
            MailMessage.from_bytes(raw, received_at=NOON),
            MailMessage.oversize(raw, size=len(raw), received_at=NOON),
        ):
            self.assertEqual(of_message(read), of_message(genuine), name)
            check = check_sender(read.authentication_results, "noc@isp.example", {"mx.customer.example"})
            self.assertEqual(check.finding, Finding.UNCONFIRMED, name)
        self.assertEqual(len(authentication_results(parse_header(raw))), 1, name)

    def test_no_reader_of_the_header_takes_words_for_a_line(self):
        count = 0
        for name, raw in mails():
            self.assert_genuine(raw, name)
            count += 1
        self.assertEqual(count, len(PLACES) * len(ENDS) * len(FORGERIES))

    def test_no_reader_of_the_content_does(self):
        """They parse the message with its parts."""
        for name, raw in mails():
            self.assertEqual(automatic_reply(parsed(raw)), "", name)
            content = mail_content(raw, Provenance(NOON, NOON, "f"))
            self.assertEqual((content.subject, content.parts["text/plain"]), ("Real", (b"Text\r\n",)), name)

    def test_nor_in_an_attached_message(self):
        """Its header lines end at the same places."""
        head = b'Content-Type: multipart/mixed; boundary="b"\r\n\r\n--b\r\nContent-Type: message/rfc822\r\n\r\n'
        for name, raw in mails():
            found = leaves(parsed(head + raw + b"\r\n--b--\r\n"), reads_attached=True).found
            self.assertEqual([(leaf.kind, leaf.content) for leaf in found], [("text/plain", b"Text\r\n")], name)


class Boundaries(TestCase):
    """A boundary is a line, too."""

    def test_words_of_a_part_start_no_other_part(self):
        for name, end in ENDS.items():
            text = b"Text" + end + b"--b" + end + b"Content-Type: text/calendar" + end + end + b"BEGIN:VCALENDAR"
            raw = b'Content-Type: multipart/mixed; boundary="b"\r\n\r\n--b\r\n\r\n' + text + b"\r\n--b--\r\n"
            found = leaves(parsed(raw), reads_attached=True).found
            self.assertEqual([(leaf.kind, leaf.content) for leaf in found], [("text/plain", text)], name)


class Contents(TestCase):
    """Contents stay as they are, byte for byte."""

    def test_a_lone_cr_in_a_part_stays(self):
        body = b"\x00\r\x01\rend"
        raw = b"Content-Type: application/octet-stream\r\nContent-Transfer-Encoding: binary\r\n\r\n" + body

        self.assertEqual(leaves(parsed(raw), reads_attached=True).found[0].content, body)
