"""Webhooks, over a real receiver on loopback: what arrives, and whose fault a failure is."""

import hashlib
import hmac
import json
import logging
import socket
import threading
from datetime import datetime, timedelta, timezone
from email.utils import format_datetime

import pytest

from nautobot_circuit_maintenance.channel_settings.webhook import WebhookSettings
from nautobot_circuit_maintenance.outbound.channels import webhook
from nautobot_circuit_maintenance.outbound.channels.errors import (
    ChannelUnavailable,
    DeliveryError,
    MessageRefused,
    TryAgain,
    Unsure,
)
from nautobot_circuit_maintenance.outbound.channels.opening import open_channel
from nautobot_circuit_maintenance.outbound.facts import facts
from nautobot_circuit_maintenance.outbound.messages import Message, Recipient
from nautobot_circuit_maintenance.outbound.state import Occasion
from nautobot_circuit_maintenance.tests.documentation.pages import DOCS
from nautobot_circuit_maintenance.tests.outbound.mail_server import ca_file, server_context
from nautobot_circuit_maintenance.tests.outbound.states import STATE
from nautobot_circuit_maintenance.tests.outbound.web_server import HANG, HANG_UP, web_server

TOKEN = "T0KEN-tok3n-of-the-path"  # nosec B105 # of the tests
KEY = "a" * 64
MESSAGE = Message(
    key=KEY,
    event="changed",
    recipient=Recipient(),
    subject="Lumen 42: SYD1",
    headline="Lumen 42 is CANCELLED.",
    text="Lumen 42 is CANCELLED.\n\nZürich",
    html="",
    root_key="b" * 64,
    data={"event": "changed", "now": {"status": "CANCELLED"}},
)


def settings_for(url: str, **values) -> WebhookSettings:
    return WebhookSettings.from_entry(
        {"name": "Hook", "url": f"{url}/hooks/{TOKEN}?key=qu3ry-s3cret", "instance": "live", **values}
    )


@pytest.fixture(name="server", scope="module")
def fixture_server():
    with web_server() as server:
        yield server


@pytest.fixture(autouse=True)
def fixture_fresh(server, monkeypatch):
    server.answers.clear()
    server.requests.clear()
    server.seconds = 1.5
    monkeypatch.setattr(webhook, "TIMEOUT", 0.7)  # a constant, so that the tests need no minutes


def send(url: str, **values) -> None:
    with open_channel(settings_for(url, **values)) as channel:
        channel.send(MESSAGE)


def test_a_message_arrives_as_json_that_is_signed(server):
    send(server.url, secret="k3y", token="b3arer")

    (request,) = server.requests
    assert (request.method, request.path) == ("POST", f"/hooks/{TOKEN}?key=qu3ry-s3cret")
    assert json.loads(request.body) == {
        "id": KEY,
        "thread": "b" * 64,
        "instance": "live",
        "event": "changed",
        "subject": "Lumen 42: SYD1",
        "headline": "Lumen 42 is CANCELLED.",
        "text": "Lumen 42 is CANCELLED.\n\nZürich",
        "data": {"event": "changed", "now": {"status": "CANCELLED"}},
    }
    wanted = hmac.new(b"k3y", request.body, hashlib.sha256).hexdigest()
    assert request.headers["X-Hub-Signature-256"] == f"sha256={wanted}"
    assert request.headers["Authorization"] == "Bearer b3arer"
    assert request.headers["Idempotency-Key"] == KEY
    assert request.headers["Content-Type"] == "application/json"
    assert request.headers["Content-Length"] == str(len(request.body))


def test_the_example_of_the_guide_has_what_is_sent(server):
    page = (DOCS / "admin/channels.md").read_text(encoding="utf-8")
    example = json.loads(page.partition("```json\n")[2].partition("```")[0])
    send(server.url)
    sent = json.loads(server.requests[0].body)
    assert example.keys() == sent.keys()
    assert example["data"].keys() == facts(Occasion("changed", STATE, STATE)).keys()


def test_without_a_key_nothing_is_signed_and_no_file_adds_a_password(server, tmp_path, monkeypatch):
    (tmp_path / ".netrc").write_text("machine 127.0.0.1 login x password y\n", encoding="utf-8")
    monkeypatch.setenv("NETRC", str(tmp_path / ".netrc"))
    send(server.url)
    assert not {"X-Hub-Signature-256", "Authorization"} & set(server.requests[0].headers)


CASES = [
    *(
        (code, ChannelUnavailable)
        for code in (301, 302, 303, 307, 308, 401, 403, 404, 407, 429, 500, 502, 503, 504, 599)
    ),
    *((code, MessageRefused) for code in (400, 413)),
    *((code, TryAgain) for code in (402, 405, 408, 409, 410, 418, 422, 423)),
]


@pytest.mark.parametrize(("code", "error"), CASES)
def test_whose_fault_a_status_is_and_the_next_message_is_sent(server, code, error):
    server.answers += [(code, {"Location": f"{server.url}/elsewhere"}, f"no, {TOKEN}".encode())]
    with open_channel(settings_for(server.url)) as channel:
        with pytest.raises(DeliveryError) as raised:
            channel.send(MESSAGE)
        channel.send(MESSAGE)
    assert type(raised.value) is error
    assert str(code) in str(raised.value) and TOKEN not in str(raised.value)
    assert [each.path for each in server.requests] == [f"/hooks/{TOKEN}?key=qu3ry-s3cret"] * 2


@pytest.mark.parametrize("code", [200, 201, 202, 204])
def test_every_success_is_one(server, code):
    server.answers += [(code, {}, b"")]
    send(server.url)
    assert len(server.requests) == 1


@pytest.mark.parametrize("answer", [HANG, HANG_UP])
def test_a_line_that_is_lost_after_the_request_leaves_the_outcome_open(server, answer):
    server.answers += [answer]
    with pytest.raises(Unsure, match="HOOK-02"):
        send(server.url)
    assert len(server.requests) == 1


@pytest.mark.parametrize("answer", [b"", b"SSH-2.0-x\r\n", b"HTTP/1.1 abc\r\n\r\n", b"HTTP/1.1 2"])
def test_what_answers_something_else_leaves_the_outcome_open_too(answer):
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve():
            line, _address = listener.accept()
            with line:
                line.recv(100_000)
                line.sendall(answer)

        threading.Thread(target=serve, daemon=True).start()
        with pytest.raises(Unsure, match="HOOK-02"):
            send(f"http://127.0.0.1:{listener.getsockname()[1]}")


def test_an_answer_that_breaks_off_after_its_status_was_a_success(server):
    server.answers += [(200, {"Content-Length": "5000"}, b"ok")]
    server.seconds = 0
    send(server.url)
    assert len(server.requests) == 1


def test_an_endless_answer_is_not_read(server):
    server.answers += [(500, {}, b"x" * 20_000_000)]
    with pytest.raises(ChannelUnavailable) as raised:
        send(server.url)
    assert len(str(raised.value)) < 500


def test_what_cannot_be_reached_is_the_channels_fault():
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
        for url in (f"http://127.0.0.1:{port}", "http://hook.invalid", f"https://127.0.0.1:{port}"):
            with pytest.raises(ChannelUnavailable, match="HOOK-03") as raised:
                send(url)
            assert TOKEN not in str(raised.value) and "qu3ry" not in str(raised.value)


def test_certificates_are_verified(tmp_path):
    with web_server(server_context()) as server:
        with pytest.raises(ChannelUnavailable, match="HOOK-03"):
            send(server.url)
        with pytest.raises(ChannelUnavailable, match="HOOK-03"):
            send(server.url.replace("127.0.0.1", "localhost"), ca_file=ca_file(tmp_path))
        send(server.url, ca_file=ca_file(tmp_path))
        assert len(server.requests) == 1


def test_a_receiver_says_when_it_wants_to_be_asked_again(server):
    later = format_datetime(datetime.now(timezone.utc) + timedelta(seconds=90), usegmt=True)
    for value, seconds in (("17", 17), ("0", 0), (later, 90), ("-5", None), ("soon", None), ("999999999", 86400)):
        server.answers += [(429, {"Retry-After": value}, b"")]
        with pytest.raises(ChannelUnavailable) as raised:
            send(server.url)
        assert raised.value.retry_after == (pytest.approx(seconds, abs=3) if seconds is not None else None)


def test_the_check_asks_nothing_and_sees_what_cannot_be_reached(server, tmp_path):
    with open_channel(settings_for(server.url)) as channel:
        channel.check()
    assert server.requests == []
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        with open_channel(settings_for(f"http://127.0.0.1:{unused.getsockname()[1]}")) as channel:
            with pytest.raises(ChannelUnavailable, match="HOOK-03"):
                channel.check()
    with web_server(server_context()) as safe:
        with open_channel(settings_for(safe.url, ca_file=ca_file(tmp_path))) as channel:
            channel.check()
        for wrong in ("", str(tmp_path / "none.pem")):
            with open_channel(settings_for(safe.url, ca_file=wrong)) as channel:
                with pytest.raises(ChannelUnavailable, match="HOOK-03"):
                    channel.check()


def test_a_proxy_is_used_and_not_checked(server, monkeypatch):
    monkeypatch.setenv("http_proxy", server.url)
    with open_channel(settings_for("http://hook.invalid")) as channel:
        channel.check()
        channel.send(MESSAGE)
    assert server.requests[0].path == f"http://hook.invalid/hooks/{TOKEN}?key=qu3ry-s3cret"


def test_a_url_of_a_secrets_group_is_looked_at_too():
    with pytest.raises(ChannelUnavailable, match="HOOK-01"), open_channel(settings_for("file:///etc")):
        pass


def test_no_secret_is_in_a_log_line_at_any_level(server):
    lines: list[str] = []

    class Collector(logging.Handler):
        def emit(self, record):
            lines.append(f"{record.getMessage()} {record.args!r} {record.exc_info!r}")

    collector, known = Collector(), logging.getLogger().level
    logging.getLogger().addHandler(collector)
    logging.getLogger().setLevel(1)
    for name in ("urllib3", "urllib3.connectionpool", "requests"):
        logging.getLogger(name).setLevel(1)
    try:
        server.answers += [(500, {}, TOKEN.encode()), HANG_UP, (302, {"Location": f"http://x/{TOKEN}"}, b"")]
        for _ in range(4):
            try:
                send(server.url, secret="k3y-of-the-signature")
            except DeliveryError as error:
                lines.append(str(error))
        logging.getLogger("urllib3.connectionpool").debug("another request of this process")
    finally:
        logging.getLogger().removeHandler(collector)
        logging.getLogger().setLevel(known)
    assert any("another request" in line for line in lines)
    assert [line for line in lines for secret in (TOKEN, "qu3ry-s3cret", "k3y-of") if secret in line] == []
