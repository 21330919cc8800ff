"""Tests that every mailbox kind must pass: inherit them after a TestCase that provides the hooks."""

import json
from collections.abc import Collection, Iterable
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from typing import Any, Protocol

from nautobot_circuit_maintenance.mail.message import MailMessage
from nautobot_circuit_maintenance.mailboxes.base import Batch, FetchRequest, Mailbox
from nautobot_circuit_maintenance.mailboxes.batching import BATCH_BYTES, BATCH_MESSAGES

NOW = datetime.now(timezone.utc).replace(microsecond=0)
ISP = "noc@isp.example"
CARRIER = "maintenance@carrier.example"
LIMIT = 6 * 1024 * 1024


def mail(subject: str = "Works", sender: str = ISP, *, body: bytes = b"Dear customer\r\n") -> bytes:
    """Return a plain message; its subject identifies it."""
    return f"From: NOC <{sender}>\r\nMessage-ID: <{subject}@isp.example>\r\nSubject: {subject}\r\n\r\n".encode() + body


def days_ago(days: float) -> datetime:
    """Return a time before now."""
    return NOW - timedelta(days=days)


def subjects(batches: Iterable[Batch]) -> list[str]:
    """Return the subjects of the messages of batches."""
    return [message.subject for batch in batches for message in batch.messages]


def unknown_senders(batches: Iterable[Batch]) -> list[str]:
    """Return the senders of the messages that were skipped."""
    return [sender for batch in batches for sender in batch.unknown_senders]


class Hooks(Protocol):
    """What a test class of a mailbox kind provides; each test starts with an empty folder."""

    def deliver(self, *raws: bytes, received_at: datetime | None = None) -> None:
        """Put messages into the folder, in this order."""

    def delete(self, subject: str) -> None:
        """Remove a message from the folder for good."""

    def is_untouched(self) -> bool:
        """Return whether every message is as it was delivered: unread, in its place."""

    def open(self, **changes: Any) -> AbstractContextManager[Mailbox]:
        """Open the folder with changed settings."""


class ContractCase(Hooks):
    """How the contract reads a folder."""

    def request(
        self, cursor: Any = None, senders: Collection[str] = (ISP,), new: Collection[str] | None = None, **changes: Any
    ) -> FetchRequest:
        """Make the request that the pipeline makes: on the first run, all senders are new."""
        asked = {"backlog_since": days_ago(7), "resume_since": days_ago(7), **changes}
        first = senders if cursor is None else ()
        return FetchRequest(cursor or {}, frozenset(senders), frozenset(first if new is None else new), **asked)

    def fetch(self, *args: Any, **kwargs: Any) -> list[Batch]:
        """Read all batches in a session of its own, with unchanged settings; the arguments are those of ``request``."""
        with self.open() as mailbox:
            batches = list(mailbox.fetch(self.request(*args, **kwargs)))
        return [json_round_trip(batch) for batch in batches]

    def fetch_one(self, request: FetchRequest) -> Batch | None:
        """Read the first batch, as a run does that is killed right after it."""
        with self.open() as mailbox:
            batch = next(iter(mailbox.fetch(request)), None)
        return batch and json_round_trip(batch)

    def read_one(self, raw: bytes, **kwargs: Any) -> MailMessage:
        """Deliver one message and read it."""
        self.deliver(raw, **kwargs)
        [message] = [message for batch in self.fetch() for message in batch.messages]
        return message


class MailboxContract(ContractCase):
    """Behaviors of every mailbox, by means of the hooks."""

    def test_bytes_are_exactly_those_that_were_delivered(self):
        raws = [
            mail("8-bit", body=b"caf\xc3\xa9 caf\xe9 \xff\xfe\r\n"),
            b"From: =?iso-8859-1?q?J=FCrgen?= <noc@isp.example>\r\nSubject: raw \xfc\r\n\r\ntext \r\n.\r\n..\r\n\r\n\r\n",
            mail("no line end at the end", body=b"x" * 5000 + b'\r\n--\r\n(quo"ted\\ {12}\r\n)'),
            mail("no body", body=b""),
            b"From: noc@isp.example\r\nSubject: folded\r\n over\r\n\tlines\r\n\r\n",
        ]
        self.deliver(*raws)

        read = [message.raw for batch in self.fetch() for message in batch.messages]

        self.assertEqual(sorted(read), sorted(raws))

    def test_values_are_ready_to_be_stored(self):
        message = self.read_one(mail("Works"), received_at=days_ago(2))

        self.assertEqual(message.sender, ISP)
        self.assertEqual(message.size, len(message.raw))
        self.assertEqual(message.received_at, days_ago(2))
        self.assertIsNotNone(message.received_at.utcoffset())

    def test_reading_changes_nothing(self):
        self.deliver(mail("known"), mail("unknown", "spam@else.example"), mail("large", body=b"x" * (LIMIT + 1)))

        self.fetch()

        self.assertTrue(self.is_untouched())

    def test_unknown_senders_are_counted_and_skipped(self):
        self.deliver(mail("1", "spam@else.example"), mail("2"), mail("3", "spam@else.example"))

        batches = self.fetch()

        self.assertEqual(subjects(batches), ["2"])
        self.assertEqual(unknown_senders(batches), ["spam@else.example"] * 2)

    def test_unknown_senders_before_and_between_batches_are_reported_once(self):
        self.deliver(mail("first", "a@else.example"), *(mail(str(number)) for number in range(BATCH_MESSAGES)))
        self.deliver(mail("between", "b@else.example"), mail("more"))

        self.assertCountEqual(unknown_senders(self.fetch()), ["a@else.example", "b@else.example"])

    def test_unknown_senders_alone_move_the_cursor(self):
        cursor = self.fetch()[-1].cursor
        self.deliver(mail("1", "spam@else.example"))

        batches = self.fetch(cursor)

        self.assertEqual([batch.messages for batch in batches], [()])
        self.assertEqual(unknown_senders(batches), ["spam@else.example"])
        self.assertEqual(self.fetch(batches[-1].cursor), [])

    def test_a_display_name_that_looks_like_a_sender_is_not_one(self):
        self.deliver(
            b'From: "<noc@isp.example>" <evil@else.example>\r\nSubject: display name\r\n\r\n',
            b"From: evil@else.example\r\nFrom: noc@isp.example\r\nSubject: two fields\r\n\r\n",
            b"Sender: noc@isp.example\r\nSubject: no From\r\n\r\n",
        )

        batches = self.fetch()

        self.assertEqual(subjects(batches), [])
        self.assertCountEqual(unknown_senders(batches), ["evil@else.example", "", ""])

    def test_the_source_header_names_the_sender(self):
        self.deliver(b"From: list@own.example\r\nX-Original-From: NOC <noc@isp.example>\r\nSubject: list\r\n\r\n")

        with self.open(source_header="X-Original-From") as mailbox:
            [message] = [m for batch in mailbox.fetch(self.request()) for m in batch.messages]

        self.assertEqual((message.sender, message.subject), (ISP, "list"))

    def test_the_first_header_that_a_message_has_names_its_sender(self):
        self.deliver(
            b"From: list@own.example\r\nX-Original-From: NOC <noc@isp.example>\r\nSubject: rewritten\r\n\r\n",
            mail("kept"),
            b"X-Original-From: spam@else.example\r\nFrom: noc@isp.example\r\nSubject: spam\r\n\r\n",
            b"Reply-To: noc@isp.example\r\nSubject: ambiguous\r\n\r\n",
        )

        with self.open(source_header=["X-Original-From", "From"]) as mailbox:
            batches = list(mailbox.fetch(self.request()))

        self.assertEqual(sorted(subjects(batches)), ["kept", "rewritten"])
        self.assertEqual(sorted(unknown_senders(batches)), ["", "spam@else.example"])

    def test_a_domain_stands_for_all_of_its_addresses_and_no_others(self):
        unknown = ["noc@a.isp.example", "noc@xisp.example", "noc@isp.example.else.example"]
        self.deliver(mail("1"), mail("2", "any.one@isp.example"), *(mail("unknown", each) for each in unknown))

        batches = self.fetch(senders={"@isp.example"})

        self.assertEqual(sorted(subjects(batches)), ["1", "2"])
        self.assertEqual(sorted(unknown_senders(batches)), sorted(unknown))
        self.assertEqual(batches[-1].searched, {"@isp.example"})

    def test_a_new_domain_gets_its_backlog_and_new_mail(self):
        self.deliver(mail("isp"), mail("carrier 1", "a@carrier.example"), mail("carrier 2", "b@carrier.example"))
        cursor = self.fetch()[-1].cursor

        batches = self.fetch(cursor, senders={ISP, "@carrier.example"}, new={"@carrier.example"})
        self.deliver(mail("carrier 3", "c@carrier.example"), mail("spam", "spam@else.example"))
        later = self.fetch(batches[-1].cursor, senders={ISP, "@carrier.example"})

        self.assertEqual(sorted(subjects(batches)), ["carrier 1", "carrier 2"])
        self.assertEqual([batch.searched for batch in batches if batch.searched], [{"@carrier.example"}])
        self.assertEqual((subjects(later), unknown_senders(later)), (["carrier 3"], ["spam@else.example"]))

    def test_the_first_run_reads_the_backlog_and_nothing_older(self):
        self.deliver(mail("old"), mail("old unknown", "spam@else.example"), received_at=days_ago(7.5))
        self.deliver(mail("recent"), received_at=days_ago(6.9))

        batches = self.fetch()

        self.assertEqual(subjects(batches), ["recent"])
        self.assertEqual(unknown_senders(batches), [])
        self.assertEqual(batches[-1].searched, {ISP})

    def test_new_mail_is_read_whatever_its_date(self):
        cursor = self.fetch()[-1].cursor
        self.deliver(mail("migrated"), received_at=days_ago(400))

        self.assertEqual(subjects(self.fetch(cursor)), ["migrated"])

    def test_a_poll_without_new_mail_yields_nothing(self):
        self.deliver(mail("1"))
        cursor = self.fetch()[-1].cursor

        self.assertEqual(self.fetch(cursor), [])

    def test_a_new_sender_gets_its_backlog(self):
        self.deliver(
            mail("isp 1"), mail("carrier 1", CARRIER), mail("carrier 2", CARRIER), mail("s", "spam@else.example")
        )
        cursor = self.fetch()[-1].cursor
        self.deliver(mail("isp 2"), mail("carrier 3", CARRIER))
        cursor = self.fetch(cursor)[-1].cursor

        batches = self.fetch(cursor, senders={ISP, CARRIER}, new={CARRIER})

        self.assertEqual(sorted(subjects(batches)), ["carrier 1", "carrier 2", "carrier 3"])
        self.assertEqual([batch.searched for batch in batches if batch.searched], [{CARRIER}])
        self.assertEqual(unknown_senders(batches), [], "unknown senders are counted once")
        self.assertEqual(self.fetch(batches[-1].cursor, senders={ISP, CARRIER}), [])

    def test_without_senders_the_cursor_moves_and_a_later_sender_gets_its_backlog(self):
        self.deliver(mail("1"))
        cursor = self.fetch(senders=())[-1].cursor
        self.deliver(mail("2"))

        batches = self.fetch(cursor, senders=())
        later = self.fetch(batches[-1].cursor, new={ISP})

        self.assertEqual(subjects(batches), [])
        self.assertEqual(self.fetch(batches[-1].cursor, senders=()), [])
        self.assertEqual(sorted(subjects(later)), ["1", "2"])

    def test_a_run_killed_after_every_batch_comes_to_an_end(self):
        wanted = [f"{number:03}" for number in range(2 * BATCH_MESSAGES + 5)]
        self.deliver(mail("first", "spam@else.example"), *(mail(name) for name in wanted))
        self.deliver(mail("last", "spam@else.example"))

        read: list[Batch] = []
        cursor, new = None, {ISP}
        while batch := self.fetch_one(self.request(cursor, new=new)):
            self.assertLess(len(read), 9, "the run starts over and over")
            read.append(batch)
            cursor, new = batch.cursor, new - batch.searched

        self.assertEqual(sorted(subjects(read)), wanted)
        self.assertEqual(len(unknown_senders(read)), 2)
        self.assertEqual(new, set())

    def test_a_run_that_is_killed_later_repeats_nothing_and_loses_nothing(self):
        self.deliver(*(mail(f"{number:03}") for number in range(BATCH_MESSAGES + 5)))
        first = self.fetch()
        self.deliver(*(mail(f"new {number:03}") for number in range(BATCH_MESSAGES + 5)))
        newer = self.fetch(first[-1].cursor)
        batches, everything = first + newer, subjects(first) + subjects(newer)

        for stop in range(1, len(batches) + 1):
            new = {ISP} - frozenset().union(*(batch.searched for batch in batches[:stop]))
            rest = self.fetch(batches[stop - 1].cursor, new=new)
            read = subjects(batches[:stop]) + subjects(rest)
            with self.subTest(stop=stop):
                self.assertEqual(set(read), set(everything))
            # A backlog that is continued later may also find what came in the meantime.
            if stop >= len(first):
                self.assertEqual(len(read), len(everything))

    def test_a_backlog_under_way_starts_over_for_one_more_sender(self):
        self.deliver(*(mail(f"{number:03}") for number in range(BATCH_MESSAGES + 1)), mail("carrier", CARRIER))
        killed = self.fetch_one(self.request())

        batches = self.fetch(killed.cursor, senders={ISP, CARRIER}, new={ISP, CARRIER})

        self.assertEqual(len(subjects(batches)), BATCH_MESSAGES + 2)
        self.assertEqual(batches[-1].searched, {ISP, CARRIER})

    def test_a_backlog_under_way_ends_when_its_sender_goes(self):
        self.deliver(*(mail(f"{number:03}") for number in range(BATCH_MESSAGES + 1)))
        killed = self.fetch_one(self.request())

        cursor = self.fetch(killed.cursor, senders={CARRIER})[-1].cursor
        back = self.fetch(cursor, senders={CARRIER, ISP}, new={ISP})

        self.assertEqual(len(subjects(back)), BATCH_MESSAGES + 1)

    def test_the_cursor_of_another_folder_is_not_used(self):
        self.deliver(mail("old"), received_at=days_ago(25))
        self.deliver(mail("recent"), mail("carrier", CARRIER), received_at=days_ago(10))
        elsewhere = {**self.fetch()[-1].cursor, "folder": "Elsewhere", "label": "Elsewhere"}

        batches = self.fetch(elsewhere, senders={ISP, CARRIER}, new={CARRIER}, resume_since=days_ago(20))

        self.assertEqual(sorted(subjects(batches)), ["carrier", "recent"])
        self.assertEqual(batches[-1].searched, {CARRIER})

    def test_a_cursor_that_cannot_be_read_is_not_used(self):
        self.deliver(mail("recent"), received_at=days_ago(10))
        good = self.fetch()[-1].cursor

        for cursor in ([good], "17", {**good, "backlog": {}}, {**good, "backlog": "all"}, dict.fromkeys(good)):
            with self.subTest(cursor=cursor):
                self.assertEqual(subjects(self.fetch(cursor, resume_since=days_ago(20))), ["recent"])

    def test_the_search_after_a_worthless_cursor_survives_a_kill(self):
        wanted = [f"{number:03}" for number in range(BATCH_MESSAGES + 5)]
        self.deliver(*(mail(name) for name in wanted), received_at=days_ago(10))
        elsewhere = {**self.fetch()[-1].cursor, "folder": "Elsewhere", "label": "Elsewhere"}

        killed = self.fetch_one(self.request(elsewhere, new=(), resume_since=days_ago(20)))
        rest = self.fetch(killed.cursor, new=(), resume_since=days_ago(1))

        self.assertEqual(sorted(subjects([killed, *rest])), wanted)

    def test_a_batch_is_bounded_in_messages_and_bytes(self):
        self.deliver(*(mail(f"{number:03}") for number in range(BATCH_MESSAGES + 1)))
        self.deliver(*(mail(f"large {number}", body=b"x" * (BATCH_BYTES // 2 + 1)) for number in range(3)))

        batches = self.fetch()

        self.assertEqual(len(subjects(batches)), BATCH_MESSAGES + 4)
        for batch in batches:
            self.assertLessEqual(len(batch.messages), BATCH_MESSAGES)
            self.assertLessEqual(sum(message.size for message in batch.messages), BATCH_BYTES)

    def test_a_message_over_the_limit_comes_without_its_body(self):
        raw = mail("large", body=b"x" * LIMIT)
        header = raw.partition(b"\r\n\r\n")[0] + b"\r\n\r\n"

        message = self.read_one(raw, received_at=days_ago(1))

        expected = MailMessage.oversize(header, size=len(raw), received_at=days_ago(1))
        self.assertEqual(message, replace(expected, server_id=message.server_id))
        self.assertEqual(message.subject, "large")
        self.assertTrue(message.server_id)

    def test_each_message_has_the_id_that_its_server_gave_it(self):
        """The same in each run, and another for each message."""
        self.deliver(mail("1"), mail("2"))

        first, again = (
            {message.subject: message.server_id for batch in self.fetch() for message in batch.messages}
            for _ in range(2)
        )

        self.assertEqual(first, again)
        self.assertEqual(len(set(first.values()) - {""}), 2)

    def test_a_message_that_is_deleted_during_the_run_is_skipped(self):
        self.deliver(*(mail(f"{number:03}") for number in range(BATCH_MESSAGES)), mail("last"), mail("gone"))

        with self.open() as mailbox:
            batches = mailbox.fetch(self.request(new={ISP}))
            first = next(batches)
            remaining = {"last", "gone", *(f"{number:03}" for number in range(BATCH_MESSAGES))} - set(subjects([first]))
            gone = min(remaining)
            self.delete(gone)
            rest = list(batches)

        # A server may continue showing it to sessions that were not notified (RFC 2180).
        self.assertEqual(set(subjects(rest)) | {gone}, remaining)
        self.assertEqual(rest[-1].searched, {ISP})

    def test_what_goes_wrong_inside_the_block_is_not_hidden(self):
        with self.assertRaisesRegex(ZeroDivisionError, "ours"), self.open():
            raise ZeroDivisionError("ours")


def json_round_trip(batch: Batch) -> Batch:
    """Return the batch with a cursor as it comes out of the database."""
    return replace(batch, cursor=json.loads(json.dumps(batch.cursor)))
