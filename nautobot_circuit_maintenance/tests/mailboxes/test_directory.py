"""A folder of files and a Maildir as mailboxes, on real folders."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from itertools import count
from pathlib import Path
from unittest import TestCase

from nautobot_circuit_maintenance.domain.errors import MailboxError
from nautobot_circuit_maintenance.mailboxes.batching import BATCH_MESSAGES
from nautobot_circuit_maintenance.mailboxes.directory.settings import DirectorySettings
from nautobot_circuit_maintenance.mailboxes.opening import open_mailbox
from nautobot_circuit_maintenance.tests.mailboxes.contract import (
    LIMIT,
    NOW,
    ContractCase,
    MailboxContract,
    mail,
    subjects,
)


@contextmanager
def unprivileged() -> Iterator[None]:
    """Be a user whom the mode of a file stops, during the block."""
    is_root = os.geteuid() == 0
    if is_root:
        os.seteuid(65534)
    try:
        yield
    finally:
        if is_root:
            os.seteuid(0)


class DirectoryCase(TestCase):
    """An empty folder, into which another program delivers."""

    def setUp(self):
        super().setUp()
        resources = ExitStack()
        self.addCleanup(resources.close)
        self.root = Path(resources.enter_context(tempfile.TemporaryDirectory()))
        self.inbox = self.root / "in box"
        self.inbox.mkdir()
        self.names = (f"{number * 7919 % 100_003:06}.eml" for number in count(1))
        self.delivered = {}

    def place(self) -> Path:
        """Return where the next message goes."""
        return self.inbox / next(self.names)

    def deliver(self, *raws, received_at=None):
        for raw in raws:
            complete, path = self.root / "incomplete", self.place()
            complete.write_bytes(raw)
            received = min((received_at or NOW).timestamp(), complete.stat().st_mtime - 3)
            os.utime(complete, (received, received))
            complete.rename(path)
            self.delivered[path] = (raw, path.stat().st_mtime)

    def path_of(self, subject: str) -> Path:
        """Return the file of a message."""
        [path] = [path for path, (raw, _) in self.delivered.items() if f"Subject: {subject}\r\n".encode() in raw]
        return path

    def delete(self, subject):
        self.path_of(subject).unlink()

    def is_untouched(self):
        there = [path for path in self.inbox.rglob("*") if path.is_file()]
        return {path: (path.read_bytes(), path.stat().st_mtime) for path in there} == self.delivered

    def open(self, **changes):
        settings = DirectorySettings(**{"name": "mail", "url": self.inbox.as_uri(), **changes})
        return open_mailbox(settings, max_message_size=LIMIT)


class FolderContractTest(DirectoryCase, MailboxContract):
    """A folder of .eml files."""

    def test_what_is_no_message_is_ignored(self):
        (self.inbox / "folder.eml").mkdir()
        (self.inbox / ".hidden.eml").write_bytes(mail("hidden"))
        (self.inbox / "notes.txt").write_bytes(mail("text"))
        self.deliver(mail("1"))
        (self.inbox / "link.eml").symlink_to(self.path_of("1"))
        self.delivered = {}

        self.assertEqual(subjects(self.fetch()), ["1"])

    def test_a_file_that_grows_is_never_recorded_in_part(self):
        """A writer that pauses for longer than expected."""
        whole = mail("1") + b"The rest of it.\r\n" * 100
        self.deliver(whole[:200])
        [path] = self.inbox.iterdir()
        with self.open() as mailbox:
            path.write_bytes(whole)
            batches = list(mailbox.fetch(self.request()))
        self.settle(path)
        later = self.fetch(batches[-1].cursor)

        self.assertEqual(subjects(batches), [])
        self.assertRegex(batches[-1].unreadable[0], "DIR-02: .*DIR-03: .*still being written")
        self.assertEqual({message.raw for batch in later for message in batch.messages}, {whole})

    def test_a_file_that_is_written_long_after_it_was_created(self):
        """It was empty, or had a part, when it was looked at."""
        cursor = self.fetch()[-1].cursor
        for start in (b"", mail("1")[:30]):
            self.deliver(start)
            path = max(self.inbox.iterdir())
            batches = self.fetch(cursor)
            cursor = batches[-1].cursor if batches else cursor
            path.write_bytes(mail("1"))
            self.settle(path)
            batches = self.fetch(cursor)
            cursor = batches[-1].cursor

            self.assertEqual(subjects(batches), ["1"])

    def test_a_file_that_is_replaced_by_a_link_or_a_pipe(self):
        """Anyone who delivers could show the app any file of the server, or make it wait for ever."""
        (self.root / "secret").write_bytes(mail("secret"))
        for replacement in (lambda path: path.symlink_to(self.root / "secret"), os.mkfifo):
            with self.subTest(replacement):
                self.deliver(mail("1"))
                [path] = self.inbox.iterdir()
                with self.open() as mailbox:
                    path.unlink()
                    replacement(path)
                    batches = list(mailbox.fetch(self.request()))
                self.assertEqual(subjects(batches), [])
                path.unlink()

    def test_a_connection_to_a_folder_that_is_not_the_right_one(self):
        """It exists, and no message will ever be found in it."""
        old = NOW.timestamp() - 3600
        for names in (["1656.M1P2.host"], ["mail.txt"], ["cur/1656.M1P2.host:2,S"], ["new/1656.M1P2.host"]):
            with self.subTest(names):
                for name in names:
                    path = self.inbox / name
                    path.parent.mkdir(exist_ok=True)
                    path.write_bytes(mail("1"))
                    os.utime(path, (old, old))
                with self.assertRaises(MailboxError) as caught, self.open() as mailbox:
                    mailbox.check()
                self.assertRegex(str(caught.exception), r"DIR-04: .*\.eml.*new and cur")
                shutil.rmtree(self.inbox)
                self.inbox.mkdir()
        with self.open() as mailbox:
            mailbox.check()

    @staticmethod
    def settle(path: Path) -> None:
        """Pretend that a file was written a while ago."""
        os.utime(path, (NOW.timestamp() - 10, NOW.timestamp() - 10))

    def test_a_file_that_is_being_written_waits(self):
        cursor = self.fetch()[-1].cursor
        path = self.inbox / "1.EML"
        path.write_bytes(mail("1")[:40])
        self.assertEqual(self.fetch(cursor), [])

        path.write_bytes(mail("1"))
        os.utime(path, (NOW.timestamp() - 60,) * 2)

        self.assertEqual(subjects(self.fetch(cursor)), ["1"])


class MaildirCase(DirectoryCase):
    """A Maildir, in which mail programs mark messages."""

    def setUp(self):
        super().setUp()
        for name in ("new", "cur", "tmp"):
            (self.inbox / name).mkdir()
        self.names = (f"new/{number * 7919 % 100_003}.M1P2.host" for number in count(1))

    def mark(self, subject: str, flags: str = "S") -> None:
        """Mark a message as a mail program does."""
        path = self.path_of(subject)
        marked = self.inbox / "cur" / f"{path.name.partition(':')[0]}:2,{flags}"
        self.delivered[marked] = self.delivered.pop(path)
        path.rename(marked)


class MaildirContractTest(MaildirCase, MailboxContract):
    """A Maildir."""

    def test_a_message_that_is_marked_later_is_not_new(self):
        self.deliver(mail("1"), mail("2"))
        cursor = self.fetch()[-1].cursor
        self.mark("1")

        self.assertEqual(self.fetch(cursor), [])

    def test_a_message_that_is_marked_while_it_is_read_is_read(self):
        self.deliver(*(mail(f"{number:03}") for number in range(BATCH_MESSAGES + 20)))
        with self.open() as mailbox:
            batches = mailbox.fetch(self.request())
            first = next(batches)
            for subject in {f"{number:03}" for number in range(BATCH_MESSAGES + 20)} - set(subjects([first])):
                self.mark(subject)
            rest = list(batches)

        self.assertEqual(len(set(subjects([first, *rest]))), BATCH_MESSAGES + 20)

    def test_incomplete_messages_are_ignored(self):
        (self.inbox / "tmp" / "1").write_bytes(mail("1"))

        self.assertEqual(subjects(self.fetch()), [])


class DirectoryTest(MaildirCase, ContractCase):
    """What goes wrong, and folders below."""

    def test_a_missing_folder(self):
        with self.assertRaisesRegex(MailboxError, "DIR-01: .*Elsewhere cannot be read .*No such file.*; check 'url'"):
            with self.open(folder="Elsewhere"):
                self.fail("opened")

    def test_a_folder_in_the_folder_and_one_of_maildir_plus_plus(self):
        below = {"Carriers/Colt": self.inbox / ".Carriers.Colt", "Plain": self.inbox / "Plain"}
        for name, path in below.items():
            path.mkdir()
            (path / "new").mkdir()
            (path / "cur").mkdir()
            (path / "new" / "1").write_bytes(mail(name))
            with self.open(folder=name) as mailbox:
                self.assertEqual(subjects(mailbox.fetch(self.request())), [name])

    def test_a_name_that_is_no_text(self):
        name = os.fsdecode(b"St\xf6rung \xff%")
        self.names = iter([f"new/{name}"])
        self.deliver(mail("1"))

        [message] = [message for batch in self.fetch() for message in batch.messages]

        self.assertEqual(message.server_id, "St%F6rung%20%FF%25")

    def test_a_clock_that_is_set_back_hides_nothing(self):
        self.deliver(mail("1"))
        cursor = self.fetch()[-1].cursor
        self.deliver(mail("2"))
        ahead = {**cursor, "arrived": str(int(cursor["arrived"]) + 3_600 * 10**9)}

        self.assertEqual(subjects(self.fetch(ahead)), ["2"])
        far = {**cursor, "arrived": str(int(cursor["arrived"]) + 400 * 86_400 * 10**9)}
        with self.assertLogs("nautobot_circuit_maintenance", "WARNING"):
            self.assertEqual(sorted(subjects(self.fetch(far))), ["1", "2"])

    def test_a_file_that_cannot_be_read_does_not_stop_the_others(self):
        self.deliver(mail("1"), mail("2"))
        broken = self.inbox / "new" / "broken"
        broken.write_bytes(mail("broken"))
        broken.chmod(0)
        for path in (self.root, self.inbox):
            path.chmod(0o755)
        with unprivileged():
            batches = self.fetch()
        broken.chmod(0o644)

        self.assertEqual(sorted(subjects(batches)), ["1", "2"])
        self.assertRegex(batches[-1].unreadable[0], "DIR-02: The file broken in folder .*DIR-03: .*Permission denied")
        self.assertEqual(subjects(self.fetch(batches[-1].cursor)), ["broken"])

    def test_what_appears_while_others_are_read_is_read_by_the_next_run(self):
        cursor = self.fetch()[-1].cursor
        self.deliver(mail("1"), mail("gone"))
        with self.open() as mailbox:
            batches = []
            for batch in mailbox.fetch(self.request(cursor)):
                batches.append(batch)
                self.deliver(mail(f"late {len(batches)}"))
        later = self.fetch(batches[-1].cursor)

        self.assertEqual(sorted(subjects(batches)), ["1", "gone"])
        self.assertEqual(sorted(subjects(later)), [f"late {number + 1}" for number in range(len(batches))])

    def test_settings(self):
        settings = DirectorySettings(name="mail", url="file:///var/mail/%C3%BC%20x")

        self.assertEqual(str(settings.path), "/var/mail/ü x")
        self.assertEqual(settings.describe()["Path"], "/var/mail/ü x")
