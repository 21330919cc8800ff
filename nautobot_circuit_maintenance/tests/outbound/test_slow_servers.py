"""Servers that answer a byte now and then, which no time-out of a socket ends."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from nautobot_circuit_maintenance.outbound.channels import base, opening
from nautobot_circuit_maintenance.outbound.channels.alertmanager import client
from nautobot_circuit_maintenance.outbound.channels.errors import ChannelUnavailable, Unsure
from nautobot_circuit_maintenance.outbound.channels.opening import open_channel
from nautobot_circuit_maintenance.outbound.channels.trying import test_message as message_for
from nautobot_circuit_maintenance.outbound.messages import Recipient
from nautobot_circuit_maintenance.tests.outbound.alertmanager.served import served
from nautobot_circuit_maintenance.tests.outbound.test_trying import EMAIL, settings_for


@contextmanager
def dripping(*replies: bytes) -> Iterator[int]:
    """Run a server that gives these replies, one for each line of a client, and then drips; yields its port."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        line, _address = listener.accept()
        with line:
            for reply in replies:
                line.sendall(reply)
                line.recv(100_000)
            for _ in range(100):
                try:
                    line.sendall(b"2")
                except OSError:  # line.sendall: the client is gone
                    return
                time.sleep(0.1)

    threading.Thread(target=serve, daemon=True).start()
    with listener:
        yield listener.getsockname()[1]


@pytest.fixture(autouse=True)
def fixture_short(monkeypatch):
    """Constants, so that the tests need no minutes."""
    for module in (base, opening):
        monkeypatch.setattr(module, "DEADLINE", 0.7)
    monkeypatch.setattr(opening, "_CLOSING", 0.3)


def test_a_mail_server_that_greets_byte_by_byte_is_the_channels_fault():
    began = time.monotonic()
    with dripping() as port, pytest.raises(ChannelUnavailable, match="CHANNEL-09"):
        with open_channel(settings_for(**EMAIL, url=f"smtp://127.0.0.1:{port}")):
            pass
    assert time.monotonic() - began < 3


def test_a_mail_server_that_answers_byte_by_byte_leaves_the_outcome_open_and_gets_nothing_else():
    began = time.monotonic()
    with dripping(b"220 hi\r\n", b"250 ok\r\n", b"250 sender\r\n") as port:
        settings = settings_for(**EMAIL, url=f"smtp://127.0.0.1:{port}")
        with open_channel(settings) as channel:
            with pytest.raises(Unsure, match="CHANNEL-08"):
                channel.send(message_for(settings, Recipient("", "a@b.example")))
            with pytest.raises(ChannelUnavailable, match="CHANNEL-07"):
                channel.send(message_for(settings, Recipient("", "c@b.example")))
    assert time.monotonic() - began < 4


@pytest.mark.parametrize(
    ("entry", "scheme"), [({"kind": "webhook"}, "http"), ({"kind": "chat"}, "mmost")], ids=["webhook", "chat"]
)
def test_a_web_server_that_answers_byte_by_byte_leaves_the_outcome_open(entry, scheme, monkeypatch):
    monkeypatch.setattr(opening, "DEADLINE", 60)  # loading apprise with its services takes seconds
    with dripping(b"") as port:
        settings = settings_for(name="x", **entry, url=f"{scheme}://127.0.0.1:{port}/abcdefghijklmnopqrstuvwx")
        with open_channel(settings) as channel, pytest.raises(Unsure, match="CHANNEL-08"):
            channel.send(message_for(settings, Recipient()))


def test_an_alertmanager_that_answers_byte_by_byte_is_passed_over(monkeypatch):
    monkeypatch.setattr(client, "ANSWER_WITHIN", 0.7)
    began = time.monotonic()
    with dripping(b"HTTP/1.1 200 OK\r\n") as port, served() as server:
        with client.Client([f"http://127.0.0.1:{port}", server.url], created_by="us") as asking:
            assert asking.silences() == []
    assert time.monotonic() - began < 3


def test_all_requests_to_an_alertmanager_have_a_limit_together(monkeypatch):
    monkeypatch.setattr(client, "OF_A_RUN", 0.7)
    with dripping(b"HTTP/1.1 200 OK\r\n") as port, served() as server:
        with client.Client([f"http://127.0.0.1:{port}", server.url], created_by="us") as asking:
            with pytest.raises(ChannelUnavailable, match="ALERT-09"):
                asking.silences()


def test_the_check_ends_too():
    """The handshake of TLS is one line as well."""
    with dripping(b"\x16\x03\x03\x40\x00") as port:  # the beginning of a record of 16 KiB
        with open_channel(settings_for(name="x", kind="webhook", url=f"https://127.0.0.1:{port}/")) as channel:
            with pytest.raises(ChannelUnavailable, match="CHANNEL-10"):
                channel.check()
