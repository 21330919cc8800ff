"""Settings of channels: mistakes are values, and secrets are read late and never shown."""

from itertools import product

import pytest

from nautobot_circuit_maintenance.channel_settings import chat
from nautobot_circuit_maintenance.channel_settings.kinds import CHANNEL_KINDS
from nautobot_circuit_maintenance.channel_settings.parsing import Channels, parse

SECRET = "correct-horse-battery-staple"  # nosec B105 # of the tests
EMAIL = {"name": "Email", "kind": "email", "url": "smtp://mail.example", "sender": "noc@customer.example"}
HOOK = {"name": "Hook", "kind": "webhook", "url": f"https://hook.example/{SECRET}"}
CHAT = {"name": "Chat", "kind": "chat", "url": f"discord://4174216298/{SECRET}"}
ALL = (EMAIL, HOOK, CHAT)


def parsed(*entries, instance="live", group=None) -> Channels:
    """Return the channels of these entries; ``group`` has their secrets by type."""
    return parse(
        {"instance": instance, "channels": list(entries)}, lambda _entry: lambda kind: (group or {}).get(kind, "")
    )


def codes(*entries, **others) -> list[str]:
    return [each.id for each in parsed(*entries, **others).problems]


def test_right_entries_have_no_problem_and_know_their_instance():
    found = parsed(*ALL)
    assert found.problems == ()
    assert [(each.name, each.kind, each.instance) for each in found.entries] == [
        ("Email", "email", "live"),
        ("Hook", "webhook", "live"),
        ("Chat", "chat", "live"),
    ]
    assert found.names == {"Email", "Hook", "Chat"}


def test_nothing_configured_is_right():
    assert parse({}, lambda _entry: lambda _kind: "") == Channels()


@pytest.mark.parametrize("instance", ["", None, 7, "a b", "-x", "x-", "a@b", "x" * 64, "live\n", "a/b"])
def test_channels_need_a_name_of_this_nautobot(instance):
    found = parsed(EMAIL, instance=instance)
    assert [each.id for each in found.problems] == ["E041"]
    assert found.entries == ()


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"name": ""}, "E042"),
        ({"name": "x" * 101}, "E042"),
        ({"name": 3}, "E042"),
        ({"kind": None}, "E042"),
        ({"kind": "pigeon"}, "E043"),
        ({"sende": "x"}, "E044"),
        ({"token": "x"}, "E044"),
        ({"instance": "x"}, "E044"),
        ({"sender": ""}, "E045"),
        ({"url": ""}, "E045"),
        ({"account": "noc"}, "E045"),
        ({"tls": "no"}, "E046"),
        ({"sender": ["noc@customer.example"]}, "E046"),
        ({"secret": 7}, "E046"),
        ({"url": "https://mail.example"}, "E048"),
        ({"url": "smtp://"}, "E048"),
        ({"url": "smtp://user:word@mail.example"}, "E048"),
        ({"url": "smtp://mail.example:0"}, "E048"),
        ({"url": "smtp://mail.example:port"}, "E048"),
        ({"url": "smtp://[::1"}, "E048"),
        ({"url": "smtp://mail.example/path"}, "E048"),
        ({"sender": "NOC <noc@customer.example>"}, "E049"),
        ({"sender": "noc"}, "E049"),
        ({"sender": "noc@customer.example\nBcc: x@y.example"}, "E049"),
        ({"url": "smtps://mail.example", "tls": False}, "E050"),
        ({"secret": SECRET}, "E051"),
    ],
)
def test_each_mistake_of_an_email_channel_has_its_code(change, code):
    found = parsed({**EMAIL, **change}, HOOK)
    assert [each.id for each in found.problems] == [code]
    assert [each.name for each in found.entries] == ["Hook"]


@pytest.mark.parametrize(
    "url", ["ftp://x.example", "https://", "https://u:p@x.example", "x", "https://x.example/\n", "http://x:0/"]
)
def test_a_webhook_posts_to_a_web_address(url):
    assert codes({**HOOK, "url": url}) == ["E052"]


def test_two_channels_of_one_name():
    assert codes(EMAIL, {**HOOK, "name": "EMAIL"}) == ["E047"]


def test_channels_are_a_list():
    assert [each.id for each in parse({"channels": EMAIL}, lambda _entry: lambda _kind: "").problems] == ["E040"]


@pytest.mark.parametrize(
    "url",
    [
        "json://host.example/path",
        "file:///etc/passwd",
        "exec://x",
        "mailto://user:pass@mail.example",
        "slack://a/b/c, slack://d/e/f",
        "slack://a/b/c discord://d/e",
        "slack://a/b/c;discord://d/e",
        "discord://1/2?verify=no",
        "discord://1/2?x=1&VERIFY=no",
        "discord://1/2?redirect=yes",
        "discord://1/2?file=/etc/passwd",
        "discord://1/2?attach=file:///etc/passwd",
        "discord://1/2?cto=900",
        "discord://1/2?format=html",
        "discord://1/2?to=json://x",
        "Discord://1/2",
        "https://discord.com/api/webhooks/1/2",
        "",
        "slack",
        "discord://",
    ],
)
def test_a_chat_leads_to_one_known_service_and_sets_nothing_that_we_set(url):
    assert chat.url_problem(url)
    assert SECRET not in chat.url_problem(f"{url}{SECRET}")


@pytest.mark.parametrize("scheme", chat.SCHEMES)
def test_each_service_is_taken(scheme):
    assert chat.url_problem(f"{scheme}://token-a/token-b/#channel") == ""


def test_a_secret_is_in_no_text_of_a_channel():
    for entry, kind in product(ALL, CHANNEL_KINDS.values()):
        if entry["kind"] == kind.settings.kind:
            secrets = dict.fromkeys(kind.settings.secret_keys(), SECRET)
            written = {**entry, **secrets, **({"account": "noc"} if kind.settings.kind == "email" else {})}
            settings = kind.settings.from_entry(written)
            assert settings.missing_secret() == ""
            assert SECRET not in repr(settings) + str(settings.describe())
            assert SECRET not in settings.redact(f"before {SECRET} after")


def test_secrets_come_from_the_group_when_they_are_used():
    found = parsed(
        {"name": "Hook", "kind": "webhook", "secrets_group": "g"}, group={"url": HOOK["url"], "token": "t0k3n"}
    )
    (settings,) = found.entries
    assert settings.missing_secret() == ""
    assert settings.url.value() == HOOK["url"]
    assert settings.token.value() == "t0k3n"
    assert settings.secret.value() == ""


def test_a_group_without_a_needed_secret_is_named():
    (settings,) = parsed({"name": "Hook", "kind": "webhook", "secrets_group": "g"}).entries
    assert settings.missing_secret().startswith("The secrets group 'g' has no secret of the type Url")


def test_a_password_without_tls_is_noticed():
    login = {**EMAIL, "account": "noc", "secret": SECRET}
    assert [each.sends_clear_text for each in parsed(login, {**login, "name": "b", "tls": False}).entries] == [
        False,
        True,
    ]
    assert not parsed({**EMAIL, "tls": False}).entries[0].sends_clear_text


ALERTS = {
    "name": "Alerts",
    "kind": "alertmanager",
    "urls": ["http://am:9093"],
    "matchers": {"cid": "{{ cid }}"},
}


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"urls": []}, "E045"),
        ({"urls": "http://am:9093"}, "E046"),
        ({"urls": ["am:9093"]}, "E060"),
        ({"urls": ["http://am:9093", "file:///etc"]}, "E060"),
        ({"urls": [7]}, "E060"),
        ({"matchers": {}}, "E045"),
        ({"matchers": ["cid"]}, "E046"),
        ({"matchers": {"a-b": "x"}}, "E061"),
        ({"matchers": {"cid!": "x"}}, "E061"),
        ({"matchers": {"1x": "x"}}, "E061"),
        ({"matchers": {"cid\n": "x"}}, "E061"),
        ({"matchers": {7: "x"}}, "E061"),
        ({"matchers": {"cid": " "}}, "E061"),
        ({"matchers": {"cid": None}}, "E061"),
    ],
)
def test_matchers_that_would_silence_anything_else_cannot_be_written(change, code):
    assert codes(ALERTS) == []
    assert codes({**ALERTS, **change}) == [code]


def test_an_alertmanager_is_asked_with_a_password_or_a_token_and_shows_neither():
    (channel,) = parsed({**ALERTS, "account": "noc", "secret": SECRET}).entries
    assert (channel.auth, channel.sends_clear_text) == (("noc", SECRET), True)
    assert SECRET not in repr(channel) + str(channel.describe()) + channel.redact(f"bad password {SECRET}")
    (channel,) = parsed({**ALERTS, "token": SECRET, "urls": ["https://am"]}).entries
    assert (channel.auth, channel.sends_clear_text) == (SECRET, False)
    (channel,) = parsed(ALERTS).entries
    assert (channel.auth, channel.sends_clear_text) == ("", False)


def test_a_job_is_not_begun_after_some_minutes():
    (channel,) = parsed({"name": "Drain", "kind": "job"}).entries
    assert channel.lag == 15
    assert codes({"name": "Drain", "kind": "job", "lag": -1}) == ["E062"]
    assert codes({"name": "Drain", "kind": "job", "lag": True}) == ["E046"]


def test_the_address_of_nautobot():
    def address(value):
        found = parse({"nautobot_url": value}, lambda _entry: str)
        return found.nautobot_url, [each.id for each in found.problems]

    assert address("https://nautobot.example.com/") == ("https://nautobot.example.com", [])
    assert address("https://example.com:8443/nautobot") == ("https://example.com:8443/nautobot", [])
    assert address("") == ("", [])
    for wrong in ("nautobot.example.com", "javascript:alert(1)", "https://a b", 7):
        assert address(wrong) == ("", ["E055"])
