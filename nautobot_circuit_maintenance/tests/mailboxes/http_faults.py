"""What can become of an HTTP answer on its way: a fault is given the connection and the answer, and sends what is left.

It returns whether the connection stays open.
"""

import json
import socket
import time
from collections.abc import Callable
from contextlib import suppress
from http import HTTPStatus
from typing import Any

Fault = Callable[[socket.socket, bytes], bool]

LONGEST_SILENCE = 5
"""Seconds that a server keeps a connection open without a word, unless the client hangs up."""
LOGIN_PAGE = b"<html><title>Guest network</title>Please log in.</html>"


def response(status: int, body: bytes, *fields: str) -> bytes:
    """Return a whole answer; further header fields come first, so that they win."""
    lines = [f"HTTP/1.1 {status} {HTTPStatus(status).phrase}", *fields]
    lines += ["Content-Type: application/json; charset=UTF-8", f"Content-Length: {len(body)}", "", ""]
    return "\r\n".join(lines).encode() + body


def unharmed(connection: socket.socket, answer: bytes) -> bool:
    """Send it all."""
    connection.sendall(answer)
    return True


def cut(_connection: socket.socket, _answer: bytes) -> bool:
    """Hang up instead of answering."""
    return False


def cut_in_head(connection: socket.socket, answer: bytes) -> bool:
    """Hang up in the middle of the header fields."""
    connection.sendall(answer[: answer.index(b"\r\n\r\n") // 2])
    return False


def cut_in_body(connection: socket.socket, answer: bytes) -> bool:
    """Hang up in the middle of the body."""
    connection.sendall(answer[: _middle_of_body(answer)])
    return False


def silent(connection: socket.socket, answer: bytes) -> bool:
    """Say nothing more in the middle of the body; the connection stays open until the client hangs up."""
    connection.sendall(answer[: _middle_of_body(answer)])
    connection.settimeout(LONGEST_SILENCE)
    with suppress(OSError):
        connection.recv(1)
    return False


def _middle_of_body(answer: bytes) -> int:
    return (answer.index(b"\r\n\r\n") + 4 + len(answer)) // 2


def late(seconds: float) -> Fault:
    """Answer after so long."""

    def fault(connection: socket.socket, answer: bytes) -> bool:
        time.sleep(seconds)
        return unharmed(connection, answer)

    return fault


def garbled(connection: socket.socket, answer: bytes) -> bool:
    """Send a body of the right length that is not text."""
    head, _, body = answer.partition(b"\r\n\r\n")
    connection.sendall(head + b"\r\n\r\n" + bytes(128 + byte % 128 for byte in body))
    return True


def instead(answer: bytes) -> Fault:
    """Send these bytes, and hang up."""

    def fault(connection: socket.socket, _answer: bytes) -> bool:
        connection.sendall(answer)
        return False

    return fault


def saying(content: Any) -> Fault:
    """Answer with this JSON."""
    return instead(response(200, json.dumps(content).encode()))


def edited(edit: Callable[[dict[str, Any]], Any]) -> Fault:
    """Answer with the JSON that the server meant, changed in place."""

    def fault(connection: socket.socket, answer: bytes) -> bool:
        content = json.loads(answer.partition(b"\r\n\r\n")[2])
        edit(content)
        return saying(content)(connection, answer)

    return fault
