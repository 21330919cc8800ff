"""Tests of the containers of content: what is opened, and what is named."""

import base64
import unittest
import zlib
from datetime import datetime, timezone
from email.message import EmailMessage

from asn1crypto import cms

from nautobot_circuit_maintenance.domain.updates import Provenance
from nautobot_circuit_maintenance.mail.containers import Obstacle
from nautobot_circuit_maintenance.mail.parts import Envelope, MailContent, mail_content

NOW = datetime(2026, 3, 1, tzinfo=timezone.utc)
CALENDAR = "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nX-MAINTNOTE-MAINTENANCE-ID:Zürich\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
NOTICE = "From: noc@isp.example\r\nSubject: Works\r\nContent-Type: text/calendar; charset=utf-8\r\n\r\n" + CALENDAR


def content(raw: bytes | str, *, reads_attached: bool = True) -> MailContent:
    """Return the content of a message."""
    encoded = raw.encode() if isinstance(raw, str) else raw
    return mail_content(encoded, Provenance(NOW, NOW, ""), reads_attached=reads_attached)


def with_part(part: bytes | str, *fields: str, kind: str = "multipart/mixed; boundary=b") -> bytes:
    """Return a message with a greeting and one part more, whose fields are given."""
    encoded = part.encode() if isinstance(part, str) else part
    head = f"From: noc@isp.example\r\nContent-Type: {kind}\r\n\r\n--b\r\n\r\nSee the calendar.\r\n--b\r\n"
    return head.encode() + "\r\n".join((*fields, "", "")).encode() + encoded + b"\r\n--b--\r\n"


def encoded(data: bytes | str) -> str:
    """Return base64."""
    return base64.encodebytes(data.encode() if isinstance(data, str) else data).decode()


def compressed(data: bytes) -> bytes:
    """Return compressed S/MIME (RFC 3274)."""
    info = {"version": 0, "compression_algorithm": {"algorithm": "1.2.840.113549.1.9.16.3.8"}}
    info["encap_content_info"] = {"content_type": "data", "content": zlib.compress(data)}
    return cms.ContentInfo({"content_type": "compressed_data", "content": cms.CompressedData(info)}).dump()


def signed(data: bytes) -> bytes:
    """Return opaque signed data without a signature."""
    info = {"version": "v1", "digest_algorithms": [], "signer_infos": []}
    info["encap_content_info"] = {"content_type": "data", "content": data}
    return cms.ContentInfo({"content_type": "signed_data", "content": cms.SignedData(info)}).dump()


class TestOpened(unittest.TestCase):
    """A calendar is found wherever it is."""

    def assert_found(self, raw: bytes | str) -> MailContent:
        """Check that the calendar is found once."""
        found = content(raw)
        self.assertEqual([text.splitlines() for text in found.calendars], [CALENDAR.splitlines()])
        return found

    def test_whatever_the_type_and_the_encoding_are(self):
        base64_field = "Content-Transfer-Encoding: base64"
        for name, part, *fields in (
            ("calendar", CALENDAR, "Content-Type: text/calendar; charset=utf-8"),
            ("octet-stream", encoded(CALENDAR), "Content-Type: application/octet-stream; name=x.ics", base64_field),
            ("ics", CALENDAR, "Content-Type: application/ics"),
            ("plain", CALENDAR, "Content-Type: text/plain; charset=us-ascii"),
            ("utf-16", encoded(CALENDAR.encode("utf-16")), "Content-Type: text/calendar; charset=utf-8", base64_field),
            ("latin-1", CALENDAR.encode("latin-1"), "Content-Type: text/x-vcalendar; charset=iso-8859-1"),
            ("twice", encoded(encoded(CALENDAR)), "Content-Type: text/calendar", base64_field),
            ("undeclared", encoded(CALENDAR), "Content-Type: text/calendar"),
        ):
            with self.subTest(name):
                self.assert_found(with_part(part, *fields))

    def test_in_attached_messages(self):
        for name, part, *fields in (
            ("message", NOTICE, "Content-Type: message/rfc822"),
            ("base64", encoded(NOTICE), "Content-Type: message/rfc822", "Content-Transfer-Encoding: base64"),
            (
                "file",
                encoded(NOTICE),
                "Content-Type: application/octet-stream; name=a.EML",
                "Content-Transfer-Encoding: base64",
            ),
        ):
            with self.subTest(name):
                raw = with_part(part, *fields)
                self.assert_found(raw)
                unread = content(raw, reads_attached=False)
                self.assertEqual((unread.calendars, unread.has_unread_message), ((), True))

    def test_in_a_multipart_with_a_wrong_header(self):
        part = (CALENDAR, "Content-Type: text/calendar; charset=utf-8")
        for kind in (
            "multipart/mixed",
            "multipart/mixed; boundary=c",
            "multipart/mixed; boundary=b\r\nContent-Transfer-Encoding: base64",
        ):
            with self.subTest(kind):
                self.assert_found(with_part(*part, kind=kind))

    def test_in_opaque_signed_s_mime_which_is_no_attached_message(self):
        inner = EmailMessage()
        inner.set_content("x")
        inner.add_attachment(CALENDAR.encode(), maintype="text", subtype="calendar")
        raw = "From: a@b.example\r\nContent-Type: application/x-pkcs7-mime; name=smime.p7m\r\nContent-Transfer-Encoding: base64\r\n\r\n"

        found = content(raw + encoded(signed(inner.as_bytes())), reads_attached=False)

        self.assertEqual(len(found.calendars), 1)
        self.assertEqual(found.obstacles, ())

    def test_in_compressed_s_mime(self):
        raw = "Content-Type: application/pkcs7-mime; name=smime.p7z\r\nContent-Transfer-Encoding: base64\r\n\r\n"

        self.assert_found(raw + encoded(compressed(NOTICE.encode())))

    def test_compressed_s_mime_that_would_fill_the_memory_is_left_closed(self):
        raw = "Content-Type: application/pkcs7-mime\r\nContent-Transfer-Encoding: base64\r\n\r\n"

        self.assertEqual(content(raw + encoded(compressed(b" " * 60 * 1024**2))).obstacles, (Obstacle.SMIME,))

    def test_folded_between_the_bytes_of_a_character(self):
        """RFC 5545 section 3.1 knows of such programs."""
        for charset, folded in (
            ("utf-8", "ü".encode()),
            ("gb2312", "维".encode("gbk")),
            ("shift_jis", "回".encode("cp932")),
        ):
            whole = CALENDAR.replace("ü", folded.decode({"gb2312": "gbk", "shift_jis": "cp932"}.get(charset, charset)))
            raw = CALENDAR.encode("utf-8").replace("ü".encode(), folded[:1] + b"\r\n " + folded[1:])
            with self.subTest(charset):
                [found] = content(with_part(raw, f"Content-Type: text/calendar; charset={charset}")).calendars
                self.assertEqual(found.splitlines(), whole.splitlines())

    def test_what_its_part_says_of_a_calendar(self):
        part = f"Content-Type: text/calendar; charset=utf-8; method=cancel\r\n\r\n{CALENDAR}"
        notice = f"Subject: x\r\nDate: Fri, 20 Feb 2026 12:00:00 +0100\r\n{part}"
        sent_at = datetime(2026, 2, 20, 11, tzinfo=timezone.utc)
        for raw, expected in (
            (f"Date: Sun, 01 Mar 2026 12:00:00 +0000\r\n{part}", Envelope("CANCEL", None)),
            (with_part(notice, "Content-Type: message/rfc822"), Envelope("CANCEL", sent_at)),
        ):
            self.assertEqual(list(content(raw).envelopes.values()), [expected])

    def test_in_winmail_dat(self):
        data = CALENDAR.encode()
        attachment = b"\x02" + (0x0006800F).to_bytes(4, "little") + len(data).to_bytes(4, "little") + data + b"\0\0"
        raw = with_part(
            encoded(b"\x78\x9f\x3e\x22\0\0" + attachment),
            "Content-Type: application/ms-tnef",
            "Content-Transfer-Encoding: base64",
        )

        self.assert_found(raw)

    def test_what_is_a_calendar_elsewhere_is_one_part_for_the_readers(self):
        found = self.assert_found(with_part(CALENDAR, "Content-Type: text/calendar; charset=utf-8"))

        self.assertEqual(found.parts["text/plain"], (b"See the calendar.",))


class TestNamed(unittest.TestCase):
    """What cannot be opened is named."""

    def test_the_obstacle_is_named(self):
        for expected, part, *fields in (
            (Obstacle.PGP, "-----BEGIN PGP MESSAGE-----\r\nabc", "Content-Type: text/plain"),
            (Obstacle.PGP, "Hello,\r\n\r\n-----BEGIN PGP MESSAGE-----\r\nabc", "Content-Type: text/plain"),
            (Obstacle.PROTECTED, "x", "Content-Type: application/x-microsoft-rpmsg-message"),
            (Obstacle.PROTECTED, "x", "Content-Type: application/octet-stream; name=message.rpmsg"),
            (Obstacle.DOCUMENT, b"PK\x03\x04x", "Content-Type: application/octet-stream; name=Notice.DOCX"),
            (Obstacle.DOCUMENT, "x", "Content-Type: application/msword"),
            (Obstacle.PGP, "Version: 1", "Content-Type: application/pgp-encrypted"),
            (Obstacle.TNEF, "x", "Content-Type: application/octet-stream; name=winmail.dat"),
            (Obstacle.PDF, "%PDF-1.4", "Content-Type: application/octet-stream"),
            (Obstacle.MSG, "x", "Content-Type: application/octet-stream; name=Notice.MSG"),
            (Obstacle.ARCHIVE, b"PK\x03\x04x", "Content-Type: application/zip"),
            (
                Obstacle.LINK,
                "Content-Type: text/calendar\r\n\r\n",
                'Content-Type: message/external-body; access-type=URL; URL="https://x.example"',
            ),
            (Obstacle.SMIME, "x", "Content-Type: application/pkcs7-mime; smime-type=enveloped-data"),
        ):
            with self.subTest(expected):
                self.assertEqual(content(with_part(part, *fields)).obstacles, (expected,))

    def test_a_sheet_and_a_picture_are_no_obstacles(self):
        for kind in (
            "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            "application/zip; name=a.xlsx",
            "image/png",
        ):
            with self.subTest(kind):
                self.assertEqual(content(with_part(b"PK\x03\x04", f"Content-Type: {kind}")).obstacles, ())

    def test_a_multipart_without_any_boundary_is_named(self):
        self.assertEqual(content("Content-Type: multipart/mixed\r\n\r\nHello").obstacles, (Obstacle.BOUNDARY,))

    def test_damaged_s_mime_is_named_and_raises_nothing(self):
        whole = signed(b"Content-Type: text/plain\r\n\r\nx")
        head = b"Content-Type: application/pkcs7-mime\r\n\r\n"
        for length in range(len(whole)):
            content(head + whole[:length])
