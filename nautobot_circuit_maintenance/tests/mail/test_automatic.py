"""Tests of what is an automatic reply."""

import unittest
from email import message_from_string

from nautobot_circuit_maintenance.mail.automatic import automatic_reply, own_notice


class TestAutomaticReplies(unittest.TestCase):
    """RFC 3834 and what programs use instead."""

    def test_automatic_replies_are_found_with_their_reason(self):
        for header, reason in (
            ("Auto-Submitted: auto-replied", "Auto-Submitted: auto-replied"),
            ("auto-submitted: Auto-Replied (vacation); x=y", "Auto-Submitted: auto-replied"),
            ("Content-Type: multipart/report; report-type=delivery-status; boundary=x", "delivery-status"),
            ('Content-Type: multipart/report; report-type="disposition-notification"; boundary=x', "disposition"),
            ("X-Autoreply: yes", "X-Autoreply"),
            ("Precedence: auto_reply", "auto_reply"),
            ("Subject: Automatic reply: your question", "Automatic reply: your question"),
            ("Subject: =?utf-8?q?R=C3=A9ponse_automatique_=3A_x?=", "Réponse automatique"),
            ("Subject: 自动回复: x", "自动回复"),
            ("Subject: Odpowiedź automatyczna: x", "Odpowiedź automatyczna"),
            ("Subject: Automaattinen vastaus: x", "Automaattinen vastaus"),
            ("Subject: Автоматический ответ: x", "Автоматический ответ"),
            ("Subject: Undelivered Mail Returned to Sender", "Undelivered Mail"),
        ):
            with self.subTest(header):
                self.assertIn(reason, automatic_reply(message_from_string(f"{header}\n\n")))

    def test_others_are_none(self):
        for header in (
            "Auto-Submitted: auto-generated",
            "Auto-Submitted: no",
            "Precedence: bulk",
            "X-Auto-Response-Suppress: All",
            "Subject: Automatic failover test CHG-1",
            "Content-Type: multipart/report; report-type=feedback-report; boundary=x",
            "X-Autoreply: no",
        ):
            with self.subTest(header):
                self.assertEqual(automatic_reply(message_from_string(f"{header}\n\n")), "")

    def test_what_the_app_sends_is_known_whichever_nautobot_sent_it(self):
        message = message_from_string("x-nautobot-circuit-maintenance: live\nSubject: Lumen 42\n\n")
        self.assertEqual(own_notice(message), "Sent by the app itself (live).")
        self.assertEqual(own_notice(message_from_string("Subject: Lumen 42\nIn-Reply-To: <a@b>\n\n")), "")
