"""Validate and Send a Test, over real servers on loopback."""

import socket
import time

import pytest

from nautobot_circuit_maintenance.app_settings import parse
from nautobot_circuit_maintenance.outbound.channels import trying
from nautobot_circuit_maintenance.outbound.channels.errors import ChannelUnavailable, MessageRefused
from nautobot_circuit_maintenance.outbound.channels.opening import open_channel, settings_of
from nautobot_circuit_maintenance.outbound.messages import Recipient
from nautobot_circuit_maintenance.tests.outbound.mail_server import mail_server
from nautobot_circuit_maintenance.tests.outbound.web_server import web_server

RECIPIENT = Recipient("NOC", "noc@customer.example")
EMAIL = {"name": "Email", "kind": "email", "sender": "nautobot@customer.example", "tls": False}


def settings_for(**entry):
    return settings_of(parse({"instance": "live", "channels": [entry]}), entry["name"])


def test_validate_sends_no_message_and_a_test_sends_one_each_time():
    with mail_server() as server:
        settings = settings_for(**EMAIL, url=f"smtp://127.0.0.1:{server.port}")
        trying.validate(settings)
        assert (server.received, server.connections) == ([], 1)
        trying.send_test(settings, RECIPIENT)
        trying.send_test(settings, RECIPIENT)
    first, second = (each.email for each in server.received)
    assert first["Subject"] == "Test of the channel Email"
    assert "This is a test of the channel Email of live." in first.get_payload(0).get_payload()
    assert first["Message-ID"] != second["Message-ID"]


def test_a_webhook_is_tried_in_the_same_way():
    with web_server() as server:
        settings = settings_for(name="Hook", kind="webhook", url=f"{server.url}/x")
        trying.validate(settings)
        trying.send_test(settings, Recipient())
    (request,) = server.requests
    assert b'"event": "test"' in request.body


def test_the_reason_of_a_failure_is_raised():
    with mail_server() as server:
        settings = settings_for(**EMAIL, url=f"smtp://127.0.0.1:{server.port}")
        server.replies["RCPT"] = ["550 no such user"]
        with pytest.raises(MessageRefused, match="SMTP-18: .*no such user"):
            trying.send_test(settings, RECIPIENT)
    with pytest.raises(ChannelUnavailable, match="SMTP-02"):
        trying.validate(settings)


def test_a_server_that_hangs_is_not_waited_for(monkeypatch):
    monkeypatch.setattr(trying, "SECONDS", 0.3)  # a constant, so that the test needs no half minute
    with socket.create_server(("127.0.0.1", 0)) as listener:
        settings = settings_for(**EMAIL, url=f"smtp://127.0.0.1:{listener.getsockname()[1]}")
        began = time.monotonic()
        with pytest.raises(ChannelUnavailable, match="CHANNEL-05"):
            trying.validate(settings)
        assert time.monotonic() - began < 3


def test_channels_that_are_wrong_or_gone_say_so():
    app_settings = parse({"instance": "live", "channels": [{**EMAIL, "url": "x"}]})
    with pytest.raises(ChannelUnavailable, match="CHANNEL-01: The url of channel 'Email' is not that of a mail server"):
        settings_of(app_settings, "Email")
    with pytest.raises(ChannelUnavailable, match="CHANNEL-02"):
        settings_of(app_settings, "Other")
    with pytest.raises(ChannelUnavailable, match="CHANNEL-01: 'instance' is missing"):
        settings_of(parse({"channels": [{**EMAIL, "url": "smtp://x.example"}]}), "Email")


def test_kinds_that_send_no_messages_cannot_be_opened():
    settings = settings_for(name="Jobs", kind="job")
    with pytest.raises(ValueError, match="job send no messages"), open_channel(settings):
        pass
