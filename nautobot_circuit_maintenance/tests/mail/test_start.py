"""Tests of what stands before the header of a message."""

import unittest
from datetime import datetime, timezone

from nautobot_circuit_maintenance.mail.message import MailMessage
from nautobot_circuit_maintenance.mail.start import message_bytes

RAW = b"From: noc@isp.example\r\nSubject: Works\r\nMessage-ID: <1@isp.example>\r\n\r\nDear customer\r\n"
NOW = datetime(2026, 3, 1, tzinfo=timezone.utc)


class TestStart(unittest.TestCase):
    """What mail programs put before a header is left out; the fingerprint stays the same."""

    def test_what_stands_before_the_header_is_left_out(self):
        for name, raw in (
            ("mark", b"\xef\xbb\xbf" + RAW),
            ("empty line", b"\r\n\n" + RAW),
            ("mbox", b"From noc@isp.example Sun Mar  1 10:00:00 2026\n" + RAW),
            ("quoted mbox", b">From noc@isp.example Sun Mar  1 10:00:00 2026\r\n" + RAW),
            ("both", b"\xef\xbb\xbf\r\nFrom a\r\n" + RAW),
            ("emlx", b"%d\n" % len(RAW) + RAW + b"<?xml version='1.0'?><plist/>"),
            ("utf-16", RAW.decode().encode("utf-16")),
            ("doubled", RAW.replace(b"\r\n", b"\r\r\n")),
        ):
            with self.subTest(name):
                message = MailMessage.from_bytes(raw, received_at=NOW)

                self.assertEqual((message.sender, message.subject), ("noc@isp.example", "Works"))
                self.assertEqual(message.fingerprint, MailMessage.from_bytes(RAW, received_at=NOW).fingerprint)
                self.assertEqual(message.raw, raw)

    def test_a_message_without_a_header_stays_as_it_is(self):
        for raw in (b"", b"\r\nDear customer", b"\xef\xbb\xbf", b"\n" * 100, b"\x1f\x8b\x08rest"):
            with self.subTest(raw[:10]):
                self.assertEqual(message_bytes(raw), raw)


class TestDate(unittest.TestCase):
    """The Date field counts if it states an offset."""

    def sent_at(self, text: str) -> datetime | None:
        """Return the date of a message."""
        return MailMessage.from_bytes(f"Date: {text}\r\n\r\n".encode(), received_at=NOW).sent_at

    def test_minus_zero_is_utc(self):
        """RFC 5322 section 3.3: the time is in UTC, and says nothing about the local zone."""
        expected = datetime(2026, 11, 20, 12, tzinfo=timezone.utc)
        for zone in ("-0000", "+0000", "GMT", "-0000 (UTC)"):
            with self.subTest(zone):
                self.assertEqual(self.sent_at(f"Fri, 20 Nov 2026 12:00:00 {zone}"), expected)

    def test_without_an_offset_there_is_no_date(self):
        for zone in ("", " CEST", " K"):
            with self.subTest(zone):
                self.assertIsNone(self.sent_at(f"Fri, 20 Nov 2026 12:00:00{zone}"))
