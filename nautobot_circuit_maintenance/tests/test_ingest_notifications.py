"""The command that reads messages from files."""

import io
import json
import mailbox
import shutil
import sys
import tempfile
from pathlib import Path

from django.core.management import CommandError, call_command

from nautobot_circuit_maintenance.models import Notification
from nautobot_circuit_maintenance.tests.cases import PipelineTestCase
from nautobot_circuit_maintenance.tests.factories.mail import Bcop, mail


class IngestNotificationsTest(PipelineTestCase):
    """Files go the way that mail goes."""

    def setUp(self):
        """Have a folder for the files."""
        super().setUp()
        folder = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, folder)
        self.folder = Path(folder)

    def ingest(self, *paths) -> dict:
        """Run the command and return what it prints as JSON."""
        out = io.StringIO()
        call_command("ingest_notifications", *map(str, paths), "--json", stdout=out)
        return json.loads(out.getvalue())

    def test_a_folder_yields_one_row_per_message_and_counts_per_outcome(self):
        """Each message is counted separately: parsed, failed, an unknown sender's, known already."""
        samples = {
            "a.eml": mail(Bcop()),
            "b.eml": mail(subject="No calendar in it"),
            "c.eml": mail(Bcop(), sender="noc@unknown.example"),
            "d.eml": mail(Bcop()),
            "notes.txt": b"not a mail",
        }
        for name, raw in samples.items():
            (self.folder / name).write_bytes(raw)

        answer = self.ingest(self.folder)

        self.assertEqual(answer["counts"], {"parsed": 1, "failed": 1, "unknown sender": 1, "duplicate": 1})
        self.assertEqual(
            [(Path(each["name"]).name, each["outcome"]) for each in answer["messages"]],
            [("a.eml", "parsed"), ("b.eml", "failed"), ("c.eml", "unknown sender"), ("d.eml", "duplicate")],
        )
        self.assertEqual(answer["messages"][0]["maintenances"], ["M-1"])
        self.assertTrue(answer["messages"][1]["reason"])
        self.assertEqual(self.impacts(), {"C-1": "OUTAGE"})

    def test_a_second_run_finds_nothing_new(self):
        """What is recorded stays as it is."""
        (self.folder / "a.eml").write_bytes(mail(Bcop()))
        self.ingest(self.folder)

        self.assertEqual(self.ingest(self.folder)["counts"], {"duplicate": 1})
        self.assertEqual(Notification.objects.count(), 1)

    def test_maildir_and_mbox_are_read_whole(self):
        """Both stores hold several messages, and the same mail in both is one."""
        maildir, mbox = mailbox.Maildir(self.folder / "maildir"), mailbox.mbox(self.folder / "mbox")
        for name in ("M-1", "M-2"):
            maildir.add(mail(Bcop(maintenance_id=name)).replace(b"\r\n", b"\n"))
            mbox.add(mail(Bcop(maintenance_id=name)).replace(b"\r\n", b"\n"))
        mbox.close()

        self.assertEqual(self.ingest(self.folder / "maildir")["counts"], {"parsed": 2})
        self.assertEqual(self.ingest(self.folder / "mbox")["counts"], {"duplicate": 2})

    def test_standard_input_is_one_message(self):
        """A mail server's alias can pipe into the command."""
        self.addCleanup(setattr, sys, "stdin", sys.stdin)
        sys.stdin = io.TextIOWrapper(io.BytesIO(mail(Bcop())))

        self.assertEqual(self.ingest("-")["counts"], {"parsed": 1})

    def test_a_path_without_a_message_is_reported_in_a_sentence(self):
        """No one believes that a typing error was read."""
        for path, words in ((self.folder / "missing.eml", "cannot be read"), (self.folder, "contains no messages")):
            with self.subTest(path=path), self.assertRaisesRegex(CommandError, words):
                self.ingest(path)

    def test_the_list_for_people_is_equal(self):
        """Without --json there is a line for each message and one of counts."""
        (self.folder / "a.eml").write_bytes(mail(Bcop()))
        out = io.StringIO()

        call_command("ingest_notifications", str(self.folder), stdout=out)

        first, last = out.getvalue().splitlines()
        self.assertIn("a.eml: Planned work -> M-1", first)
        self.assertEqual(last, "1 parsed")
