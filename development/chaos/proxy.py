"""Between the app and the mail server: a proxy for the bytes on the wire, behind it one that knows IMAP's commands.

The first sees what TLS made of the session, as the network does: a byte that it garbles is noticed by whoever gets it.
The second ends TLS and disturbs the answer to a certain command.
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
from development.services.wire import Cut, FaultInjector, Line, Wire, relay

ANSWER_SECONDS = 2.0
"""How long chaos's workers wait for an answer of a mail server."""

COMMAND_FAULTS = ("imap-cut", "imap-cut-answer", "imap-nonsense", "imap-delay", "imap-no")


@dataclass
class Proxies(FaultInjector):
    """What stands before the mail servers."""

    commands: Counter[str] = field(default_factory=Counter)
    """What the app asked the IMAP server for so far."""
    requests: Counter[str] = field(default_factory=Counter)
    """What it asked Gmail for so far."""

    @classmethod
    def of(cls, dice: random.Random) -> "Proxies":
        """Let delays last longer than workers wait."""
        return cls(dice, ANSWER_SECONDS + 0.5)


@contextmanager
def imap_proxy(server: ImapServer, proxies: Proxies) -> Iterator[int]:
    """Forward connections to the server's TLS port until the block ends; yield the port to use instead."""
    folder = Path(server.ca_file).parent
    here = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    here.load_cert_chain(folder / "server.pem", folder / "server.key")
    session = partial(_Session, proxies=proxies)
    with relay(session, server.tls_port, accept=here, connect=server.tls_context()) as inner:
        with relay(partial(Wire, ambush=proxies), inner) as port:
            yield port


@dataclass
class _Session(Line):
    """One connection in clear text, with TLS on both sides."""

    proxies: Proxies
    asked: bytes = b""
    """The begin of a command."""
    answer_fault: str = ""
    """Strikes the next piece of an answer."""

    def ask(self, data: bytes) -> None:
        """Send a command on, unless a fault waits for it."""
        self.asked += data
        if not self.asked.endswith(b"\r\n"):
            return  # a client may send a command in pieces
        data, self.asked = self.asked, b""
        tag, *words = data.upper().split(maxsplit=3)
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

    def answer(self, data: bytes) -> None:
        """Send on what a fault leaves of the answer."""
        fault, self.answer_fault = self.answer_fault, ""
        if fault == "imap-cut-answer":
            self.client.sendall(data[: self.proxies.dice.randrange(len(data))])
            raise Cut
        if fault == "imap-nonsense":
            data = bytes(self.proxies.dice.randrange(128, 256) for _ in range(40)) + b"\r\n"
        self.client.sendall(data)
