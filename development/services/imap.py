"""A real IMAP server for demo and tests: `with imap_server() as server`, then `server.deliver(raw)`."""

import datetime
import fcntl
import ipaddress
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

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from imapclient import IMAPClient

from development.services.embedded import locked, start_supervised, wait_until

LIFETIME = datetime.timedelta(days=3650)
"""Containers keep theirs until the next start."""


@dataclass(frozen=True)
class ImapServer:
    """A running server: `port` wants STARTTLS, `tls_port` TLS from the first byte; `ca_file` signs for both."""

    host: str
    port: int
    tls_port: int
    ca_file: Path
    username: str
    password: str

    def tls_context(self) -> ssl.SSLContext:
        """Trust the server's certificate authority and no other."""
        return ssl.create_default_context(cafile=str(self.ca_file))

    @contextmanager
    def client(self) -> Iterator[IMAPClient]:
        """Log in."""
        with IMAPClient(self.host, self.tls_port, ssl_context=self.tls_context(), timeout=30) as client:
            client.normalise_times = False  # keeps INTERNALDATE aware of its time zone
            # A message goes out in several writes; without this each waits 40 ms for the acknowledgement of the last.
            client.socket().setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            client.login(self.username, self.password)
            yield client

    def deliver(self, raw: bytes, folder: str = "INBOX", received_at: datetime.datetime | None = None) -> None:
        """Put one message into a folder, which is made if need be."""
        self.deliver_all([(raw, received_at)], folder)

    def deliver_all(self, mails: list[tuple[bytes, datetime.datetime | None]], folder: str = "INBOX") -> None:
        """Put messages, each with the aware time of its arrival, into a folder in one session."""
        with self.client() as client:
            if not client.folder_exists(folder):
                client.create_folder(folder)
            for raw, received_at in mails:
                client.append(folder, raw, msg_time=received_at)

    def empty(self, folder: str = "INBOX") -> None:
        """Remove all messages of a folder; UIDs go on from where they were."""
        with self.client() as client:
            client.select_folder(folder)
            if uids := client.search():
                client.delete_messages(uids)
                client.expunge()


@contextmanager
def imap_server(username: str = "maintenance@example.net", uid_validity: int | None = None) -> Iterator[ImapServer]:
    """Run an empty IMAP server with one account; with `uid_validity` it passes for the server of an earlier run."""
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
    ca_key, server_key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    ca_name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Development CA")])
    server_name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
    identifier = x509.SubjectKeyIdentifier.from_public_key(ca_key.public_key())
    ca = certificate(ca_name, ca_key.public_key(), issuer=ca_name)
    ca = ca.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
    ca = ca.add_extension(identifier, critical=False).add_extension(KEY_USAGE_OF_CA, critical=True)
    server = certificate(server_name, server_key.public_key(), issuer=ca_name)
    names = [*map(x509.DNSName, sorted({host, "localhost"})), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
    server = server.add_extension(x509.SubjectAlternativeName(names), critical=False)
    server = server.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
    server = server.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
    signer = x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(identifier)
    server = server.add_extension(signer, critical=False)  # Python 3.13 checks strictly and insists on it
    for name, builder in {"ca.pem": ca, "server.pem": server}.items():
        signed = builder.sign(ca_key, hashes.SHA256())
        (folder / name).write_bytes(signed.public_bytes(serialization.Encoding.PEM))
    pem = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    (folder / "server.key").write_bytes(server_key.private_bytes(*pem))


def certificate(
    subject: x509.Name, public_key: ec.EllipticCurvePublicKey, *, issuer: x509.Name
) -> x509.CertificateBuilder:
    """Begin a certificate that is valid from yesterday."""
    start = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(days=1)
    builder = x509.CertificateBuilder().subject_name(subject).issuer_name(issuer).public_key(public_key)
    builder = builder.serial_number(x509.random_serial_number())
    return builder.not_valid_before(start).not_valid_after(start + LIFETIME)


KEY_USAGE_OF_CA = x509.KeyUsage(
    digital_signature=False,
    content_commitment=False,
    key_encipherment=False,
    data_encipherment=False,
    key_agreement=False,
    key_cert_sign=True,
    crl_sign=True,
    encipher_only=False,
    decipher_only=False,
)
