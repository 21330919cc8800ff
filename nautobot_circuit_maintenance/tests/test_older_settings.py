"""Settings that were written for the older package of this name."""

import pytest
from django.core.checks import Error
from django.test import override_settings

from nautobot_circuit_maintenance import checks
from nautobot_circuit_maintenance.app_settings import AppSettings, get_app_settings

IMAP = {"name": "mail", "url": "imap://mail.example.com:993", "account": "noc", "secret": "s"}
GMAIL = {
    "name": "gmail",
    "url": "https://accounts.google.com/o/oauth2/auth",
    "account": "noc@example.com",
    "credentials_file": "/key.json",
}
EWS = {
    "name": "exchange",
    "url": "ews://outlook.office365.com/owa",
    "account": "noc@example.com",
    "secret": "s",
    "access_type": "delegate",
    "authentication_user": "svc",
}


def configured(*sources, **config) -> override_settings:
    """Write settings."""
    config["notification_sources"] = list(sources)
    return override_settings(PLUGINS_CONFIG={"nautobot_circuit_maintenance": config})


def found(*sources, **config) -> tuple[list[str], AppSettings]:
    """Return the messages of the check, all of which are warnings, and the settings."""
    with configured(*sources, **config):
        problems = checks.check_settings()
        assert not [each for each in problems if isinstance(each, Error)], problems
        return [each.msg for each in problems if each.id.endswith("W002")], get_app_settings()


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("raw_notification_size", 8192),
        ("metrics", {"enable": True, "labels_attached": {}}),
        ("overlap_job_exclude_no_impact", True),
    ],
)
def test_settings_of_the_app_are_warnings(key, value):
    [message], settings = found(IMAP, **{key: value})

    assert f"'{key}' is ignored." in message
    assert [source.name for source in settings.sources] == ["mail"]


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("extra_scopes", ["https://mail.google.com/"]),
        ("limit_emails_with_not_header_from", ["noc@example.com"]),
        ("labels", ["A", "B"]),
        ("labels", []),
        ("labels", "A"),
    ],
)
def test_settings_of_a_source_are_warnings_and_the_source_is_read(key, value):
    [message], settings = found({**GMAIL, key: value})

    assert f"'{key}' of notification source 'gmail' is ignored." in message
    assert [(source.name, source.folder) for source in settings.sources] == [("gmail", "INBOX")]


def test_a_single_label_is_the_folder():
    [message], settings = found({**GMAIL, "labels": ["Label_7"]})

    assert "is used as 'folder'" in message
    assert settings.sources[0].folder == "Label_7"


def test_a_folder_of_ours_counts_more_than_a_label():
    [message], settings = found({**GMAIL, "labels": ["Label_7"], "folder": "Maintenances"})

    assert "is ignored" in message
    assert settings.sources[0].folder == "Maintenances"


def test_exchange_web_services_are_a_warning_and_the_source_says_so():
    messages, settings = found(EWS, IMAP)

    assert any("cannot be read: Microsoft has retired Exchange Web Services" in each for each in messages)
    assert [source.name for source in settings.sources] == ["mail"]
    assert settings.source_names == {"mail", "exchange"}
    with pytest.raises(Exception, match="MAILBOX-01"):
        settings.source("exchange")


def test_a_mistake_in_settings_of_ours_is_an_error():
    with configured({**IMAP, "foldr": "x"}, raw_notification_siz=1):
        assert {each.id.rpartition(".")[2] for each in checks.check_settings() if isinstance(each, Error)} == {
            "E004",
            "E010",
        }
