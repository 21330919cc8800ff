"""Faults of the network between the app and Microsoft 365: each response, however it is damaged, loses nothing."""

import json
from collections.abc import Iterator

from development.services.graph.tenant import name_of
from nautobot_circuit_maintenance.domain.errors import MailboxError
from nautobot_circuit_maintenance.mailboxes.base import Batch
from nautobot_circuit_maintenance.tests.mailboxes import http_faults
from nautobot_circuit_maintenance.tests.mailboxes.contract import ISP, days_ago, json_round_trip, mail, subjects
from nautobot_circuit_maintenance.tests.mailboxes.test_graph import (  # noqa: F401  # pylint: disable=unused-import  # pytest looks these up by name
    setUpModule,
    tearDownModule,
)
from nautobot_circuit_maintenance.tests.mailboxes.test_graph_faults import FaultCase

REQUESTS = ("folder", "delta", "list", "message", "value")
FAULTS = {
    "cut": http_faults.cut,
    "cut in the head": http_faults.cut_in_head,
    "cut in the body": http_faults.cut_in_body,
    "silent": http_faults.silent,
    "garbled": http_faults.garbled,
    "login page": http_faults.instead(http_faults.response(200, http_faults.LOGIN_PAGE)),
    "empty object": http_faults.saying({}),
    "empty list": http_faults.saying({"value": []}),
    "null": http_faults.saying(None),
    "nested": http_faults.instead(http_faults.response(200, b"[" * 100_000)),
    "other ids": http_faults.saying({"value": [{"id": 17}], "@odata.deltaLink": 3}),
    "not found of a proxy": http_faults.instead(http_faults.response(404, http_faults.LOGIN_PAGE)),
    "too large": http_faults.instead(
        b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 99999999999\r\n\r\n{"
    ),
}
SAID = {("value", "garbled"), ("list", "empty list")}
"""What looks like an answer of Graph to everyone; TLS keeps others from making one of the first kind."""


class NetworkTest(FaultCase):
    """A run with one damaged response, and the runs after it."""

    def setUp(self):
        super().setUp()
        self.mailbox_type.timeout = 0.5

    def read(self, cursor, new) -> Iterator[Batch]:
        """Yield what a run records until it fails."""
        with self.open() as mailbox:
            for batch in mailbox.fetch(self.request(cursor, new=new)):
                yield json_round_trip(batch)

    def damage(self, name: str, fault) -> None:
        """Damage the second response to a request of this name, or the first if there is one only."""
        asked = []

        def send(path, connection, answer):
            asked.append(name_of(path))
            is_due = asked[-1] == name and asked.count(name) == (1 if name in ("folder", "list") else 2)
            return (fault if is_due else http_faults.unharmed)(connection, answer)

        self.tenant.send = send

    def heal(self) -> None:
        """Damage nothing any more."""
        self.tenant.send = lambda _path, connection, answer: http_faults.unharmed(connection, answer)

    def runs(self, cursor, new) -> list[str]:
        """Return the subjects that runs record, until one ends without an error."""
        read = []
        for _ in range(4):
            try:
                for batch in self.read(cursor, new):
                    read += subjects([batch])
                    cursor, new = batch.cursor, new - batch.searched
            except MailboxError as error:
                self.assertNotIn(self.tenant.client_secret, str(error))
                self.heal()
                continue
            self.cursor = cursor
            if not cursor.get("refused"):
                return read
            self.heal()
        return read

    def test_no_damage_loses_a_message(self):
        for name in REQUESTS:
            for fault in FAULTS:
                if (name, fault) in SAID:
                    continue
                with self.subTest(name, fault=fault):
                    self.tenant.messages, self.tenant.log, self.tenant.states = {}, [], {}
                    self.deliver(*(mail(f"old {number}") for number in range(3)), received_at=days_ago(1))
                    self.damage(name, FAULTS[fault])
                    first = self.runs(None, frozenset({ISP}))
                    self.heal()
                    self.assertLessEqual({f"old {number}" for number in range(3)}, set(first))
                    self.deliver(*(mail(f"new {number}") for number in range(3)))
                    self.damage(name, FAULTS[fault])
                    later = self.runs(self.cursor, frozenset())
                    self.heal()
                    self.assertEqual(set(later), {f"new {number}" for number in range(3)})
                    json.dumps(self.cursor)
