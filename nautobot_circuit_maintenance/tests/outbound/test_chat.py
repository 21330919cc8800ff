"""Chat by apprise, over a receiver on loopback that stands in for a service: the walls around it, attacked."""

import json
import logging
import re

import pytest
from apprise.manager_plugins import NotificationManager

from nautobot_circuit_maintenance.channel_settings.chat import PARAMETERS, SCHEMES, ChatSettings, url_problem
from nautobot_circuit_maintenance.outbound.channels.chat import defused
from nautobot_circuit_maintenance.outbound.channels.errors import ChannelUnavailable, DeliveryError, TryAgain
from nautobot_circuit_maintenance.outbound.channels.opening import open_channel
from nautobot_circuit_maintenance.outbound.messages import Message, Recipient
from nautobot_circuit_maintenance.tests.documentation.pages import DOCS
from nautobot_circuit_maintenance.tests.outbound.mail_server import server_context
from nautobot_circuit_maintenance.tests.outbound.web_server import HANG_UP, web_server

TOKEN = "abcdefghijklmnopqrstuvwx"  # nosec B105 # of the tests
MESSAGE = Message(
    key="a" * 64,
    event="changed",
    recipient=Recipient(),
    subject="Lumen 42: SYD1",
    headline="Lumen 42 is CANCELLED.",
    text="Lumen 42 is CANCELLED.\n\n@everyone <!channel> <@U1> @here [bank](https://evil.example) noc@lumen.example",
    html="",
)


def settings_for(url: str) -> ChatSettings:
    return ChatSettings.from_entry({"name": "Chat", "url": url, "instance": "live"})


def send(url: str) -> None:
    with open_channel(settings_for(url)) as channel:
        channel.check()
        channel.send(MESSAGE)


@pytest.fixture(name="server", scope="module")
def fixture_server():
    with web_server() as server:
        yield server


@pytest.fixture(autouse=True)
def fixture_fresh(server):
    server.answers.clear()
    server.requests.clear()
    server.seconds = 0


def at(server, scheme: str = "mmost") -> str:
    return f"{scheme}://{server.url.partition('://')[2]}/{TOKEN}"


def test_a_message_arrives_and_mentions_no_one(server):
    send(at(server))
    (request,) = server.requests
    assert request.path == f"/hooks/{TOKEN}"
    text = json.loads(request.body)["text"]
    assert "Lumen 42: SYD1" in text and "Lumen 42 is CANCELLED." in text
    assert not re.search(r"@\w|<|>|\]\(", text)


@pytest.mark.parametrize(
    "words", ["@everyone", "@here", "<!channel>", "<@U024>", "<users/all>", "<@all>", "@channel", "@room", "[a](b)"]
)
def test_what_mentions_someone_is_defused(words):
    assert words not in defused(words)
    assert not re.search(r"[<>]|@\w|\]\(", defused(words))


@pytest.mark.parametrize("code", [400, 401, 403, 404, 429, 500, 503])
def test_a_refusal_is_tried_again(server, code):
    server.answers += [(code, {}, TOKEN.encode())]
    with pytest.raises(TryAgain, match="CHAT-05") as raised:
        send(at(server))
    assert str(code) in str(raised.value) and TOKEN not in str(raised.value)
    assert len(server.requests) == 1


def test_redirects_are_not_followed(server):
    with web_server() as elsewhere:
        server.answers += [(code, {"Location": f"{elsewhere.url}/x"}, b"") for code in (301, 302, 307, 308)]
        for _ in range(4):
            with pytest.raises(TryAgain):
                send(at(server))
        assert elsewhere.requests == []


def test_certificates_are_verified():
    with web_server(server_context()) as server:
        with pytest.raises(TryAgain):
            send(at(server, "mmosts"))
        assert server.requests == []


ATTACKS = [
    "{}?verify=no",
    "{}?VERIFY=no",
    "{}?%76erify=no",
    "{}?mode=x&verify=no",
    "{}?x?verify=no",
    "{}?redirect=yes",
    "{}?optional=yes",
    "{}?retry=5",
    "{}?overflow=split",
    "{}?format=html",
    "{}?store=yes",
    "{}?attach=file:///etc/passwd",
    "{}?file=/etc/passwd",
    "{}?template=/etc/passwd",
    "{}?template=http://127.0.0.1/x",
    "{}?+X-Header=1",
    "{}?:token=1",
    "{}?-x=1",
    "{}?ping=everyone",
    "{}?cto=900&rto=900",
    "{0} {0}",
    "{0},{0}",
    "{0};{0}",
    "{0}\n{0}",
    "{0}&{0}",
    "{0}?to={0}",
    "json://127.0.0.1/{0}",
    "file:///etc/passwd",
    "exec://ls",
    "dbus://",
    "syslog://",
    "mailto://a:b@mail.example",
    "mmost",
    "MMOST://127.0.0.1/x",
    "http://127.0.0.1/",
    "apprise://127.0.0.1/x",
    "msteams://a/b/c/d",
    "signal://127.0.0.1/x",
]


@pytest.mark.parametrize("attack", ATTACKS)
def test_a_url_that_does_more_is_refused_before_apprise_sees_it(server, attack):
    url = attack.format(at(server))
    assert url_problem(url)
    with pytest.raises(ChannelUnavailable, match="CHAT-01") as raised:
        send(url)
    assert TOKEN not in str(raised.value)
    assert server.requests == []


GUIDE = [
    "slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ",
    "workflows://prod-1.westus.logic.azure.com:443/643e69f83c8944438d68119179a10a64/Kxk2oVvYJsoWkSr1oBjGRrT0qKmPnqjwWz",
    "workflows://x.environment.api.powerplatform.com:443/643e69f83c8944438d68119179a10a64/Kxk2oVvYJsoWkSr1oBjGRrT0qK/?pa=yes",
    "pagerduty://a1b2c3d4e5f6a1b2c3d4e5f6a1b2c3d4@y_NbAkKc66ryYTWUXYEu?region=eu",
    "opsgenie://5f5a1b2c-3d4e-5f6a-1b2c-3d4e5f6a1b2c?region=eu",
    "mmosts://mattermost.example.com/3ccdd113474722377935511fc85d3dd4",
    "discord://4174216298/JHMHI8qBe7bk2ZwO5U711o3dV_js",
    "tgram://123456789:abcdefg_hijklmnop/12315544",
    "gchat://AAAA/AIzaSyDdI0hCZtE6vySjMm-WEfRq3CPzqKqqsHI/vjqjqm3B",
    "wxteams://Y2lzY29zcGFyazovL3VzL1JPT00vMTIzNDU2Nzg5MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE",
    "matrixs://user:password@matrix.example.com/#general",
    "ntfys://ntfy.example.com/topic1",
    "rockets://user:password@rocket.example.com/#general",
]


@pytest.mark.parametrize("url", GUIDE)
def test_each_service_of_the_guide_is_understood_with_the_walls_around_it(url):
    with open_channel(settings_for(url)) as channel:
        channel.check()
    page = (DOCS / "admin/channels.md").read_text(encoding="utf-8")
    assert f"`{url.partition('://')[0]}://" in page


def test_a_url_that_apprise_does_not_understand_is_not_repeated():
    with pytest.raises(ChannelUnavailable, match="CHAT-03") as raised:
        send(f"slack://{TOKEN}")
    assert TOKEN not in str(raised.value)


def test_no_parameter_that_is_taken_reads_a_file_or_hides_a_failure():
    """Of every service: what apprise documents for it, and we do not take, includes all that do so."""
    plugins = NotificationManager()
    known = {name for scheme in SCHEMES for name in plugins[scheme].template_args}
    dangerous = {
        "verify",
        "redirect",
        "optional",
        "retry",
        "wait",
        "store",
        "template",
        "attach",
        "filename",
        "ping",
        "actions",
    }
    assert dangerous <= known
    assert not dangerous & PARAMETERS
    assert {"sp", "sv"} >= PARAMETERS - known


def test_no_secret_is_in_a_log_line_at_any_level(server):
    lines: list[str] = []

    class Collector(logging.Handler):
        def emit(self, record):
            lines.append(f"{record.getMessage()} {record.args!r} {record.exc_info!r}")

    collector, known = Collector(), logging.getLogger().level
    logging.getLogger().addHandler(collector)
    for name in ("", "apprise", "urllib3", "urllib3.connectionpool", "requests"):
        logging.getLogger(name).setLevel(1)
    try:
        server.answers += [(500, {}, TOKEN.encode()), HANG_UP, (302, {"Location": f"http://x/{TOKEN}"}, b"")]
        for url in (
            *[at(server)] * 4,
            f"mmost://127.0.0.1:1/{TOKEN}",
            f"slack://{TOKEN}",
            f"x://{TOKEN}",
            f"{at(server)}?verify=no",
        ):
            try:
                send(url)
            except DeliveryError as error:
                lines.append(str(error))
        logging.getLogger("apprise").warning("another use of the library")
    finally:
        logging.getLogger().removeHandler(collector)
        logging.getLogger().setLevel(known)
    assert any("another use" in line for line in lines)
    assert [line for line in lines if TOKEN in line] == []
