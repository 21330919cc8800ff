"""The Alertmanager in memory behind HTTP, for tests that cannot start Debian's program."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timezone
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from typing import Any

from nautobot_circuit_maintenance.outbound.channels.alertmanager.plan import Post
from nautobot_circuit_maintenance.tests.outbound.alertmanager.simulated import Alertmanager


class Served(HTTPServer):
    """Listens on loopback."""

    def __init__(self) -> None:
        """Begin without silences."""
        super().__init__(("127.0.0.1", 0), _Answering)
        self.alertmanager = Alertmanager()

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.server_port}"


class _Answering(BaseHTTPRequestHandler):
    server: Served

    def do_GET(self) -> None:  # noqa: N802 # the library's name
        """Return the silences."""
        self._answer(self.server.alertmanager.answer(_now()))

    def do_POST(self) -> None:  # noqa: N802 # the library's name
        """Make or change a silence."""
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        matchers = frozenset((each["name"], each["value"]) for each in body["matchers"])
        start, end = (datetime.fromisoformat(body[name].replace("Z", "+00:00")) for name in ("startsAt", "endsAt"))
        post = Post(body.get("id", ""), matchers, start, end, ())
        name = self.server.alertmanager.post(post, _now(), created_by=body["createdBy"], comment=body["comment"])
        self._answer({"silenceID": name} if name else "end time can't be in the past", 200 if name else 400)

    def do_DELETE(self) -> None:  # noqa: N802 # the library's name
        """End a silence."""
        self.server.alertmanager.expire(self.path.rpartition("/")[2], _now())
        self._answer("")

    def _answer(self, content: Any, status: int = 200) -> None:
        body = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 # the library's name
        """Log nothing."""


def _now() -> datetime:
    return datetime.now(tz=timezone.utc)


@contextmanager
def served() -> Iterator[Served]:
    """Run one until the block ends."""
    with Served() as found:
        thread = Thread(target=found.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield found
        finally:
            found.shutdown()
            thread.join()
