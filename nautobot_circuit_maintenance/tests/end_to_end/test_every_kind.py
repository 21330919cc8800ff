"""The same messages through every kind of mailbox: the same rows."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from django.db import transaction
from django.test import override_settings
from django.utils import timezone

from development.services.dovecot import dovecot
from development.services.graph.server import graph_server
from development.services.graph.tenant import Tenant
from development.services.imap import ImapServer, make_certificates
from development.services.introspection import introspection
from nautobot_circuit_maintenance.app_settings import get_app_settings
from nautobot_circuit_maintenance.models import (
    CircuitImpact,
    CircuitMaintenance,
    MaintenanceWindow,
    Notification,
    ParsedNotification,
)
from nautobot_circuit_maintenance.models.providers import EMAILS_FIELD
from nautobot_circuit_maintenance.pipeline.run import RunOptions, run
from nautobot_circuit_maintenance.tests.cases import PipelineTestCase
from nautobot_circuit_maintenance.tests.end_to_end import corpus
from nautobot_circuit_maintenance.tests.factories import mail as mails

DAY = timedelta(days=1)
Delivered = list[tuple[bytes, datetime]]


def messages() -> Delivered:
    """Return the messages, each with the time of its receipt; those of the corpus too, where that is."""
    later = [mails.NOON + number * timedelta(hours=1) for number in range(6)]
    made = [
        mails.mail(mails.Bcop("M-1", issued=later[0])),
        mails.mail(mails.Bcop("M-1", "CANCELLED", sequence=1, issued=later[1])),
        mails.mail(mails.Bcop("M-2", circuits=(("C-1", "OUTAGE"), ("C-2", "DEGRADED")), issued=later[2])),
        mails.mail(sent=later[3], subject="Nothing to read"),
        mails.mail(mails.Bcop("M-3"), sender="someone@else.example"),
        b"From: noc@isp.example\r\nSubject: \xff raw \xe9\r\n\r\n\xff\xfe\r\n.\r\n",
    ]
    samples = corpus.samples() if corpus.FOLDER.is_dir() else ()
    return [*zip(made, later), *((sample.raw, sample.received_at) for sample in samples)]


@contextmanager
def graph(delivered: Delivered, folder: Path) -> Iterator[dict[str, Any]]:
    """Yield the settings of a mailbox in Microsoft 365 with the messages."""
    make_certificates(folder)
    with graph_server(Tenant(), folder) as tenant:
        for raw, received_at in delivered:
            tenant.deliver(raw, received_at)
        application = {"tenant": tenant.id, "client_id": tenant.client_id, "client_secret": tenant.client_secret}
        servers = {"url": f"{tenant.url}/v1.0", "login_url": tenant.url, "ca_file": tenant.ca_file}
        yield {"account": tenant.address, **application, **servers}


@contextmanager
def imap(delivered: Delivered, _folder: Path) -> Iterator[dict[str, Any]]:
    """Yield the settings of a folder on a Dovecot that accepts access tokens."""
    tokens: set[str] = set()
    with ExitStack() as servers:
        asked = servers.enter_context(introspection(tokens))
        server: ImapServer = servers.enter_context(dovecot(mechanisms="plain xoauth2", introspection=asked.url))
        tenant = servers.enter_context(graph_server(Tenant(tokens=tokens), server.ca_file.parent))
        server.deliver_all(delivered, "INBOX")
        application = {"tenant": tenant.id, "client_id": tenant.client_id, "client_secret": tenant.client_secret}
        where = {"url": f"imaps://localhost:{server.tls_port}", "login": "microsoft", "login_url": tenant.url}
        yield {**where, "account": server.username, **application, "ca_file": str(server.ca_file)}


@contextmanager
def maildir(delivered: Delivered, folder: Path) -> Iterator[dict[str, Any]]:
    """Yield the settings of a Maildir with the messages."""
    for name in ("new", "cur", "tmp"):
        (folder / name).mkdir()
    for number, (raw, received_at) in enumerate(delivered):
        path = folder / "new" / f"{number}.host"
        path.write_bytes(raw)
        os.utime(path, (received_at.timestamp(),) * 2)
    yield {"url": folder.as_uri()}


def shown(row: dict[str, Any]) -> dict[str, Any]:
    """Return values that can be compared."""
    return {name: bytes(value) if isinstance(value, memoryview) else value for name, value in row.items()}


class EveryKindTest(PipelineTestCase):
    """One run, and one more."""

    def rows(self) -> dict[str, list[str]]:
        """Return what is stored, without what differs between two runs of one mailbox."""
        own = {"id", "source_id", "server_id", "created", "last_updated", "received_at", "queued_at", "claimed_at"}
        found = {}
        for model in (Notification, CircuitMaintenance, CircuitImpact, MaintenanceWindow, ParsedNotification):
            names = [each.attname for each in model._meta.concrete_fields if each.attname not in own]
            names = [name for name in names if not name.endswith("_id") or name == "message_id"]
            found[model.__name__] = sorted(str(shown(row)) for row in model.objects.values(*names))
        return found

    def test_the_rows_are_the_same(self):
        delivered = messages()
        senders = (
            {address for addresses in corpus.addresses_by_parser().values() for address in addresses}
            if (corpus.FOLDER.is_dir())
            else set()
        )
        self.provider.cf[EMAILS_FIELD] = ",".join(sorted({"noc@isp.example", *senders}))
        self.provider.validated_save()
        age = (timezone.now() - min(received_at for _, received_at in delivered)) // DAY + 2
        stored, requests = {}, {}
        for kind in (maildir, graph, imap):
            with tempfile.TemporaryDirectory() as name, kind(delivered, Path(name)) as entry, transaction.atomic():
                config = {
                    "notification_sources": [{"name": self.source.name, **entry}],
                    "raw_notification_initial_days_since": age,
                }
                with override_settings(PLUGINS_CONFIG={"nautobot_circuit_maintenance": config}):
                    self.assertEqual(get_app_settings().problems, ())
                    self.source.refresh_from_db()
                    reports = [run([self.source], RunOptions(now=timezone.now())) for _ in range(2)]
                self.assertEqual([each.failed_sources for each in reports], [[], []])
                requests[kind.__name__] = [len(each.sources[0].recorded) if each.sources else 0 for each in reports]
                stored[kind.__name__] = self.rows()
                transaction.set_rollback(True)

        self.assertEqual(len(stored["maildir"]["Notification"]), len(delivered) - 1)
        for kind in ("graph", "imap"):
            for model, rows in stored["maildir"].items():
                self.assertEqual([row for row in stored[kind][model] if row not in rows], [], (kind, model))
                self.assertEqual(len(stored[kind][model]), len(rows), (kind, model))
        self.assertEqual({second for _, second in requests.values()}, {0})
