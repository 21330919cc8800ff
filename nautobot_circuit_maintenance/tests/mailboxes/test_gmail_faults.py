"""A bad network between a run and Gmail, and answers that are not the API's: nothing is lost, halved or doubled."""

import gzip
import json
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial, partialmethod
from pathlib import Path
from random import Random
from typing import Any
from unittest import mock

import httplib2
from cryptography.hazmat.primitives.asymmetric import rsa

from development.services.imap import make_certificates
from development.services.wire import WIRE_FAULTS, Fault as WireFault, FaultInjector, Wire, relay
from nautobot_circuit_maintenance.mailboxes.gmail.mailbox import GmailMailbox
from nautobot_circuit_maintenance.tests.end_to_end.world import configured
from nautobot_circuit_maintenance.tests.factories.mail import NOON
from nautobot_circuit_maintenance.tests.mailboxes import http_faults as faults
from nautobot_circuit_maintenance.tests.mailboxes.faulty_network import NEW, OLD, TIMEOUT, NetworkCase, ending
from nautobot_circuit_maintenance.tests.mailboxes.gmail_server import GmailAccount, gmail_server
from nautobot_circuit_maintenance.tests.mailboxes.http_faults import Fault, edited, instead, response, saying

KINDS = ("token", "profile", "labels", "list", "metadata", "raw", "history")
OPENING = KINDS[:3]
"""What opening the mailbox asks for, and so Validate."""
HUGE = 10**18
WIRE_ROUNDS = 3

NETWORK: dict[str, Fault] = {
    "cut": faults.cut,
    "cut in the head": faults.cut_in_head,
    "cut in the body": faults.cut_in_body,
    "silence": faults.silent,
    "late": faults.late(2 * TIMEOUT),
    "garbled": faults.garbled,
    "nonsense": instead(bytes(range(128, 256)) + b"\r\n\r\n"),
}
HTTP: dict[str, Fault] = {
    "not modified": instead(response(304, b"")),
    "redirected in a circle": instead(response(302, b"", "Location: /circle")),
    "redirected nowhere": instead(response(302, b"")),
    "gzip that is none": instead(response(200, b"{}", "Content-Encoding: gzip")),
    "gzip cut short": instead(response(200, gzip.compress(bytes(5000))[:20], "Content-Encoding: gzip")),
    "chunks that are none": instead(response(200, b"{}", "Transfer-Encoding: chunked")),
    "more than memory": instead(response(200, b"", f"Content-Length: {HUGE}")),
    "more than a number": instead(response(200, b"", f"Content-Length: {HUGE**2}")),
    "deep JSON": instead(response(200, b"[" * 100_000)),
}
ANSWERS: dict[str, Fault] = {
    "login page": instead(response(200, faults.LOGIN_PAGE)),
    "page not found": instead(response(404, faults.LOGIN_PAGE)),
    "forbidden": instead(response(403, faults.LOGIN_PAGE)),
    "no content": instead(response(204, b"")),
    "{}": saying({}),
    "[]": saying([]),
    "null": saying(None),
    "number": saying(1),
    "text": saying("x"),
    "error in a 200": saying({"error": {"code": 500}}),
}


def without(name: str) -> Fault:
    """Leave something out of the answer."""
    return edited(lambda answer: answer.pop(name))


def having(name: str, *values: Any) -> dict[str, Fault]:
    """Give each of these for something in the answer."""

    def fault(value: Any) -> Fault:
        return edited(lambda answer: answer.update({name: value}))

    return {f"{name}={json.dumps(value)[:40]}": fault(value) for value in values}


def first_record(**changes: Any) -> Fault:
    """Change the first record of a history."""
    return edited(lambda answer: answer["history"][0].update(changes))


def put_into_raw(text: str) -> Fault:
    """Put foreign characters into a message."""
    return edited(lambda answer: answer.update(raw=answer["raw"][:50] + text + answer["raw"][50:]))


SHAPES: dict[str, dict[str, Fault]] = {
    "token": {
        **having("access_token", 5, None, "", ["x"], "zwölf", "two\r\nlines"),
        **having("expires_in", "soon", [], HUGE**2),
    },
    "profile": {"nothing": without("historyId"), **having("historyId", None, "", "x", "-5", "1e5", {}, [1], "٣", 7)},
    "labels": {"nothing": without("labels"), **having("labels", None, {}, [], [1], [{"id": "x"}], [{"name": 1}])},
    "list": {
        **having("messages", None, {"id": "x"}, [1], [{}], [{"id": 5}], [{"id": ""}]),
        **having("nextPageToken", 5, {}, ""),
        "estimate alone is missing": edited(lambda answer: (answer.pop("messages"), answer.pop("resultSizeEstimate"))),
    },
    "metadata": {
        **{f"no {name}": without(name) for name in ("id", "payload", "internalDate")},
        **having("payload", None, [], {"headers": None}, {"headers": [1]}, {"headers": [{"name": "From"}]}),
        **having("internalDate", None, "x", 1.5, ["1"]),
        **having("id", "of-another", None),
    },
    "raw": {
        **{f"no {name}": without(name) for name in ("id", "raw")},
        **having("raw", None, "", 5, "A", "=", "Zwölf"),
        **having("id", "of-another"),
        **{f"with {text!r}": put_into_raw(text) for text in ("!", "\n", "=", "<html>", "\x00", "é")},
    },
    "history": {
        "no historyId": edited(lambda answer: (answer.pop("historyId"), answer.pop("history"))),
        **having("history", None, {}, [1], ["x"], [{}]),
        **having("nextPageToken", 5, {}, ""),
        "record without an id": edited(lambda answer: answer["history"][0].pop("id")),
        "record of no number": first_record(id="x"),
        "nothing added": first_record(messagesAdded=None),
        "added what": first_record(messagesAdded=[{}]),
        "added a number": first_record(messagesAdded=[{"message": {"id": 5}}]),
        "labels of nothing": first_record(labelsAdded=[{"message": {"id": "x"}}]),
    },
}


class GmailOnABadNetwork(NetworkCase):
    """Every kind of request, every fault."""

    @classmethod
    def setUpClass(cls):
        """Run a server with TLS, and trust its certificate authority."""
        super().setUpClass()
        temporary = tempfile.TemporaryDirectory()  # pylint: disable=consider-using-with  # the next line uses it
        folder = Path(cls.begun(temporary))
        make_certificates(folder)
        cls.begun(mock.patch.object(httplib2, "CA_CERTS", str(folder / "ca.pem")))
        key = rsa.generate_private_key(public_exponent=65537, key_size=1024)  # quick to load
        cls.account = cls.begun(gmail_server(GmailAccount("noc@example.net", key), folder))
        cls.account.labels["Label_7"] = "Carriers"
        cls.credentials = folder / "key.json"
        cls.address = cls.account.url

    def setUp(self):
        """Deliver the old mails, read them, deliver the new ones."""
        super().setUp()
        self.account.messages.clear()
        self.account.history.clear()
        self.reach(self.address)
        source = {"name": "Mail", "url": "https://accounts.google.com/o/oauth2/auth", "folder": "Carriers"}
        account = {"account": self.account.address, "credentials_file": str(self.credentials)}
        self.running.enter_context(configured({**source, **account}))
        self.deliver(OLD)

    def deliver(self, raws: list[bytes]) -> None:
        for raw in raws:
            self.account.deliver(raw, NOON, "Label_7")

    def reach(self, address: str) -> None:
        """Let the server be reached at this address."""
        self.account.url = address
        self.credentials.write_text(json.dumps(self.account.credentials()), "utf-8")
        self.running.enter_context(mock.patch.multiple(GmailMailbox, api_endpoint=address, retries=0, timeout=20))

    @contextmanager
    def hurried(self) -> Iterator[None]:
        with mock.patch.object(GmailMailbox, "timeout", TIMEOUT):
            yield

    def after_first_run(self) -> list[bytes]:
        """Read the old mails, deliver the new ones; return all."""
        self.assertEqual(self.read(), "")
        self.deliver(NEW)
        return [*OLD, *NEW]

    @contextmanager
    def striking(self, kind: str, fault: Fault, *, first: int = 1) -> Iterator[list[int]]:
        """Let a fault strike each request of a kind from this one on; yields how many were struck."""
        seen, struck = [0], [0]

        def send(what: str, connection: Any, answer: bytes) -> bool:
            seen[0] += what == kind
            if what != kind or seen[0] < first:
                return faults.unharmed(connection, answer)
            struck[0] += 1
            return fault(connection, answer)

        with mock.patch.object(self.account, "send", send):
            yield struck

    def begin(self, kind: str) -> list[bytes]:
        """Come to where a run makes requests of this kind; return all mails that there are."""
        return OLD if kind == "list" else self.after_first_run()

    def endure_network(self, kind: str) -> None:
        """After each fault, which may strike between two batches, let a run continue undisturbed."""
        delivered = self.begin(kind)
        for name, fault in NETWORK.items():
            with self.subTest(kind=kind, fault=name), self.undone():
                with self.striking(kind, fault, first=2 if kind in ("metadata", "raw") else 1) as struck:
                    if kind in OPENING:
                        self.validate()
                    self.assertTrue(self.disturbed(delivered), "no error was reported")
                self.assertTrue(struck[0])
                self.assertCompleted(delivered)

    def endure_answers(self, kind: str, found: dict[str, Fault]) -> None:
        """After each odd answer nothing is recorded and nothing passed; a last run has everything."""
        delivered = self.begin(kind)
        before = self.state()
        for name, fault in found.items():
            with self.subTest(kind=kind, fault=name), self.striking(kind, fault):
                self.assertTrue(self.disturbed(delivered), "no error was reported")
                self.assertEqual(self.state(), before)
        self.assertCompleted(delivered)

    def test_an_unexpected_answer_to_validate_is_an_error(self):
        for kind in OPENING:
            for name, fault in {**ANSWERS, **SHAPES[kind]}.items():
                with self.subTest(kind=kind, fault=name), self.striking(kind, fault):
                    self.validate()

    def test_damage_to_http_itself_is_noticed(self):
        """At the token, which another library asks for, and at one request of the API."""
        for kind in ("token", "history"):
            with self.undone():
                self.endure_answers(kind, HTTP)

    def test_pages_that_lead_in_a_circle_come_to_an_end(self):
        for kind in ("list", "history"):
            with self.undone():
                delivered = self.begin(kind)
                with self.striking(kind, edited(lambda answer: answer.update(nextPageToken="0"))):
                    with ending():
                        self.assertIn("paging loops", self.read())
                self.assertCompleted(delivered)

    def test_any_byte_on_the_wire_may_be_hurt(self):
        """Below TLS, as in networks; damage to a connection that was finished is not an error."""
        delivered = self.after_first_run()
        injector, dice = FaultInjector(Random(5), delay=2 * TIMEOUT), Random(5)
        with relay(partial(Wire, injector=injector), int(self.address.rpartition(":")[2])) as port:
            self.reach(f"https://localhost:{port}")
            with self.undone():
                self.assertCompleted(delivered)
            errors, answered = [], injector.answered
            for kind in WIRE_FAULTS * WIRE_ROUNDS:
                place = dice.randrange(answered)
                with self.subTest(kind=kind, place=place), self.undone():
                    injector.pending = WireFault(kind, bytes_left=place)
                    errors.append(self.disturbed(delivered))
                    injector.pending = None
                    self.assertCompleted(delivered)
        self.assertGreater(len([error for error in errors if error]), len(errors) / 2)

    def test_a_busy_api_is_asked_again_later(self):
        with self.undone():
            self.endure_answers("history", {"503": instead(response(503, b"{}")), "429": instead(response(429, b"{}"))})


def _add_tests() -> None:
    """Give each kind of request tests of its own: a failure names it."""
    for kind in KINDS:
        network = partialmethod(GmailOnABadNetwork.endure_network, kind)
        answers = partialmethod(GmailOnABadNetwork.endure_answers, kind, {**ANSWERS, **SHAPES[kind]})
        setattr(GmailOnABadNetwork, f"test_the_network_fails_at_{kind}", network)
        setattr(GmailOnABadNetwork, f"test_something_else_answers_at_{kind}", answers)


_add_tests()
