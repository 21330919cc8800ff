"""Tests of the Gmail mailbox with an HTTP server that behaves like the API."""

import json
import tempfile
import unittest
from contextlib import AbstractContextManager, ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric import rsa
from googleapiclient.http import HttpRequest

from development.services.wire import listener
from nautobot_circuit_maintenance.domain.errors import MailboxError
from nautobot_circuit_maintenance.mailboxes.base import Mailbox
from nautobot_circuit_maintenance.mailboxes.gmail.mailbox import GmailMailbox
from nautobot_circuit_maintenance.mailboxes.gmail.settings import GmailSettings
from nautobot_circuit_maintenance.mailboxes.opening import open_mailbox
from nautobot_circuit_maintenance.tests.mailboxes.contract import (
    CARRIER,
    ISP,
    LIMIT,
    MailboxContract,
    days_ago,
    mail,
    subjects,
    unknown_senders,
)
from nautobot_circuit_maintenance.tests.mailboxes.gmail_server import (
    GmailAccount,
    Refusal,
    api_error,
    gmail_server,
)

KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
RATE_LIMIT = api_error(429, "rateLimitExceeded", "Too many concurrent requests for user")


class HurriedRequest(HttpRequest):
    """Does not wait before it is repeated."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self._sleep = lambda _seconds: None  # the library's own seam for tests


class GmailCase(unittest.TestCase):
    """An empty account on a running server."""

    def setUp(self):
        running = ExitStack()
        self.addCleanup(running.close)
        self.account = running.enter_context(gmail_server(GmailAccount("noc@example.net", KEY)))
        self.folder = Path(running.enter_context(tempfile.TemporaryDirectory()))
        self.settings = GmailSettings(
            name="mail",
            url="https://accounts.google.com/o/oauth2/auth",
            account="noc@example.net",
            credentials_file=self.write_credentials(self.account.credentials()),
        )
        here = {"api_endpoint": self.account.url, "retries": 1, "timeout": 5, "request_type": HurriedRequest}
        self.mailbox_type = type("Here", (GmailMailbox,), here)

    def write_credentials(self, content: Any) -> str:
        """Write a credentials file and return its path."""
        path = self.folder / "credentials.json"
        path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
        return str(path)

    def deliver(self, *raws, received_at=None):
        for raw in raws:
            self.account.deliver(raw, received_at or days_ago(0), "INBOX")

    def delete(self, subject: str) -> None:
        for id_, stored in list(self.account.messages.items()):
            if f"Subject: {subject}\r\n".encode() in stored.raw:
                del self.account.messages[id_]

    def is_untouched(self) -> bool:
        return all(stored.labels == {"INBOX", "UNREAD"} for stored in self.account.messages.values())

    def open(self, **changes: Any) -> AbstractContextManager[Mailbox]:
        return self.mailbox_type.open(replace(self.settings, **changes), max_message_size=LIMIT)

    def refusal(self, **changes):
        """Return the error that opening the mailbox ends with; no secret is in it."""
        with self.assertRaises(MailboxError) as caught:
            with self.open(**changes):
                self.fail("the mailbox was opened")
        self.assertNotIn("PRIVATE KEY", str(caught.exception))
        return caught.exception


class TestGmail(GmailCase, MailboxContract):
    """The contract, and what only Gmail has."""

    def test_the_registry_knows_it(self):
        with self.assertRaisesRegex(MailboxError, "credentials_file"):
            with open_mailbox(replace(self.settings, credentials_file="/none"), max_message_size=LIMIT):
                self.fail("opened")

    def test_a_poll_without_new_mail_asks_for_the_profile_only(self):
        self.deliver(mail("1"))
        cursor = self.fetch()[-1].cursor
        self.account.requests.clear()

        self.fetch(cursor)

        self.assertEqual(self.account.names(), ["token", "profile"])

    def test_new_mail_costs_two_requests_a_message(self):
        cursor = self.fetch()[-1].cursor
        self.deliver(mail("1"), mail("unknown", "spam@else.example"))
        self.account.requests.clear()

        self.fetch(cursor)

        self.assertEqual(self.account.names(), ["token", "profile", "history", "message", "message", "message"])

    def test_all_pages_are_read(self):
        self.account.page_size = 2
        self.deliver(*(mail(f"old {number}") for number in range(5)))
        first = self.fetch()
        self.deliver(*(mail(f"new {number}") for number in range(5)))
        second = self.fetch(first[-1].cursor)

        self.assertEqual(sorted(subjects(first)), [f"old {number}" for number in range(5)])
        self.assertEqual(subjects(second), [f"new {number}" for number in range(5)])
        self.assertEqual(second[-1].cursor["history_id"], str(self.account.history_id))

    def test_what_happens_to_other_mail_moves_the_cursor_before_it_expires(self):
        cursor = self.fetch()[-1].cursor
        self.account.deliver(mail("elsewhere"), days_ago(0))

        batches = self.fetch(cursor)

        self.assertEqual([(subjects([batch]), batch.unknown_senders) for batch in batches], [([], ())])
        self.assertEqual(batches[-1].cursor["history_id"], str(self.account.history_id))

    def test_a_message_in_several_records_is_read_once_and_no_record_is_passed_too_early(self):
        cursor = self.fetch()[-1].cursor
        self.deliver(*(mail(f"{number:03}") for number in range(99)))
        twice = self.account.deliver(mail("twice"), days_ago(0), "INBOX")
        self.deliver(mail("last"))
        self.account.remember("messagesAdded", twice)

        killed = self.fetch_one(self.request(cursor))
        rest = self.fetch(killed.cursor)

        self.assertEqual(subjects([killed])[-1], "twice")
        self.assertIn("last", subjects(rest))

    def test_a_record_of_several_messages_is_passed_with_its_last(self):
        cursor = self.fetch()[-1].cursor
        ids = [self.account.deliver(mail(f"{number:03}"), days_ago(0), "INBOX") for number in range(150)]
        del self.account.history[:]
        self.account.remember("messagesAdded", *ids)

        killed = self.fetch_one(self.request(cursor))

        self.assertEqual(killed.cursor, cursor)
        self.assertEqual(len(set(subjects([killed, *self.fetch(killed.cursor)]))), 150)

    def test_mail_that_gets_the_label_later_is_new_mail(self):
        id_ = self.account.deliver(mail("rescued"), days_ago(1))
        cursor = self.fetch()[-1].cursor
        self.account.label(id_, "INBOX")

        self.assertEqual(subjects(self.fetch(cursor)), ["rescued"])

    def test_another_label_makes_no_mail_new(self):
        id_ = self.account.deliver(mail("1"), days_ago(1), "INBOX")
        cursor = self.fetch()[-1].cursor
        self.account.label(id_, "STARRED")

        self.assertEqual(subjects(self.fetch(cursor)), [])

    def test_a_size_that_was_estimated_too_small_does_no_harm(self):
        self.account.estimate = 100
        message = self.read_one(mail("large", body=b"x" * LIMIT))

        self.assertEqual((message.subject, message.raw), ("large", None))
        self.assertGreater(message.size, LIMIT)

    def test_an_expired_history_is_replaced_by_a_search(self):
        self.deliver(mail("old"), received_at=days_ago(25))
        cursor = self.fetch()[-1].cursor
        self.deliver(mail("1"), mail("2", CARRIER), mail("s", "spam@else.example"), received_at=days_ago(10))
        self.account.forgotten = int(cursor["history_id"])

        batches = self.fetch(cursor, resume_since=days_ago(20))

        self.assertEqual(subjects(batches), ["1"])
        self.assertEqual(len(unknown_senders(batches)), 2)
        self.assertEqual(self.fetch(batches[-1].cursor), [])

    def test_a_label_is_found_by_its_name(self):
        self.account.labels["Label_7"] = "Carriers/Wartung"
        self.account.deliver(mail("1"), days_ago(0), "Label_7")
        self.deliver(mail("2"))

        with self.open(folder="Carriers/Wartung") as mailbox:
            batches = list(mailbox.fetch(self.request()))

        self.assertEqual(subjects(batches), ["1"])

    def test_hidden_labels_can_be_read(self):
        self.account.deliver(mail("1"), days_ago(0), "SPAM")

        with self.open(folder="SPAM") as mailbox:
            self.assertEqual(subjects(mailbox.fetch(self.request())), ["1"])

    def test_the_cursor_of_another_account_is_not_used(self):
        self.deliver(mail("1"), received_at=days_ago(10))
        cursor = {**self.fetch()[-1].cursor, "account": "other@example.net"}

        self.assertEqual(subjects(self.fetch(cursor, resume_since=days_ago(20))), ["1"])

    def test_header_with_a_malformed_line_keeps_its_sender(self):
        """A server may name the sender all the same; for Python the header ends at that line."""
        message = self.read_one(b"Works\r\n" + mail("1"))

        self.assertEqual((message.sender, message.raw), (ISP, b"Works\r\n" + mail("1")))

    def test_oversize_message_with_a_malformed_line_keeps_its_sender(self):
        self.account.estimate = 1000
        message = self.read_one(b"Works\r\n" + mail("1", body=b"x" * LIMIT))

        self.assertEqual((message.sender, message.raw), (ISP, None))
        self.assertGreater(message.size, LIMIT)

    def test_no_header_of_a_large_message_can_pose_as_another(self):
        raw = (
            b"From: NOC\r\n =?utf-8?q?=0D=0ASubject:?= <noc@isp.example>\r\nSubject: gro\xc3\x9f\r\n\r\n" + b"x" * LIMIT
        )
        message = self.read_one(raw)

        self.assertEqual((message.sender, message.raw), (ISP, None))

    def test_limits_and_hiccups_are_waited_for(self):
        hiccups = (
            RATE_LIMIT,
            api_error(403, "userRateLimitExceeded"),
            api_error(503, "backendError"),
            Refusal(502, b"<html>Bad Gateway</html>"),
        )
        self.deliver(mail("1"))
        for hiccup in hiccups:
            with self.subTest(hiccup.body):
                with self.open() as mailbox:
                    self.account.refusals = [hiccup]
                    self.assertEqual(subjects(mailbox.fetch(self.request())), ["1"])

    def test_patience_ends(self):
        with self.open() as mailbox:
            self.account.refusals = [RATE_LIMIT] * 5
            with self.assertRaisesRegex(MailboxError, r"429.*\) 2 times") as caught:
                list(mailbox.fetch(self.request()))

        self.assertFalse(caught.exception.permanent)

    def test_a_token_that_ends_during_a_run_is_renewed(self):
        self.deliver(mail("1"))
        with self.open() as mailbox:
            self.account.tokens.clear()
            self.assertEqual(subjects(mailbox.fetch(self.request())), ["1"])

    def test_response_that_is_not_json_is_an_error(self):
        with self.open() as mailbox:
            self.account.refusals = [Refusal(200, b"<html>")]
            with self.assertRaisesRegex(MailboxError, "did not come from the Gmail API"):
                list(mailbox.fetch(self.request()))


class TestGmailRefusals(GmailCase):
    """One clear sentence for each mistake in the settings, and for each thing that Google refuses."""

    def test_a_missing_credentials_file(self):
        error = self.refusal(credentials_file="/none/key.json")

        self.assertRegex(str(error), "'/none/key.json' cannot be read .No such file")
        self.assertTrue(error.permanent)

    def test_file_that_is_not_a_key(self):
        key = self.account.credentials()
        cases = {
            "not valid JSON": ["", "garbage", "-----BEGIN PRIVATE KEY-----"],
            "not a service account key": ["[]", "1", "{}", {**key, "private_key": 1}, {"installed": {}}],
            "no usable private key": [{**key, "private_key": "-----BEGIN PRIVATE KEY-----\nx"}],
        }
        for sentence, contents in cases.items():
            for content in contents:
                with self.subTest(sentence, content=content):
                    error = self.refusal(credentials_file=self.write_credentials(content))
                    self.assertIn(sentence, str(error))
                    self.assertTrue(error.permanent)

    def test_file_that_is_not_text(self):
        path = self.folder / "binary"
        path.write_bytes(b"\xff\xfe\x00")

        self.assertIn("not valid JSON", str(self.refusal(credentials_file=str(path))))

    def test_a_key_that_was_revoked(self):
        self.account.key = rsa.generate_private_key(public_exponent=65537, key_size=2048)

        self.assertRegex(str(self.refusal()), "invalid_grant: Invalid JWT Signature.*was not revoked")

    def test_a_missing_delegation(self):
        self.account.scopes = ("https://mail.google.com/",)

        error = self.refusal()

        self.assertRegex(str(error), "unauthorized_client.*domain-wide delegation")
        self.assertIn("https://www.googleapis.com/auth/gmail.readonly and https://mail.google.com/", str(error))
        self.assertTrue(error.permanent)

    def test_an_unknown_account(self):
        error = self.refusal(account="nobody@example.net")

        self.assertRegex(str(error), "'nobody@example.net' .invalid_grant: Invalid email or User ID.*check 'account'")

    def test_a_token_endpoint_that_is_busy(self):
        for refusal in (
            Refusal(503, {"error": "temporarily_unavailable"}),
            Refusal(503, b"<html>busy</html>"),
            Refusal(500, {"error": "internal_failure"}),
            Refusal(403, b"<html>proxy</html>"),
        ):
            with self.subTest(refusal.body):
                self.account.token_refusal = refusal
                error = self.refusal()
                self.assertRegex(str(error), "GMAIL-05: .*temporary")
                self.assertFalse(error.permanent)

    def test_what_the_api_refuses(self):
        cases = {
            "enable the Gmail API": api_error(403, "accessNotConfigured", "Gmail API has not been used in project 1"),
            "domain-wide delegation": api_error(403, "insufficientPermissions", "Insufficient Permission"),
            "Delegation denied for noc@example.net": api_error(
                403, "forbidden", "Delegation denied for noc@example.net"
            ),
            "Mail service not enabled": api_error(400, "failedPrecondition", "Mail service not enabled"),
            "HTTP 404": api_error(404, "notFound", "Not Found"),
        }
        for sentence, refusal in cases.items():
            with self.subTest(sentence):
                self.account.refusals = [refusal]
                error = self.refusal()
                self.assertIn(sentence, str(error))
                self.assertTrue(error.permanent)

    def test_the_newer_form_of_errors(self):
        details = [{"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "SERVICE_DISABLED"}]
        problem = {"code": 403, "message": "disabled", "status": "PERMISSION_DENIED", "details": details}
        self.account.refusals = [Refusal(403, {"error": problem})]

        self.assertIn("enable the Gmail API", str(self.refusal()))

    def test_a_token_that_the_api_refuses(self):
        self.account.refusals = [api_error(401, "authError", "Invalid Credentials")] * 3

        self.assertRegex(str(self.refusal()), "HTTP 401, Invalid Credentials")

    def test_a_missing_label(self):
        """People's own are named, not the dozen that Gmail has made."""
        self.account.labels["Label_7"] = "Carriers/Wartung"
        error = self.refusal(folder="Missing")

        self.assertRegex(str(error), "Label 'Missing' not found .*: Carriers/Wartung, INBOX\\.")
        self.assertTrue(error.permanent)

    def test_a_server_that_never_answers(self):
        with listener() as server:
            self.mailbox_type.api_endpoint = f"http://127.0.0.1:{server.getsockname()[1]}"
            self.mailbox_type.timeout = 0.3
            self.assertRegex(str(self.refusal()), "cannot be reached.*timed out")

    def test_a_closed_port(self):
        with listener() as server:
            self.mailbox_type.api_endpoint = f"http://127.0.0.1:{server.getsockname()[1]}"

        self.assertRegex(str(self.refusal()), "cannot be reached.*refused")

    def test_an_unknown_host(self):
        self.mailbox_type.api_endpoint = "http://nowhere.invalid"

        self.assertRegex(str(self.refusal()), "cannot be reached.*nowhere.invalid")
