"""Returns to Dovecot whose access token it has, on loopback: `with introspection(tokens) as server`."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any


@dataclass
class Introspection:
    """The tokens that are valid, and what was asked."""

    username: str
    tokens: set[str]
    url: str = ""
    asked: list[str] = field(default_factory=list)
    is_broken: bool = False
    is_refusing: bool = False


@contextmanager
def introspection(tokens: set[str], username: str = "maintenance@example.net") -> Iterator[Introspection]:
    """Answer about these tokens, which belong to one user, until the block ends."""
    state = Introspection(username, tokens)

    class Handler(BaseHTTPRequestHandler):
        """Answers one question."""

        def log_message(self, format: str, *args: Any) -> None:  # pylint: disable=redefined-builtin  # the base's name
            """Keep quiet."""

        def do_GET(self) -> None:  # pylint: disable=invalid-name  # http.server's name
            """Say whose the token is; 401 makes Dovecot say that it is broken for now."""
            token = self.headers.get("Authorization", "").removeprefix("Bearer ")
            state.asked.append(token)
            is_valid = token in state.tokens and not state.is_refusing
            body = json.dumps({"active": True, "username": state.username} if is_valid else {"active": False}).encode()
            if state.is_broken:
                body = b"not allowed"
            self.send_response(401 if state.is_broken else 200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        state.url = f"http://127.0.0.1:{server.server_port}/introspect"
        Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        try:
            yield state
        finally:
            server.shutdown()
