"""What the servers for Microsoft 365 know: a tenant with one mailbox, and how they are to behave."""

import re
import secrets
import socket
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

Query = dict[str, str]
MESSAGES = re.compile(
    r"/v1\.0/users(?:/|\(')([^/']+)(?:'\))?/(?:mail[Ff]olders(?:/|\(')([^/']+)(?:'\))?/)?(messages|childFolders|$)?(?:/([^/]+))?(/\$value)?$"
)
FOLDER = re.compile(r"/v1\.0/users/([^/]+)/mailFolders/([^/]+)$")


class Refusal(Exception):
    """An answer other than 200."""

    def __init__(self, status: int, body: Any, **fields: str) -> None:
        super().__init__(status)
        self.status = status
        self.body = body
        self.fields = {name.replace("_", "-"): value for name, value in fields.items()}


def graph_error(status: int, code: str, message: str = "No.", **fields: str) -> Refusal:
    """Make an error in the form of Graph."""
    inner = {"date": "2026-11-30T12:00:00", "request-id": "0a", "client-request-id": "0b"}
    return Refusal(status, {"error": {"code": code, "message": message, "innerError": inner}}, **fields)


def login_error(status: int, error: str, number: int, text: str) -> Refusal:
    """Make an error in the form of the login server."""
    described = f"AADSTS{number}: {text} Trace ID: 0a Correlation ID: 0b Timestamp: 2026-11-30 12:00:00Z"
    return Refusal(status, {"error": error, "error_description": described, "error_codes": [number]})


@dataclass
class Stored:
    """A message in a folder."""

    raw: bytes
    received: datetime
    folder: str
    is_read: bool = False
    rotten: frozenset[str] = frozenset()
    """What fails for it: "list" (a page with it), "id" (even one with ids alone), "delta", "get", "value"."""
    categories: list[str] = field(default_factory=list)
    version: int = 1

    @property
    def etag(self) -> str:
        """The version, as Graph writes it."""
        return f'W/"{self.version}"'


@dataclass
class Tenant:
    """What is in the tenant's one mailbox, how the servers are to behave, and what they were asked."""

    address: str = "noc@example.net"
    id: str = "11111111-2222-3333-4444-555555555555"
    client_id: str = "aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee"
    client_secret: str = "it~is/a+secret.Value"  # nosec B105 # of a server on loopback
    certificate: bytes = b""
    """That of the application, in PEM."""
    url: str = ""
    ca_file: str = ""
    page_size: int = 1000
    """Messages on a page at most, whatever is asked for."""
    generations: int = 1000
    """States of deltas that the server remembers."""
    has_delta: bool = True
    has_sizes: bool = True
    has_headers: bool = True
    replays: bool = False
    """Whether each round repeats the change before it."""
    empty_pages: int = 0
    """Pages without messages that come first in each later round."""
    expired: tuple[int, str] = (410, "SyncStateNotFound")
    """Status and code of a delta that the server has forgotten."""
    alters: Callable[[bytes], bytes] = staticmethod(lambda raw: raw)
    """What Exchange makes of a message each time that it writes one."""
    messages: dict[str, Stored] = field(default_factory=dict)
    folders: dict[str, tuple[str, str]] = field(default_factory=lambda: {"F1": ("Posteingang", "root")})
    """Name and parent, by id; F1 is the inbox."""
    log: list[tuple[str, str, str]] = field(default_factory=list)
    """Kind, folder and id of each change."""
    states: dict[str, dict[str, Any]] = field(default_factory=dict)
    refusals: list[Refusal] = field(default_factory=list)
    """Given out one by one before Graph answers again."""
    token_refusal: Refusal | None = None
    tokens: set[str] = field(default_factory=set)
    scopes: tuple[str, ...] = ("https://outlook.office365.com/.default",)
    """Resources beside Graph that tokens are given for."""
    may_write: bool = True
    """Whether the application may change messages."""
    batch_refusals: list[Refusal] = field(default_factory=list)
    """Given out one by one to requests in batches."""
    batched: list[str] = field(default_factory=list)
    """Requests in batches."""
    requests: list[str] = field(default_factory=list)
    """Paths and queries that Graph was asked for, and "token" or "discovery"."""
    before: Callable[[str], None] = staticmethod(lambda path: None)
    """Called before each answer of Graph."""
    send: Callable[[str, socket.socket, bytes], bool] = staticmethod(
        lambda path, connection, answer: send_all(connection, answer)
    )
    """Sends an answer of Graph to a path and query; False ends the connection."""

    def deliver(self, raw: bytes, received: datetime, folder: str = "F1", rotten: frozenset[str] = frozenset()) -> str:
        """Put a message into a folder; ids say nothing about the order."""
        id_ = secrets.token_urlsafe(24) + "AAA="
        self.messages = {**self.messages, id_: Stored(raw, received, folder, rotten=rotten)}
        self.log.append(("created", folder, id_))
        return id_

    def delete(self, id_: str) -> None:
        """Remove a message."""
        stored = self.messages[id_]
        self.messages = {key: value for key, value in self.messages.items() if key != id_}
        self.log.append(("deleted", stored.folder, id_))

    def move(self, id_: str, folder: str) -> str:
        """Move a message to a folder, where it has another id."""
        stored = self.messages[id_]
        self.delete(id_)
        return self.deliver(stored.raw, stored.received, folder, stored.rotten)

    def names(self) -> list[str]:
        """Return what Graph was asked for, in words."""
        return [name_of(path) for path in self.requests]


def send_all(connection: socket.socket, answer: bytes) -> bool:
    """Send an answer as it is."""
    connection.sendall(answer)
    return True


def name_of(path: str) -> str:
    """Name a request."""
    parts = urlsplit(path)
    if parts.path.endswith("/delta"):
        return "delta"
    found = MESSAGES.match(parts.path)
    if not found:
        return "folder" if FOLDER.match(parts.path) else path
    if found[5]:
        return "value"
    return "message" if found[4] else "list" if found[3] == "messages" else "children"
