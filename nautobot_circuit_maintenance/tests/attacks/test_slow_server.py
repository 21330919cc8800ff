"""*Test Connection* logs in from a web process: there are few of these, and mail servers lock accounts."""

import socket
import threading
import time
from unittest import mock

from django.contrib.auth import get_user_model
from django.core.cache import cache
from django.db import connection
from django.test import Client
from nautobot.apps.testing import TransactionTestCase

from nautobot_circuit_maintenance import models
from nautobot_circuit_maintenance.tests.attacks.odd_imap import GREETING, odd_server
from nautobot_circuit_maintenance.tests.page_case import url_of
from nautobot_circuit_maintenance.tests.test_sources_pages import configured

SECONDS = 3


def dripping(connection_: socket.socket) -> None:
    """Send a letter now and then for a minute, so that no network time-out occurs."""
    connection_.sendall(GREETING + b"* OK ")
    for _ in range(120):
        connection_.sendall(b"x")
        time.sleep(0.5)


@mock.patch("nautobot_circuit_maintenance.pipeline.validate.VALIDATION_SECONDS", SECONDS)
@mock.patch("nautobot_circuit_maintenance.views.sources.VALIDATION_SECONDS", SECONDS)
class SlowServerTest(TransactionTestCase):
    """A server that never completes its response."""

    def setUp(self):
        super().setUp()
        cache.clear()
        self.source = models.NotificationSource.objects.create(name="Source 1")

    def press(self, found: list[str], name: str) -> None:
        """Press the button as another user."""
        browser = Client(SERVER_NAME="nautobot.example.com")
        browser.force_login(get_user_model().objects.get(username=name))
        browser.post(url_of("notificationsource_validate", self.source))
        found.append(browser.get(self.source.get_absolute_url()).content.decode())
        connection.close()  # of this thread

    def test_users_share_one_login_and_no_web_process_is_blocked(self):
        for number in range(5):
            get_user_model().objects.create_superuser(username=f"user-{number}")
        found: list[str] = []
        with (
            odd_server(dripping) as server,
            mock.patch("nautobot_circuit_maintenance.views.sources.VALIDATION_PAUSE", 1),
        ):
            configured(self, url=f"imap://127.0.0.1:{server.port}", tls=False)
            threads = [threading.Thread(target=self.press, args=(found, f"user-{number}")) for number in range(4)]
            begin, before = time.monotonic(), set(threading.enumerate())
            for thread in threads:
                thread.start()
            time.sleep(2)  # longer than the pause after a test, which is still running
            self.press(found, "user-4")
            for thread in threads:
                thread.join()
            took = time.monotonic() - begin
            left = set(threading.enumerate()) - before

        self.assertEqual(server.connections, 1)
        self.assertEqual(
            [sum(word in page for page in found) for word in ("did not answer within", "before testing again")], [1, 4]
        )
        self.assertLess(took, 30)
        self.assertTrue(left, "the abandoned login is still running")
        self.assertTrue(all(each.daemon for each in left), "web processes can exit")
