"""Sources whose messages the app verifies itself where no trusted mail server has (DKIM)."""

import sys
from datetime import timedelta
from unittest import mock

import dns.rcode
from django.core.checks import run_checks
from django.test.utils import override_settings

from development.services.dns import DnsServer
from nautobot_circuit_maintenance.models import Notification
from nautobot_circuit_maintenance.pipeline.reprocess import requeue
from nautobot_circuit_maintenance.pipeline.run import RunOptions, run
from nautobot_circuit_maintenance.pipeline.unanswered import TRIED_FOR, requeue_answered
from nautobot_circuit_maintenance.tests.attacks.test_copies import HOST, RAW, confirmed
from nautobot_circuit_maintenance.tests.factories.mail import NOON
from nautobot_circuit_maintenance.tests.factories.signing import record, signed
from nautobot_circuit_maintenance.tests.pipeline.test_admission import AdmissionTestCase

KEY_NAME = "s1._domainkey.isp.example"


def verifying(dkim: str = "fallback", **others) -> override_settings:
    """Let the source require a confirmed sender, with or without DKIM of our own."""
    entry = {"name": "Mail", "url": "imap://localhost", "account": "ops", "secret": "x", "require_authentication": True}
    entry |= {"dkim": dkim, **others}
    return override_settings(PLUGINS_CONFIG={"nautobot_circuit_maintenance": {"notification_sources": [entry]}})


class SignedSenders(AdmissionTestCase):
    """One message at a time, and a DNS server that has the key of its provider."""

    def setUp(self):
        super().setUp()
        self.dns = DnsServer()
        self.dns.__enter__()  # not enterContext(), which Python 3.10 does not have
        self.addCleanup(self.dns.__exit__, None, None, None)
        self.dns.records[KEY_NAME] = [record()]

    def test_a_signed_message_is_admitted(self):
        """No mail server reports on it, and none is trusted."""
        with verifying():
            self.record(signed(RAW))
            self.assertEqual(self.verdict(), ("received", True))
            self.digest()

        self.assertEqual(self.verdict(), ("parsed", True))
        self.assertEqual(self.dns.asked, [KEY_NAME])

    def test_any_other_is_refused_with_the_reason(self):
        """At once: it never waits."""
        with verifying():
            row = self.record(signed(RAW).replace(b"Fibre work", b"Other work"))

        self.assertEqual(self.verdict(), ("refused", False))
        self.assertRegex(row.error, r"^AUTH-05: .* isp\.example \(signature 1 is not valid: .*reprocess\.$")

    def test_what_a_trusted_server_reports_counts_alone(self):
        """It has seen the message as it was sent; the DNS is not asked."""
        with verifying(trusted_authserv_ids=[HOST]):
            row = self.record(
                f"Authentication-Results: {HOST}; dkim=fail header.d=isp.example\r\n".encode() + signed(RAW)
            )
            self.assertIn("AUTH-03", row.error)
            Notification.objects.all().delete()
            self.record(confirmed())

        self.assertEqual(self.verdict(), ("received", True))
        self.assertEqual(self.dns.asked, [])

    def test_a_report_of_a_server_that_is_not_trusted_is_no_report(self):
        """Anyone can write one, and a signature counts in spite of it."""
        with verifying(trusted_authserv_ids=[HOST]):
            self.record(b"Authentication-Results: mx.evil.example; dkim=fail\r\n" + signed(RAW))
            self.assertEqual(self.verdict(), ("received", True))

    def test_it_is_off_unless_switched_on(self):
        """No question leaves the worker."""
        with verifying("off", trusted_authserv_ids=[HOST]):
            row = self.record(signed(RAW))
            run([], RunOptions(now=NOON))

        self.assertIn("AUTH-01", row.error)
        self.assertEqual(self.dns.asked, [])

    def test_a_message_waits_for_the_dns(self):
        """It is refused in this run, and judged by a later one as soon as the DNS answers, without anyone's help."""
        self.dns.codes[KEY_NAME] = dns.rcode.SERVFAIL
        with verifying():
            self.record(signed(RAW))
            self.assertEqual(self.verdict(), ("received", None))
            run([], RunOptions(now=NOON))
            self.assertEqual(self.verdict(), ("refused", False))
            self.assertIn("AUTH-06", self.row().error)
            run([], RunOptions(now=NOON + timedelta(minutes=5)))
            self.assertEqual(self.verdict(), ("refused", False))

            self.dns.codes.clear()
            run([], RunOptions(now=NOON + timedelta(hours=1)))

        self.assertEqual(self.verdict(), ("parsed", True))

    def test_what_the_dns_says_later_may_be_no(self):
        """Then it is refused for good."""
        self.dns.codes[KEY_NAME] = dns.rcode.SERVFAIL
        with verifying():
            self.record(signed(RAW))
            self.digest()
            self.dns.codes.clear()
            self.dns.records.clear()
            run([], RunOptions(now=NOON))

        self.assertEqual(self.verdict(), ("refused", False))
        self.assertIn("AUTH-05", self.row().error)

    def test_waiting_for_the_dns_ends(self):
        """After a week, a key may have been removed from the DNS; until then a run asks once for each."""
        self.dns.codes[KEY_NAME] = dns.rcode.SERVFAIL
        with verifying():
            self.record(signed(RAW))
            self.digest()
            self.dns.codes.clear()

            self.assertEqual(requeue_answered(NOON + TRIED_FOR + timedelta(minutes=1)), 0)
            self.assertEqual(requeue_answered(NOON + TRIED_FOR), 1)

    def test_without_such_a_source_nothing_is_looked_for(self):
        """A run costs no query more than before."""
        with verifying("off", trusted_authserv_ids=[HOST]), self.assertNumQueries(0):
            requeue_answered(NOON)

    def test_reprocessing_verifies_again(self):
        """By the settings of today."""
        with verifying():
            self.record(signed(RAW))
            self.digest()
            requeue(Notification.objects.all())
            self.digest()
            self.assertEqual(self.verdict(), ("parsed", True))
        with verifying("off", trusted_authserv_ids=[HOST]):
            requeue(Notification.objects.all())
            self.digest()

        self.assertEqual(self.verdict(), ("refused", False))

    def test_without_the_libraries_one_sentence_says_what_to_install(self):
        """On the notification and in the system check."""
        with verifying(), mock.patch.dict(sys.modules, {"publicsuffixlist": None}):
            sys.modules.pop("nautobot_circuit_maintenance.mail.dkim.verifier", None)
            row = self.record(signed(RAW))
            problems = [each for each in run_checks() if each.id.endswith("E021")]

        self.assertEqual(self.verdict(), ("refused", False))
        self.assertRegex(
            row.error, r"AUTH-07: .*\(publicsuffixlist\): install .* 'dkim' \(pip install dkimpy publicsuffixlist\)"
        )
        self.assertRegex(problems[0].hint, r"extra 'dkim' \(pip install dkimpy publicsuffixlist\)")

    def test_the_system_check_needs_the_libraries_only_where_they_are_used(self):
        """Here they are installed, and nothing is reported."""
        with verifying():
            self.assertEqual([each.id for each in run_checks() if each.id.endswith(("E011", "E020", "E021"))], [])
        with verifying("on"):
            self.assertIn("nautobot_circuit_maintenance.E020", [each.id for each in run_checks()])
