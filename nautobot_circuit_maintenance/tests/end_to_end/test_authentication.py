"""A source that requires authentication: what the Job does with genuine and forged mail from a real mail server."""

from typing import Any

from django.db import connection
from django.test.utils import CaptureQueriesContext
from nautobot.apps.testing import TestCase
from nautobot.extras.models import JobResult, ObjectChange

from development.services.imap import ImapServer
from nautobot_circuit_maintenance.mailboxes.base import Batch
from nautobot_circuit_maintenance.models import CircuitMaintenance, Notification, NotificationSource, ParsedNotification
from nautobot_circuit_maintenance.pipeline.digest import digest
from nautobot_circuit_maintenance.pipeline.record import record_batch, record_messages
from nautobot_circuit_maintenance.pipeline.senders import SenderDirectory
from nautobot_circuit_maintenance.tests.cases import create_circuits, create_provider
from nautobot_circuit_maintenance.tests.end_to_end.world import (
    REPROCESS,
    comparable_rows,
    configured,
    new_folder,
    reading,
    run_job,
)
from nautobot_circuit_maintenance.tests.factories.mail import NOON, Bcop, mail, message
from nautobot_circuit_maintenance.tests.statements import statements

HOST = "mx.customer.example"
POLICY = {"require_authentication": True, "trusted_authserv_ids": [HOST]}
PASS = "dkim=pass header.d=isp.example"


def delivered(raw: bytes, results: str, host: str = HOST) -> bytes:
    """Return a message as a mail server hands it over that found this out about it."""
    return f"Authentication-Results: {host};\r\n\t{results}\r\n".encode() + raw


class AuthenticationTestCase(TestCase):
    """A provider "ISP", and an empty folder that a source of this policy reads."""

    server: ImapServer

    @classmethod
    def setUpTestData(cls):
        """Create the world."""
        create_circuits(create_provider("ISP", "noc@isp.example"), "C-1", "C-2")

    def setUp(self):
        """Let the source read a folder of its own."""
        super().setUp()
        self.folder = new_folder()
        self.server.deliver_all([], self.folder)
        self.configure(**POLICY)

    def configure(self, *others: dict[str, Any], **policy: Any) -> None:
        """Use this policy for the rest of the test."""
        settings = configured(reading(self.server, self.folder, **policy), *others)
        settings.enable()
        self.addCleanup(settings.disable)

    def deliver(self, *mails: bytes) -> None:
        """Put mails into the folder."""
        self.server.deliver_all([(raw, NOON) for raw in mails], self.folder)

    def run_it(self, *job: str, **variables: Any) -> JobResult:
        """Run the Job."""
        result = run_job(*job, **variables)
        self.assertEqual(result.status, "SUCCESS", result.traceback)
        return result

    def states(self) -> dict[str, str]:
        """Return the state of each notification by its subject."""
        return dict(Notification.objects.values_list("subject", "state"))


class Forgery(AuthenticationTestCase):
    """Only what a trusted mail server confirms gets in."""

    def test_genuine_mail_gets_in_and_forged_mail_is_refused_with_the_reason(self):
        """Both are on record with their bytes; the result counts them."""
        genuine = delivered(mail(Bcop("M-1"), subject="Genuine"), PASS)
        forged = delivered(mail(Bcop("M-2"), subject="Forged"), "dkim=pass header.d=else.example; spf=none")
        self.deliver(genuine, forged, delivered(delivered(mail(Bcop("M-3"), subject="Twice"), PASS), "dkim=none"))

        result = self.run_it()

        self.assertEqual(self.states(), {"Genuine": "parsed", "Forged": "refused", "Twice": "refused"})
        self.assertEqual(result.result["states"], {"parsed": 1, "refused": 2})
        self.assertEqual(result.result["sources"]["Mail"]["outcomes"], {"new": 3, "parsed": 1, "refused": 2})
        self.assertEqual(list(CircuitMaintenance.objects.values_list("name", flat=True)), ["M-1"])
        row = Notification.objects.get(subject="Forged")
        self.assertEqual(bytes(row.raw), forged)
        self.assertIn("dkim=pass for else.example", row.error)
        self.assertIn("reprocess", row.error)

    def test_a_forged_cancellation_changes_nothing(self):
        """Not the maintenance, not its evidence, not the change log."""
        self.deliver(delivered(mail(Bcop("M-1"), subject="Genuine"), PASS))
        self.run_it()
        rows, changes = comparable_rows(), ObjectChange.objects.count()

        self.deliver(mail(Bcop("M-1", status="CANCELLED", sequence=1), subject="Forged"))
        self.run_it()

        self.assertEqual(self.states(), {"Genuine": "parsed", "Forged": "refused"})
        after = comparable_rows()
        for model in ("CircuitMaintenance", "MaintenanceWindow", "CircuitImpact", "ParsedNotification"):
            self.assertEqual(after[model], rows[model])
        self.assertEqual(ObjectChange.objects.count(), changes)

    def test_an_unconfirmed_copy_does_not_keep_the_confirmed_one_out(self):
        """A list server forwards it faster than the provider's own server delivers it: one message, two copies."""
        raw = mail(Bcop("M-1"), subject="Genuine")
        self.deliver(raw)
        self.run_it()
        self.assertEqual(self.states(), {"Genuine": "refused"})

        self.deliver(delivered(raw, PASS))
        self.run_it()

        self.assertEqual((self.states(), Notification.objects.count()), ({"Genuine": "parsed"}, 1))
        self.assertEqual(bytes(Notification.objects.get().raw), delivered(raw, PASS))

    def test_of_two_copies_that_are_read_at_once_the_confirmed_one_counts(self):
        """Whichever lies first in the mailbox."""
        raws = {name: mail(Bcop(name), subject=name) for name in ("M-1", "M-2")}
        self.deliver(raws["M-1"], delivered(raws["M-1"], PASS), delivered(raws["M-2"], PASS), raws["M-2"])
        self.run_it()

        self.assertEqual(self.states(), {"M-1": "parsed", "M-2": "parsed"})

    def test_a_dry_run_reports_what_would_be_refused(self):
        """And leaves nothing."""
        self.run_it()  # creates the row of the source
        self.deliver(mail(Bcop("M-1")))

        result = self.run_it(dryrun=True)

        self.assertEqual(result.result["sources"]["Mail"]["outcomes"], {"new": 1, "refused": 1})
        self.assertFalse(Notification.objects.exists())

    def test_each_source_has_its_own_policy(self):
        """A mail that one refuses would be good enough for another."""
        other = new_folder()
        self.server.deliver(mail(Bcop("M-2"), subject="Open"), other, NOON)
        self.configure(reading(self.server, other, name="Other"), **POLICY)
        self.deliver(mail(Bcop("M-1"), subject="Strict"))

        self.run_it()

        self.assertEqual(self.states(), {"Strict": "refused", "Open": "parsed"})


class AnotherPolicy(AuthenticationTestCase):
    """What was turned away is let in by Reprocess once the policy allows it - and only then."""

    def setUp(self):
        """Refuse one mail, which another host than the trusted one confirmed."""
        super().setUp()
        self.deliver(delivered(mail(Bcop("M-1"), subject="Works"), PASS, host="mx.new.example"))
        self.run_it()
        self.assertEqual(self.states(), {"Works": "refused"})

    def reprocess(self, **policy: Any) -> dict[str, str]:
        """Read it again under this policy; return the states."""
        self.configure(**policy)
        self.run_it(REPROCESS, which="all")
        return self.states()

    def test_under_the_same_policy_it_stays_outside(self):
        """Again with the reason."""
        self.assertEqual(self.reprocess(**POLICY), {"Works": "refused"})
        self.assertIn(HOST, Notification.objects.get().error)

    def test_a_host_that_is_trusted_now_lets_it_in(self):
        """The reason is gone."""
        trusted = {**POLICY, "trusted_authserv_ids": [HOST, "MX.New.example"]}

        self.assertEqual(self.reprocess(**trusted), {"Works": "parsed"})
        self.assertEqual(Notification.objects.get().error, "")
        self.assertEqual(CircuitMaintenance.objects.get().name, "M-1")

    def test_a_source_that_demands_nothing_any_more_lets_it_in(self):
        """Whatever hosts are still listed."""
        self.assertEqual(self.reprocess(**{**POLICY, "require_authentication": False}), {"Works": "parsed"})

    def test_a_mistake_in_the_settings_lets_nothing_in(self):
        """Wrong types, wrong names, or a mistake somewhere else in the source."""
        for wrong in (
            {"trusted_authserv_ids": "mx.new.example"},
            {"trusted_authserv_ids": []},
            {"trusted_authserv_ids": [None, ""]},
            {"require_authentication": "no"},
            {"tls": "yes"},
        ):
            with self.subTest(wrong):
                self.assertEqual(self.reprocess(**{**POLICY, **wrong}), {"Works": "refused"})

    def test_what_was_let_in_before_keeps_what_came_of_it(self):
        """As a mail that no parser reads any more: what is known stays until someone says something else."""
        self.reprocess()
        before = comparable_rows()["CircuitMaintenance"]

        self.assertEqual(self.reprocess(**POLICY), {"Works": "refused"})
        self.assertEqual(comparable_rows()["CircuitMaintenance"], before)
        self.assertEqual(ParsedNotification.objects.count(), 1)


class Cost(AuthenticationTestCase):
    """What the policy costs, and whom it concerns."""

    def record(self, count: int) -> None:
        """Record genuine mails of the source."""
        source, _ = NotificationSource.objects.get_or_create(name="Mail")
        directory = SenderDirectory.of_all_providers()
        Notification.objects.all().delete()
        mails = [message(delivered(mail(Bcop(f"M-{n}"), subject=f"{n}"), PASS)) for n in range(count)]
        record_batch(source, directory, Batch(tuple(mails), {}))

    def statements(self, **policy: Any) -> int:
        """Digest twenty mails under this policy; return the number of statements."""
        self.configure(**policy)
        self.record(20)
        CircuitMaintenance.objects.all().delete()
        with CaptureQueriesContext(connection) as queries:
            outcomes = digest(Notification.objects.all()).outcomes
        self.assertEqual({outcome.value: n for outcome, n in outcomes.items()}, {"parsed": 20})
        of_sources = f'FROM "{NotificationSource._meta.db_table}"'
        self.assertFalse([sql for sql in statements(queries) if of_sources in sql])
        return len(queries)

    def test_the_policy_costs_no_statement(self):
        """The source comes with the row, the verdict with its bytes."""
        self.statements()  # fills the caches of content types

        self.assertEqual(self.statements(**POLICY), self.statements())

    def test_mail_without_a_source_needs_no_authentication(self):
        """Files and uploads are given by people whom Nautobot knows."""
        record_messages(SenderDirectory.of_all_providers(), [message(mail(Bcop("M-1"), subject="Upload"))])

        digest(Notification.objects.all())

        self.assertEqual(self.states(), {"Upload": "parsed"})
