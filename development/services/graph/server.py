"""`with graph_server(tenant, folder) as tenant` serves one tenant; msal accepts no login server without TLS."""

import json
import re
import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import parse_qs

from development.services.graph.api import call
from development.services.graph.batch import batch
from development.services.graph.login import discover, issue_token
from development.services.graph.tenant import Refusal, Tenant, send_all


class _Server(ThreadingHTTPServer):
    block_on_close = False  # a client may have left connections open

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Keep quiet: clients hang up, and some do not trust the certificate."""


@contextmanager
def graph_server(tenant: Tenant, certificates: Path) -> Iterator[Tenant]:
    """Serve a tenant until the block ends, with certificates of `development.services.imap.make_certificates`."""

    class Handler(_Handler):
        served = tenant

    with _Server(("127.0.0.1", 0), Handler) as server:
        tenant.url, tenant.ca_file = f"https://localhost:{server.server_port}", str(certificates / "ca.pem")
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(certificates / "server.pem", certificates / "server.key")
        # The connection's own thread shakes hands: no one has to wait for a silent client.
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
        Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        try:
            yield tenant
        finally:
            server.shutdown()


class _Handler(BaseHTTPRequestHandler):
    served: Tenant
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, format: str, *args: Any) -> None:  # pylint: disable=redefined-builtin  # the base's name
        """Keep quiet."""

    def do_POST(self) -> None:  # pylint: disable=invalid-name  # http.server's name
        """Give out an access token, or answer a batch."""
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        if self.path == "/v1.0/$batch":
            self.served.requests.append(self.path)
            token = self.headers.get("Authorization", "").removeprefix("Bearer ")
            self.answer(lambda: batch(self.served, json.loads(body), token), partial(self.served.send, self.path))
            return
        self.served.requests.append("token")
        form = {name: values[0] for name, values in parse_qs(body).items()}
        self.answer(lambda: issue_token(self.served, self.path, form), send_all)

    def do_GET(self) -> None:  # pylint: disable=invalid-name  # http.server's name
        """Answer Graph, or the discovery of the login server."""
        if self.path.endswith("/.well-known/openid-configuration"):
            self.served.requests.append("discovery")
            self.answer(lambda: discover(self.served, self.path), send_all)
            return
        self.served.requests.append(self.path)
        token = self.headers.get("Authorization", "").removeprefix("Bearer ")
        size = int((re.search(r"odata\.maxpagesize=(\d+)", self.headers.get("Prefer", "")) or "00")[1])
        self.answer(lambda: call(self.served, self.path, token, size), partial(self.served.send, self.path))

    def answer(self, ask: Callable[[], Any], send: Callable[[socket.socket, bytes], bool]) -> None:
        """Send what a function returns, or its refusal."""
        fields: dict[str, str] = {}
        try:
            status, answer = 200, ask()
        except Refusal as refusal:
            status, answer, fields = refusal.status, refusal.body, refusal.fields
        body = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
        kind = "text/plain" if isinstance(answer, bytes) else "application/json"
        lines = [f"HTTP/1.1 {status} {'OK' if status == 200 else 'Refused'}", f"Content-Type: {kind}"]
        lines += [f"{name}: {value}" for name, value in fields.items()] + [f"Content-Length: {len(body)}", "", ""]
        self.close_connection = not send(self.connection, "\r\n".join(lines).encode() + body)
