"""The tag step: what became of a message is shown in its mailbox, after everything else and never instead of it."""

from datetime import timedelta
from unittest import mock

from django.test.utils import override_settings

from development.services.imap import imap_server
from nautobot_circuit_maintenance.mailboxes.imap.tagger import ImapTagger
from nautobot_circuit_maintenance.models import Notification
from nautobot_circuit_maintenance.pipeline.reprocess import requeue
from nautobot_circuit_maintenance.pipeline.run import RunOptions, run
from nautobot_circuit_maintenance.pipeline.tags import TAGGED_FOR
from nautobot_circuit_maintenance.tests.cases import PipelineTestCase
from nautobot_circuit_maintenance.tests.factories.mail import NOON, Bcop, mail
from nautobot_circuit_maintenance.tests.mailboxes.tcp_proxy import proxy_to

TAGS = {"parsed": "NCM-parsed", "failed": "NCM-failed"}
POLL = ["LOGIN", "EXAMINE", "LOGOUT"]
TAGGING = ["LOGIN", "SELECT", "UID FETCH", "UID STORE", "UID STORE", "LOGOUT"]


class TagsTestCase(PipelineTestCase):
    """A source whose mailbox is on a real server, behind a proxy that counts."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        server = imap_server()
        cls.server = server.__enter__()
        cls.addClassCleanup(server.__exit__, None, None, None)

    def setUp(self):
        super().setUp()
        proxying = proxy_to(self.server.tls_port, self.server.tls_context())
        self.proxy = proxying.__enter__()  # not enterContext(), which Python 3.10 does not have
        self.addCleanup(proxying.__exit__, None, None, None)
        self.runs = 0
        self.addCleanup(self.server.empty)

    def run_once(self, tags: dict[str, str] | None = None, **options) -> list[str]:
        """Run; return the commands that the server received."""
        self.proxy.commands.clear()
        entry = {
            "name": "Mail",
            "url": f"imap://localhost:{self.proxy.port}",
            "tls": False,
            "account": self.server.username,
        }
        entry |= {"secret": self.server.password, "tags": TAGS if tags is None else tags}
        config = {"nautobot_circuit_maintenance": {"notification_sources": [entry]}}
        self.runs += 1
        self.source.refresh_from_db()
        with override_settings(PLUGINS_CONFIG=config):
            now = options.pop("now", NOON + timedelta(minutes=self.runs))
            self.report = run([self.source], RunOptions(now=now, **options))
        self.source.refresh_from_db()
        return [name for name in self.proxy.names() if name != "CAPABILITY"]

    def deliver(self, *raws: bytes) -> None:
        """Put messages into the mailbox."""
        self.server.deliver_all([(raw, NOON) for raw in raws])

    def flags(self) -> list[set[str]]:
        """Return the flags of each message."""
        with self.server.client() as client:
            client.select_folder("INBOX", readonly=True)
            found = client.get_flags(client.search())
            return [{flag.decode() for flag in flags} - {"\\Recent"} for _, flags in sorted(found.items())]


class Tags(TagsTestCase):
    """What the mailbox shows."""

    def test_every_outcome_that_has_a_name_is_shown(self):
        """One session more, after the outcome is committed; another sender's message is left alone."""
        self.deliver(mail(Bcop()), mail(subject="Nothing"), mail(Bcop("M-2"), sender="someone@else.example"))
        states = {"parsed", "failed"}

        commands = self.run_once()

        self.assertEqual(set(Notification.objects.values_list("state", flat=True)), states)
        self.assertEqual(self.flags(), [{"NCM-parsed"}, {"NCM-failed"}, set()])
        self.assertEqual(
            set(Notification.objects.values_list("state", "tag")), {("parsed", "NCM-parsed"), ("failed", "NCM-failed")}
        )
        self.assertEqual(commands[-len(TAGGING) :], TAGGING)

    def test_a_poll_with_nothing_new_is_one_session(self):
        """No tag is due, so nothing is asked for."""
        self.deliver(mail(Bcop()))
        self.run_once()

        self.assertEqual(self.run_once(), POLL)

    def test_it_is_off_unless_named(self):
        """The mailbox is opened with EXAMINE alone, and no query looks for what is due."""
        self.deliver(mail(Bcop()))

        commands = self.run_once({})

        self.assertNotIn("SELECT", commands)
        self.assertEqual(self.flags(), [set()])

    def test_a_dry_run_shows_nothing(self):
        """It leaves no outcome."""
        self.deliver(mail(Bcop()))

        self.assertNotIn("SELECT", self.run_once(dry_run=True))
        self.assertEqual(self.flags(), [set()])

    def test_another_outcome_replaces_the_tag(self):
        """Once reprocessed; one without a name takes it away."""
        self.deliver(mail(subject="Nothing"))
        self.run_once()
        self.assertEqual(self.flags(), [{"NCM-failed"}])

        Notification.objects.update(state="parsed", error="")
        self.run_once()
        self.assertEqual(self.flags(), [{"NCM-parsed"}])
        Notification.objects.update(state="ignored")
        self.run_once()

        self.assertEqual(self.flags(), [set()])
        self.assertEqual(Notification.objects.get().tag, "")

    def test_another_name_replaces_the_tag(self):
        """The settings were changed."""
        self.deliver(mail(Bcop()))
        self.run_once()

        self.run_once({"parsed": "Maintenance"})

        self.assertEqual(self.flags(), [{"Maintenance"}])

    def test_what_waits_keeps_its_tag(self):
        """It has no outcome yet, and gets that of the same run."""
        self.deliver(mail(Bcop()))
        self.run_once()
        requeue(Notification.objects.all())

        self.assertEqual(self.run_once(), POLL)
        self.assertEqual(self.flags(), [{"NCM-parsed"}])

    def test_a_star_of_people_stays(self):
        """It is taken away only where we have set it."""
        self.deliver(mail(Bcop()), mail(subject="Nothing"))
        with self.server.client() as client:
            client.select_folder("INBOX")
            client.add_flags(client.search(), ["\\Flagged", "Urgent"])

        self.run_once({"parsed": "NCM-parsed", "failed": "\\Flagged"})
        self.assertEqual(self.flags(), [{"NCM-parsed", "\\Flagged", "Urgent"}, {"\\Flagged", "Urgent"}])
        Notification.objects.filter(state="failed").update(state="parsed")
        self.run_once({"parsed": "NCM-parsed", "failed": "\\Flagged"})

        self.assertEqual(self.flags()[1], {"NCM-parsed", "Urgent"})

    def test_old_messages_are_left_alone(self):
        """Someone who names tags after years does not want them on everything."""
        self.deliver(mail(Bcop()))
        self.run_once({})

        self.run_once(now=NOON + TAGGED_FOR + timedelta(days=1))

        self.assertEqual(self.flags(), [set()])


class Failures(TagsTestCase):
    """No message depends on a tag."""

    def failing(self) -> str:
        """Run at a server that refuses tags; return what is logged about it."""
        with self.assertLogs("nautobot_circuit_maintenance.pipeline.tags", "WARNING") as logged:
            self.run_once()
        return "\n".join(logged.output)

    def test_a_server_that_refuses_does_not_matter_to_the_message(self):
        """It is noted, and the next run tries again."""
        self.deliver(mail(Bcop()))
        self.proxy.change = lambda piece: piece.replace(b"[READ-WRITE]", b"[READ-ONLY]")

        self.assertRegex(self.failing(), r"Mail: TAG-01: The outcome of 1 messages .* tries again\. `IMAP-22: ")
        self.assertEqual(self.maintenance().status, "CONFIRMED")
        self.assertEqual((self.source.last_error, self.report.sources[0].error), ("", ""))
        self.assertEqual(Notification.objects.get().tag, "")

        self.proxy.change = lambda piece: piece
        self.run_once()
        self.assertEqual(self.flags(), [{"NCM-parsed"}])

    def test_a_connection_that_is_lost_in_between(self):
        """What was set before is set again, which changes nothing."""
        self.deliver(mail(Bcop()))
        self.proxy.cut_at = b"(MESSAGE-ID)"

        self.assertIn("IMAP-16", self.failing())
        self.proxy.cut_at = b""
        self.run_once()

        self.assertEqual(self.flags(), [{"NCM-parsed"}])

    def test_a_bug_of_ours_is_logged_and_ends_nothing(self):
        """The traceback is in the log of the worker."""
        self.deliver(mail(Bcop()))
        with mock.patch.object(ImapTagger, "change", side_effect=KeyError("oops")):
            self.assertIn("TAG-01", self.failing())

        self.assertTrue(self.report.is_complete)
        self.assertEqual(self.maintenance().status, "CONFIRMED")

    def test_a_mailbox_that_could_not_be_read_is_not_asked_for_tags(self):
        """It would cost the same time-out once more."""
        self.deliver(mail(Bcop()))
        self.run_once({})
        self.proxy.change = lambda piece: piece.replace(b"UIDVALIDITY", b"UIDNOTHING")

        commands = self.run_once()

        self.assertNotEqual(self.source.last_error, "")
        self.assertNotIn("SELECT", commands)

    def test_a_notification_that_is_digested_again_meanwhile_is_tagged_again(self):
        """Its tag is of the outcome before."""
        self.deliver(mail(Bcop()))
        opening = ImapTagger.open

        def while_digesting(settings):
            Notification.objects.update(state="failed")
            return opening(settings)

        with mock.patch.object(ImapTagger, "open", while_digesting):
            self.run_once()
        self.assertEqual(Notification.objects.get().tag, "")
        self.run_once()

        self.assertEqual(self.flags(), [{"NCM-failed"}])
