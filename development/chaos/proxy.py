"""The proxies between the app and the mail server: one damages bytes on the wire, one behind it knows IMAP's commands.

The first sees encrypted bytes, as the network does: the receiver notices a byte that it garbles.
The second terminates TLS and disturbs the response to a certain command.
"""

import random
import ssl
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from development.services.imap import ImapServer
from development.services.wire import Connection, Cut, FaultInjector, Wire, relay

ANSWER_SECONDS = 2.0
"""Time-out of the workers for a response of a mail server."""

COMMAND_FAULTS = ("imap-cut", "imap-cut-answer", "imap-nonsense", "imap-delay", "imap-no")


@dataclass
class Proxies(FaultInjector):
    """The fault injector in front of the mail servers, with what the app requested from them."""

    commands: Counter[str] = field(default_factory=Counter)
    """IMAP commands sent so far."""
    requests: Counter[str] = field(default_factory=Counter)
    """Gmail requests sent so far."""

    @classmethod
    def of(cls, dice: random.Random) -> "Proxies":
        """Return an injector whose delays last longer than workers wait."""
        return cls(dice, ANSWER_SECONDS + 0.5)


@contextmanager
def imap_proxy(server: ImapServer, proxies: Proxies) -> Iterator[int]:
    """Forward connections to the server's TLS port until the block ends; yield the port to use instead."""
    folder = Path(server.ca_file).parent
    server_side = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    server_side.load_cert_chain(folder / "server.pem", folder / "server.key")
    session = partial(_Session, proxies=proxies)
    with relay(session, server.tls_port, accept=server_side, connect=server.tls_context()) as inner:
        with relay(partial(Wire, injector=proxies), inner) as port:
            yield port


@dataclass
class _Session(Connection):
    """One decrypted connection, with TLS on both sides."""

    proxies: Proxies
    asked: bytes = b""
    """The start of an unfinished command."""
    answer_fault: str = ""
    """The fault for the next piece of a response."""

    def to_server(self, data: bytes) -> None:
        """Forward a command, unless a fault is pending for it."""
        self.asked += data
        if not self.asked.endswith(b"\r\n"):
            return  # a client may send a command in pieces
        data, self.asked = self.asked, b""
        words = data.upper().split(maxsplit=3)
        if len(words) < 2:  # a response to a challenge: an access token, or nothing, which ends a refused login
            self.server.sendall(data)
            return
        tag, *words = words
        name = words[words[:1] == [b"UID"]].decode("latin-1")
        self.proxies.commands[name] += 1
        fault = self.proxies.take(COMMAND_FAULTS, command=name)
        kind = fault.kind if fault else ""
        if kind == "imap-cut":
            raise Cut
        if kind == "imap-no":
            self.client.sendall(tag + b" NO [UNAVAILABLE] The store is being moved\r\n")
            return
        if kind == "imap-delay":
            time.sleep(self.proxies.delay)
        self.server.sendall(data)
        self.answer_fault = kind if kind in ("imap-cut-answer", "imap-nonsense") else ""

    def to_client(self, data: bytes) -> None:
        """Forward what a fault leaves of the response."""
        fault, self.answer_fault = self.answer_fault, ""
        if fault == "imap-cut-answer":
            self.client.sendall(data[: self.proxies.dice.randrange(len(data))])
            raise Cut
        if fault == "imap-nonsense":
            data = bytes(self.proxies.dice.randrange(128, 256) for _ in range(40)) + b"\r\n"
        self.client.sendall(data)
