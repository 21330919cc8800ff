"""The mailboxes of chaos, behind faulty proxies; some emails arrive twice.

An IMAP folder with a password, a folder on a Dovecot that accepts access tokens only from us, a Gmail label, and a folder of
Microsoft 365.
"""

import datetime
import json
import os
import socket
import tempfile
import zlib
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from random import Random
from typing import Any

from cryptography.hazmat.primitives.asymmetric import rsa

from development.chaos.logins import Logins
from development.chaos.proxy import Proxies, imap_proxy
from development.services.dovecot import dovecot
from development.services.graph.server import graph_server
from development.services.graph.tenant import Tenant, name_of
from development.services.imap import ImapServer, imap_server, make_certificates
from development.services.introspection import Introspection, introspection
from development.services.wire import Wire, relay
from nautobot_circuit_maintenance.tests.mailboxes import http_faults
from nautobot_circuit_maintenance.tests.mailboxes.gmail_server import GmailAccount, gmail_server

FOLDER = "Chaos"
HTTP_FAULTS: dict[str, http_faults.Fault] = {
    "http-cut": http_faults.cut,
    "http-cut-body": http_faults.cut_in_body,
    "http-silence": http_faults.silent,
    "http-503": http_faults.instead(http_faults.response(503, b"{}")),
    "http-404": http_faults.instead(http_faults.response(404, http_faults.LOGIN_PAGE)),
    "http-login-page": http_faults.instead(http_faults.response(200, http_faults.LOGIN_PAGE)),
    "http-empty": http_faults.saying({}),
    "http-garbled": http_faults.garbled,
}
"""What happens to a response of Gmail or Graph; "empty" is an empty JSON object."""
OF_IMAP, OF_GMAIL, OF_GRAPH, OF_OAUTH = (0, 1, 2, 3), (0, 5, 6, 7), (1, 5, 8, 9), (3, 4, 6, 9)
"""Tenths of the emails, by their bytes, that are delivered to each; some to two of them."""


@dataclass
class Mailboxes:
    """All mailboxes, used as one."""

    imap: ImapServer
    oauth: ImapServer
    gmail: GmailAccount
    graph: Tenant
    logins: Logins

    def deliver_all(self, mails: list[tuple[bytes, datetime.datetime | None]], folder: str = FOLDER) -> None:
        """Put messages, each with the aware time of its arrival, into one mailbox or two."""
        tenths = [(zlib.crc32(raw) % 10, raw, received_at) for raw, received_at in mails]
        self.imap.deliver_all([(raw, at) for tenth, raw, at in tenths if tenth in OF_IMAP], folder)
        self.oauth.deliver_all([(raw, at) for tenth, raw, at in tenths if tenth in OF_OAUTH], folder)
        for tenth, raw, received_at in tenths:
            arrived = received_at or datetime.datetime.now(datetime.timezone.utc)
            if tenth in OF_GMAIL:
                self.gmail.deliver(raw, arrived, folder)
            if tenth in OF_GRAPH:
                self.graph.deliver(raw, arrived.replace(microsecond=0))

    def empty(self, folder: str = FOLDER) -> None:
        """Remove all messages; Gmail's history, IMAP's UIDs and Graph's log continue."""
        self.gmail.messages, self.gmail.history = {}, []
        self.graph.messages = {}
        self.imap.empty(folder)
        self.oauth.empty(folder)


@contextmanager
def mailboxes(dice: Random) -> Iterator[tuple[Mailboxes, Proxies, list[dict[str, Any]]]]:
    """Run them until the block ends; yield them, their proxies and the settings of their sources.

    Sets the variables in this process that make workers use our Gmail server and trust its certificate.
    """
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="ncm-chaos-")))
        proxies, server = Proxies.of(dice), stack.enter_context(imap_server())
        port = stack.enter_context(imap_proxy(server, proxies))
        imap = {"name": "Chaos", "url": f"imaps://localhost:{port}", "account": server.username}
        imap |= {"secret": server.password, "ca_file": str(server.ca_file)}
        account = stack.enter_context(_gmail(proxies, folder))
        gmail = {"name": "Chaos Gmail", "url": "https://accounts.google.com/o/oauth2/auth", "account": account.address}
        gmail |= {"credentials_file": str(folder / "key.json")}
        tenant = stack.enter_context(_graph(proxies, folder))
        graph = {"name": "Chaos Graph", "url": f"{tenant.url}/v1.0", "login_url": tenant.url, "ca_file": tenant.ca_file}
        graph |= {"account": tenant.address, "tenant": tenant.id, "client_id": tenant.client_id}
        graph |= {"client_secret": tenant.client_secret, "attach_all_providers": True}
        shared = {"folder": FOLDER, "attach_all_providers": True}
        tokens, login, asked = stack.enter_context(_dovecot())
        port = stack.enter_context(imap_proxy(tokens, proxies))
        oauth = {
            "name": "Chaos OAuth",
            "url": f"imaps://localhost:{port}",
            "login": "microsoft",
            "login_url": login.url,
        }
        oauth |= {"account": tokens.username, "tenant": login.id, "client_id": login.client_id}
        oauth |= {"client_secret": login.client_secret, "ca_file": str(tokens.ca_file)}
        every = Mailboxes(server, tokens, account, tenant, Logins((tenant, login), asked))
        yield every, proxies, [imap | shared, oauth | shared, gmail | shared, graph]


@contextmanager
def _dovecot() -> Iterator[tuple[ImapServer, Tenant, Introspection]]:
    """Run a Dovecot that accepts the access tokens of a login server, and that server."""
    valid: set[str] = set()
    with introspection(valid) as asked:
        with dovecot(asked.username, mechanisms="plain xoauth2", introspection=asked.url) as server:
            with graph_server(Tenant(address=asked.username, tokens=valid), server.ca_file.parent) as login:
                yield server, login, asked


@contextmanager
def _gmail(proxies: Proxies, folder: Path) -> Iterator[GmailAccount]:
    """Serve an empty account behind a wire."""
    make_certificates(folder)
    account = GmailAccount("chaos@example.net", rsa.generate_private_key(public_exponent=65537, key_size=2048))
    account.labels[FOLDER] = FOLDER
    account.send = partial(_send, proxies)
    with gmail_server(account, folder):
        with relay(partial(Wire, injector=proxies), int(account.url.rpartition(":")[2])) as port:
            account.url = f"https://localhost:{port}"
            (folder / "key.json").write_text(json.dumps(account.credentials()), "utf-8")
            os.environ.update(NCM_CHAOS_GMAIL=account.url, HTTPLIB2_CA_CERTS=str(folder / "ca.pem"))
            yield account


@contextmanager
def _graph(proxies: Proxies, folder: Path) -> Iterator[Tenant]:
    """Serve an empty mailbox of Microsoft 365 behind a wire, with the certificates of Gmail."""
    tenant = Tenant(address="chaos@example.net")
    tenant.send = lambda path, connection, answer: _send(proxies, f"graph {name_of(path)}", connection, answer)
    with graph_server(tenant, folder):
        with relay(partial(Wire, injector=proxies), int(tenant.url.rpartition(":")[2])) as port:
            tenant.url = f"https://localhost:{port}"
            yield tenant


def _send(proxies: Proxies, kind: str, connection: socket.socket, answer: bytes) -> bool:
    """Send a response, or what a fault pending for this kind of request leaves of it."""
    proxies.requests[kind] += 1
    fault = proxies.take(tuple(HTTP_FAULTS), command=kind)
    if fault and (kind, fault.kind) == ("graph value", "http-garbled"):
        fault.kind = "http-cut"  # The bytes of a message are not coded: TLS is what keeps others from changing them.
    return (HTTP_FAULTS[fault.kind] if fault else http_faults.unharmed)(connection, answer)
