"""Tags in every kind of mailbox that has them: a real Dovecot, and servers that behave like Graph and Gmail."""

from contextlib import ExitStack, contextmanager
from dataclasses import replace
from unittest import TestCase, mock

import pytest

from development.services.dovecot import dovecot
from development.services.graph.tenant import graph_error
from nautobot_circuit_maintenance.domain.errors import MailboxError
from nautobot_circuit_maintenance.mail.headers import message_id, parse_header
from nautobot_circuit_maintenance.mailboxes.credentials import Secret
from nautobot_circuit_maintenance.mailboxes.gmail.tagger import GmailTagger
from nautobot_circuit_maintenance.mailboxes.graph.session import GraphSession
from nautobot_circuit_maintenance.mailboxes.graph.tagger import GraphTagger
from nautobot_circuit_maintenance.mailboxes.imap.settings import ImapSettings
from nautobot_circuit_maintenance.mailboxes.opening import open_mailbox, open_tagger
from nautobot_circuit_maintenance.mailboxes.tagging import TagChange
from nautobot_circuit_maintenance.tests.mailboxes import test_gmail, test_graph
from nautobot_circuit_maintenance.tests.mailboxes.contract import LIMIT, ContractCase, days_ago, mail
from nautobot_circuit_maintenance.tests.mailboxes.gmail_server import MODIFY
from nautobot_circuit_maintenance.tests.mailboxes.tcp_proxy import proxy_to

# pylint: disable-next=invalid-name  # unittest's
setUpModule, tearDownModule = test_graph.setUpModule, test_graph.tearDownModule

TAGS = {"parsed": "Maintenance", "failed": "Maintenance-failed"}
OURS = frozenset(TAGS.values())


def changed_to(message, tag: str) -> TagChange:
    """Return what makes a message show this tag and no other of ours."""
    return TagChange(message.server_id, message.message_id, tag, OURS - {tag})


class TaggerContract(ContractCase):
    """What every tagger does; a class with hooks comes before this one in the list of bases."""

    def tags_of(self, subject: str) -> set[str]:
        """Return the tags of a message, ours and those of people."""
        raise NotImplementedError

    def tag(self, subject: str, tag: str) -> None:
        """Set a tag as a person does."""
        raise NotImplementedError

    @contextmanager
    def tagger(self):
        """Open the tagger."""
        with open_tagger(replace(self.settings, tags=TAGS)) as tagger:
            yield tagger

    def change(self, *changes: TagChange) -> int:
        """Change tags; return how many changes are done."""
        with self.tagger() as tagger:
            return sum(map(len, tagger.change(changes)))

    def messages(self, *subjects: str):
        """Deliver messages and read them; keep the cursor."""
        self.deliver(*(mail(subject) for subject in subjects))
        batches = self.fetch()
        self.cursor = batches[-1].cursor
        found = {message.subject: message for batch in batches for message in batch.messages}
        return [found[subject] for subject in subjects]

    def test_a_tag_is_set_and_replaced(self):
        first, second = self.messages("1", "2")

        self.assertEqual(self.change(changed_to(first, "Maintenance"), changed_to(second, "Maintenance-failed")), 2)
        self.assertEqual((self.tags_of("1"), self.tags_of("2")), ({"Maintenance"}, {"Maintenance-failed"}))
        self.assertEqual(self.change(changed_to(second, "Maintenance"), changed_to(first, "")), 2)
        self.assertEqual((self.tags_of("1"), self.tags_of("2")), (set(), {"Maintenance"}))

    def test_tags_of_people_stay(self):
        [message] = self.messages("1")
        self.tag("1", "Urgent")

        self.change(changed_to(message, "Maintenance-failed"))
        self.change(changed_to(message, "Maintenance"))

        self.assertEqual(self.tags_of("1"), {"Urgent", "Maintenance"})

    def test_what_is_right_already_may_be_set_again(self):
        """The run that set it may have been killed before it was stored."""
        [message] = self.messages("1")

        for _ in range(2):
            self.assertEqual(self.change(changed_to(message, "Maintenance")), 1)

        self.assertEqual(self.tags_of("1"), {"Maintenance"})

    def test_a_message_that_is_gone_is_done(self):
        """Nothing is left to be shown, and the others get their tags."""
        messages = self.messages("1", "2", "3")
        self.delete("2")

        self.assertEqual(self.change(*(changed_to(each, "Maintenance") for each in messages)), 3)
        self.assertEqual((self.tags_of("1"), self.tags_of("3")), ({"Maintenance"}, {"Maintenance"}))

    def test_nothing_is_read_again_and_nothing_is_lost(self):
        """Tags change the mailbox, and its cursor continues as if they did not."""
        first, second = self.messages("1", "2")
        self.change(changed_to(first, "Maintenance"), changed_to(second, "Maintenance"))
        self.deliver(mail("3"))

        batches = self.fetch(self.cursor)

        self.assertEqual([message.subject for batch in batches for message in batch.messages], ["3"])
        self.assertEqual([each for batch in self.fetch(batches[-1].cursor) for each in batch.messages], [])

    def refuse_changes(self) -> str:
        """Take away the right to change messages; return a pattern for the error about it."""
        raise NotImplementedError

    def check(self) -> None:
        """Test whether tags can be set."""
        with self.tagger() as tagger:
            tagger.check()

    def test_the_right_to_set_tags_is_tested_without_a_change(self):
        """Test Connection says it before the first message comes."""
        self.messages("1")
        self.tag("1", "Urgent")

        self.check()
        self.assertEqual(self.tags_of("1"), {"Urgent"})
        self.assertEqual(self.fetch(self.cursor), [])
        pattern = self.refuse_changes()
        with self.assertRaises(MailboxError) as caught:
            self.check()
        self.assertRegex(str(caught.exception), pattern)


class GraphTags(test_graph.GraphCase, TaggerContract):
    """Categories."""

    def setUp(self):
        super().setUp()
        hurried = mock.patch.object(
            GraphTagger, "session_type", lambda *args, **kwargs: GraphSession(*args, pause=lambda _: None, **kwargs)
        )
        hurried.start()
        self.addCleanup(hurried.stop)

    def stored(self, subject: str):
        """Return id and message."""
        return next(pair for pair in self.tenant.messages.items() if f"Subject: {subject}\r\n".encode() in pair[1].raw)

    def tags_of(self, subject: str) -> set[str]:
        return set(self.stored(subject)[1].categories)

    def tag(self, subject: str, tag: str) -> None:
        self.stored(subject)[1].categories.append(tag)

    def refuse_changes(self) -> str:
        self.tenant.may_write = False
        return "GRAPH-15"

    def test_two_requests_for_twenty_messages(self):
        """45 messages: three batches that read, three that change."""
        messages = self.messages(*map(str, range(45)))
        self.tenant.requests.clear()

        self.assertEqual(self.change(*(changed_to(each, "Maintenance") for each in messages)), 45)

        self.assertEqual(self.tenant.requests, ["discovery", "token"] + ["/v1.0/$batch"] * 6)
        self.assertEqual(len(self.tenant.batched), 90)

    def test_without_the_right_to_change_messages(self):
        """Reading needs less, and continues."""
        [message] = self.messages("1")
        self.tenant.may_write = False

        with self.assertRaises(MailboxError) as caught:
            self.change(changed_to(message, "Maintenance"))

        self.assertRegex(str(caught.exception), "GRAPH-15: .*Application Mail.ReadWrite.*or remove 'tags'")
        self.assertEqual(self.tags_of("1"), set())

    def test_someone_else_changes_a_message_meanwhile(self):
        """The change is left to the next run, which reads it again."""
        first, second = self.messages("1", "2")
        self.tenant.batch_refusals = []
        changes = [changed_to(each, "Maintenance") for each in (first, second)]
        asked = self.tenant.batched

        def interfere(path):
            if len(asked) == 2:  # both were read, none is changed
                id_, stored = self.stored("1")
                self.tenant.messages[id_] = replace(stored, categories=["Urgent"], version=9)

        self.tenant.before = interfere

        self.assertEqual(self.change(*changes), 1)
        self.assertEqual((self.tags_of("1"), self.tags_of("2")), ({"Urgent"}, {"Maintenance"}))
        self.assertEqual(self.change(changes[0]), 1)
        self.assertEqual(self.tags_of("1"), {"Urgent", "Maintenance"})

    def test_a_throttled_batch_or_message(self):
        """As Graph asks: later."""
        [message] = self.messages("1")
        self.tenant.refusals = [graph_error(429, "ApplicationThrottled", Retry_After="1")]
        self.assertEqual(self.change(changed_to(message, "Maintenance")), 1)

        self.tenant.batch_refusals = [graph_error(429, "ApplicationThrottled", Retry_After="1")]
        with self.assertRaises(MailboxError) as caught:
            self.change(changed_to(message, ""))
        self.assertFalse(caught.exception.permanent)

    def test_a_proxy_in_graphs_place(self):
        """Whatever it answers, nothing counts as done."""
        [message] = self.messages("1")
        for body in (
            {"responses": []},
            {"responses": [{"id": "0", "status": 200}]},
            {},
            {"responses": {}},
            {"responses": [1]},
        ):
            with (
                self.subTest(body),
                mock.patch("development.services.graph.server.batch", lambda *_args, body=body: body),
            ):
                with self.assertRaises(MailboxError) as caught:
                    self.change(changed_to(message, "Maintenance"))
                self.assertIn("GRAPH-11", str(caught.exception))


class GmailTags(test_gmail.GmailCase, TaggerContract):
    """Labels."""

    def setUp(self):
        super().setUp()
        self.account.scopes = (*self.account.scopes, MODIFY)
        here = mock.patch.object(GmailTagger, "mailbox_type", self.mailbox_type)
        here.start()
        self.addCleanup(here.stop)

    def stored(self, subject: str):
        """Return the message."""
        return next(each for each in self.account.messages.values() if f"Subject: {subject}\r\n".encode() in each.raw)

    def tags_of(self, subject: str) -> set[str]:
        return {self.account.labels.get(label, label) for label in self.stored(subject).labels} - {"INBOX", "UNREAD"}

    def tag(self, subject: str, tag: str) -> None:
        self.account.labels[f"Label_{tag}"] = tag
        self.stored(subject).labels.add(f"Label_{tag}")

    def refuse_changes(self) -> str:
        self.account.scopes = ("https://www.googleapis.com/auth/gmail.readonly",)
        return "GMAIL-06: .*gmail.modify"

    def test_one_request_for_all_messages(self):
        """A label that is missing is created once."""
        messages = self.messages(*map(str, range(45)))
        self.account.requests.clear()

        self.change(*(changed_to(each, "Maintenance") for each in messages))

        self.assertEqual(self.account.names(), ["token", "labels", "labels", "message"])
        self.assertIn("Maintenance", self.account.labels.values())

    def test_a_batch_that_fails_because_of_a_message_that_is_gone(self):
        """What Google does then is not documented: the others get their labels either way."""
        self.account.refuses_unknown_ids = True

        self.test_a_message_that_is_gone_is_done()

    def test_without_the_right_to_change_labels(self):
        """Reading asks for the right to read, and continues."""
        [message] = self.messages("1")
        self.account.scopes = ("https://www.googleapis.com/auth/gmail.readonly",)

        with self.assertRaises(MailboxError) as caught:
            self.change(changed_to(message, "Maintenance"))

        self.assertRegex(
            str(caught.exception), "GMAIL-06: .*domain-wide delegation.*scopes .*gmail.modify$|GMAIL-06: .*gmail.modify"
        )
        with self.open() as mailbox:
            self.assertEqual(list(mailbox.fetch(self.request(self.cursor))), [])

    def test_a_consent_without_the_right_to_change_labels(self):
        """It was given before there were tags: reading continues with it."""
        self.account.refresh_tokens.add("1//refresh-token-of-the-owner")
        identity, secret = self.account.client
        consent = {"client_id": identity, "client_secret": Secret.of(secret), "redirect_uri": "https://here.example/"}
        self.settings = replace(
            self.settings,
            **consent,
            refresh_token=Secret.of("1//refresh-token-of-the-owner"),
            login_url=self.account.url,
        )
        [message] = self.messages("1")

        with self.assertRaises(MailboxError) as caught:
            self.change(changed_to(message, "Maintenance"))
        self.assertRegex(str(caught.exception), "CONSENT-07: .*invalid_scope.*'tags'.*click Authorize")

        self.account.granted += f" {MODIFY}"
        self.assertEqual(self.change(changed_to(message, "Maintenance")), 1)


@pytest.mark.slow
class ImapTags(TestCase):
    """Keywords on a real Dovecot."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        running = ExitStack()
        cls.addClassCleanup(running.close)
        cls.server = running.enter_context(dovecot())

    def setUp(self):
        super().setUp()
        self.settings = ImapSettings(
            name="mail",
            url=f"imaps://localhost:{self.server.tls_port}",
            account=self.server.username,
            secret=Secret.of(self.server.password),
            folder="Carriers",
            ca_file=str(self.server.ca_file),
        )
        with self.server.client() as client:
            client.create_folder("Carriers")
        self.addCleanup(self.drop_folder)

    def drop_folder(self):
        """Delete the folder."""
        with self.server.client() as client:
            client.delete_folder("Carriers")

    def deliver(self, *raws, received_at=None):
        self.server.deliver_all([(raw, received_at or days_ago(0)) for raw in raws], "Carriers")

    @contextmanager
    def uids(self, subject: str):
        """Yield a client and the UIDs of messages."""
        with self.server.client() as client:
            client.select_folder("Carriers")
            yield client, client.search(["SUBJECT", subject])

    def delete(self, subject: str) -> None:
        with self.uids(subject) as (client, uids):
            client.delete_messages(uids)
            client.expunge()

    def tags_of(self, subject: str) -> set[str]:
        with self.uids(subject) as (client, uids):
            return {flag.decode() for flag in client.get_flags(uids)[uids[0]]} - {"\\Recent"}

    def tag(self, subject: str, tag: str) -> None:
        with self.uids(subject) as (client, uids):
            client.add_flags(uids, [tag])

    def open(self, **changes):
        return open_mailbox(replace(self.settings, **changes), max_message_size=LIMIT)


class DovecotTags(ImapTags, TaggerContract):
    """The contract, and what only IMAP has."""

    def refuse_changes(self) -> str:
        running = ExitStack()
        self.addCleanup(running.close)
        proxy = running.enter_context(proxy_to(self.server.tls_port, self.server.tls_context()))
        proxy.change = lambda piece: piece.replace(b"[READ-WRITE]", b"[READ-ONLY]")
        self.settings = replace(self.settings, url=f"imap://localhost:{proxy.port}", tls=False)
        return "IMAP-22"

    def test_one_session_with_three_commands_for_all_messages(self):
        """Look, remove, add; none is read by it (\\Seen)."""
        messages = self.messages(*map(str, range(45)))
        self.change(*(changed_to(each, "Maintenance-failed") for each in messages))
        with proxy_to(self.server.tls_port, self.server.tls_context()) as proxy:
            self.settings = replace(self.settings, url=f"imap://localhost:{proxy.port}", tls=False)
            self.change(*(changed_to(each, "Maintenance") for each in messages))

        names = [name for name in proxy.names() if name not in ("CAPABILITY",)]
        self.assertEqual(names, ["LOGIN", "SELECT", "UID FETCH", "UID STORE", "UID STORE", "LOGOUT"])
        self.assertEqual(self.tags_of("44"), {"Maintenance"})

    def test_a_star(self):
        """The one flag that every mail program shows."""
        [message] = self.messages("1")

        self.change(TagChange(message.server_id, message.message_id, "\\Flagged", frozenset()))

        self.assertEqual(self.tags_of("1"), {"\\Flagged"})

    def test_a_uid_that_means_another_message(self):
        """The folder was recreated, or a restored server has assigned it a second time."""
        [message] = self.messages("1")
        other = replace(message, message_id="<other@isp.example>")
        elsewhere = replace(message, server_id="7/" + message.server_id.partition("/")[2])

        self.assertEqual(self.change(changed_to(other, "Maintenance"), changed_to(elsewhere, "Maintenance")), 2)
        self.assertEqual(self.tags_of("1"), set())

    def refused(self, old: bytes, new: bytes) -> MailboxError:
        """Return the error of opening the tagger at a server that says something else."""
        with proxy_to(self.server.tls_port, self.server.tls_context()) as proxy:
            self.settings = replace(self.settings, url=f"imap://localhost:{proxy.port}", tls=False)
            proxy.change = lambda piece: piece.replace(old, new)
            with self.assertRaises(MailboxError) as caught, self.tagger():
                self.fail("it was opened")
        return caught.exception

    def test_a_folder_that_may_only_be_read(self):
        self.assertRegex(
            str(self.refused(b"[READ-WRITE]", b"[READ-ONLY]")), "IMAP-22: .*Carriers.*only be read.*remove 'tags'"
        )

    def test_a_server_without_keywords(self):
        self.assertRegex(str(self.refused(b" \\*)]", b")]")), r"IMAP-23: .*no keywords such as Maintenance.*\\Flagged")


class MessageIds(TestCase):
    """How a message is recognized."""

    def test_it_is_the_one_that_is_stored(self):
        """Folded, with blanks, or missing."""
        for header, expected in ((b"Message-ID:\r\n <1@x>\r\n\r\n", "<1@x>"), (b"\r\n", "")):
            self.assertEqual(message_id(parse_header(header)), expected)
