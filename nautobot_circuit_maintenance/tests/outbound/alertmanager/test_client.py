"""How servers between us and Alertmanager may answer; `development/e2e/test_alertmanager.py` has the real one."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from typing import Any

from django.test import SimpleTestCase

from nautobot_circuit_maintenance.outbound.channels.alertmanager.client import Client
from nautobot_circuit_maintenance.outbound.channels.alertmanager.plan import Post
from nautobot_circuit_maintenance.outbound.channels.errors import ChannelUnavailable, MessageRefused
from nautobot_circuit_maintenance.tests.outbound.alertmanager.test_plan import NOW, ONE

NOWHERE = "http://127.0.0.1:9"
CREATOR = "nautobot-circuit-maintenance live/am"


class Server(HTTPServer):
    """Gives the same answer to everything and remembers what it was asked."""

    status, body = 200, "[]"
    location = ""

    def __init__(self) -> None:
        """Listen on loopback."""
        super().__init__(("127.0.0.1", 0), Answering)
        self.asked: list[tuple[str, str, Any]] = []
        self.logins: list[str | None] = []

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.server_port}"


class Answering(BaseHTTPRequestHandler):
    """One request."""

    server: Server

    def do_GET(self) -> None:  # noqa: N802 # the library's name
        """Answer."""
        length = int(self.headers.get("Content-Length") or 0)
        body = json.loads(self.rfile.read(length)) if length else None
        self.server.asked.append((self.command, self.path, body))
        self.server.logins.append(self.headers.get("Authorization"))
        answer = self.server.body.encode()
        self.send_response(self.server.status)
        if self.server.location:
            self.send_header("Location", self.server.location)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    do_POST = do_DELETE = do_GET  # noqa: N815 # the library's names

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 # the library's name
        """Log nothing."""


@contextmanager
def server(status: int = 200, body: str = "[]", location: str = "") -> Iterator[Server]:
    """Run a server with this answer."""
    with Server() as found:
        found.status, found.body, found.location = status, body, location
        thread = Thread(target=found.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield found
        finally:
            found.shutdown()
            thread.join()


def client(*urls: str, auth: tuple[str, str] | str = "") -> Client:
    """Return a client of these members."""
    return Client(urls, created_by=CREATOR, auth=auth)


class Answers(SimpleTestCase):
    """What becomes of an answer."""

    post = Post("", ONE, NOW, NOW + timedelta(hours=1), ("https://nautobot/m/1", "https://nautobot/m/2"))

    def test_a_member_that_fails_is_passed_over_and_the_next_one_gets_the_changes(self) -> None:
        with server(503) as broken, server(body='{"silenceID": "x"}') as second, server() as first:
            with client(NOWHERE, broken.url, first.url, second.url) as asking:
                self.assertEqual(asking.silences(), [])
                asking.expire("x")

        self.assertEqual(
            [each[:2] for each in first.asked], [("GET", "/api/v2/silences"), ("DELETE", "/api/v2/silence/x")]
        )
        self.assertEqual(second.asked, [])

    def test_a_silence_is_written_as_equality_in_utc_with_its_reasons(self) -> None:
        with server(body='{"silenceID": "x"}') as found, client(f"{found.url}/prefix/") as asking:
            self.assertEqual(asking.post(self.post), "x")

        ((method, path, body),) = found.asked
        self.assertEqual((method, path), ("POST", "/prefix/api/v2/silences"))
        self.assertEqual(body["matchers"], [{"name": "cid", "value": "C-1", "isRegex": False, "isEqual": True}])
        self.assertEqual((body["startsAt"], body["endsAt"]), ("2026-11-30T12:00:00.000Z", "2026-11-30T13:00:00.000Z"))
        self.assertEqual(body["createdBy"], CREATOR)
        self.assertTrue(body["comment"].endswith("https://nautobot/m/1 https://nautobot/m/2"))

    def test_a_comment_of_very_many_reasons_is_cut_between_two(self) -> None:
        reasons = tuple(f"https://nautobot/{number}" for number in range(1000))
        with server(body='{"silenceID": "x"}') as found, client(found.url) as asking:
            asking.post(self.post._replace(reasons=reasons))

        words = found.asked[0][2]["comment"].split()
        self.assertLess(len(" ".join(words)), 4100)
        self.assertIn(words[-2], reasons)

    def test_login(self) -> None:
        with server() as found:
            for auth in (("noc", "secret"), "token", ""):
                with client(found.url, auth=auth) as asking:
                    asking.silences()

        self.assertEqual(found.logins, ["Basic bm9jOnNlY3JldA==", "Bearer token", None])

    def test_what_is_no_alertmanager_makes_the_channel_unavailable_and_is_not_followed(self) -> None:
        cases = [
            (server(401), "ALERT-02"),
            (server(403), "ALERT-02"),
            (server(302, location="http://127.0.0.1:9/"), "ALERT-03"),
            (server(404), "ALERT-03"),
            (server(body="<html>Log in</html>"), "ALERT-03"),
            (server(body="{}"), "ALERT-03"),
        ]
        for context, code in cases:
            with self.subTest(code), context as found, client(found.url) as asking:
                with self.assertRaisesRegex(ChannelUnavailable, code):
                    asking.silences()

    def test_a_login_is_in_no_error(self) -> None:
        with server(400, body="bad") as found, client(found.url, auth=("noc", "s3cret-word")) as asking:
            with self.assertRaisesRegex(MessageRefused, "ALERT-04.*cid='C-1'.*400 bad") as caught:
                asking.post(self.post)

        self.assertNotIn("s3cret", str(caught.exception))

    def test_a_silence_that_cannot_be_ended_is_an_error_and_one_that_is_gone_is_not(self) -> None:
        with server(500, body='"disk full"') as found, client(found.url) as asking:
            with self.assertRaisesRegex(MessageRefused, "ALERT-05.*disk full"):
                asking.expire("x")
        for status, body in ((404, ""), (500, '"silence not found"')):
            with server(status, body) as found, client(found.url) as asking:
                asking.expire("x")
                self.assertEqual(len(found.asked), 1)

    def test_a_server_that_is_gone_in_between_makes_the_channel_unavailable(self) -> None:
        with server() as found, client(found.url) as asking:
            asking.silences()
            found.server_close()
            with self.assertRaisesRegex(ChannelUnavailable, "ALERT-01"):
                asking.post(self.post)
