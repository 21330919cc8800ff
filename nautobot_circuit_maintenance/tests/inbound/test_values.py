"""Tests of the values that travel between the steps."""

import json
import unittest
from datetime import datetime, timezone

from hypothesis import given
from hypothesis import strategies as st

from nautobot_circuit_maintenance.inbound.values import COLUMN_LENGTH, MailMessage, storable_json

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=timezone.utc)
RAW = (
    b"Received: from mx.example\r\nDelivered-To: noc@example.net\r\nFrom: ISP NOC <noc@isp.example>\r\n"
    b"Date: Sun, 1 Mar 2026 10:00:00 +0100\r\nMessage-ID: <1@isp.example>\r\nSubject: Works\r\n\r\nDear customer\r\n"
)
NAMES = ["From", "Subject", "Date", "Message-ID", "Sender", "Content-Type", "from", ""]
PIECES = [
    b"=?utf-8?q?x?=",
    b"=?x-none?b?//8=?=",
    b"noc@isp.example",
    b"<",
    b">",
    b'"',
    b"\\",
    b":;",
    b",",
    b"\r\n ",
    b"\n",
]
FIELDS = st.tuples(
    st.sampled_from([name.encode() for name in NAMES]),
    st.lists(st.one_of(st.sampled_from(PIECES), st.binary(max_size=12)), max_size=6).map(b"".join),
)


def read(raw: bytes, source_header: str = "From") -> MailMessage:
    """Read a message that arrives now."""
    return MailMessage.from_bytes(raw, received_at=NOW, source_header=source_header)


def sender(*fields: bytes, source_header: str = "From") -> str:
    """Return the sender of a message with these header fields."""
    return read(b"\r\n".join(fields) + b"\r\n\r\n", source_header).sender


class TestReading(unittest.TestCase):
    """A message is read whatever it looks like, and its values can be stored."""

    def assert_storable(self, message: MailMessage) -> None:
        """Every text fits its column and is what PostgreSQL takes."""
        for text in (message.sender, message.subject, message.message_id):
            self.assertLessEqual(len(text), COLUMN_LENGTH)
            self.assertNotIn("\0", text)
            text.encode("utf-8")
        if message.sent_at:
            self.assertEqual(message.sent_at.utcoffset(), NOW.utcoffset())
        self.assertRegex(message.fingerprint, "^[0-9a-f]{64}$")

    @given(st.binary())
    def test_any_bytes_are_a_message(self, raw: bytes):
        message = read(raw)

        self.assert_storable(message)
        self.assertEqual((message.raw, message.size), (raw, len(raw)))

    @given(st.lists(FIELDS, max_size=5), st.binary(max_size=20))
    def test_any_header_is_read(self, fields, body: bytes):
        raw = b"".join(name + b": " + value + b"\r\n" for name, value in fields) + b"\r\n" + body

        self.assert_storable(read(raw))
        self.assert_storable(MailMessage.oversize(raw, size=len(raw), received_at=NOW))

    def test_a_subject_of_64_kilobytes_is_cut(self):
        self.assertEqual(len(read(b"Subject: " + b"=?utf-8?q?x?= " * 5000 + b"\r\n\r\n").subject), COLUMN_LENGTH)

    def test_nothing_is_missing_in_a_message_without_headers(self):
        message = read(b"\r\nDear customer")

        self.assertEqual((message.sender, message.subject, message.message_id, message.sent_at), ("", "", "", None))

    def test_a_folded_and_encoded_subject_is_one_line_of_text(self):
        raw = b"Subject: =?iso-8859-1?q?Gepl=E4nte?=\r\n =?utf-8?b?IEFyYmVpdGVu?=\r\n\tam Netz\r\n\r\n"

        self.assertEqual(read(raw).subject, "Geplänte Arbeiten am Netz")

    def test_a_subject_in_an_unknown_charset_is_shown_as_it_came(self):
        self.assertEqual(read(b"Subject: =?x-none?q?a?=\r\n\r\n").subject, "=?x-none?q?a?=")

    def test_dates_are_in_utc(self):
        self.assertEqual(read(RAW).sent_at, datetime(2026, 3, 1, 9, 0, tzinfo=timezone.utc))

    def test_what_is_no_date_is_none(self):
        for text in (b"yesterday", b"Sun, 31 Feb 2026 10:00:00 +0100", b"Fri, 31 Dec 9999 23:00:00 -1400", b""):
            with self.subTest(text):
                self.assertIsNone(read(b"Date: " + text + b"\r\n\r\n").sent_at)

    def test_a_message_over_the_limit_has_no_body_and_its_full_size(self):
        message = MailMessage.oversize(RAW, size=10**8, received_at=NOW)

        self.assertEqual((message.raw, message.size, message.sender), (None, 10**8, "noc@isp.example"))


class TestSender(unittest.TestCase):
    """The address counts that a person would be answered at, never what is displayed beside it."""

    def test_the_address_is_in_lower_case(self):
        self.assertEqual(sender(b"From: ISP <NOC@ISP.example>"), "noc@isp.example")

    def test_a_display_name_never_counts(self):
        self.assertEqual(sender(b'From: "noc@isp.example" <evil@else.example>'), "evil@else.example")
        self.assertEqual(sender(b"From: =?utf-8?q?noc=40isp.example?= <evil@else.example>"), "evil@else.example")
        self.assertEqual(sender(b"From: evil@else.example (noc@isp.example)"), "evil@else.example")

    def test_nobody_is_the_sender_where_it_is_open_who_wrote(self):
        for fields in (
            [b"From: noc@isp.example", b"From: evil@else.example"],
            [b"From: =?utf-8?q?noc=40isp.example?="],
            [b"From: noc@isp.example@else.example"],
            [b"From: noc"],
            [b"From: <>"],
            [b"From: " + b"x" * COLUMN_LENGTH + b"@isp.example"],
        ):
            with self.subTest(fields):
                self.assertEqual(sender(*fields), "")

    def test_the_source_header_names_the_field(self):
        fields = (b"From: list@example.net", b"X-Original-From: noc@isp.example")

        self.assertEqual(sender(*fields, source_header="x-original-from"), "noc@isp.example")


class TestFingerprint(unittest.TestCase):
    """The same mail has the same fingerprint wherever it is found; different mails have different ones."""

    def assert_same(self, raw: bytes) -> None:
        self.assertEqual(read(raw).fingerprint, read(RAW).fingerprint)

    def test_trace_headers_do_not_count(self):
        self.assert_same(b"Received: by other\r\nX-Spam: no\r\n" + RAW)
        self.assert_same(RAW.partition(b"\r\n")[2])

    def test_line_ends_and_folding_do_not_count(self):
        self.assert_same(RAW.replace(b"\r\n", b"\n"))
        self.assert_same(RAW + b"\r\n\r\n")
        self.assert_same(RAW.replace(b"ISP NOC", b"ISP\r\n NOC"))

    def test_what_the_author_wrote_counts(self):
        for before, after in (
            (b"1@isp", b"2@isp"),
            (b"noc@", b"tac@"),
            (b"10:00:00", b"10:00:01"),
            (b"Works", b"More works"),
            (b"Dear", b"Hello"),
        ):
            with self.subTest(before):
                self.assertNotEqual(read(RAW.replace(before, after)).fingerprint, read(RAW).fingerprint)

    def test_the_size_stands_for_the_body_that_was_not_read(self):
        one, same, other = (MailMessage.oversize(RAW, size=size, received_at=NOW) for size in (10, 10, 11))

        self.assertEqual(one.fingerprint, same.fingerprint)
        self.assertNotEqual(one.fingerprint, other.fingerprint)

    @given(st.binary(), st.binary())
    def test_a_prefix_of_trace_headers_never_counts(self, body: bytes, trace: bytes):
        line = b"X-Trace: " + trace.translate(None, b"\r\n\x0b\x0c\x1c\x1d\x1e\x85") + b"\r\n"

        self.assertEqual(
            read(line + b"From: a@b.c\r\n\r\n" + body).fingerprint, read(b"From: a@b.c\r\n\r\n" + body).fingerprint
        )


class TestStorableJson(unittest.TestCase):
    """JSON that PostgreSQL takes."""

    json_values = st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(st.characters(codec=None)),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(st.characters(codec=None)), inner),
    )

    @given(json_values)
    def test_no_text_has_what_a_database_refuses(self, value):
        text = json.dumps(storable_json(value), ensure_ascii=False)

        text.encode("utf-8")
        self.assertNotIn("\\u0000", text)
