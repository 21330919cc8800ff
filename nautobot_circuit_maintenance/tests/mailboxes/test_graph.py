"""Tests of the Microsoft 365 mailbox with a server that behaves like Graph and Microsoft's login."""

import tempfile
import threading
import time
import unittest
from contextlib import AbstractContextManager, ExitStack
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import Any

from development.services.graph.server import graph_server
from development.services.graph.tenant import Tenant, name_of
from development.services.imap import make_certificates
from nautobot_circuit_maintenance.domain.errors import MailboxError
from nautobot_circuit_maintenance.mailboxes.base import Mailbox
from nautobot_circuit_maintenance.mailboxes.batching import BATCH_MESSAGES
from nautobot_circuit_maintenance.mailboxes.credentials import Secret
from nautobot_circuit_maintenance.mailboxes.graph.settings import GraphSettings
from nautobot_circuit_maintenance.mailboxes.opening import open_mailbox
from nautobot_circuit_maintenance.tests.mailboxes.contract import (
    ISP,
    LIMIT,
    ContractCase,
    MailboxContract,
    days_ago,
    mail,
    subjects,
    unknown_senders,
)

_running = ExitStack()
_certificates: list[Path] = []


def setUpModule():  # pylint: disable=invalid-name  # unittest's name
    folder = Path(_running.enter_context(tempfile.TemporaryDirectory()))
    make_certificates(folder)
    _certificates.append(folder)


def tearDownModule():  # pylint: disable=invalid-name  # unittest's name
    _running.close()
    _certificates.clear()


class GraphCase(unittest.TestCase):
    """An empty mailbox on a running server."""

    def setUp(self):
        running = ExitStack()
        self.addCleanup(running.close)
        self.tenant = running.enter_context(graph_server(Tenant(), _certificates[0]))
        self.settings = GraphSettings(
            name="mail",
            url=f"{self.tenant.url}/v1.0",
            account=self.tenant.address,
            tenant=self.tenant.id,
            client_id=self.tenant.client_id,
            client_secret=Secret.of(self.tenant.client_secret),
            login_url=self.tenant.url,
            ca_file=self.tenant.ca_file,
        )

    def deliver(self, *raws, received_at=None):
        for raw in raws:
            self.tenant.deliver(raw, received_at or days_ago(0))

    def delete(self, subject: str) -> None:
        for id_, stored in list(self.tenant.messages.items()):
            if f"Subject: {subject}\r\n".encode() in stored.raw:
                self.tenant.delete(id_)

    def is_untouched(self) -> bool:
        return not any(stored.is_read or stored.folder != "F1" for stored in self.tenant.messages.values())

    def open(self, **changes: Any) -> AbstractContextManager[Mailbox]:
        return open_mailbox(replace(self.settings, **changes), max_message_size=LIMIT)

    def refusal(self, **changes: Any) -> MailboxError:
        """Return the error of a test of the connection; no secret is in it."""
        with self.assertRaises(MailboxError) as caught, self.open(**changes) as mailbox:
            mailbox.check()
        self.assertNotIn(self.tenant.client_secret, str(caught.exception))
        return caught.exception

    def cost(self, *args: Any, **kwargs: Any) -> list[str]:
        """Return what reading asks the servers for."""
        self.tenant.requests.clear()
        self.batches = self.fetch(*args, **kwargs)
        return self.tenant.names()


LOGIN = ["discovery", "token"]


class TestGraph(GraphCase, MailboxContract):
    """The contract, and what reading costs."""

    def test_a_poll_without_new_mail_costs_one_request_of_graph(self):
        self.tenant.folders |= {"F2": ("Carriers", "F1")}
        for folder in ("INBOX", "Posteingang/Carriers"):
            self.settings = replace(self.settings, folder=folder)
            self.deliver(*(mail(f"{folder} {number}") for number in range(30)))
            cursor = self.fetch()[-1].cursor

            self.assertEqual(self.cost(cursor), [*LOGIN, "delta"])
            self.assertEqual(self.batches, [])

    def test_new_mail_costs_two_requests_a_message_and_a_stranger_one(self):
        cursor = self.fetch()[-1].cursor
        self.deliver(mail("1"), mail("stranger", "spam@else.example"))

        self.assertEqual(self.cost(cursor), [*LOGIN, "delta", "message", "message", "value"])

    def test_the_first_run_lists_the_folder_and_reads_the_backlog_only(self):
        self.deliver(*(mail(f"old {number}") for number in range(50)), received_at=days_ago(30))
        self.deliver(mail("1"))
        self.tenant.page_size = 20

        self.assertEqual(
            self.cost(), [*LOGIN, "folder", "delta", "delta", "delta", "list", "message", "value", "delta"]
        )
        self.assertEqual(subjects(self.batches), ["1"])

    def test_no_connection_stays_open(self):
        self.deliver(mail("1"))
        before = threading.active_count()
        batches = self.fetch()
        deadline = time.monotonic() + 5

        # The server has a thread for each connection.
        while threading.active_count() > before and time.monotonic() < deadline:
            time.sleep(0.02)
        self.assertEqual(subjects(batches), ["1"])
        self.assertLessEqual(threading.active_count(), before)

    def test_nothing_is_requested_but_with_get(self):
        """The server answers nothing else."""
        self.deliver(mail("1"))
        self.fetch()

        self.assertTrue(
            all(path in LOGIN or path.startswith("/v1.0/users/noc@example.net/") for path in self.tenant.requests[:4])
        )

    def test_all_pages_are_read(self):
        self.tenant.page_size = 2
        self.deliver(*(mail(f"old {number}") for number in range(7)))
        first = self.fetch()
        self.deliver(*(mail(f"new {number}") for number in range(5)))
        second = self.fetch(first[-1].cursor)

        self.assertEqual(sorted(subjects(first)), [f"old {number}" for number in range(7)])
        self.assertEqual(sorted(subjects(second)), [f"new {number}" for number in range(5)])

    def test_runs_that_are_killed_after_each_batch_end_although_the_server_remembers_few_states(self):
        self.tenant.page_size, self.tenant.generations = 2, 3
        self.deliver(*(mail(f"{number}", received_at) for number, received_at in enumerate([ISP] * 9)))
        read, cursor, new = [], None, {ISP}
        while batch := self.fetch_one(self.request(cursor, new=new)):
            self.assertLess(len(read), 40, "the run starts over and over")
            read.append(batch)
            cursor, new = batch.cursor, new - batch.searched

        self.assertEqual(sorted(subjects(read)), [f"{number}" for number in range(9)])

    def test_a_message_that_is_moved_into_the_folder_is_new(self):
        self.tenant.folders |= {"F2": ("Else", "F1")}
        cursor = self.fetch()[-1].cursor
        id_ = self.tenant.deliver(mail("moved"), days_ago(90), "F2")
        self.tenant.move(id_, "F1")

        self.assertEqual(subjects(self.fetch(cursor)), ["moved"])

    def test_a_message_that_is_moved_away_before_it_is_read_is_left_out(self):
        self.tenant.folders |= {"F2": ("Else", "F1")}
        cursor = self.fetch()[-1].cursor
        for when in ("message", "value"):
            with self.subTest(when):
                self.deliver(mail(f"moved {when}"), mail(f"there {when}"))
                moved = next(id_ for id_, each in self.tenant.messages.items() if f"moved {when}".encode() in each.raw)

                def move(path, moved=moved, when=when):
                    if name_of(path) == when and moved in self.tenant.messages:
                        self.tenant.move(moved, "F2")

                self.tenant.before = move
                batches = self.fetch(cursor)
                self.tenant.before = lambda path: None
                cursor = batches[-1].cursor

                self.assertEqual(subjects(batches), [f"there {when}"])
                self.assertEqual(batches[-1].unreadable, ())

    def test_removed_messages_replays_and_empty_pages(self):
        self.tenant.replays, self.tenant.empty_pages = True, 2
        cursor = self.fetch()[-1].cursor
        self.deliver(mail("1"), mail("deleted"))
        self.delete("deleted")

        batches = self.fetch(cursor)
        again = self.fetch(batches[-1].cursor)

        self.assertEqual(subjects(batches), ["1"])
        self.assertLessEqual(set(subjects(again)), {"1"})

    def test_a_message_that_exchange_writes_differently_each_time_keeps_its_id(self):
        numbers = count()
        self.tenant.alters = lambda raw: raw.replace(b"customer", f"customer {next(numbers)}".encode())
        self.deliver(mail("1"))

        [one], [other] = ([m for batch in self.fetch() for m in batch.messages] for _ in range(2))

        self.assertNotEqual(one.raw, other.raw)
        self.assertEqual(one.server_id, other.server_id)

    def test_a_message_without_a_header_in_graph_is_read_from_its_bytes(self):
        """A draft that was moved, or what did not come by SMTP."""
        self.tenant.has_headers = False
        self.deliver(mail("1"), mail("2", "spam@else.example"))

        batches = self.fetch()

        self.assertEqual((subjects(batches), unknown_senders(batches)), (["1"], ["spam@else.example"]))

    def test_a_server_that_tells_no_sizes(self):
        self.tenant.has_sizes = False
        self.deliver(mail("1"), mail("2"))
        cursor = self.fetch()[-1].cursor
        self.deliver(mail("large", body=b"x" * (LIMIT + 1)))

        [message] = [message for batch in self.fetch(cursor) for message in batch.messages]

        self.assertEqual((message.raw, message.subject, message.size), (None, "large", LIMIT + 1))

    def test_the_body_of_a_message_over_the_limit_is_never_requested(self):
        self.deliver(mail("large", body=b"x" * (LIMIT + 1)))

        self.assertNotIn("value", self.cost())

    def test_shared_mailbox_and_account_with_special_characters(self):
        self.tenant.address = "o'neil+noc/1@example.net"
        self.deliver(mail("1"))
        with self.open(account=self.tenant.address) as mailbox:
            self.assertEqual(subjects(mailbox.fetch(self.request())), ["1"])


class FolderTest(GraphCase, ContractCase):
    """Folders by their path."""

    def setUp(self):
        super().setUp()
        self.tenant.folders |= {"F2": ("Carriers", "F1"), "F3": ("O'Neil & Söhne", "F2"), "F4": ("Top", "root")}
        self.tenant.folders |= {f"X{number}": (f"Folder {number:02}", "F1") for number in range(15)}
        for id_ in ("F1", "F2", "F3", "F4"):
            self.tenant.deliver(mail(id_), days_ago(0), id_)

    def test_paths(self):
        for path, id_ in {
            **{
                "INBOX": "F1",
                "inbox": "F1",
                "Inbox/Carriers": "F2",
                "INBOX/carriers/O'Neil & Söhne": "F3",
                "Top": "F4",
            },
            **{"Posteingang/Carriers": "F2", "/Inbox/Carriers/": "F2"},
        }.items():
            for page_size in (1000, 3):
                self.tenant.page_size = page_size
                with self.subTest(path, page_size=page_size), self.open(folder=path) as mailbox:
                    self.assertEqual(subjects(mailbox.fetch(self.request())), [id_])

    def test_a_missing_folder(self):
        error = self.refusal(folder="INBOX/Carrier")

        self.assertRegex(
            str(error), "GRAPH-12: There is no folder 'Carrier' in inbox .*Folders there: Carriers, Folder 00"
        )
        self.assertNotIn("Unread", str(error))

    def test_a_folder_that_takes_the_place_of_another_is_noticed_within_an_hour(self):
        self.settings = replace(self.settings, folder="INBOX/Carriers")
        cursor = self.fetch()[-1].cursor
        self.tenant.folders |= {"F2": ("Carriers (old)", "F1"), "F9": ("Carriers", "F1")}
        self.tenant.deliver(mail("in the new one"), days_ago(0), "F9")

        self.assertEqual(self.fetch(cursor), [])
        old = {**cursor, "checked_at": days_ago(0.05).isoformat()}
        batches = self.fetch(old, resume_since=days_ago(1))

        self.assertEqual(subjects(batches), ["in the new one"])
        self.assertEqual(self.fetch(batches[-1].cursor), [])

    def test_a_folder_that_stays_is_looked_up_once_an_hour(self):
        cursor = {**self.fetch()[-1].cursor, "checked_at": days_ago(0.05).isoformat()}

        batches = self.fetch(cursor)

        self.assertEqual([batch.messages for batch in batches], [()])
        self.assertEqual(self.fetch(batches[-1].cursor), [])

    def test_a_folder_that_is_gone_and_recreated(self):
        self.settings = replace(self.settings, folder="INBOX/Carriers")
        cursor = self.fetch()[-1].cursor
        del self.tenant.folders["F2"]

        with self.assertRaisesRegex(MailboxError, "GRAPH-12"), self.assertLogs("nautobot_circuit_maintenance"):
            self.fetch(cursor)
        self.tenant.folders |= {"F9": ("Carriers", "F1")}
        self.tenant.deliver(mail("new"), days_ago(0), "F9")
        with self.assertLogs("nautobot_circuit_maintenance", "WARNING"):
            self.assertEqual(subjects(self.fetch(cursor)), ["new"])


class WithoutDeltaTest(GraphCase, ContractCase):
    """A cloud whose Graph has no delta for messages: the folder is listed by time."""

    def setUp(self):
        super().setUp()
        self.tenant.has_delta = False

    def test_what_arrives_is_read_once(self):
        self.deliver(mail("1"), received_at=days_ago(3))
        first = self.fetch()
        self.deliver(mail("2"), mail("late"), received_at=days_ago(0.5))
        second = self.fetch(first[-1].cursor)
        self.deliver(mail("3"))
        third = self.fetch(second[-1].cursor)

        self.assertEqual([sorted(subjects(each)) for each in (first, second, third)], [["1"], ["2", "late"], ["3"]])
        self.assertEqual(self.fetch(third[-1].cursor), [])

    def test_a_poll_without_new_mail_costs_one_request_of_graph(self):
        self.deliver(mail("1"))
        cursor = self.fetch()[-1].cursor

        self.assertEqual(self.cost(cursor), [*LOGIN, "list"])
        self.assertEqual(self.batches, [])

    def test_a_delta_is_used_as_soon_as_there_is_one(self):
        cursor = {**self.fetch()[-1].cursor, "checked_at": days_ago(1.1).isoformat()}
        cursor = {**self.fetch(cursor)[-1].cursor, "checked_at": days_ago(1.1).isoformat()}
        self.tenant.has_delta = True
        self.deliver(mail("1"))

        with self.assertLogs("nautobot_circuit_maintenance", "WARNING"):
            batches = self.fetch(cursor)

        self.assertEqual(subjects(batches), ["1"])
        self.assertEqual(self.cost(batches[-1].cursor), [*LOGIN, "delta"])

    def test_runs_that_are_killed_come_to_an_end(self):
        cursor = self.fetch()[-1].cursor
        self.deliver(*(mail(f"{number:03}") for number in range(BATCH_MESSAGES + 5)))
        read = []
        while batch := self.fetch_one(self.request(cursor, new=())):
            self.assertLess(len(read), 9)
            read.append(batch)
            cursor = batch.cursor

        self.assertEqual(len(set(subjects(read))), BATCH_MESSAGES + 5)
