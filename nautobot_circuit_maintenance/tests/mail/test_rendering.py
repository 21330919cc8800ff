"""Rendering of stored messages."""

import re
import tracemalloc
from unittest import TestCase

import pytest

from nautobot_circuit_maintenance.mail.rendering import (
    LONGEST_SHOWN,
    TRUNCATED,
    Attachment,
    html_to_text,
    readable,
    safe_document,
    safe_html,
)
from nautobot_circuit_maintenance.tests.cpu import assert_cpu_below

MAIL = (
    b"From: noc@isp.example\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=m\r\n\r\n"
    b"--m\r\nContent-Type: multipart/alternative; boundary=a\r\n\r\n"
    b"--a\r\nContent-Type: text/plain; charset=iso-8859-1\r\n\r\nGr\xfc\xdfe\r\n"
    b"--a\r\nContent-Type: text/html; charset=utf-8\r\n\r\n<p>Gr\xc3\xbc\xc3\x9fe</p>\r\n--a--\r\n"
    b"--m\r\nContent-Type: application/pdf\r\nContent-Transfer-Encoding: base64\r\n"
    b"Content-Disposition: attachment; filename==?utf-8?q?=C3=A4.pdf?=\r\n\r\nAAAA\r\n"
    b"--m\r\nContent-Type: text/plain\r\nContent-Disposition: attachment; filename=log.txt\r\n\r\nlines\r\n--m--\r\n"
)


class ReadableTest(TestCase):
    """Text, HTML, attachments."""

    def test_each_part_is_shown_once_and_decoded(self):
        message = readable(MAIL)

        self.assertEqual(message.text.strip(), "Grüße")
        self.assertEqual(message.html.strip(), "<p>Grüße</p>")
        self.assertEqual(
            message.attachments, (Attachment("ä.pdf", "application/pdf", 3), Attachment("log.txt", "text/plain", 5))
        )

    def test_text_is_taken_from_html_if_there_is_no_plain_text(self):
        raw = b"Content-Type: text/html\r\n\r\n<style>x{}</style><p>Window</p><table><tr><td>02:00</td></tr></table>"

        self.assertEqual(readable(raw).text, "Window\n\n02:00")

    def test_malformed_messages_never_raise(self):
        nested = b"".join(
            b"Content-Type: multipart/mixed; boundary=%d\r\n\r\n--%d\r\n" % (number, number) for number in range(3_000)
        )
        for raw in (
            b"",
            b"\xff\0" * 100,
            b"Content-Type: text/plain; charset=nonsense\r\n\r\nx\xff",
            b"Content-Type: text/html; charset*=\0''x\r\n\r\nx\xff",
            b"Content-Type: multipart/mixed; boundary*=\0''x\r\n\r\n--x\r\n\r\nx",
            b"Content-Type: application/x; name*0*=bogus''%ff; name*1=x\r\n\r\nx",
            b"Content-Type: application/x; name==?nonsense?q?=ff?=\r\n\r\nx",
            b"Content-Type: multipart/mixed\r\n\r\nno boundary",
            nested,
        ):
            with self.subTest(raw[:60]):
                self.assertNotIn("\0", readable(raw).text)


@pytest.mark.slow
class HostileShapeTest(TestCase):
    """Messages that take Python's parser hours or gigabytes take seconds and megabytes; web processes have no time limit."""

    def test_no_shape_of_a_message_takes_long(self):
        nested = b"".join(
            b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (number, number) for number in range(100)
        )
        part = b'--b\nContent-Type: text/plain; charset="' + b";" * 20_000 + b"\n\nx\n"
        for name, raw in {
            "a parameter of semicolons": b'Content-Type: text/plain; x="' + b";" * 200_000 + b"\r\n\r\nx",
            "many parameters": b"Content-Type: text/plain" + b";a=b" * 200_000 + b"\r\n\r\nx",
            "many pieces of one": b"Content-Type: text/plain; " + b"charset*1*=x;" * 80_000 + b"\r\n\r\nx",
            "such a parameter in every part": b"Content-Type: multipart/mixed; boundary=b\r\n\r\n" + part * 300,
            "parts in parts": nested + b"Content-Type: text/plain\r\n\r\n" + b"x\n" * 2_000_000,
            "many parts": b"Content-Type: multipart/mixed; boundary=b\r\n\r\n" + b"--b\n\nx\n" * 1_000_000,
            "a charset of host names": b"Content-Type: text/plain; charset=punycode\r\n\r\n-" + b"b" * 1_000_000,
            "another": b"Content-Type: text/plain; charset=IDNA\r\n\r\n" + b"b" * 1_000_000,
        }.items():
            with self.subTest(name):
                assert_cpu_below(10, readable, raw)

    def test_millions_of_lines_take_bounded_memory(self):
        raw = b"Content-Type: text/plain\r\n\r\n" + b"x\n" * 5_000_000
        tracemalloc.start()
        self.addCleanup(tracemalloc.stop)

        message = readable(raw)

        self.assertLess(tracemalloc.get_traced_memory()[1], 100 * 1024**2)
        self.assertTrue(message.is_truncated)
        self.assertTrue(message.text.startswith("x\nx\n"))

    def test_largest_ordinary_message_is_not_truncated(self):
        attachment = (b"A" * 76 + b"\r\n") * (25 * 1024**2 // 78)
        head = b"Content-Type: application/pdf; name=plan.pdf\r\nContent-Transfer-Encoding: base64\r\n\r\n"

        message = readable(head + attachment)

        self.assertFalse(message.is_truncated)
        self.assertEqual(message.attachments, (Attachment("plan.pdf", "application/pdf", len(attachment) // 78 * 57),))


@pytest.mark.slow
class SafeHtmlTest(TestCase):
    """Sanitized HTML does not run, load, send or imitate anything."""

    def test_active_content_is_removed(self):
        for html in (
            "<script>alert(1)</script>",
            "<scr<script>ipt>alert(1)</script>",
            "<p onclick=alert(1) onload=alert(1)>x</p>",
            "<svg onload=alert(1)><script>alert(1)</script></svg>",
            "<math><mi//xlink:href='data:x,<script>alert(1)</script>'>",
            "<a href=' JaVaScRiPt:alert(1)'>x</a>",
            "<a href='java&#10;script:alert(1)'>x</a>",
            "<a href='data:text/html,<script>alert(1)</script>'>x</a>",
            "<iframe srcdoc='<script>alert(1)</script>'></iframe>",
            "<object data=x></object><embed src=x><applet code=x></applet>",
            "<template><script>alert(1)</script></template>",
            "<noscript><p title='</noscript><script>alert(1)</script>'></noscript>",
            "<meta http-equiv=refresh content='0;url=javascript:alert(1)'>",
        ):
            with self.subTest(html):
                # As an element or an attribute; escaped text may remain.
                self.assertIsNone(re.search(r"<[^>]*(script|\bon\w+=|alert)", safe_html(html)), safe_html(html))
                self.assertIsNone(re.search(r"<(svg|math|i?frame|object|embed|meta|template)", safe_html(html)))

    def test_loading_content_is_removed(self):
        for html in (
            "<img src='https://evil.example/pixel.gif'>",
            "<img srcset='https://evil.example/pixel.gif 2x'>",
            "<picture><source srcset='https://evil.example/x'></picture>",
            "<link rel=stylesheet href='https://evil.example/x.css'>",
            "<style>@import url(https://evil.example/x.css)</style>",
            "<p style='background:url(https://evil.example/x)'>x</p>",
            "<table background='https://evil.example/x'><tr><td background='https://evil.example/x'>x</table>",
            "<body background='https://evil.example/x'>x</body>",
            "<video poster='https://evil.example/x'></video><audio src='https://evil.example/x'></audio>",
            "<input type=image src='https://evil.example/x'>",
            "<form action='https://evil.example/x'><button formaction='https://evil.example/x'>x</button></form>",
            "<base href='https://evil.example/'>",
            "<a ping='https://evil.example/x'>x</a>",
            "<blockquote cite='https://evil.example/x'>x</blockquote>",
        ):
            with self.subTest(html):
                self.assertNotIn("evil.example", safe_html(html))

    def test_a_link_leads_to_another_site_or_nowhere(self):
        for href in ("/logout/", "//evil.example", "logout", "?x", "#x", "", "\\\\evil.example"):
            with self.subTest(href):
                self.assertNotIn("href", safe_html(f'<a href="{href}">x</a>'))

        link = safe_html('<a href="https://noc.isp.example/1" target="_top" rel="opener">ticket</a>')

        self.assertIn('href="https://noc.isp.example/1"', link)
        self.assertIn('target="_blank"', link)
        self.assertIn('rel="noopener noreferrer nofollow"', link)

    def test_a_table_stays_a_table(self):
        html = '<table border="1"><tbody><tr><td colspan="2"><b>02:00</b></td></tr></tbody></table>'

        self.assertEqual(safe_html(html), html)

    def test_the_document_forbids_to_load_whatever_slipped_through(self):
        document = safe_document("<p>x</p>")

        self.assertIn("default-src 'none'; form-action 'none'; base-uri 'none'", document)
        self.assertLess(document.index("Content-Security-Policy"), document.index("<p>x</p>"))

    def test_a_long_one_is_cut_with_a_remark(self):
        self.assertIn(TRUNCATED, safe_document("x" * (LONGEST_SHOWN + 1)))
        self.assertIn(TRUNCATED, safe_document("x", is_truncated=True))
        self.assertIn(TRUNCATED, safe_document("<p>x" * (LONGEST_SHOWN // 4)))
        self.assertNotIn(TRUNCATED, safe_document("x"))

    def test_no_html_takes_long(self):
        for piece in ("<a href=x ", "<a href='", "<!--", "<div>", "<", "&", "<table><tr><td>"):
            with self.subTest(piece):
                assert_cpu_below(5, html_to_text, piece * (LONGEST_SHOWN // len(piece)))
