"""A real IMAP server for demo and tests: `with imap_server() as server`, then `server.deliver(raw)`."""

import datetime
import fcntl
import json
import os
import secrets
import socket
import ssl
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import trustme
from imapclient import IMAPClient

from development.services.embedded import locked, start_supervised, wait_until


@dataclass(frozen=True)
class ImapServer:
    """A running server: `port` requires STARTTLS, `tls_port` TLS from the first byte; `ca_file` signs for both."""

    host: str
    port: int
    tls_port: int
    ca_file: Path
    username: str
    password: str

    def tls_context(self) -> ssl.SSLContext:
        """Return a context that trusts only the server's certificate authority."""
        return ssl.create_default_context(cafile=str(self.ca_file))

    @contextmanager
    def client(self) -> Iterator[IMAPClient]:
        """Yield a client that is logged in."""
        with IMAPClient(self.host, self.tls_port, ssl_context=self.tls_context(), timeout=30) as client:
            client.normalise_times = False  # keeps INTERNALDATE aware of its time zone
            # A message goes out in several writes; without this each waits 40 ms for the acknowledgement of the last.
            client.socket().setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            client.login(self.username, self.password)
            yield client

    def deliver(self, raw: bytes, folder: str = "INBOX", received_at: datetime.datetime | None = None) -> None:
        """Put one message into a folder, which is created if necessary."""
        self.deliver_all([(raw, received_at)], folder)

    def deliver_all(self, mails: list[tuple[bytes, datetime.datetime | None]], folder: str = "INBOX") -> None:
        """Put messages, each with the aware time of its arrival, into a folder in one session."""
        with self.client() as client:
            if not client.folder_exists(folder):
                client.create_folder(folder)
            for raw, received_at in mails:
                client.append(folder, raw, msg_time=received_at)

    def empty(self, folder: str = "INBOX") -> None:
        """Remove all messages of a folder; UIDs continue where they were."""
        with self.client() as client:
            client.select_folder(folder)
            if uids := client.search():
                client.delete_messages(uids)
                client.expunge()


@contextmanager
def imap_server(username: str = "maintenance@example.net", uid_validity: int | None = None) -> Iterator[ImapServer]:
    """Run an empty IMAP server with one account; `uid_validity` makes it look like the server of an earlier run."""
    with tempfile.TemporaryDirectory(prefix="ncm-imap-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        make_certificates(folder)
        password = secrets.token_urlsafe(12)
        account = {
            "NCM_IMAP_USER": username,
            "NCM_IMAP_PASSWORD": password,
            "NCM_IMAP_UIDVALIDITY": str(uid_validity or ""),
        }
        command = [sys.executable, str(Path(__file__).with_name("imapd.py")), name]
        with locked(folder / "users.lock", fcntl.LOCK_SH):
            server = start_supervised(f"imap-{os.getpid()}", command, lock=folder / "users.lock", env=account)
            wait_until((folder / "ports.json").exists, what="The IMAP server", server=server)
            ports = json.loads((folder / "ports.json").read_text(encoding="ascii"))
            yield ImapServer("localhost", ports["port"], ports["tls_port"], folder / "ca.pem", username, password)
        server.log.unlink(missing_ok=True)


def make_certificates(folder: Path, host: str = "localhost") -> None:
    """Write `ca.pem` and, signed by it, `server.pem` and `server.key` for a host, localhost and 127.0.0.1."""
    authority = trustme.CA()
    certificate = authority.issue_cert(*sorted({host, "localhost", "127.0.0.1"}))
    authority.cert_pem.write_to_path(str(folder / "ca.pem"))
    certificate.cert_chain_pems[0].write_to_path(str(folder / "server.pem"))
    certificate.private_key_pem.write_to_path(str(folder / "server.key"))
