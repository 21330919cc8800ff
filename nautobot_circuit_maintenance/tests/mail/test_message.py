"""Tests of the values that travel between the steps."""

import json
import unittest
from datetime import datetime, timezone

import pytest
from hypothesis import given, strategies as st

from nautobot_circuit_maintenance.domain.text import storable_json
from nautobot_circuit_maintenance.mail.headers import COLUMN_LENGTH
from nautobot_circuit_maintenance.mail.message import MailMessage
from nautobot_circuit_maintenance.tests.cpu import assert_cpu_below

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

    def test_a_word_in_an_unknown_charset_is_shown_as_it_came_unless_it_is_utf_8(self):
        self.assertEqual(read(b"Subject: =?x-none?q?=FC?= =?x-none?q?a?=\r\n\r\n").subject, "=?x-none?q?=FC?=a")

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

    def test_an_ambiguous_header_names_no_sender(self):
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

    def test_a_hostile_sender_header_names_no_sender(self):
        """Whatever raises here stops each run on the mailbox again, and an unknown sender may send it."""
        depth = 1_900
        for value in (b"(" * depth, b"(" * depth + b")" * depth, b":" * depth, b"g:" * depth):
            with self.subTest(value[:4]):
                self.assertEqual(sender(b"From: " + value + b" noc@isp.example"), "")

    def test_a_sender_header_that_is_longer_than_any_address_names_no_sender(self):
        for value in (b"noc@isp.example" + b" " * 4_000 + b"(x)", b"x " * 2_000 + b"<noc@isp.example>"):
            self.assertEqual(sender(b"From: " + value), "")
        self.assertEqual(sender(b"From: " + b"x " * 1_900 + b"<noc@isp.example>"), "noc@isp.example")

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

    def test_what_makes_another_text_of_the_same_body_counts(self):
        """Who knows a mail before it arrives could send it as something else, and the genuine one be its duplicate."""
        head = b"From: noc@isp.example\r\nContent-Type: text/html\r\nContent-Transfer-Encoding: 7bit\r\n"
        genuine = read(head + b"\r\n<p>one\r\ntwo").fingerprint
        for what, raw in {
            "its type": head.replace(b"html", b"plain") + b"\r\n<p>one\r\ntwo",
            "its encoding": head.replace(b"7bit", b"base64") + b"\r\n<p>one\r\ntwo",
            "a line that ends the header": head + b"no field\r\n<p>no\r\n\r\n<p>one\r\ntwo",
            "a last line as of a mailbox file": head + b"From <p>no\r\n\r\n<p>one\r\ntwo",
            "an empty line of CR": head + b"\r<p>no\xff\r\n\r\n<p>one\r\ntwo",
            "a CR that is no line end": head + b"\r\n<p>one\rtwo",
        }.items():
            with self.subTest(what):
                self.assertNotEqual(read(raw).fingerprint, genuine)

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


AUTHORED = ("From", "Date", "Message-ID", "Subject")
WORDS = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=6)
VALUES = st.lists(WORDS, min_size=1, max_size=4)
BODIES = st.lists(WORDS, max_size=4)


def written(values: list[list[str]], body: list[str], *, fold: str = " ", end: str = "\r\n") -> bytes:
    """Return a message whose author wrote these words into the fields that count, and these lines."""
    fields = [f"{name}: {fold.join(words)}" for name, words in zip(AUTHORED, values)]
    return end.join([*fields, "", *body, ""]).encode()


class TestFingerprintAlways(unittest.TestCase):
    """What holds for every message."""

    messages = st.tuples(st.lists(VALUES, min_size=4, max_size=4), BODIES)

    @given(
        messages, st.sampled_from(["\r\n", "\n"]), st.sampled_from([" ", "  ", "\t"]), st.booleans(), st.integers(0, 3)
    )
    def test_the_way_never_counts(self, message, end: str, blank: str, is_folded: bool, empty_lines: int):
        values, body = message
        fold = end + blank if is_folded else blank
        other = f"Received: from mx{end} by mx2{end}Return-Path: <x@y>{end}".encode()
        other += written(values, body, fold=fold, end=end) + end.encode() * empty_lines

        self.assertEqual(read(other).fingerprint, read(written(values, body)).fingerprint)

    @given(messages, messages)
    def test_other_words_are_another_mail(self, one, other):
        same = read(written(*one)).fingerprint == read(written(*other)).fingerprint

        self.assertEqual(same, one == other)


@pytest.mark.slow
class TestBombs(unittest.TestCase):
    """Anyone who fetches has no limits as a parse has: time and memory that a header takes are bounded by themselves."""

    def test_no_header_takes_long(self):
        size = 4_000_000
        for header in (
            b"From: " + b"<" * size,
            b"From: " + b"a@b.example," * (size // 12),
            b"Subject: " + b"=?utf-8?q?x?= " * (size // 14),
            b"Date: " + b"1 " * (size // 2),
            b"X: " + b"y\r\n " * (size // 4),
            b"From: a@b.example\r\n" * (size // 19),
            b"\r" * size,
        ):
            with self.subTest(header[:8]):
                assert_cpu_below(2, read, header + b"\r\n\r\n")

    def test_of_a_header_section_without_end_the_whole_fields_of_its_first_megabyte_count(self):
        """A field that the limit cuts could lose what makes it no one's."""
        first = b"From: noc@isp.example\r\nSubject: Works\r\n"
        for split in (b"", b"\r\n "):
            start = b"Reply-To: noc@isp.example," + split
            junk = b"X: " + b"y" * (1024**2 - len(first) - 5 - len(start)) + b"\r\n"
            raw = first + junk + start + b"evil@else.example\r\nDate: Sun, 1 Mar 2026 10:00:00 +0100\r\n\r\nbody"
            message = read(raw)

            self.assertEqual((message.sender, message.subject, message.sent_at), ("noc@isp.example", "Works", None))
            self.assertEqual(read(raw, source_header="Reply-To").sender, "")
            self.assertEqual(message.raw, raw)

    def test_what_stands_behind_the_limit_counts_in_the_fingerprint(self):
        raw = b"From: noc@isp.example\r\nX: " + b"y" * 1024**2 + b"\r\nSubject: Works\r\n\r\nbody"

        self.assertNotEqual(read(raw).fingerprint, read(raw.replace(b"Works", b"Words")).fingerprint)
        self.assertNotEqual(read(raw).fingerprint, read(raw.replace(b"body", b"text")).fingerprint)


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
