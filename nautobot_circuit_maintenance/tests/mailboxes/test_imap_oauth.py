"""IMAP with access tokens: a real Dovecot that asks a server of ours whose a token is."""

import base64
import json
import ssl
import threading
import unittest
from contextlib import ExitStack, contextmanager
from dataclasses import replace

from cryptography.hazmat.primitives.asymmetric import rsa

from development.services.dovecot import dovecot
from development.services.graph.server import graph_server
from development.services.graph.tenant import Tenant, login_error
from development.services.introspection import introspection
from development.services.wire import listener
from nautobot_circuit_maintenance.domain.errors import MailboxError
from nautobot_circuit_maintenance.mailboxes.credentials import Secret
from nautobot_circuit_maintenance.mailboxes.imap.settings import ImapSettings
from nautobot_circuit_maintenance.mailboxes.opening import open_mailbox
from nautobot_circuit_maintenance.tests.mailboxes.contract import (
    LIMIT,
    ContractCase,
    MailboxContract,
    days_ago,
    mail,
    subjects,
)
from nautobot_circuit_maintenance.tests.mailboxes.gmail_server import GmailAccount, gmail_server
from nautobot_circuit_maintenance.tests.mailboxes.tcp_proxy import proxy_to

USER = "maintenance@example.net"
FOLDER = "Carriers"


class TokenCase(unittest.TestCase):
    """An empty folder on a Dovecot that accepts access tokens, which a login server issues."""

    mechanism = "xoauth2"

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        running = ExitStack()
        cls.addClassCleanup(running.close)
        cls.tokens = set()
        cls.introspection = running.enter_context(introspection(cls.tokens, USER))
        server = dovecot(USER, mechanisms=f"plain {cls.mechanism}", introspection=cls.introspection.url)
        cls.server = running.enter_context(server)

    def setUp(self):
        super().setUp()
        running = ExitStack()
        self.addCleanup(running.close)
        tenant = Tenant(address=USER, tokens=self.tokens)
        self.tenant = running.enter_context(graph_server(tenant, self.server.ca_file.parent))
        self.introspection.is_broken = self.introspection.is_refusing = False
        self.introspection.asked.clear()
        self.settings = ImapSettings(
            name="mail",
            url=f"imap://localhost:{self.server.tls_port}",
            login="microsoft",
            account=USER,
            tenant=tenant.id,
            client_id=tenant.client_id,
            client_secret=Secret.of(tenant.client_secret),
            login_url=tenant.url,
            folder=FOLDER,
            ca_file=str(self.server.ca_file),
        )
        with self.server.client() as client:
            client.create_folder(FOLDER)
        self.addCleanup(self.drop_folder)

    def drop_folder(self):
        """Delete the folder."""
        with self.server.client() as client:
            client.delete_folder(FOLDER)

    def deliver(self, *raws, received_at=None):
        self.server.deliver_all([(raw, received_at or days_ago(0)) for raw in raws], FOLDER)

    def delete(self, subject: str) -> None:
        with self.server.client() as client:
            client.select_folder(FOLDER)
            client.delete_messages(client.search(["SUBJECT", subject]))
            client.expunge()

    def is_untouched(self) -> bool:
        with self.server.client() as client:
            client.select_folder(FOLDER, readonly=True)
            return not set().union(*client.get_flags(client.search()).values()) - {b"\\Recent"}

    def open(self, **changes):
        return open_mailbox(replace(self.settings, **changes), max_message_size=LIMIT)

    def refusal(self, **changes):
        """Return the error that opening the mailbox ends with; no token is in it, in no form."""
        with self.assertRaises(MailboxError) as caught, self.open(**changes):
            self.fail("the mailbox was opened")
        response = str(caught.exception)
        for token in self.tokens:
            self.assertNotIn(token[:20], response)
            self.assertNotIn(base64.b64encode(f"user={USER}\1auth=Bearer {token}\1\1".encode()).decode()[:60], response)
        return caught.exception

    @contextmanager
    def proxy(self):
        """Put a proxy between mailbox and server."""
        context = ssl.create_default_context(cafile=str(self.server.ca_file))
        with proxy_to(self.server.tls_port, context) as proxy:
            self.settings = replace(self.settings, url=f"imap://localhost:{proxy.port}", tls=False)
            yield proxy


class TestXoauth2(TokenCase, MailboxContract):
    """The contract, logged in with XOAUTH2."""

    def test_one_session_and_one_token_for_a_poll_without_new_mail(self):
        self.deliver(mail("1"))
        cursor = self.fetch()[-1].cursor
        self.tenant.requests.clear()

        with self.proxy() as proxy:
            self.assertEqual(self.fetch(cursor), [])

        self.assertEqual(self.tenant.requests, ["discovery", "token"])
        self.assertEqual(proxy.connections, 1)
        # What is sent after AUTHENTICATE is not a command.
        self.assertEqual([name for name in proxy.names() if name], ["CAPABILITY", "AUTHENTICATE", "EXAMINE", "LOGOUT"])


class TokenTests(ContractCase):
    """What both mechanisms have in common."""

    def test_mail_is_read(self):
        self.deliver(mail("1"))

        with self.proxy() as proxy:
            self.assertEqual(subjects(self.fetch()), ["1"])
        self.assertIn(f"AUTHENTICATE {self.mechanism.upper()}", proxy.commands)

    def test_a_token_that_is_refused(self):
        self.introspection.is_refusing = True

        error = self.refusal()

        self.assertRegex(
            str(error), rf"IMAP-07: Login refused for account '{USER}'.*AUTHENTICATIONFAILED.*{self.response}"
        )
        self.assertRegex(str(error), "IMAP.AccessAsApp.*FullAccess")
        self.assertTrue(error.permanent)

    def test_a_server_that_cannot_tell_for_now(self):
        self.introspection.is_broken = True

        error = self.refusal()

        self.assertRegex(str(error), "IMAP-07.*UNAVAILABLE")
        self.assertFalse(error.permanent)

    def test_no_token_at_all(self):
        self.tenant.token_refusal = login_error(401, "invalid_client", 7000222, "The secret is expired.")

        self.assertRegex(str(self.refusal()), "ENTRA-06: .*create a new one")

    def test_a_connection_that_is_lost_in_mid_run_gets_a_token_of_its_own(self):
        self.deliver(*(mail(f"{number}", body=b"x" * 700_000) for number in range(6)))
        with self.proxy() as proxy:
            batches = []
            with self.open() as mailbox:
                for batch in mailbox.fetch(self.request()):
                    batches.append(batch)
                    if len(batches) == 1:
                        self.tokens.clear()  # the first one has expired
                        proxy.cut_at = b"BODY[]"
                    if len(batches) == 2:
                        proxy.cut_at = b""
            connections = proxy.connections

        self.assertGreater(connections, 1)
        self.assertEqual(self.tenant.requests.count("token"), connections)
        self.assertEqual(len(set(self.introspection.asked)), connections)

    def test_an_account_with_signs_of_the_mechanism(self):
        self.assertRegex(str(self.refusal(account="a=b,c@example.net")), r"IMAP-07: .*'a=b,c@example.net'")

    def test_a_mailbox_whose_imap_is_off(self):
        with self.proxy() as proxy:
            words = b" BAD User is authenticated but not connected."
            proxy.change = lambda piece: piece.replace(b" OK [READ-ONLY]", words)
            error = self.refusal()

        self.assertRegex(str(error), "IMAP-21: .*Set-CASMailbox -ImapEnabled")

    def test_googles_service_account(self):
        key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        with gmail_server(GmailAccount(USER, key, tokens=self.tokens)) as account:
            google = {"login": "google", "service_account": Secret.of(json.dumps(account.credentials()))}
            self.deliver(mail("1"))
            with self.open(**google) as mailbox:
                self.assertEqual(subjects(mailbox.fetch(self.request())), ["1"])

            account.scopes = ("https://www.googleapis.com/auth/gmail.readonly",)
            self.assertRegex(str(self.refusal(**google)), "GMAIL-06: .*scopes https://mail.google.com/")
            self.introspection.is_refusing, account.scopes = True, ("https://mail.google.com/",)
            self.assertRegex(str(self.refusal(**google)), "IMAP-07: .*domain-wide delegation")


class Xoauth2Test(TokenCase, TokenTests):
    """XOAUTH2, which Microsoft and Google have."""

    response = '"status":"401"'


class OauthbearerTest(TokenCase, TokenTests):
    """OAUTHBEARER (RFC 7628), where there is nothing else."""

    mechanism = "oauthbearer"
    response = '"status":"invalid_token"'


def strict(server, mechanism: str, end: bytes, received: list[bytes]) -> None:
    """Serve one login that is refused: what the client says after the challenge must be exactly what ends it."""
    connection = server.accept()[0]
    lines = connection.makefile("rb")
    connection.sendall(f"* OK [CAPABILITY IMAP4rev1 {mechanism}] ready\r\n".encode())
    for line in lines:
        tag, _, command = line.strip().partition(b" ")
        if not command.startswith(b"AUTHENTICATE"):
            connection.sendall(f"* CAPABILITY IMAP4rev1 {mechanism}\r\n".encode() + tag + b" OK done\r\n")
            continue
        connection.sendall(b"+ \r\n")
        received.append(lines.readline().strip())
        response = base64.b64encode(b'{"status":"400","schemes":"Bearer","scope":"https://mail.google.com/"}')
        connection.sendall(b"+ " + response + b"\r\n")
        received.append(lines.readline().strip())
        is_right = received[-1] == end
        words = b"NO [AUTHENTICATIONFAILED] Invalid credentials (Failure) " if is_right else b"BAD syntax "
        connection.sendall(tag + b" " + words + received[0] + b"\r\n")


class StrictServerTest(TokenCase):
    """A server as Google documents it, which takes anything but the documented end for a syntax error."""

    def refused_by(self, capability: str, end: bytes) -> MailboxError:
        """Return the error of a login at such a server."""
        self.received: list[bytes] = []
        with listener() as server:
            threading.Thread(target=strict, args=(server, capability, end, self.received), daemon=True).start()
            return self.refusal(url=f"imap://localhost:{server.getsockname()[1]}", tls=False)

    def test_the_exchange_ends_as_documented_and_the_reason_is_told(self):
        for mechanism, end in (("XOAUTH2", b""), ("OAUTHBEARER", b"AQ==")):
            with self.subTest(mechanism):
                error = self.refused_by(f"AUTH={mechanism}", end)
                self.assertRegex(str(error), r'IMAP-07: .*Invalid credentials \(Failure\) \*\*\*.*"status":"400"')

    def test_what_is_sent(self):
        self.refused_by("AUTH=XOAUTH2 AUTH=OAUTHBEARER", b"")
        [token] = self.tokens
        self.assertEqual(base64.b64decode(self.received[0]).decode(), f"user={USER}\1auth=Bearer {token}\1\1")

        self.tokens.clear()
        self.refused_by("AUTH=OAUTHBEARER", b"AQ==")
        [token] = self.tokens
        self.assertEqual(base64.b64decode(self.received[0]).decode(), f"n,a={USER},\1auth=Bearer {token}\1\1")

    def setUp(self):
        super().setUp()
        self.tokens.clear()

    def test_a_server_that_accepts_no_passwords(self):
        """It says so; the password is not sent."""
        self.settings = replace(self.settings, login="password", secret=Secret.of("hunter2"))

        self.assertRegex(str(self.refused_by("LOGINDISABLED", b"")), "IMAP-24: .*LOGINDISABLED.*'starttls'.*'login'")
        self.assertEqual(self.received, [])
        self.assertRegex(str(self.refused_by("LOGINDISABLED AUTH=PLAIN", b"")), "IMAP-07")
        self.assertEqual(base64.b64decode(self.received[0]).decode(), f"\0{USER}\0hunter2")

    def test_a_server_that_accepts_no_tokens(self):
        self.assertRegex(str(self.refused_by("AUTH=PLAIN", b"")), "IMAP-20: .*neither XOAUTH2 nor OAUTHBEARER")
