"""Tests of the IMAP mailbox with more than one answer holds, and with messages that the server cannot read itself."""

import re
import tracemalloc
from contextlib import AbstractContextManager, suppress
from dataclasses import replace
from typing import Any

from nautobot_circuit_maintenance.domain.errors import MailboxError
from nautobot_circuit_maintenance.mailboxes.base import Mailbox
from nautobot_circuit_maintenance.mailboxes.batching import BATCH_BYTES, BATCH_MESSAGES
from nautobot_circuit_maintenance.mailboxes.deferred import MAX_FAILURES
from nautobot_circuit_maintenance.mailboxes.imap.mailbox import ImapMailbox
from nautobot_circuit_maintenance.tests.mailboxes import test_imap
from nautobot_circuit_maintenance.tests.mailboxes.contract import (
    CARRIER,
    LIMIT,
    ContractCase,
    MailboxContract,
    days_ago,
    json_round_trip,
    mail,
    subjects,
)

_END = re.compile(rb"(?:^|\n)([\w*]+) (?:OK|NO|BAD)[^\r\n]*\r\n$")
_TEXT = re.compile(rb"BODY\[\] \{(\d+)\}\r\n")
# pylint: disable-next=invalid-name  # unittest's
setUpModule, tearDownModule = test_imap.setUpModule, test_imap.tearDownModule


class MailboxOfSmallAnswers(ImapMailbox):
    """Searches three messages with one command."""

    searched_at_once = 3


class MailboxOfFewAnswers(ImapMailbox):
    """Searches a batch of messages with three commands."""

    searched_at_once = BATCH_MESSAGES * 2 // 5


class TestImapOrder(test_imap.ImapCase, ContractCase):
    """The part of the contract that depends on the order of messages, in a mailbox too large for one answer."""

    test_the_first_run = MailboxContract.test_the_first_run_reads_the_backlog_and_nothing_older
    test_a_new_sender = MailboxContract.test_a_new_sender_gets_its_backlog
    test_killed_after_every_batch = MailboxContract.test_a_run_killed_after_every_batch_comes_to_an_end
    test_killed_later = MailboxContract.test_a_run_that_is_killed_later_repeats_nothing_and_loses_nothing
    test_one_more_sender = MailboxContract.test_a_backlog_under_way_starts_over_for_one_more_sender
    test_killed_without_cursor = MailboxContract.test_the_search_after_a_worthless_cursor_survives_a_kill

    def open(self, **changes: Any) -> AbstractContextManager[Mailbox]:
        settings = replace(self.settings, **changes)
        return MailboxOfFewAnswers.open(settings, max_message_size=LIMIT)


class TestImapPieces(test_imap.ImapCase, ContractCase):
    """A mailbox with several answers to a search."""

    def open(self, **changes: Any) -> AbstractContextManager[Mailbox]:
        settings = replace(self.settings, **changes)
        return MailboxOfSmallAnswers.open(settings, max_message_size=LIMIT)

    def test_no_answer_names_more_than_the_client_takes(self):
        self.deliver(*(mail(f"{number}") for number in range(8)))

        with self.proxy() as proxy:
            answers = []
            proxy.change = lambda piece: answers.append(piece) or piece
            batches = self.fetch()

        self.assertEqual(sorted(subjects(batches)), [f"{number}" for number in range(8)])
        searches = [line.split()[2] for line in proxy.commands if line.startswith("UID SEARCH")]
        self.assertEqual(searches, ["7:*", "4:6", "1:3"])

    def test_an_expunge_between_two_pieces_hides_nothing(self):
        self.deliver(*(mail(f"{number}") for number in range(8)))

        with self.proxy() as proxy, self.open() as mailbox:
            proxy.change = lambda piece: self.delete("0") or piece if "UID SEARCH" in proxy.names()[-1:] else piece
            batches = list(mailbox.fetch(self.request()))

        self.assertEqual(sorted(subjects(batches)), [f"{number}" for number in range(1, 8)])


class TestImapRefusedMessages(test_imap.ImapCase):
    """A message that the server cannot read itself stops nothing and is not forgotten."""

    def setUp(self):
        super().setUp()
        self.held = b""
        self.deliver(mail("before", body=b"fine\r\n"), mail("broken", body=b"rotten\r\n"), mail("behind"))

    request, fetch = MailboxContract.request, MailboxContract.fetch

    def read_through(self, cursor=None):
        """Return the batches of a run whose last batch names the broken message."""
        with self.open() as mailbox:
            batches = list(mailbox.fetch(self.request(cursor)))
        [error] = [error for batch in batches for error in batch.unreadable]
        self.assertRegex(error, "^IMAP-18: .* message with UID")
        self.assertTrue(batches[-1].unreadable)
        return batches

    def whole(self, piece: bytes) -> tuple[bytes, bytes]:
        """Return the tag and the whole of an answer with its last piece, nothing before."""
        self.held += piece
        end = _END.search(self.held)
        if not end:
            return b"", b""
        answer, self.held = self.held, b""
        return end[1], answer

    def refusing(self, piece: bytes) -> bytes:
        """Answer as a server does that cannot read a message: NO to the whole command."""
        tag, answer = self.whole(piece)
        return tag + b" NO [SERVERBUG] cannot read\r\n" if b"rotten" in answer else answer

    def leaving_out(self, piece: bytes, instead: bytes) -> bytes:
        """Answer as a server does that says OK, and something else instead of the text of a message."""
        _, answer = self.whole(piece)
        texts = [(found, answer[found.end() :][: int(found[1])]) for found in _TEXT.finditer(answer)]
        for found, text in texts:
            if b"rotten" in text:
                return answer[: found.start()] + instead + answer[found.end() + len(text) :]
        return answer

    def test_what_is_behind_a_message_is_read_and_the_message_is_once_it_can_be(self):
        ways = {
            "it hangs up": bytes,
            "it says NO": self.refusing,
            "it says that there is no text": lambda piece: self.leaving_out(piece, b"BODY[] NIL"),
            "it says that the text is empty": lambda piece: self.leaving_out(piece, b'BODY[] ""'),
            "it says nothing of the text": lambda piece: self.leaving_out(piece, b"MODSEQ (1)"),
        }
        for way, change in ways.items():
            with self.subTest(way):
                with self.proxy() as proxy:
                    proxy.cut_at = b"rotten" if way == "it hangs up" else b""
                    proxy.change = change
                    first = self.read_through()
                    again = self.read_through(first[-1].cursor)
                self.settings = replace(self.settings, url=f"imap://localhost:{self.server.tls_port}", tls=True)
                healed = self.fetch((again or first)[-1].cursor)
                later = self.fetch(healed[-1].cursor)

                self.assertEqual(subjects(first), ["before", "behind"])
                self.assertEqual((subjects(again), subjects(healed), later), ([], ["broken"], []))
                self.assertNotIn("refused", healed[-1].cursor)

    def test_new_mail_behind_it_is_read_as_well(self):
        with self.proxy() as proxy:
            proxy.cut_at = b"rotten"
            cursor = self.read_through()[-1].cursor
            self.deliver(mail("new"))
            batches = self.read_through(cursor)

        self.assertEqual(subjects(batches), ["new"])
        self.assertEqual(len(batches[-1].cursor["refused"]), 1)

    def test_it_is_forgotten_once_it_is_gone(self):
        with self.proxy() as proxy:
            proxy.cut_at = b"rotten"
            cursor = self.read_through()[-1].cursor
            self.delete("broken")
            batches = self.fetch(cursor)

        self.assertEqual(subjects(batches), [])
        self.assertNotIn("refused", batches[-1].cursor)

    def test_a_server_that_refuses_everything_is_broken_itself(self):
        """Nothing is passed then: the next run begins where this one did."""
        self.deliver(*(mail(f"{number}", body=b"rotten\r\n") for number in range(MAX_FAILURES)))
        with self.proxy() as proxy, self.open() as mailbox:
            proxy.cut_at = b"rotten"
            with self.assertRaisesRegex(MailboxError, "Connection lost"):
                self.assertEqual(list(mailbox.fetch(self.request())), [])
        self.assertLess(proxy.connections, 2 * MAX_FAILURES)

    def test_each_of_several_is_deferred_until_it_is_read(self):
        """Also by a run that is killed right after it has read the first."""
        self.deliver(mail("worse", body=b"rotten, too\r\n"))
        for still, healed, other in ((b"rotten, too", "broken", "worse"), (b"rotten\r", "worse", "broken")):
            with self.subTest(healed=healed):
                address = self.settings
                with self.proxy() as proxy:
                    proxy.cut_at = b"rotten"
                    cursor = self.read_through()[-1].cursor
                    proxy.cut_at = still
                    batches = self.read_through(cursor)
                self.settings = address

                self.assertEqual((len(cursor["refused"]), subjects(batches)), (2, [healed]))
                self.assertEqual(subjects(self.fetch(batches[0].cursor)), [other])

    def test_a_run_that_is_killed_right_after_the_batch_defers_it_as_well(self):
        """Whether the batch is of the backlog or of new mail."""
        address, start = self.settings, MailboxContract.fetch(self, senders=())[-1].cursor
        start["uid"] = 0
        for cursor in (None, start):
            with self.subTest(is_backlog=cursor is None):
                with self.proxy() as proxy:
                    proxy.cut_at = b"rotten"
                    killed = MailboxContract.fetch_one(self, self.request(cursor))
                self.settings = address

                self.assertEqual(subjects([killed]), ["before", "behind"])
                self.assertIn("broken", subjects(self.fetch(killed.cursor)))

    def test_it_is_not_read_when_its_sender_has_become_unknown(self):
        with self.proxy() as proxy:
            proxy.cut_at = b"rotten"
            cursor = self.read_through()[-1].cursor
            proxy.cut_at = b""
            batches = self.fetch(cursor, senders={CARRIER})

        self.assertEqual(subjects(batches), [])
        self.assertNotIn("refused", batches[-1].cursor)

    def test_a_folder_that_is_recreated_between_two_attempts_is_left_to_the_next_run(self):
        """The same UIDs mean other messages there."""
        with self.proxy() as proxy, self.open() as mailbox:
            proxy.cut_at = b"rotten"
            proxy.change = lambda piece: re.sub(rb"UIDVALIDITY \d+", b"UIDVALIDITY 1", piece)
            with self.assertRaisesRegex(MailboxError, "was recreated during reading"):
                list(mailbox.fetch(self.request()))

    def test_a_server_that_falls_silent_is_not_asked_message_by_message(self):
        """Each would cost the time-out."""
        with self.proxy() as proxy:

            def answer(piece):
                if b"rotten" in piece:
                    proxy.change = lambda piece: b""
                return b"" if b"rotten" in piece else piece

            proxy.change = answer
            with self.assertRaisesRegex(MailboxError, "timed out"), self.impatient() as mailbox:
                list(mailbox.fetch(self.request()))

        self.assertEqual(proxy.connections, 2)

    def impatient(self):
        """Open a mailbox that waits no longer than a test may last."""
        return test_imap.ImpatientMailbox.open(self.settings, max_message_size=LIMIT)

    def runs(self, count, cursor=None, opened=None):
        """Read as often as that, each run going on from the last cursor; return the subjects and that cursor."""
        read = []
        for _ in range(count):
            with suppress(MailboxError), (opened or self.open)() as mailbox:
                for batch in mailbox.fetch(self.request(cursor)):
                    cursor = json_round_trip(batch).cursor
                    read += subjects([batch])
        return read, cursor

    def test_one_message_at_which_the_server_falls_silent_does_not_stop_what_is_behind(self):
        """It does so whenever it is asked for that one."""
        with self.proxy() as proxy:
            proxy.change = lambda piece: b"" if b"rotten" in piece else piece
            read, cursor = self.runs(3, opened=self.impatient)
            self.deliver(mail("new"))
            later, cursor = self.runs(2, cursor, self.impatient)
            proxy.change = bytes
            healed = self.fetch(cursor)

        self.assertEqual((sorted(read), later), (["before", "behind"], ["new"]))
        self.assertEqual(subjects(healed), ["broken"])

    def test_however_many_messages_are_refused_what_is_behind_is_read(self):
        """Anybody can send a dozen mails that the server cannot read itself."""
        count = 2 * MAX_FAILURES + 3
        self.deliver(*(mail(f"{number}", body=b"rotten\r\n") for number in range(count)))
        self.deliver(mail("last"))
        with self.proxy() as proxy:
            proxy.cut_at = b"rotten"
            read, cursor = self.runs(4)
            proxy.cut_at = b""
            healed = self.fetch(cursor)

        self.assertEqual(sorted(read), ["before", "behind", "last"])
        self.assertEqual(sorted(subjects(healed)), sorted([*map(str, range(count)), "broken"]))
        self.assertNotIn("refused", healed[-1].cursor)

    def test_of_many_deferred_messages_each_is_retried(self):
        """The first ones are never to be had."""
        self.deliver(*(mail(f"{number}", body=b"rotten, worse\r\n") for number in range(MAX_FAILURES + 2)))
        self.deliver(mail("mended", body=b"rotten, for now\r\n"))
        with self.proxy() as proxy:
            proxy.cut_at = b"rotten"
            _, cursor = self.runs(3)
            proxy.cut_at = b"worse"
            read, _ = self.runs(2, cursor)

        self.assertEqual(sorted(read), ["broken", "mended"])

    def test_deferred_messages_are_searched_for_in_a_recreated_folder(self):
        """As servers do that fix one; its UID means nothing there, and it is older than what a search looks at."""
        self.deliver(mail("owed", body=b"rotten\r\n"), received_at=days_ago(20))
        with self.proxy() as proxy:
            proxy.cut_at = b"rotten"
            with suppress(MailboxError), self.open() as mailbox:
                for batch in mailbox.fetch(self.request(backlog_since=days_ago(30))):
                    cursor = json_round_trip(batch).cursor
            proxy.cut_at = b""
            batches = self.fetch({**cursor, "uidvalidity": 1}, new=())

        self.assertIn("owed", subjects(batches))
        self.assertNotIn("refused_since", batches[-1].cursor)


class TestImapMemory(test_imap.ImapCase):
    """What a run holds does not depend on the mailbox."""

    request, fetch = MailboxContract.request, MailboxContract.fetch

    def test_messages_are_held_a_batch_at_a_time(self):
        self.deliver(*(mail(f"{number}", body=b"x" * 300_000) for number in range(50)))  # 15 MB
        with self.open() as mailbox:
            tracemalloc.start()
            self.addCleanup(tracemalloc.stop)
            read = sum(len(batch.messages) for batch in mailbox.fetch(self.request()))
            peak = tracemalloc.get_traced_memory()[1]

        self.assertEqual(read, 50)
        self.assertLess(peak, 5 * BATCH_BYTES)
        self.assertLess(BATCH_BYTES, 3_000_000, "the database driver takes several times as much again")
