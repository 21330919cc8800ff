"""A receiver of webhooks on loopback that answers as planned."""

import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

HANG, HANG_UP = "hang", "hang up"
"""Instead of an answer, after the request was read."""


@dataclass
class Request:
    """One request."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class WebServer:
    """What the server answers, and what it was asked."""

    url: str = ""
    answers: list[tuple[int, dict[str, str], bytes] | str] = field(default_factory=list)
    """To the next requests; afterwards 200."""
    requests: list[Request] = field(default_factory=list)
    seconds: float = 5.0
    """How long it hangs."""


class _Handler(BaseHTTPRequestHandler):
    """Notes the request, and answers."""

    protocol_version = "HTTP/1.1"
    server: "_Listener"

    def handle_one_request(self) -> None:
        """Read a request and answer it, whatever its method is."""
        plan = self.server.plan
        self.raw_requestline = self.rfile.readline(65537)
        if not self.raw_requestline or not self.parse_request():
            self.close_connection = True
            return
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        plan.requests.append(Request(self.command, self.path, dict(self.headers.items()), body))
        answer = plan.answers.pop(0) if plan.answers else (200, {}, b"ok")
        if isinstance(answer, str):
            time.sleep(plan.seconds if answer == HANG else 0)
            self.close_connection = True
        else:
            self._answer(*answer)

    def _answer(self, code: int, headers: dict[str, str], body: bytes) -> None:
        self.send_response(code)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_arguments: object) -> None:
        """Log nothing."""


class _Listener(ThreadingHTTPServer):
    daemon_threads = True
    plan: WebServer

    def handle_error(self, *_arguments: object) -> None:
        """Ignore clients that hang up."""


@contextmanager
def web_server(context: ssl.SSLContext | None = None) -> Iterator[WebServer]:
    """Run a server; with a context, it speaks TLS."""
    listener = _Listener(("127.0.0.1", 0), _Handler)
    if context:
        listener.socket = context.wrap_socket(listener.socket, server_side=True)
    listener.plan = WebServer(f"http{'s' if context else ''}://127.0.0.1:{listener.server_port}")
    threading.Thread(target=listener.serve_forever, args=(0.05,), daemon=True).start()
    try:
        yield listener.plan
    finally:
        listener.shutdown()
        listener.server_close()
