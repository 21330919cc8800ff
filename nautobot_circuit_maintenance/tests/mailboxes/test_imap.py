"""Tests of the IMAP mailbox with a real server and real sockets."""

import re
import ssl
import tempfile
import threading
import time
import unittest
import warnings
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest import mock

from development.services.imap import ImapServer, imap_server
from development.services.wire import listener
from nautobot_circuit_maintenance.domain.errors import MailboxError
from nautobot_circuit_maintenance.mailboxes.base import Mailbox
from nautobot_circuit_maintenance.mailboxes.batching import BATCH_MESSAGES
from nautobot_circuit_maintenance.mailboxes.credentials import Secret
from nautobot_circuit_maintenance.mailboxes.imap.mailbox import ImapMailbox
from nautobot_circuit_maintenance.mailboxes.imap.settings import ImapSettings
from nautobot_circuit_maintenance.mailboxes.opening import open_mailbox
from nautobot_circuit_maintenance.tests.mailboxes.contract import (
    CARRIER,
    ISP,
    LIMIT,
    MailboxContract,
    days_ago,
    mail,
    subjects,
)
from nautobot_circuit_maintenance.tests.mailboxes.tcp_proxy import proxy_to

FOLDER = "Carriers & Wartung für alle"
_running = ExitStack()
_servers: list[ImapServer] = []


def setUpModule():  # pylint: disable=invalid-name  # unittest's name
    _servers.append(_running.enter_context(imap_server()))


def tearDownModule():  # pylint: disable=invalid-name  # unittest's name
    _running.close()
    _servers.clear()  # another module of tests begins with a server of its own


class ImpatientMailbox(ImapMailbox):
    """Waits for an answer as long as a test may last."""

    timeout = 0.5


class ImapCase(unittest.TestCase):
    """An empty folder on a running server."""

    def setUp(self):
        self.server = _servers[0]
        self.settings = ImapSettings(
            name="mail",
            url=f"imap://localhost:{self.server.tls_port}",
            account=self.server.username,
            secret=Secret.of(self.server.password),
            folder=FOLDER,
            ca_file=str(self.server.ca_file),
        )
        with self.server.client() as client:
            client.create_folder(FOLDER)
        self.addCleanup(self.drop_folder)

    def drop_folder(self):
        """Delete the folder."""
        with self.server.client() as client:
            if client.folder_exists(FOLDER):
                client.delete_folder(FOLDER)

    def deliver(self, *raws, received_at=None):
        self.server.deliver_all([(raw, received_at or days_ago(0)) for raw in raws], FOLDER)

    def delete(self, subject: str) -> None:
        with self.server.client() as client:
            client.select_folder(FOLDER)
            client.delete_messages(client.search(["SUBJECT", subject]))
            client.expunge()

    def is_untouched(self) -> bool:
        with self.server.client() as client:
            client.select_folder(FOLDER, readonly=True)
            flags = client.get_flags(client.search())
            return len(flags) == client.folder_status(FOLDER)[b"MESSAGES"] and set().union(*flags.values()) <= {
                b"\\Recent"
            }

    def open(self, **changes: Any) -> AbstractContextManager[Mailbox]:
        return open_mailbox(replace(self.settings, **changes), max_message_size=LIMIT)

    def refusal(self, mailbox_type=ImapMailbox, **changes):
        """Return the error that opening the mailbox ends with; no secret is in it."""
        settings = replace(self.settings, **changes)
        with self.assertRaises(MailboxError) as caught:
            with mailbox_type.open(settings, max_message_size=LIMIT):
                self.fail("the mailbox was opened")
        self.assertNotIn(settings.secret.value(), str(caught.exception))
        return caught.exception

    @contextmanager
    def proxy(self):
        """Put a proxy between mailbox and server."""
        context = ssl.create_default_context(cafile=str(self.server.ca_file))
        with proxy_to(self.server.tls_port, context) as proxy:
            self.settings = replace(self.settings, url=f"imap://localhost:{proxy.port}", tls=False)
            yield proxy


class TestImap(ImapCase, MailboxContract):
    """The contract, and what only IMAP has."""

    def test_a_poll_without_new_mail_is_one_session_without_search_and_fetch(self):
        self.deliver(mail("1"))
        cursor = self.fetch()[-1].cursor

        with self.proxy() as proxy:
            self.fetch(cursor)

        self.assertEqual(proxy.connections, 1)
        self.assertEqual(proxy.names(), ["CAPABILITY", "LOGIN", "EXAMINE", "LOGOUT"])

    def test_new_mail_is_found_without_a_search_for_older(self):
        cursor = self.fetch()[-1].cursor
        self.deliver(*(mail(f"{number:03}") for number in range(BATCH_MESSAGES)))

        with self.proxy() as proxy:
            self.fetch(cursor)

        self.assertEqual([name for name in proxy.names() if "UID" in name], ["UID SEARCH", "UID FETCH", "UID FETCH"])
        self.assertTrue(all("BODY.PEEK[" in command for command in proxy.commands if "UID FETCH" in command))

    def test_a_message_that_the_server_leaves_out_is_reported_and_retried(self):
        cursor = self.fetch()[-1].cursor
        self.deliver(mail("1"))
        address = self.settings
        for section in (b"BODY[]", b"BODY[HEADER.FIELDS"):
            with self.subTest(section):
                with self.proxy() as proxy, self.open() as mailbox:
                    proxy.change = lambda piece, section=section: piece.replace(section, b"BODY[1]")
                    batches = list(mailbox.fetch(self.request(cursor)))
                self.settings = address

                self.assertRegex("".join(batches[-1].unreadable), "^IMAP-18: .* message with UID")
                self.assertEqual(subjects(batches), [])
                self.assertEqual(subjects(self.fetch(batches[-1].cursor)), ["1"])

    def test_a_header_with_a_line_that_is_no_field_keeps_its_sender(self):
        """The server names the sender; for Python the header ends at that line, and the mail would be no one's."""
        with self.proxy() as proxy:
            self.deliver(mail("1"))
            proxy.change = lambda piece: re.sub(rb"(BODY\[\] \{\d+\}\r\n)From:", rb"\1From?", piece)
            [message] = [message for batch in self.fetch() for message in batch.messages]

        self.assertEqual(message.sender, ISP)
        self.assertTrue(message.raw.startswith(b"From?"))

    def test_mail_that_waits_is_no_backlog(self):
        cursor = self.fetch()[-1].cursor
        self.deliver(mail("1"), mail("2", CARRIER))

        batches = self.fetch(cursor, senders={"noc@isp.example", CARRIER}, new={CARRIER})

        self.assertEqual(subjects(batches), ["1", "2"])

    def test_the_time_zone_of_the_worker_does_not_count(self):
        self.addCleanup(time.tzset)
        with mock.patch.dict("os.environ", {"TZ": "Asia/Kolkata"}):
            time.tzset()
            message = self.read_one(mail("1"), received_at=days_ago(1))

        self.assertEqual(message.received_at, days_ago(1))

    def test_bodies_of_unknown_senders_are_not_transferred(self):
        self.deliver(mail("unknown", "spam@else.example", body=b"never to be seen"))
        answers = []

        with self.proxy() as proxy:
            proxy.change = lambda piece: answers.append(piece) or piece
            self.fetch()

        self.assertNotIn(b"never to be seen", b"".join(answers))

    def test_the_body_of_a_large_message_is_not_transferred(self):
        self.deliver(mail("large", body=b"x" * LIMIT))
        answers = []

        with self.proxy() as proxy:
            proxy.change = lambda piece: answers.append(piece) or piece
            self.fetch()

        self.assertLess(len(b"".join(answers)), 5_000)

    def test_a_recreated_folder_is_searched_again(self):
        self.deliver(mail("old"), received_at=days_ago(25))
        self.deliver(mail("1"), mail("2", CARRIER), received_at=days_ago(10))
        cursor = self.fetch()[-1].cursor
        self.drop_folder()
        with self.server.client() as client:
            client.create_folder(FOLDER)
        self.deliver(mail("old"), received_at=days_ago(25))
        self.deliver(mail("1"), mail("2", CARRIER), mail("3"), received_at=days_ago(10))

        batches = self.fetch(cursor, resume_since=days_ago(20))

        self.assertEqual(subjects(batches), ["1", "3"])
        self.assertEqual(self.fetch(batches[-1].cursor), [])

    def test_a_server_that_foretells_no_uid_is_read_all_the_same(self):
        with self.proxy() as proxy:
            proxy.change = lambda piece: piece.replace(b"UIDNEXT", b"UIDSOON")
            empty = self.fetch()
            self.deliver(mail("1"), mail("2"))
            first = self.fetch(empty[-1].cursor)
            self.deliver(mail("3"))
            second = self.fetch(first[-1].cursor)
            nothing = self.fetch(second[-1].cursor)
            anew = self.fetch()

        self.assertEqual([subjects(batches) for batches in (empty, first, second)], [[], ["1", "2"], ["3"]])
        self.assertEqual(nothing, [])
        self.assertEqual(subjects(anew), ["1", "2", "3"])
        self.assertEqual(anew[-1].cursor, second[-1].cursor)

    def test_a_size_that_is_wrong_or_missing_does_no_harm(self):
        self.deliver(mail("small"), mail("large", body=b"x" * LIMIT))
        for found in (b"RFC822.SIZE 1 RFC822.OLD", b"RFC822.SIZE NIL RFC822.OLD", b"RFC822.OLD"):
            with self.subTest(found), self.proxy() as proxy:
                proxy.change = lambda piece, found=found: piece.replace(b"RFC822.SIZE", found)
                small, large = [message for batch in self.fetch() for message in batch.messages]
                self.assertEqual(small.raw, mail("small"))
                self.assertEqual((large.subject, large.raw), ("large", None))
                self.assertGreater(large.size, LIMIT)

    def test_a_date_that_no_calendar_has_does_no_harm(self):
        self.deliver(mail("1"))
        with self.proxy() as proxy:
            proxy.change = lambda piece: piece.replace(
                b"INTERNALDATE", b'INTERNALDATE "31-Feb-0000 99:00:00 +9999" OLD'
            )
            [message] = [message for batch in self.fetch() for message in batch.messages]

        self.assertIsNotNone(message.received_at.utcoffset())

    def test_starttls_is_used_where_it_is_asked_for(self):
        self.deliver(mail("1"))

        with self.open(url=f"imap://localhost:{self.server.port}", starttls=True) as mailbox:
            batches = list(mailbox.fetch(self.request()))
            self.assertIsInstance(mailbox.client.socket(), ssl.SSLSocket)

        self.assertEqual(subjects(batches), ["1"])

    def test_a_connection_that_is_cut_in_the_middle_of_a_message_is_an_error_and_the_next_run_goes_on(self):
        self.deliver(mail("1", body=b"first half, second half\r\n"))
        with self.proxy() as proxy:
            proxy.cut_at = b"first half"
            batches = self.fetch()

        self.assertRegex("".join(batches[-1].unreadable), "Connection lost.*UID")
        self.assertEqual(subjects(batches), [])

    def test_what_is_no_imap_is_an_error(self):
        self.deliver(mail("1"))
        for before, after in ((b"* SEARCH", b"* SEARCH x"), (b"INTERNALDATE", b"((("), (b" FETCH ", b" FETCH x ")):
            with self.subTest(after), self.proxy() as proxy:
                proxy.change = lambda piece, before=before, after=after: piece.replace(before, after)
                self.assertRegex(self.failure_of_fetch(), "Unexpected response|Connection lost")

    def failure_of_fetch(self) -> str:
        """Return the error that ends a run, or that names the messages it could not read."""
        try:
            return " ".join(error for batch in self.fetch() for error in batch.unreadable)
        except MailboxError as error:
            return str(error)

    def test_a_goodbye_of_the_server_is_an_error(self):
        self.deliver(mail("1"))
        with self.proxy() as proxy:
            proxy.change = lambda piece: b"* BYE too busy\r\n" if b"* SEARCH" in piece else piece
            proxy.cut_at = b""
            with self.assertRaisesRegex(MailboxError, "too busy"):
                self.fetch()

    def test_the_connection_is_closed_when_something_goes_wrong(self):
        with self.proxy() as proxy:
            with self.assertRaises(ZeroDivisionError), self.open():
                raise ZeroDivisionError

        self.assertEqual(proxy.names()[-1], "LOGOUT")


def _shake_hands(server: ssl.SSLSocket) -> None:
    with suppress(OSError):  # no handshake
        server.accept()


class TestImapRefusals(ImapCase):
    """One clear sentence for each mistake in the settings, and for each server that cannot be used."""

    def test_an_unknown_host(self):
        error = self.refusal(url="imap://nowhere.invalid:993")

        self.assertRegex(str(error), r"'nowhere\.invalid' could not be resolved")

    def test_a_closed_port(self):
        with listener() as server:
            port = server.getsockname()[1]

        self.assertRegex(str(self.refusal(url=f"imap://localhost:{port}")), f"localhost:{port} refused the connection")

    def test_a_server_that_never_answers(self):
        with listener() as server:
            for tls in (True, False):
                start = time.monotonic()
                error = self.refusal(ImpatientMailbox, url=f"imap://localhost:{server.getsockname()[1]}", tls=tls)
                self.assertLess(time.monotonic() - start, 5)
                self.assertRegex(str(error), "timed out")
                self.assertFalse(error.permanent)

    def test_an_untrusted_certificate(self):
        error = self.refusal(ca_file="")

        self.assertRegex(str(error), "certificate of localhost:.* is not trusted.*'ca_file'")
        self.assertTrue(error.permanent)

    def test_a_certificate_for_another_name(self):
        error = self.refusal(url=f"imap://127.1:{self.server.tls_port}")

        self.assertRegex(str(error), "is not trusted.*host name")

    def test_an_untrusted_certificate_with_starttls(self):
        error = self.refusal(url=f"imap://localhost:{self.server.port}", starttls=True, ca_file="")

        self.assertRegex(str(error), "is not trusted")

    def test_a_missing_ca_file(self):
        with tempfile.TemporaryDirectory() as folder:
            empty = Path(folder, "empty.pem")
            empty.touch()
            for path in (f"{folder}/none.pem", str(empty)):
                error = self.refusal(ca_file=path)
                self.assertRegex(str(error), f"ca_file '{path}' cannot be read")
                self.assertTrue(error.permanent)

    def test_tls_on_a_port_that_wants_starttls(self):
        error = self.refusal(url=f"imap://localhost:{self.server.port}")

        self.assertRegex(str(error), "does not speak TLS.*'starttls'")

    def test_a_server_with_an_old_tls_only(self):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        folder = self.server.ca_file.parent
        context.load_cert_chain(folder / "server.pem", folder / "server.key")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            context.maximum_version = ssl.TLSVersion.TLSv1_1
        with listener() as server, context.wrap_socket(server, server_side=True) as old:
            threading.Thread(target=_shake_hands, args=(old,), daemon=True).start()
            error = self.refusal(url=f"imap://localhost:{old.getsockname()[1]}")

        self.assertRegex(str(error), "no common TLS version")

    def test_starttls_that_is_not_offered(self):
        with self.proxy():
            error = self.refusal(tls=True, starttls=True)

        self.assertRegex(str(error), "does not offer STARTTLS")
        self.assertTrue(error.permanent)

    def test_a_server_that_is_none(self):
        with listener() as server:
            threading.Thread(target=lambda: server.accept()[0].sendall(b"SSH-2.0-OpenSSH\r\n"), daemon=True).start()
            error = self.refusal(url=f"imap://localhost:{server.getsockname()[1]}", tls=False)

        self.assertRegex(str(error), "does not respond as an IMAP server")

    def test_a_wrong_password(self):
        for secret in ("wrong", "fälschlich ☂", 'quo"te\\'):
            with self.subTest(secret):
                error = self.refusal(secret=Secret.of(secret))
                self.assertRegex(
                    str(error), f"(during the login of|Login refused for) account '{self.server.username}' on localhost"
                )
                # Of a password beyond ASCII pymap 0.27, the newest for Python 3.10, hangs up instead of saying no.
                self.assertTrue(error.permanent or not secret.isascii())

    def test_a_server_that_hangs_up_at_the_login(self):
        """It has not refused it: a run that continues tries again."""
        with self.proxy() as proxy:
            proxy.cut_at = b"AUTHENTICATIONFAILED"
            error = self.refusal(secret=Secret.of("wrong"))

        self.assertRegex(str(error), "Connection lost during the login of account")
        self.assertFalse(error.permanent)

    def test_a_refusal_that_time_heals(self):
        with self.proxy() as proxy:
            proxy.change = lambda piece: piece.replace(b"AUTHENTICATIONFAILED", b"UNAVAILABLE")
            error = self.refusal(secret=Secret.of("wrong"))

        self.assertFalse(error.permanent)

    def test_a_secret_that_the_server_repeats(self):
        with self.proxy() as proxy:
            proxy.change = lambda piece: piece.replace(b"Invalid", b'LOGIN x "hunter2"')
            error = self.refusal(secret=Secret.of("hunter2"))

        self.assertIn("***", str(error))

    def test_a_missing_folder(self):
        error = self.refusal(folder="Missing")

        self.assertRegex(str(error), f"folder 'Missing' .* cannot be opened .*Available folders: {FOLDER}, INBOX")
        self.assertTrue(error.permanent)

    def test_a_server_without_lasting_uids(self):
        with self.proxy() as proxy:
            proxy.change = lambda piece: piece.replace(b"UIDVALIDITY", b"UIDWHATEVER")
            error = self.refusal()

        self.assertRegex(str(error), "no persistent UIDs")

    def test_a_server_that_stops_answering_after_the_login(self):
        with self.proxy() as proxy:
            proxy.change = lambda piece: b"" if "EXAMINE" in proxy.names() else piece
            error = self.refusal(ImpatientMailbox)

        self.assertRegex(str(error), "was not opened: .*timed out")
