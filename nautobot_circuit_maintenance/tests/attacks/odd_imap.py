"""An IMAP server that echoes its input, or is slow."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

GREETING = b"* OK [CAPABILITY IMAP4rev1 AUTH=PLAIN] ready\r\n"


@dataclass
class OddServer:
    """What it does with each connection, and how many it had."""

    port: int
    talk: Callable[[socket.socket], None]
    connections: int = 0

    def serve(self, listening: socket.socket) -> None:
        """Talk to anyone who comes, until the socket is closed."""
        with suppress(OSError):
            while True:
                connection, _ = listening.accept()
                self.connections += 1
                threading.Thread(target=self._talk, args=(connection,), daemon=True).start()

    def _talk(self, connection: socket.socket) -> None:
        with connection, suppress(OSError, StopIteration):
            self.talk(connection)


@contextmanager
def odd_server(talk: Callable[[socket.socket], None]) -> Iterator[OddServer]:
    """Run it during the block."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        server = OddServer(listening.getsockname()[1], talk)
        threading.Thread(target=server.serve, args=(listening,), daemon=True).start()
        yield server
        with suppress(OSError):
            listening.shutdown(socket.SHUT_RDWR)  # ends accept()


def repeating(when: bytes, answer: bytes) -> Callable[[socket.socket], None]:
    """Answer a command with these words and the client's login, and everything before it with OK.

    In the answer %t stands for the tag of the command, and %l for the login as the client wrote it.
    """

    def talk(connection: socket.socket) -> None:
        connection.sendall(GREETING)
        lines, login = connection.makefile("rb"), b""
        for line in lines:
            tag, _, command = line.strip().partition(b" ")
            name = command.partition(b" ")[0].upper()
            if name == b"LOGIN":
                login = command
            elif name == b"AUTHENTICATE":
                connection.sendall(b"+ \r\n")
                login = next(lines).strip()
            is_login = name in (b"LOGIN", b"AUTHENTICATE")
            if when == name or (is_login and when == b"LOGIN"):
                connection.sendall(answer.replace(b"%t", tag).replace(b"%l", login) + b"\r\n")
                if not answer.startswith(b"%t"):
                    return  # the client would wait for the answer to its command
            else:
                capability = b"* CAPABILITY IMAP4rev1 AUTH=PLAIN\r\n" if name == b"CAPABILITY" else b""
                connection.sendall(capability + tag + b" OK done\r\n")

    return talk
