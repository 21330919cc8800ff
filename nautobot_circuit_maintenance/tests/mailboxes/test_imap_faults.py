"""A bad network between a run and an IMAP server, and responses that are not IMAP: nothing is lost, halved or doubled."""

import re
import ssl
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import partial, partialmethod
from random import Random
from typing import Any
from unittest import mock

from development.services.imap import ImapServer, imap_server
from development.services.wire import WIRE_FAULTS, Connection, Cut, Fault, FaultInjector, Wire, relay
from nautobot_circuit_maintenance.mailboxes.imap.mailbox import ImapMailbox
from nautobot_circuit_maintenance.tests.end_to_end.world import configured, new_folder, reading
from nautobot_circuit_maintenance.tests.factories.mail import NOON
from nautobot_circuit_maintenance.tests.mailboxes.faulty_network import NEW, OLD, TIMEOUT, NetworkCase

GREETING, LOOK, BODY = "GREETING", "UID FETCH HEADINGS", "UID FETCH BODIES"
OPENING = (GREETING, "CAPABILITY", "LOGIN", "EXAMINE")
COMMANDS = (*OPENING, "UID SEARCH", LOOK, BODY, "LOGOUT")
"""What a run sends where there is new mail, and the greeting."""
WIRE_ROUNDS = 3

Damage = Callable[["Session", bytes], None]
"""Sends on what is left of an answer."""


@dataclass
class Session(Connection):
    """One connection in clear text; the damage is done to the answers to one command."""

    command: str
    damage: Damage
    tag: bytes = b"*"
    asked: str = GREETING
    begun: bytes = b""

    def to_server(self, data: bytes) -> None:
        """Note the command, and send it on."""
        self.begun += data
        if self.begun.endswith(b"\r\n"):
            self.tag = self.begun.split(maxsplit=1)[0]
            self.asked = self.name(self.begun.decode("latin-1"))
            self.begun = b""
        super().to_server(data)

    @staticmethod
    def name(line: str) -> str:
        """Name the command of a line."""
        words = line.upper().split()
        if words[1:3] == ["UID", "FETCH"]:
            return LOOK if "RFC822.SIZE" in words[4] else BODY
        return " ".join(words[1 : 3 if words[1] == "UID" else 2])

    def to_client(self, data: bytes) -> None:
        """Send it on, or what is left of it."""
        if self.asked == self.command:
            self.damage(self, data)
        else:
            super().to_client(data)


def cut(_session: Session, _answer: bytes) -> None:
    """Hang up instead of answering."""
    raise Cut


def cut_in_the_middle(session: Session, answer: bytes) -> None:
    """Hang up in the middle of the answer."""
    session.client.sendall(answer[: len(answer) // 2])
    raise Cut


def silent(_session: Session, _answer: bytes) -> None:
    """Say nothing; the connection stays open."""


def half(session: Session, answer: bytes) -> None:
    """Say nothing more in the middle of the answer; the connection stays open."""
    session.client.sendall(answer[: len(answer) // 2])
    session.damage = silent


def late(session: Session, answer: bytes) -> None:
    """Answer when no one waits any more."""
    time.sleep(2 * TIMEOUT)
    session.client.sendall(answer)


def instead(line: bytes) -> Damage:
    """Send this line, and then the end of the command."""

    def damage(session: Session, _answer: bytes) -> None:
        session.client.sendall(line.replace(b"TAG", session.tag) + b"\r\n" + session.tag + b" OK done\r\n")
        session.damage = silent

    return damage


def put(before: str, after: bytes) -> Damage:
    """Put something in the place of what matches."""

    def damage(session: Session, answer: bytes) -> None:
        session.client.sendall(re.sub(before.encode(), after, answer))

    return damage


NETWORK: dict[str, Damage] = {
    "cut": cut,
    "cut in the middle": cut_in_the_middle,
    "silence": silent,
    "half": half,
    "late": late,
}
ANSWERS: dict[str, Damage] = {
    "nonsense": instead(bytes(range(128, 256))),
    "goodbye": instead(b"* BYE too busy"),
    "no": instead(b"TAG NO no"),
    "no for now": instead(b"TAG NO [UNAVAILABLE] later"),
    "bad": instead(b"TAG BAD what"),
    "HTML": instead(b"HTTP/1.1 400 Bad Request\r\n\r\n<html>"),
    "endless line": instead(b"* OK " + b"x" * 1_100_000),
    "literal larger than memory": instead(b"* OK {999999999999999999}"),
    "literal larger than a number": instead(b"* OK {99999999999999999999999}"),
}
SHAPES: dict[str, dict[str, Damage]] = {
    "EXAMINE": {
        "UIDVALIDITY": put(r"UIDVALIDITY \d+", b"UIDVALIDITY x"),
        "no UIDVALIDITY": put(r"UIDVALIDITY \d+", b"UIDWHATEVER 1"),
        "UIDNEXT": put(r"UIDNEXT \d+", b"UIDNEXT x"),
        "EXISTS": put(r"\* \d+ EXISTS", b"* x EXISTS"),
    },
    "UID SEARCH": {
        "words": put(r"SEARCH", b"SEARCH one two"),
        "deep": put(r"SEARCH", b"SEARCH " + b"(" * 5_000),
    },
    LOOK: {
        "deep": put(r"INTERNALDATE", b"INTERNALDATE " + b"(" * 5_000),
        "literal": put(r"INTERNALDATE", b"INTERNALDATE {999999999999999999}\r\n"),
        "no FETCH": put(r" FETCH ", b" FETCH x "),
        "number": put(r"\* \d+ FETCH", b"* x FETCH"),
    },
    BODY: {
        "literal too long": put(r"\{(\d+)\}", rb"{1\1}"),
        "literal too short": put(r"\{\d+\}", b"{20}"),
        "literal larger than memory": put(r"\{\d+\}", b"{999999999999999999}"),
        "deep": put(r"BODY\[\]", b"BODY[] " + b"(" * 5_000),
    },
}


class ImapOnABadNetwork(NetworkCase):
    """Every command, every fault."""

    server: ImapServer

    @classmethod
    def setUpClass(cls):
        """Run a server."""
        super().setUpClass()
        cls.server = cls.begun(imap_server())

    def setUp(self):
        """Deliver the old mails, read them, deliver the new ones."""
        super().setUp()
        self.folder = new_folder()
        self.running.enter_context(self.reaching())
        self.deliver(OLD)
        self.assertEqual(self.read(), "")
        self.deliver(NEW)
        self.delivered = [*OLD, *NEW]

    def deliver(self, raws: list[bytes]) -> None:
        self.server.deliver_all([(raw, NOON) for raw in raws], self.folder)

    def reaching(self, **others: Any) -> AbstractContextManager[Any]:
        """Configure the source, with other settings than usual."""
        return configured(reading(self.server, self.folder, **others))

    @contextmanager
    def hurried(self) -> Iterator[None]:
        with mock.patch.object(ImapMailbox, "timeout", TIMEOUT):
            yield

    @contextmanager
    def striking(self, command: str, damage: Damage) -> Iterator[None]:
        """Do damage to each answer to a command."""
        context = ssl.create_default_context(cafile=str(self.server.ca_file))
        line = partial(Session, command=command, damage=damage)
        with relay(line, self.server.tls_port, connect=context) as port:
            with self.reaching(url=f"imap://localhost:{port}", tls=False):
                yield

    def endure(self, command: str) -> None:
        """After each damage let a run continue undisturbed."""
        for name, damage in {**NETWORK, **ANSWERS, **SHAPES.get(command, {})}.items():
            with self.subTest(command=command, damage=name), self.undone():
                with self.striking(command, damage):
                    if command in OPENING:
                        self.validate()
                    error = self.disturbed(self.delivered)
                self.assertTrue(error or command == "LOGOUT", "no error was reported")
                self.assertCompleted(self.delivered)

    def test_starttls_is_done_or_nothing_is(self):
        for name, damage in {**NETWORK, **ANSWERS}.items():
            with self.subTest(damage=name), self.undone():
                with relay(partial(Session, command="STARTTLS", damage=damage), self.server.port) as port:
                    with self.reaching(url=f"imap://localhost:{port}", starttls=True):
                        self.validate()
                        self.assertTrue(self.disturbed(self.delivered), "no error was reported")
                self.assertEqual(self.stored(), sorted(OLD))

    def test_any_byte_on_the_wire_may_be_hurt(self):
        """Below TLS, as in networks; damage to the end of a session is not an error."""
        injector, dice = FaultInjector(Random(5), delay=2 * TIMEOUT), Random(5)
        wire = relay(partial(Wire, injector=injector), self.server.tls_port)
        with wire as port, self.reaching(url=f"imaps://localhost:{port}"):
            with self.undone():
                self.assertCompleted(self.delivered)
            errors, answered = [], injector.answered
            for kind in WIRE_FAULTS * WIRE_ROUNDS:
                place = dice.randrange(answered)
                with self.subTest(kind=kind, place=place), self.undone():
                    injector.pending = Fault(kind, bytes_left=place)
                    errors.append(self.disturbed(self.delivered))
                    injector.pending = None
                    self.assertCompleted(self.delivered)
        self.assertGreater(len([error for error in errors if error]), len(errors) / 2)


for _command in COMMANDS:  # a test for each: a failure names it
    _test = partialmethod(ImapOnABadNetwork.endure, _command)
    setattr(ImapOnABadNetwork, f"test_faults_at_{_command.lower().replace(' ', '_')}", _test)
