"""Mailboxes change hands, names, servers and contents over the years: nothing is lost, nothing doubled, and the log has it."""

from datetime import timedelta
from typing import Any

from django.utils import timezone
from nautobot.apps.testing import TestCase
from nautobot.extras.models import JobResult

from development.services.imap import ImapServer, imap_server
from nautobot_circuit_maintenance.models import CircuitMaintenance, Notification, NotificationSource
from nautobot_circuit_maintenance.tests.cases import create_provider
from nautobot_circuit_maintenance.tests.end_to_end.world import configured, log_lines, new_folder, reading, run_job
from nautobot_circuit_maintenance.tests.factories.mail import Bcop, mail

SEARCHED_AGAIN = "The mailbox changed since the last run"


class MailboxOverTime(TestCase):
    """A provider "ISP", and a folder with the maintenances M-1 and M-2 that one run of the job has read."""

    server: ImapServer

    @classmethod
    def setUpTestData(cls):
        """Create the provider."""
        create_provider("ISP", "noc@isp.example")

    def setUp(self):
        """Deliver two mails and read them."""
        super().setUp()
        self.now = timezone.now().replace(microsecond=0)
        self.folder = new_folder()
        self.deliver("M-1", "M-2")
        self.read()

    def deliver(self, *names: str, server: ImapServer | None = None, folder: str = "", days: float = 0) -> None:
        """Deliver a mail about each of these maintenances, received some days ago."""
        received = self.now - timedelta(days=days)
        mails = [(mail(Bcop(name), subject=f"Work {name}"), received) for name in names]
        (server or self.server).deliver_all(mails, folder or self.folder)

    def read(self, *sources: dict[str, Any]) -> JobResult:
        """Let the job read these sources, or the folder of the test; the backlog of a sender is that of a week."""
        settings = sources or (reading(self.server, self.folder),)
        with configured(*settings, raw_notification_initial_days_since=7):
            result = run_job()
        self.assertEqual(result.status, "SUCCESS", result.traceback)
        self.last_result = result
        return result

    def assert_known(self, *names: str) -> None:
        """Expect these maintenances, one notification each, and nothing else."""
        self.assertEqual(sorted(CircuitMaintenance.objects.values_list("name", flat=True)), sorted(names))
        self.assertEqual(Notification.objects.count(), len(names))

    def assert_search_logged(self) -> None:
        """Expect a line in the log of the last run that it searched again, and from which day."""
        self.assertEqual(len([line for line in log_lines(self.last_result) if SEARCHED_AGAIN in line]), 1)

    def set_cursor(self, cursor: Any, **values: Any) -> None:
        """Write the place where the last run stopped, as a person in a shell or another version would."""
        NotificationSource.objects.update(cursor=cursor, **values)


class TestFolders(MailboxOverTime):
    """What people do with folders and messages."""

    def test_a_folder_that_was_renamed_and_recreated_is_read_from_its_start(self):
        """Mail that came into the old one before is known, the new one's is not."""
        with self.server.client() as client:
            client.rename_folder(self.folder, f"{self.folder}-old")
        self.deliver("M-2", "M-3")

        self.read()

        self.assert_known("M-1", "M-2", "M-3")
        self.assert_search_logged()

    def test_messages_that_were_moved_away_and_back_are_known(self):
        """They have new UIDs; what came in the meantime is read."""
        elsewhere = new_folder()
        with self.server.client() as client:
            client.create_folder(elsewhere)
            client.select_folder(self.folder)
            client.move(client.search(), elsewhere)
        self.read()
        with self.server.client() as client:
            client.select_folder(elsewhere)
            client.move(client.search(), self.folder)
        self.deliver("M-3")

        result = self.read()

        self.assert_known("M-1", "M-2", "M-3")
        self.assertEqual(result.result["sources"]["Mail"]["outcomes"], {"new": 1, "duplicate": 2, "parsed": 1})

    def test_an_emptied_folder_removes_nothing(self):
        """What was recorded stays, what comes next is read."""
        self.server.empty(self.folder)
        self.read()
        self.assert_known("M-1", "M-2")
        self.deliver("M-3")

        self.read()

        self.assert_known("M-1", "M-2", "M-3")


class TestServers(MailboxOverTime):
    """The same source on another server, sometimes with the same UIDVALIDITY: many servers begin with 1."""

    def uid_validity(self) -> int:
        """Return that of the folder that was read."""
        return NotificationSource.objects.get(name="Mail").cursor["uidvalidity"]

    def test_a_mailbox_that_moved_to_another_server_is_searched_there(self):
        """Its UIDs look as if they continued, and mean other messages."""
        with imap_server(username="new@example.net", uid_validity=self.uid_validity()) as other:
            self.deliver("M-3", "M-2", server=other, days=2)
            self.read(reading(other, self.folder))
            self.assert_known("M-1", "M-2", "M-3")
            self.assert_search_logged()
            self.deliver("M-4", server=other)
            self.read(reading(other, self.folder))

        self.assert_known("M-1", "M-2", "M-3", "M-4")

    def test_a_server_restored_from_a_backup_gives_uids_again_and_is_searched_again(self):
        """The same UIDVALIDITY, but the next UID is one that the last run has passed already."""
        self.deliver(*(f"N-{number}" for number in range(5)))
        self.read()
        with imap_server(self.server.username, uid_validity=self.uid_validity()) as restored:
            self.deliver("M-1", "M-2", "M-3", server=restored)
            self.read(reading(restored, self.folder))

        self.assert_known("M-1", "M-2", "M-3", *(f"N-{number}" for number in range(5)))
        self.assert_search_logged()

    def test_two_sources_that_change_places_lose_nothing(self):
        """Their settings were swapped, their rows were not."""
        with imap_server(username="second@example.net", uid_validity=self.uid_validity()) as second:
            self.deliver(*(f"S-{number}" for number in range(4)), server=second)
            self.read(reading(self.server, self.folder), reading(second, self.folder, name="Second"))
            self.deliver("M-3")
            self.deliver("S-4", server=second)

            self.read(reading(second, self.folder), reading(self.server, self.folder, name="Second"))

        self.assert_known("M-1", "M-2", "M-3", *(f"S-{number}" for number in range(5)))

    def test_another_header_that_names_the_sender_looks_at_old_mail_again(self):
        """Under the wrong one, mail that is a list's counted as an unknown sender's."""
        raw = mail(Bcop("M-3"), subject="Through a list").replace(
            b"From: ", b"From: list@own.example\r\nX-Original-From: ", 1
        )
        self.server.deliver(raw, self.folder, self.now)
        self.read()
        self.assert_known("M-1", "M-2")

        self.read(reading(self.server, self.folder, source_header="X-Original-From"))

        self.assert_known("M-1", "M-2", "M-3")


class TestNames(MailboxOverTime):
    """Sources get other names in the settings."""

    def test_a_source_with_a_new_name_starts_again_and_doubles_nothing(self):
        """The row of the old name stays, with what came through it."""
        self.deliver("M-3")

        result = self.read(reading(self.server, self.folder, name="Post"))

        self.assert_known("M-1", "M-2", "M-3")
        self.assertEqual(result.result["sources"]["Post"]["outcomes"], {"new": 1, "duplicate": 2, "parsed": 1})
        self.assertEqual(NotificationSource.objects.get(name="Mail").notifications.count(), 2)

    def test_a_source_without_providers_reports_that_it_reads_no_mail(self):
        """One with a new name is such a source, and "nothing new" would hide it."""
        self.deliver("M-3")
        renamed = reading(self.server, self.folder, name="Post", attach_all_providers=False)

        result = self.read(renamed)

        self.assertTrue([line for line in log_lines(result) if "Post" in line and "nothing to read" in line])
        NotificationSource.objects.get(name="Post").providers.set(
            NotificationSource.objects.get(name="Mail").providers.all()
        )
        self.read(renamed)
        self.assert_known("M-1", "M-2", "M-3")


class TestCursor(MailboxOverTime):
    """A place to continue from that a person damaged, or a newer version wrote."""

    def damaged(self) -> list[Any]:
        """Return what can stand there instead of a cursor."""
        good = NotificationSource.objects.get().cursor
        return [
            {**good, "uid": "many"},
            {**good, "uid": None},
            {**good, "uid": 10**9},
            {**good, "uid": -5},
            {**good, "refused": "7"},
            {**good, "refused": [{}]},
            {**good, "backlog": {}},
            {**good, "backlog": "all"},
            {**good, "backlog": {"senders": ["noc@isp.example"], "since": "yesterday", "reached": 1}},
            {**good, "backlog": {"senders": ["noc@isp.example"], "since": "2026-01-01", "reached": 1}},
            {**good, "backlog": {"senders": ["noc@isp.example"], "since": self.now.isoformat(), "reached": "x"}},
            {key: value for key, value in good.items() if key != "uid"},
            {"version": 2, "folders": {self.folder: good}},
            [good],
            "101",
            17,
        ]

    def test_whatever_stands_there_the_mail_is_searched_again_and_read_once(self):
        """The run reports it and succeeds; the next one continues from a good place."""
        names = ["M-1", "M-2"]
        for number, cursor in enumerate(self.damaged()):
            with self.subTest(cursor=cursor):
                names.append(f"N-{number}")
                self.deliver(names[-1])
                self.set_cursor(cursor)

                self.read()

                self.assert_known(*names)
                self.assert_search_logged()
                self.assertEqual(self.read().result["sources"]["Mail"]["outcomes"], {})

    def test_a_place_that_was_emptied_by_hand_reaches_back_to_the_last_run(self):
        """A source that was not read for a month is not treated as new."""
        self.deliver("M-3", days=20)
        self.set_cursor({}, last_fetched_at=self.now - timedelta(days=30))

        self.read()

        self.assert_known("M-1", "M-2", "M-3")

    def test_a_last_run_in_the_future_is_not_believed(self):
        """The worker's clock was ahead; the newest email that was read shows how far it had come."""
        Notification.objects.update(received_at=self.now - timedelta(days=30))
        self.deliver("M-3", days=20)
        self.set_cursor({"folder": "another"}, last_fetched_at=self.now + timedelta(days=90))

        self.read()

        self.assert_known("M-1", "M-2", "M-3")
