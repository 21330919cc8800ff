"""The IMAP mailbox and a whole poll against a real Dovecot; `invoke e2e` runs it with the settings of the unit tests."""

from collections.abc import Iterator
from datetime import datetime, timezone

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from development.services.dovecot import dovecot, fill
from development.services.imap import ImapServer
from nautobot_circuit_maintenance.app_settings import get_app_settings
from nautobot_circuit_maintenance.mailboxes.base import Batch, FetchRequest
from nautobot_circuit_maintenance.mailboxes.opening import open_mailbox
from nautobot_circuit_maintenance.models import NotificationSource
from nautobot_circuit_maintenance.pipeline.report import RunReport
from nautobot_circuit_maintenance.pipeline.run import RunOptions, run
from nautobot_circuit_maintenance.tests.cases import create_provider
from nautobot_circuit_maintenance.tests.end_to_end.world import configured, new_folder, reading
from nautobot_circuit_maintenance.tests.mailboxes.contract import ISP, days_ago, mail, subjects
from nautobot_circuit_maintenance.tests.mailboxes.tcp_proxy import proxy_to

MESSAGES = 2_000
MOST_STATEMENTS = 10
TOO_MANY_FOR_ONE_ANSWER = 160_000
"""Their UIDs exceed the million bytes that imaplib accepts."""


@pytest.fixture(scope="module", name="server")
def run_dovecot() -> Iterator[ImapServer]:
    """Run Dovecot; without it these tests fail with a message that names the package to install."""
    with dovecot() as running:  # pylint: disable=contextmanager-generator-missing-cleanup  # pytest resumes it
        yield running


def fetch(server: ImapServer, folder: str, cursor: object = None) -> list[Batch]:
    """Read what is new in a folder."""
    with configured(reading(server, folder)):
        [settings] = get_app_settings().sources
    senders = frozenset({ISP})
    with open_mailbox(settings, max_message_size=1 << 20) as mailbox:
        new = frozenset() if cursor else senders
        return list(mailbox.fetch(FetchRequest(cursor or {}, senders, new, days_ago(7), days_ago(7))))


def test_bytes_are_those_that_were_delivered_and_nothing_is_marked_read(server: ImapServer):
    folder = new_folder()
    raws = [mail("1", body=b"caf\xe9 \xff\r\n.\r\n..\r\n"), mail("2", body=b"no end of line"), mail("3", body=b"")]
    fill(server, raws, folder)

    messages = [message for batch in fetch(server, folder) for message in batch.messages]

    assert sorted(message.raw for message in messages) == sorted(raws)
    with server.client() as client:
        client.select_folder(folder, readonly=True)
        assert b"\\Seen" not in set().union(*client.get_flags(client.search()).values())


def test_a_recreated_folder_is_read_again(server: ImapServer):
    folder = new_folder()
    fill(server, [mail("1"), mail("2")], folder)
    cursor = fetch(server, folder)[-1].cursor
    with server.client() as client:
        client.delete_folder(folder)
    fill(server, [mail("3"), mail("1")], folder)

    batches = fetch(server, folder, cursor)

    assert sorted(subjects(batches)) == ["1", "3"]
    assert batches[-1].cursor["uidvalidity"] != cursor["uidvalidity"]


def test_no_mailbox_is_too_large_for_a_search(server: ImapServer):
    folder = new_folder()
    fill(server, (b"From: a@b.example\r\n\r\n" for _ in range(TOO_MANY_FOR_ONE_ANSWER)), folder)
    with configured(reading(server, folder)):
        [settings] = get_app_settings().sources
    request = FetchRequest({}, frozenset({ISP}), frozenset({ISP}), days_ago(7), days_ago(7))

    with open_mailbox(settings, max_message_size=1 << 20) as mailbox:
        batch = next(mailbox.fetch(request))

    assert batch.unknown_senders


@pytest.mark.django_db(transaction=True)
def test_a_poll_with_nothing_new_looks_at_no_message_and_asks_the_database_little(server: ImapServer):
    folder = new_folder()
    fill(server, (mail(f"{n}", "spam@else.example") for n in range(MESSAGES)), folder)
    source = NotificationSource.objects.create(name="Mail")
    source.providers.add(create_provider("Carrier", ISP))

    def poll() -> RunReport:
        report = run([NotificationSource.objects.get()], RunOptions(now=datetime.now(timezone.utc)))
        assert [each.error for each in report.sources] == [""]
        return report

    with proxy_to(server.tls_port, server.tls_context()) as proxy:
        with configured(reading(server, folder, url=f"imap://127.0.0.1:{proxy.port}", tls=False)):
            poll()
            proxy.connections, proxy.commands = 0, []
            with CaptureQueriesContext(connection) as statements:
                poll()
            assert proxy.connections == 1
            assert [name for name in proxy.names() if name != "CAPABILITY"] == ["LOGIN", "EXAMINE", "LOGOUT"]
            asked = [query["sql"] for query in statements if "nautobot_circuit_maintenance" in query["sql"]]
            assert len(asked) <= MOST_STATEMENTS, asked
            fill(server, [mail("new")], folder)
            proxy.commands = []
            assert poll().recorded == 1
            assert proxy.names().count("UID SEARCH") == 1
