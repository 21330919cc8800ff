"""What goes wrong with Microsoft 365: each cause has its words, and nothing is lost or read for ever."""

import datetime
import json
import sys
from dataclasses import replace
from email.utils import format_datetime
from functools import partial
from itertools import count
from unittest import mock

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

from development.services.graph.tenant import Refusal, Tenant, graph_error, login_error, name_of
from nautobot_circuit_maintenance.domain.errors import MailboxError
from nautobot_circuit_maintenance.mailboxes.credentials import Secret
from nautobot_circuit_maintenance.mailboxes.graph.mailbox import GraphMailbox
from nautobot_circuit_maintenance.mailboxes.graph.session import GraphSession
from nautobot_circuit_maintenance.tests.mailboxes import test_graph
from nautobot_circuit_maintenance.tests.mailboxes.contract import LIMIT, ContractCase, days_ago, mail, subjects
from nautobot_circuit_maintenance.tests.mailboxes.test_graph import (  # noqa: F401  # pylint: disable=unused-import  # pytest looks these up by name
    setUpModule,
    tearDownModule,
)

LOGGER = "nautobot_circuit_maintenance"


class FaultCase(test_graph.GraphCase, ContractCase):
    """A mailbox that notes how long it is asked to wait, instead of waiting."""

    def setUp(self):
        super().setUp()
        self.waits = []
        self.mailbox_type = type(
            "Hurried",
            (GraphMailbox,),
            {"session_type": partial(GraphSession, pause=self.waits.append), "timeout": 5},
        )

    def open(self, **changes):
        return self.mailbox_type.open(replace(self.settings, **changes), max_message_size=LIMIT)

    def failure(self, cursor=None):
        """Return the error that reading ends with, and what it read until then."""
        batches = []
        with self.assertRaises(MailboxError) as caught, self.open() as mailbox:
            for batch in mailbox.fetch(self.request(cursor)):
                batches.append(batch)
        return caught.exception, batches


class PatienceTest(FaultCase):
    """Microsoft limits requests, and says how long to wait."""

    def test_it_waits_as_long_as_it_is_told(self):
        soon = format_datetime(
            datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=30), usegmt=True
        )
        self.deliver(mail("1"))
        self.tenant.refusals = [
            graph_error(429, "ApplicationThrottled", "over its MailboxConcurrency limit.", Retry_After="7"),
            graph_error(503, "serviceNotAvailable", Retry_After=soon),
            graph_error(429, "activityLimitReached", Retry_After="0"),
            graph_error(504, "UnknownError", ""),
            Refusal(502, b"<html>Bad gateway</html>"),
        ]

        self.assertEqual(subjects(self.fetch()), ["1"])
        self.assertEqual(self.waits[0], 7)
        self.assertTrue(20 < self.waits[1] <= 30, self.waits)
        self.assertEqual(self.waits[2:], [0, 2, 4])

    def test_a_long_wait_is_left_to_the_next_run(self):
        self.deliver(mail("1"))
        self.tenant.refusals = [graph_error(429, "ApplicationThrottled", Retry_After="300")]

        error, _ = self.failure()

        self.assertRegex(str(error), "GRAPH-08: Microsoft asks to wait 300 seconds .*'noc@example.net'.* next run")
        self.assertFalse(error.permanent)
        self.assertEqual(self.waits, [])
        self.assertEqual(subjects(self.fetch()), ["1"])

    def test_waiting_comes_to_an_end(self):
        self.tenant.refusals = [graph_error(429, "ApplicationThrottled", Retry_After="1")] * 50

        error, _ = self.failure()

        self.assertRegex(str(error), "GRAPH-08")
        self.assertLess(len(self.waits), 10)

    def test_a_limit_in_mid_run_defers_no_message(self):
        cursor = self.fetch()[-1].cursor
        self.deliver(mail("1"))

        def limit(path):
            if name_of(path) == "value":
                raise graph_error(429, "ApplicationThrottled", Retry_After="300")

        self.tenant.before = limit
        error, batches = self.failure(cursor)
        self.tenant.before = lambda path: None

        self.assertRegex(str(error), "GRAPH-08")
        self.assertEqual(batches, [])
        self.assertEqual(subjects(self.fetch(cursor)), ["1"])


class TokenTest(FaultCase):
    """Access tokens end, and logins fail."""

    def test_a_token_that_ends_in_mid_run_is_replaced(self):
        self.deliver(*(mail(f"{number}") for number in range(3)))

        def forget(path):
            if name_of(path) in ("list", "value"):
                self.tenant.before = lambda path: None
                self.tenant.tokens.clear()

        self.tenant.before = forget

        self.assertEqual(sorted(subjects(self.fetch())), ["0", "1", "2"])
        self.assertEqual(self.tenant.names().count("token"), 2)

    def test_a_token_that_ends_while_graph_asks_to_wait_is_replaced(self):
        self.deliver(mail("1"))
        busy = graph_error(503, "serviceNotAvailable", Retry_After="30")
        ended = graph_error(401, "InvalidAuthenticationToken", "Lifetime validation failed, the token is expired.")
        for refusals in ([busy, ended], [ended, busy, busy], [busy, busy, ended, busy]):
            with self.subTest([refusal.status for refusal in refusals]):
                self.tenant.refusals = list(refusals)
                self.assertEqual(subjects(self.fetch()), ["1"])

    def test_a_policy_that_is_named_in_the_header_only(self):
        challenge = 'Bearer realm="", error="insufficient_claims", claims="eyJhY2Nlc3"'
        for status in (401, 403):
            refusal = graph_error(status, "InvalidAuthenticationToken", WWW_Authenticate=challenge)
            self.tenant.refusals = [refusal] * 2
            self.assertRegex(str(self.refusal()), "GRAPH-04: .*Conditional Access")
            self.tenant.refusals = []

    def test_a_token_that_is_refused_without_a_word(self):
        self.tenant.refusals = [Refusal(401, b"", WWW_Authenticate="Bearer")] * 2

        self.assertRegex(str(self.refusal()), "GRAPH-02: .*access token is not accepted")

    def test_a_token_that_is_never_accepted(self):
        self.tenant.before = lambda path: self.tenant.tokens.clear()

        error, _ = self.failure()

        self.assertRegex(str(error), "GRAPH-02: .*InvalidAuthenticationToken.*'login_url'")
        self.assertTrue(error.permanent)
        self.assertEqual(self.tenant.names(), ["discovery", "token", "folder", "token", "folder"])

    def test_logins_that_are_refused(self):
        for refusal, words, permanent in (
            (
                login_error(401, "invalid_client", 7000215, "Invalid client secret."),
                "its Value, not its Secret ID",
                True,
            ),
            (login_error(401, "invalid_client", 7000222, "The secret is expired."), "create a new one", True),
            (login_error(400, "unauthorized_client", 700016, "No such application."), "'client_id' and 'tenant'", True),
            (login_error(400, "unauthorized_client", 7000112, "Disabled."), "enable it", True),
            (
                login_error(401, "invalid_client", 700024, "Not within its valid time range."),
                "clock of the worker",
                True,
            ),
            (login_error(400, "invalid_resource", 500011, "No such resource."), "another cloud", True),
            (login_error(400, "access_denied", 53003, "Blocked."), "Conditional Access", True),
            (login_error(400, "unknown_error", 1234567, "New."), "check 'tenant', 'client_id'", True),
            (login_error(401, "invalid_client", 1234567, "New."), "client secret or certificate", True),
            (login_error(400, "unauthorized_client", 1234567, "New."), "'client_id' and 'tenant'", True),
            (login_error(400, "invalid_resource", 1234567, "New."), "another cloud", True),
            (login_error(400, "interaction_required", 1234567, "New."), "Conditional Access", True),
            (login_error(400, "invalid_grant", 65001, "Not consented."), "administrator's consent", True),
            (login_error(400, "invalid_request", 900023, "Neither a DNS name nor ..."), "'tenant'", True),
            (login_error(400, "unauthorized_client", 700030, "Certificate."), "upload this certificate", True),
            (login_error(400, "temporarily_unavailable", 90033, "Try again."), "temporary", False),
            (login_error(400, "invalid_request", 50196, "Loop."), "temporary", False),
            (Refusal(429, {}), "temporary", False),
            (Refusal(503, b"busy"), "ENTRA-03.*503", False),
            (Refusal(200, b"<html>Log in</html>"), "ENTRA-07.*proxy", False),
            (Refusal(200, {"access_token": 17}), "ENTRA-06", True),
        ):
            with self.subTest(words):
                self.tenant.token_refusal = refusal
                error = self.refusal()
                self.assertRegex(str(error), words)
                self.assertEqual(error.permanent, permanent)
                self.assertNotIn("Trace ID", str(error))

    def test_a_login_server_that_sends_elsewhere_gets_no_secret(self):
        """A redirect of a POST would take the client secret along (RFC 9110 section 15.4.8)."""
        for status in (302, 307, 308):
            with self.subTest(status):
                self.tenant.requests.clear()
                elsewhere = f"{self.tenant.url}/elsewhere"
                self.tenant.token_refusal = Refusal(status, b"", Location=elsewhere)
                self.assertRegex(str(self.refusal()), "ENTRA-03: .*cannot be reached")
                self.assertEqual(self.tenant.names(), ["discovery", "token"])

    def test_a_refused_secret_that_is_repeated(self):
        self.settings = replace(self.settings, client_secret=Secret.of("wr/ong+secret~"))
        with self.assertRaises(MailboxError) as caught, test_graph.GraphCase.open(self) as mailbox:
            mailbox.check()

        self.assertRegex(str(caught.exception), r"ENTRA-06: .*AADSTS7000215: Invalid client secret provided: \*\*\*")
        self.assertNotIn("wr/ong", str(caught.exception))

    def test_a_wrong_tenant_and_an_unknown_server(self):
        self.assertRegex(str(self.refusal(tenant="contoso.example")), "ENTRA-04: .*contoso.example.*'tenant'")
        self.assertRegex(str(self.refusal(login_url="https://localhost:1")), "ENTRA-03: .*cannot be reached")
        self.assertRegex(str(self.refusal(ca_file="")), "ENTRA-03: .*certificate verify failed")

    def test_a_token_that_a_server_repeats_is_in_no_error(self):
        def repeat(path):
            [token] = self.tenant.tokens
            raise graph_error(400, "Bad", f"Bearer {token} is bad, user={token[:30]}")

        self.tenant.before = repeat
        with self.assertRaises(MailboxError) as caught, test_graph.GraphCase.open(self) as mailbox:
            mailbox.check()

        [token] = self.tenant.tokens
        self.assertRegex(str(caught.exception), r"GRAPH-10: .*Bearer \*\*\* is bad, \*\*\*")
        self.assertNotIn(token[:20], str(caught.exception))

    def test_too_many_requests_in_every_spelling_are_temporary(self):
        """Whatever the status is, and without a word about how long to wait."""
        for status, code in (
            (429, "ApplicationThrottled"),
            (429, "Other"),
            (403, "activityLimitReached"),
            (400, "TooManyRequests"),
        ):
            with self.subTest(code):
                self.tenant.refusals = [graph_error(status, code)] * 50
                error = self.refusal()
                self.tenant.refusals = []
                self.assertRegex(str(error), f"GRAPH-16: .*{code}.*too many requests")
                self.assertFalse(error.permanent)

    def test_without_the_library_one_sentence_says_what_to_install(self):
        login = "nautobot_circuit_maintenance.mailboxes.logins.microsoft"
        with mock.patch.dict(sys.modules, {"msal": None}):
            sys.modules.pop(login, None)
            error = self.refusal()

        self.assertRegex(str(error), r"ENTRA-01: .*\(msal\): install .*'microsoft' \(pip install msal\)")


class CertificateTest(FaultCase):
    """An application that proves who it is with a certificate."""

    def pem(self, *, days: int = 1) -> tuple[bytes, bytes]:
        """Return a new private key and its certificate."""
        key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "nautobot")])
        now = datetime.datetime.now(datetime.timezone.utc)
        builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        builder = builder.serial_number(1).not_valid_before(now).not_valid_after(now + datetime.timedelta(days=days))
        private = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        return private, builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)

    def use(self, pem: bytes) -> None:
        """Configure this certificate."""
        self.settings = replace(self.settings, client_secret=Secret(), certificate=Secret.of(pem.decode()))

    def test_key_and_certificate_in_either_order(self):
        key, certificate = self.pem()
        self.tenant.certificate = certificate
        self.deliver(mail("1"))
        for pem in (key + certificate, certificate + key, b"Bag Attributes\n" + certificate + b"\n\n" + key):
            self.use(pem)
            self.assertEqual(subjects(self.fetch()), ["1"])

    def test_a_certificate_that_the_application_does_not_have(self):
        self.tenant.certificate = self.pem()[1]
        self.use(b"".join(self.pem()))

        self.assertRegex(str(self.refusal()), "ENTRA-06: .*upload this certificate")

    def test_material_that_cannot_be_used(self):
        key, certificate = self.pem()
        damaged = key.replace(b"A", b"B")
        for pem in (key, certificate, b"no PEM", damaged + certificate, key + certificate[:300]):
            self.use(pem)
            error = self.refusal()
            self.assertRegex(str(error), "ENTRA-02: .*private key without a password")
            self.assertNotIn(key.decode().splitlines()[3], str(error))

    def test_a_key_of_another_certificate(self):
        self.use(self.pem()[0] + self.pem()[1])

        self.assertRegex(str(self.refusal()), "ENTRA-08: .*key .* of another certificate")
        self.assertEqual(self.tenant.requests, [])

    def test_line_breaks_that_an_environment_variable_has_as_text(self):
        key, certificate = self.pem()
        self.tenant.certificate = certificate
        self.deliver(mail("1"))
        for separator in (b"\\n", b"\r\n"):
            self.use((key + certificate).replace(b"\n", separator))
            self.assertEqual(subjects(self.fetch()), ["1"])


class RejectionTest(FaultCase):
    """What a test of the connection says about each cause."""

    def test_each_cause_has_its_words(self):
        claims = {"error": {"code": "AccessDenied", "innererror": {"code": "insufficient_claims"}}}
        for refusal, words, permanent in (
            (graph_error(403, "ErrorAccessDenied", "Access is denied."), "GRAPH-03: .*Mail.Read.*two hours", True),
            (graph_error(403, "ErrorAccessDenied", "Access to OData is disabled."), "GRAPH-03: .*RBAC", True),
            (graph_error(403, "Authorization_RequestDenied", "Insufficient privileges."), "GRAPH-03", True),
            (Refusal(403, claims), "GRAPH-04: .*Conditional Access", True),
            (graph_error(404, "ErrorInvalidUser", "The requested user is invalid."), "GRAPH-05: .*'account'", True),
            (graph_error(404, "Request_ResourceNotFound"), "GRAPH-05", True),
            (graph_error(404, "MailboxNotEnabledForRESTAPI", "inactive, soft-deleted"), "GRAPH-06: .*license", True),
            (graph_error(404, "ResourceNotFound", "Resource could not be discovered."), "GRAPH-06", True),
            (graph_error(400, "ErrorIncorrectRoutingHint"), "GRAPH-09: .*next run", False),
            (graph_error(500, "InternalServerError"), "GRAPH-09", False),
            (graph_error(400, "Surprise"), "GRAPH-10", True),
            (Refusal(404, b"<html>nginx</html>"), "GRAPH-11: .*HTTP 404.*proxy", False),
            (Refusal(200, b"<html>Log in</html>"), "GRAPH-11: .*not JSON", False),
            (Refusal(200, {}), "GRAPH-11: .*'id' is missing", False),
            (Refusal(302, b"", Location="https://elsewhere.example/"), "GRAPH-11: .*HTTP 302", False),
        ):
            with self.subTest(words, refusal=refusal.body):
                self.tenant.refusals = [refusal] * 9
                error = self.refusal()
                self.assertRegex(str(error), words)
                self.assertEqual(error.permanent, permanent)

    def test_an_account_that_does_not_exist(self):
        self.assertRegex(str(self.refusal(account="nobody@example.net")), "GRAPH-05: .*nobody@example.net")

    def test_a_connection_that_works(self):
        with self.open() as mailbox:
            mailbox.check()

        self.assertEqual(self.tenant.names(), ["discovery", "token", "folder", "list"])


class ForgottenTest(FaultCase):
    """A server that has forgotten the state of the last round."""

    def test_each_spelling_leads_to_a_new_search(self):
        for expired in (
            *((410, "SyncStateNotFound"), (410, "syncStateNotFound"), (410, "resyncRequired"), (410, "Other")),
            *((400, "SyncStateNotFound"), (404, "syncStateNotFound"), (400, "ErrorInvalidIdMalformed")),
            *((400, "ErrorInvalidSyncStateData"), (404, "SyncStateInvalid"), (400, "resyncChangesApplyDifferences")),
            *((400, "InvalidDeltaToken"), (404, "syncTokenNotFound"), (400, "ErrorInvalidSkipToken")),
        ):
            with self.subTest(expired):
                self.tenant.messages, self.tenant.expired = {}, expired
                self.deliver(mail("known"), received_at=days_ago(3))
                cursor = self.fetch()[-1].cursor
                self.deliver(mail("new"))
                self.tenant.states.clear()

                with self.assertLogs(LOGGER, "WARNING") as log:
                    batches = self.fetch(cursor, new=(), resume_since=days_ago(2), backlog_since=days_ago(2))

                self.assertEqual(subjects(batches), ["new"])
                self.assertIn("Re-reading mail since", "".join(log.output))
                self.assertEqual(self.fetch(batches[-1].cursor), [])

    def test_a_run_that_is_killed_during_the_new_search_goes_on(self):
        self.deliver(*(mail(f"{number:03}") for number in range(120)))
        cursor = self.fetch()[-1].cursor
        self.deliver(*(mail(f"new {number:03}") for number in range(120)))
        self.tenant.states.clear()
        read = []
        with self.assertLogs(LOGGER, "WARNING"):
            while batch := self.fetch_one(self.request(cursor, new=(), resume_since=days_ago(1))):
                self.assertLess(len(read), 12)
                read.append(batch)
                cursor = batch.cursor

        self.assertLessEqual({f"new {number:03}" for number in range(120)}, set(subjects(read)))

    def test_a_server_that_forgets_at_once(self):
        cursor = self.fetch()[-1].cursor
        self.tenant.generations = 0
        self.tenant.states.clear()

        with self.assertLogs(LOGGER, "WARNING"):
            error, _ = self.failure(cursor)

        self.assertRegex(str(error), "GRAPH-09: .*SyncStateNotFound.*next run will continue")
        self.assertFalse(error.permanent)


class BrokenMessageTest(FaultCase):
    """A message that Graph fails to show, among others."""

    def deliver_broken(self, *rotten, count=1):
        """Deliver a message that fails, between others."""
        self.deliver(*(mail(f"before {number}") for number in range(3)), received_at=days_ago(2))
        self.broken = [
            self.tenant.deliver(mail(f"broken {number}"), days_ago(1.5), rotten=frozenset(rotten))
            for number in range(count)
        ]
        self.deliver(*(mail(f"after {number}") for number in range(3)), received_at=days_ago(1))

    OTHERS = ["after 0", "after 1", "after 2", "before 0", "before 1", "before 2"]

    def test_a_message_that_cannot_be_read_is_retried_by_each_run(self):
        for rotten in ("value", "get"):
            with self.subTest(rotten):
                self.tenant.messages = {}
                self.deliver_broken(rotten)
                first = self.fetch()
                again = self.fetch(first[-1].cursor)
                self.tenant.messages[self.broken[0]].rotten = frozenset()
                last = self.fetch(again[-1].cursor)

                self.assertEqual(sorted(subjects(first)), self.OTHERS)
                for batches in (first, again):
                    self.assertRegex(batches[-1].unreadable[0], f"GRAPH-14: .*{self.broken[0]}.*ConversionFailed")
                self.assertEqual((subjects(again), subjects(last)), ([], ["broken 0"]))
                self.assertEqual(self.fetch(last[-1].cursor), [])

    def test_a_message_that_breaks_a_page_of_new_ones_does_not_stop_the_others(self):
        cursor = self.fetch()[-1].cursor
        self.deliver_broken("delta", "value")

        with self.assertLogs(LOGGER, "WARNING"):
            batches = self.fetch(cursor)

        self.assertEqual(sorted(set(subjects(batches))), self.OTHERS)  # some twice: they were before it on their page
        self.assertRegex(batches[-1].unreadable[0], "GRAPH-14")

    def test_a_message_that_breaks_the_list_is_read_alone(self):
        self.deliver_broken("list")

        self.assertEqual(sorted(subjects(self.fetch())), [*self.OTHERS, "broken 0"])

    def test_a_message_that_cannot_be_listed_at_all_is_told(self):
        self.deliver_broken("id")

        batches = self.fetch()

        self.assertEqual(sorted(subjects(batches)), self.OTHERS)
        self.assertRegex("".join(error for batch in batches for error in batch.unreadable), "GRAPH-13: .*'INBOX'")

    def test_many_broken_messages_are_a_broken_server(self):
        self.deliver_broken("value", count=15)

        error, _ = self.failure()

        self.assertRegex(str(error), "GRAPH-09")

    def test_pages_around_a_broken_message_with_more_than_a_page_behind_it(self):
        self.deliver_broken("list")
        self.deliver(*(mail(f"more {number:03}") for number in range(230)), received_at=days_ago(0.5))

        self.assertEqual(len(set(subjects(self.fetch()))), 237)


class ForeignLinkTest(FaultCase):
    """A link to another server would take the access token there."""

    def test_a_link_that_leads_elsewhere_is_not_followed(self):
        for link in (
            "https://evil.example/v1.0/x",
            "http://localhost/x",
            "https://user@localhost/x",
            "//evil.example",
            "https://[/",
        ):
            with self.subTest(link):
                self.tenant.send = partial(relinked, link=link)
                error, _ = self.failure()
                self.assertRegex(str(error), "GRAPH-11: .*Link' (leads to another server|is missing)")

    def test_a_cursor_with_another_server_is_not_used(self):
        good = self.fetch()[-1].cursor
        self.deliver(mail("1"))
        for link in ("https://evil.example/x", "@evil.example/x", "", ".evil.example/x"):
            with self.subTest(link), self.assertLogs(LOGGER, "WARNING"):
                self.assertEqual(subjects(self.fetch({**good, "delta": link})), ["1"])


class EndlessTest(FaultCase):
    """Answers that never come to an end, though each of them is right."""

    def answer(self, change):
        """Change the JSON of each page, which has a number; the server is asked a limited number of times."""
        numbers = count()

        def send(path, connection, answer):
            number = next(numbers)
            if number > 3000:
                self.tenant.before = lambda _path: (_ for _ in ()).throw(SystemExit)
            head, _, body = answer.partition(b"\r\n\r\n")
            content = json.loads(body)
            if isinstance(content, dict) and "value" in content:
                change(content, number)
            body = json.dumps(content).encode()
            head = b"\r\n".join(line for line in head.split(b"\r\n") if not line.startswith(b"Content-Length"))
            connection.sendall(head + b"\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
            return True

        self.tenant.send = send

    def endless(self, link):
        """Answer that there is another page, with the messages that there are."""

        def change(content, number):
            content.pop("@odata.deltaLink", None)
            content["@odata.nextLink"] = f"{self.tenant.url}/v1.0/users/{self.tenant.address}{link(number)}"

        self.answer(change)

    def ways(self):
        """Yield each list that is read page by page, as a cursor and settings to read it with."""
        followed = self.fetch()[-1].cursor
        self.tenant.folders |= {"F2": ("Carriers", "F1")}
        yield "delta", followed, "INBOX"
        yield "first round", {}, "INBOX"
        yield "folders", {}, "INBOX/Missing"
        self.tenant.has_delta = False
        with self.assertLogs(LOGGER, "WARNING"):
            listed = self.fetch()[-1].cursor
        yield "list", listed, "INBOX"

    def test_pages_in_a_circle(self):
        kinds = {"folders": "childFolders", "list": "messages"}
        query = "$filter=receivedDateTime%20ge%202026-01-01T00:00:00Z&$orderby=receivedDateTime&"
        for name, cursor, folder in self.ways():
            with self.subTest(name):
                kind = kinds.get(name, "messages/delta")
                self.endless(lambda number, kind=kind: f"/mailFolders/F1/{kind}?{query}circle={number % 3}")
                self.settings = replace(self.settings, folder=folder)
                self.tenant.requests.clear()
                error, _ = self.failure(cursor)
                self.tenant.send = Tenant.send
                self.settings = replace(self.settings, folder="INBOX")

                self.assertRegex(str(error), "GRAPH-11: .*in a circle")
                self.assertFalse(error.permanent)
                self.assertLess(len(self.tenant.requests), 20)

    def test_empty_pages_for_ever(self):
        cursor = self.fetch()[-1].cursor
        self.tenant.empty_pages = 10**6
        self.tenant.generations = 5

        error, batches = self.failure(cursor)

        self.assertRegex(str(error), "GRAPH-17: .*next run")
        self.assertFalse(error.permanent)
        self.assertLess(len(self.tenant.requests), 2000)
        self.tenant.empty_pages = 0
        self.deliver(mail("1"))
        for _ in range(2):  # the round that was under way, and the next one
            batches = self.fetch(batches[-1].cursor)
        self.assertEqual(subjects(batches), ["1"])


def relinked(_path, connection, answer, *, link):
    """Send an answer with another link to the next page or round."""
    head, _, body = answer.partition(b"\r\n\r\n")
    content = json.loads(body)
    for name in ("@odata.nextLink", "@odata.deltaLink"):
        if name in content:
            content[name] = link
    body = json.dumps(content).encode()
    head = b"\r\n".join(line for line in head.split(b"\r\n") if not line.startswith(b"Content-Length"))
    connection.sendall(head + b"\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
    return True
