"""Email, over a real SMTP server on loopback: what arrives, and whose fault a failure is."""

import re
import socket
import threading
from contextlib import contextmanager
from datetime import datetime, timezone
from email import message_from_bytes, policy
from email.header import decode_header, make_header
from email.utils import parseaddr, parsedate_to_datetime

import pytest
from hypothesis import example, given, strategies as st

from nautobot_circuit_maintenance.channel_settings.email import EmailSettings
from nautobot_circuit_maintenance.mail.automatic import automatic_reply, own_notice
from nautobot_circuit_maintenance.outbound.channels.email import session
from nautobot_circuit_maintenance.outbound.channels.email.channel import _dots_doubled
from nautobot_circuit_maintenance.outbound.channels.email.mime import email_of
from nautobot_circuit_maintenance.outbound.channels.errors import (
    ChannelUnavailable,
    DeliveryError,
    MessageRefused,
    TryAgain,
    Unsure,
)
from nautobot_circuit_maintenance.outbound.channels.opening import open_channel
from nautobot_circuit_maintenance.outbound.messages import Message, Recipient
from nautobot_circuit_maintenance.tests.outbound.mail_server import (
    ACCOUNT,
    HANG,
    HANG_UP,
    PASSWORD,
    ca_file,
    mail_server,
    server_context,
)

KEY, ROOT = "a" * 64, "b" * 64
NOW = datetime(2026, 12, 1, 22, tzinfo=timezone.utc)
FIRST = Message(
    key=KEY,
    event="new",
    recipient=Recipient("NOC Zürich", "noc@customer.example"),
    subject="Lumen 42: SYD1, NYC1",
    headline="Lumen 42 starts soon.",
    text="Lumen 42 starts soon.\n\n.\n.. dots – and a dash\n" + "x" * 2000 + "\n",
    html="<p><strong>Lumen 42 starts soon.</strong></p>",
    calendar=b"BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n",
)


def message(**values) -> Message:
    return Message(**{**FIRST.__dict__, **values})


def settings_for(port: int, **values) -> EmailSettings:
    entry = {"name": "Email", "url": f"smtp://127.0.0.1:{port}", "sender": "nautobot@customer.example", "tls": False}
    return EmailSettings.from_entry({**entry, "instance": "live", **values})


@pytest.fixture(name="server", scope="module")
def fixture_server():
    with mail_server() as server:
        yield server


@contextmanager
def quick(server):
    """Open a channel whose patience is short, on a server that has forgotten the test before."""
    server.replies.clear()
    server.received.clear()
    server.connections = 0
    with _patience(1), open_channel(settings_for(server.port)) as channel:
        yield channel


@contextmanager
def _patience(seconds: float):
    known = session.connect.__kwdefaults__
    session.connect.__kwdefaults__ = {"timeout": seconds}
    try:
        yield
    finally:
        session.connect.__kwdefaults__ = known


def test_a_message_arrives_whole(server):
    with quick(server) as channel:
        channel.send(FIRST)

    (received,) = server.received
    assert (received.sender, received.recipients) == ("nautobot@customer.example", ("noc@customer.example",))
    found = message_from_bytes(received.content, policy=policy.default)
    assert found["Subject"] == "Lumen 42: SYD1, NYC1"
    assert found["To"] == "NOC Zürich <noc@customer.example>"
    assert parseaddr(str(found["From"])) == ("Circuit Maintenance", "nautobot@customer.example")
    assert found["Message-ID"] == f"<{KEY}@customer.example>"
    assert found["In-Reply-To"] is None and found["References"] is None
    assert found["Thread-Topic"] == "Lumen 42: SYD1, NYC1"
    assert found["Auto-Submitted"] == "auto-generated"
    assert found["X-Auto-Response-Suppress"] == "All"
    assert found["List-Id"] == "Circuit maintenance <circuit-maintenance.live>"
    assert abs((parsedate_to_datetime(str(found["Date"])) - datetime.now(timezone.utc)).total_seconds()) < 60
    text = found.get_body(("plain",)).get_content()
    assert text.replace("\r\n", "\n").startswith(FIRST.text)
    assert "to be added manually" in text
    assert FIRST.html in found.get_body(("html",)).get_content()
    (attached,) = found.iter_attachments()
    assert (attached.get_filename(), attached.get_content_type()) == ("maintenance.ics", "text/calendar")
    assert attached.get_param("method") == "PUBLISH"
    assert attached.get_payload(decode=True) == FIRST.calendar


def test_later_messages_of_a_thread_point_to_its_first(server):
    with quick(server) as channel:
        channel.send(message(root_key=ROOT, calendar=None))

    email = server.received[0].email
    assert email["Subject"] == "Re: Lumen 42: SYD1, NYC1"
    assert email["In-Reply-To"] == email["References"] == f"<{ROOT}@customer.example>"
    assert email["Thread-Topic"] == "Lumen 42: SYD1, NYC1"
    assert email.get_content_type() == "multipart/alternative"


def test_identifiers_are_written_as_they_are_however_long():
    long = settings_for(25, sender=f"nautobot@{'sub.' * 20}customer.example", instance="live-" + "x" * 58)
    content = email_of(message(root_key=ROOT), long, address="noc@customer.example", now=NOW)
    found = message_from_bytes(content)
    assert found["In-Reply-To"] == f"<{ROOT}@{long.domain}>"
    assert found["Message-ID"] == f"<{KEY}@{long.domain}>"
    assert found["List-Id"] == f"Circuit maintenance <circuit-maintenance.{long.instance}>"
    assert own_notice(found) == f"Sent by the app itself ({long.instance[:57]}...)."


def test_a_source_that_reads_it_back_knows_it(server):
    with quick(server) as channel:
        channel.send(FIRST)
    email = server.received[0].email
    assert own_notice(email) == "Sent by the app itself (live)."
    assert automatic_reply(email) == ""


def test_several_messages_use_one_session(server):
    with quick(server) as channel:
        for number in range(5):
            channel.send(message(key=f"{number}" * 64))
    assert (len(server.received), server.connections) == (5, 1)


def test_each_message_has_one_recipient(server):
    with quick(server) as channel:
        channel.send(FIRST)
        channel.send(message(recipient=Recipient("", "other@customer.example")))
    assert [each.recipients for each in server.received] == [("noc@customer.example",), ("other@customer.example",)]
    assert "other@" not in server.received[0].content.decode()


CASES = [
    ("MAIL", "421 closing", ChannelUnavailable),
    ("MAIL", "530 log in first", ChannelUnavailable),
    ("MAIL", "550 not you", ChannelUnavailable),
    ("MAIL", "450 later", TryAgain),
    ("MAIL", "354 what", ChannelUnavailable),
    ("MAIL", HANG_UP, ChannelUnavailable),
    ("MAIL", HANG, ChannelUnavailable),
    ("RCPT", "421 closing", ChannelUnavailable),
    ("RCPT", "450 greylisted", TryAgain),
    ("RCPT", "452 full", TryAgain),
    ("RCPT", "550 no such user", MessageRefused),
    ("RCPT", "354 what", TryAgain),
    ("RCPT", HANG_UP, TryAgain),
    ("RCPT", HANG, TryAgain),
    ("DATA", "421 closing", ChannelUnavailable),
    ("DATA", "451 later", TryAgain),
    ("DATA", "554 no valid recipients", MessageRefused),
    ("DATA", "250 what", TryAgain),
    ("DATA", HANG_UP, TryAgain),
    ("DATA", HANG, TryAgain),
    ("END", "421 closing", ChannelUnavailable),
    ("END", "451 later", TryAgain),
    ("END", "552 too large", MessageRefused),
    ("END", "554 spam", MessageRefused),
    ("END", "354 what", TryAgain),
    ("END", "nonsense", Unsure),
    ("END", "999 what", Unsure),
    ("END", HANG_UP, Unsure),
    ("END", HANG, Unsure),
]


@pytest.mark.parametrize(("stage", "reply", "error"), CASES)
def test_whose_fault_it_is_and_the_next_message_is_sent(server, stage, reply, error):
    with quick(server) as channel:
        server.replies[stage] = [reply]
        with pytest.raises(DeliveryError) as raised:
            channel.send(FIRST)
        taken = len(server.received)
        channel.send(message(key="c" * 64))

    assert type(raised.value) is error
    assert re.match(r"SMTP-\d\d: ", str(raised.value))
    assert taken == (stage == "END" and reply in (HANG, HANG_UP))
    assert server.received[-1].email["Message-ID"] == f"<{'c' * 64}@customer.example>"


def test_a_line_that_the_server_closed_between_two_messages_is_made_again(server):
    with quick(server) as channel:
        channel.send(FIRST)
        channel._smtp.sock.shutdown(socket.SHUT_RDWR)
        channel.send(message(key="c" * 64))
    assert (len(server.received), server.connections) == (2, 2)


@pytest.mark.parametrize(
    "address",
    [
        *("", "noc", "@customer.example", "noc@", "a b@x.example", "a@x.example,b@x.example", "<a@x.example>"),
        *(
            "a@x.example\r\nRCPT TO:<b@x.example>",
            "a@x..example",
            "ü@x.example",
            '"a"@x.example',
            "a@x.example>",
            "a@[::1]",
        ),
    ],
)
def test_what_is_no_address_is_refused_before_the_server_sees_it(server, address):
    with quick(server) as channel:
        with pytest.raises(MessageRefused, match="SMTP-20"):
            channel.send(message(recipient=Recipient("x", address)))
    assert server.received == []


def test_a_domain_in_other_letters_is_named_in_ascii(server):
    with quick(server) as channel:
        channel.send(message(recipient=Recipient("x", "noc@zürich.example")))
    assert server.received[0].recipients == ("noc@xn--zrich-kva.example",)


class TestTls:
    """STARTTLS, TLS from the first byte, and login."""

    def login(self, server, folder, scheme="smtp", **values):
        entry = {"url": f"{scheme}://127.0.0.1:{server.port}", "tls": True, "ca_file": ca_file(folder)}
        login = {"account": ACCOUNT, "secret": PASSWORD, **entry, **values}
        with _patience(3), open_channel(settings_for(server.port, **login)) as channel:
            channel.check()
            channel.send(FIRST)

    def failed(self, server, folder, **values) -> str:
        with pytest.raises(ChannelUnavailable) as raised:
            self.login(server, folder, **values)
        assert server.received == []
        assert PASSWORD not in str(raised.value)
        return str(raised.value)

    @contextmanager
    def starttls(self, name="127.0.0.1"):
        with mail_server(tls_context=server_context(name), require_starttls=True) as server:
            yield server

    def test_starttls_and_login(self, tmp_path):
        with self.starttls() as server:
            self.login(server, tmp_path)
        assert (len(server.received), server.logins) == (1, [PASSWORD.encode()])

    def test_a_wrong_password(self, tmp_path):
        with self.starttls() as server:
            assert self.failed(server, tmp_path, secret="wrong").startswith("SMTP-07: Login refused for account")

    def test_a_certificate_of_another_name(self, tmp_path):
        with self.starttls("mail.example") as server:
            assert self.failed(server, tmp_path).startswith("SMTP-08")
            assert server.logins == []

    def test_a_certificate_of_an_unknown_authority(self, tmp_path):
        with self.starttls() as server:
            assert self.failed(server, tmp_path, ca_file="").startswith("SMTP-08")

    def test_a_file_that_is_no_certificate(self, tmp_path):
        with self.starttls() as server:
            assert self.failed(server, tmp_path, ca_file=str(tmp_path / "none.pem")).startswith("SMTP-09")

    def test_a_server_without_starttls_gets_no_password(self, server, tmp_path):
        server.received.clear()
        assert self.failed(server, tmp_path).startswith("SMTP-06")

    def test_tls_to_a_server_without_it(self, server, tmp_path):
        server.received.clear()
        assert self.failed(server, tmp_path, scheme="smtps").startswith("SMTP-05")

    def test_tls_from_the_first_byte(self, tmp_path):
        with mail_server(ssl_context=server_context(), server_hostname="127.0.0.1") as server:
            self.login(server, tmp_path, scheme="smtps", account="", secret="")
        assert len(server.received) == 1


def test_no_server_and_no_host_are_the_channels_fault():
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        with pytest.raises(ChannelUnavailable, match="SMTP-02"), open_channel(settings_for(unused.getsockname()[1])):
            pass
    nowhere = settings_for(25, url="smtp://mail.invalid:25")
    with pytest.raises(ChannelUnavailable, match="SMTP-01"), open_channel(nowhere):
        pass


@pytest.mark.parametrize(
    ("greeting", "code"),
    [(b"", "SMTP-04: .*timed out"), (b"HTTP/1.1 400 Bad Request\r\n\r\n", "SMTP-04"), (b"x" * 9000, "SMTP-04")],
)
def test_what_does_not_greet_as_a_mail_server(greeting, code):
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def greet():
            line, _address = listener.accept()
            with line:
                line.sendall(greeting)
                line.recv(1)

        threading.Thread(target=greet, daemon=True).start()
        settings = settings_for(listener.getsockname()[1])
        with _patience(0.5), pytest.raises(ChannelUnavailable, match=code), open_channel(settings):
            pass


def test_a_server_that_does_not_answer_at_all():
    with socket.create_server(("127.0.0.1", 0), backlog=0) as listener:
        waiting = [socket.socket() for _ in range(4)]  # more than the queue takes: the next one hangs
        for each in waiting:
            each.setblocking(False)
            each.connect_ex(listener.getsockname())
        with _patience(0.5), pytest.raises(ChannelUnavailable, match="SMTP-03"):
            with open_channel(settings_for(listener.getsockname()[1])):
                pass
        for each in waiting:
            each.close()


TEXTS = st.text(max_size=300)


@example("x\r\nBcc: a@b.example", "=?utf-8?q?x?=", "\r\n.\r\nMAIL FROM:<x@y.example>", "<b>\0\ud800</b>")
@example("Ü" * 300, '"a" <x@y.example>, b', "\n.\n", "\r.\r")
@given(TEXTS, TEXTS, TEXTS, TEXTS)
def test_no_text_makes_a_header_another_recipient_or_another_message(subject, name, text, html):
    wanted = message(subject=subject, recipient=Recipient(name, "noc@customer.example"), text=text, html=html)
    content = _dots_doubled(email_of(wanted, settings_for(25), address="noc@customer.example", now=NOW))
    assert content.isascii() and b"\r\n.\r\n" not in content
    assert all(len(line) <= 998 for line in content.split(b"\r\n"))
    assert b"\n" not in content.replace(b"\r\n", b"") and b"\r" not in content.replace(b"\r\n", b"")
    found = message_from_bytes(content)
    assert sorted(found.keys()) == sorted(
        [*("From", "To", "Subject", "Date", "Message-ID", "Thread-Topic", "Auto-Submitted", "X-Auto-Response-Suppress")]
        + ["List-Id", "X-Nautobot-Circuit-Maintenance", "MIME-Version", "Content-Type"]
    )
    assert parseaddr(found["To"])[1] == "noc@customer.example"
    assert str(found["To"]).count("@") == 1
    squeezed = " ".join(subject.replace("\0", "").encode("utf-8", "replace").decode().split())
    if len(squeezed) < 100 and "=?" not in squeezed:
        assert "".join(str(make_header(decode_header(found["Subject"]))).split()) == "".join(squeezed.split())


def test_timeouts_do_not_follow_djangos_setting():
    assert session.connect.__kwdefaults__ == {"timeout": 30}
