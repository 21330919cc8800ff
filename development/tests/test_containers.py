"""The containers without an engine: what the Compose files name exists, and the commands for Docker are right."""

import io
import json
import os
import re
import shlex
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
import yaml
from invoke import Collection, Context, Exit

import tasks
from development import samples
from development.containers import stack
from development.containers.mail import since
from development.demo import runner
from development.services.imap import ImapServer
from nautobot_circuit_maintenance import app_settings

VARIABLE = re.compile(r"(?<!\$)\$\{?(\w+)")
MODULE = re.compile(r"-m (development(?:\.\w+)+)")
APP_SERVICES = {"nautobot", "worker", "beat", "mail"}
ALL_FILES = [f"docker-compose{name}.yml" for name in ("", ".postgres", ".mysql", ".debug")]


def invoke(name, **options):
    """Run a command with options."""
    Collection.from_module(tasks)[name](Context(), **options)


def parsed(path):
    """Return the content of a Compose file."""
    return yaml.safe_load(path.read_text("utf-8"))


def services(database):
    """Return the services of a stack; each file adds to what the ones before have of a service."""
    merged = {}
    for path in stack.stack(database=database).files(debug=True):
        for name, service in parsed(path)["services"].items():
            for key, value in service.items():
                before = merged.setdefault(name, {}).get(key)
                merged[name][key] = {**before, **value} if isinstance(before, dict) else value
    return merged


def given_variables():
    """Return the names of all variables that the Compose files may use."""
    lines = stack.EXAMPLE.read_text("utf-8").splitlines()
    return {line.split("=")[0] for line in lines if "=" in line} | set(stack.stack().variables())


@pytest.fixture(name="docker")
def docker_that_writes_down_its_words(tmp_path, monkeypatch):
    """Put a `docker` on the PATH that agrees to everything; return the file with its words, one call a line."""
    written = tmp_path / "calls"
    program = tmp_path / "bin" / "docker"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\necho "$@" >> {shlex.quote(str(written))}\n', encoding="utf-8")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(program.parent) + os.pathsep + os.environ["PATH"])
    monkeypatch.setattr(stack, "CREDENTIALS", tmp_path / "creds.env")
    monkeypatch.setattr(sys, "stdin", io.StringIO())  # pytest refuses to have its own read
    for name in stack.stack().variables():
        monkeypatch.setenv(name, "before")  # so that what the commands set is undone
    return written


@pytest.mark.parametrize("database", stack.DATABASES)
def test_nautobot_worker_beat_redis_database_and_mail_are_there_and_watched(database):
    stack = services(database)
    assert set(stack) == APP_SERVICES | {"redis", "db"}
    for name, service in stack.items():
        assert service["healthcheck"]["test"], name
        for needed in service.get("depends_on", {}):
            assert needed in stack, name
    assert stack["nautobot"]["depends_on"].keys() == {"redis", "mail", "db"}
    engines = {stack[name]["environment"]["NAUTOBOT_DB_ENGINE"] for name in ("nautobot", "worker", "beat")}
    assert engines == {f"django.db.backends.{'postgresql' if database == 'postgres' else database}"}


@pytest.mark.parametrize("database", stack.DATABASES)
def test_every_file_module_and_volume_that_is_named_exists(database):
    volumes = {name for path in stack.stack(database=database).files() for name in parsed(path)["volumes"]}
    for name, service in services(database).items():
        for volume in service.get("volumes", []):
            source = volume.split(":")[0]
            assert source in volumes or (stack.FOLDER / source).is_dir(), name
        if "build" in service:
            context = stack.FOLDER / service["build"]["context"]
            assert (context / service["build"]["dockerfile"]).is_file()
        for module in MODULE.findall(" ".join(service.get("command", []))):
            assert stack.ROOT.joinpath(*module.split(".")).with_suffix(".py").is_file(), module


@pytest.mark.parametrize("name", ALL_FILES)
def test_every_variable_is_given(name):
    text = (stack.FOLDER / name).read_text("utf-8")
    assert set(VARIABLE.findall(text)) <= given_variables()


def test_every_argument_of_the_image_is_given():
    declared = set(re.findall(r"(?m)^ARG (\w+)", (stack.FOLDER / "Dockerfile").read_text("utf-8")))
    assert declared == set(services("postgres")["mail"]["build"]["args"]) == set(stack.stack().variables())
    command = re.findall(r"(?m)^CMD (.+)$", (stack.FOLDER / "Dockerfile").read_text("utf-8"))
    assert [json.loads(words) for words in command] == [["python", "-m", "development.containers.site"]]


def test_one_service_builds_the_image_and_all_of_ours_run_it():
    ours = {name: each for name, each in services("postgres").items() if name not in ("db", "redis")}
    assert [name for name, each in ours.items() if "build" in each] == ["mail"]
    assert len({each["image"] for each in ours.values()}) == 1


def test_the_sources_are_those_of_the_mail_server():
    stack = services("postgres")
    text = VARIABLE.sub("secret", stack["nautobot"]["environment"]["NCM_PLUGIN_CONFIG"].replace(":?}", ""))
    configured = app_settings.parse(json.loads(text))
    assert not configured.problems
    sources = configured.sources
    mail = stack["mail"]["environment"]
    assert {source.name for source in sources} == {"notices", "interconnect"}
    assert {source.port for source in sources} == {int(mail["NCM_IMAP_PORT"]), int(mail["NCM_IMAP_TLS_PORT"])}
    assert {source.account for source in sources} == {mail["NCM_IMAP_USER"]}


@pytest.mark.parametrize("command", ["start", "cli", "create-user", "nbshell", "build"])
def test_without_an_engine_the_error_explains_what_to_do(command, monkeypatch):
    monkeypatch.setenv("PATH", "")
    with pytest.raises(Exit, match="No Docker engine answers .*: start or install Docker") as ended:
        invoke(command)
    assert ended.value.code == 1


def test_the_versions_name_project_image_and_volumes(docker):
    invoke("start", nautobot_ver="3.1", python_ver="3.13", database="mysql")
    *_, call = docker.read_text("utf-8").splitlines()
    assert call.startswith("compose --project-name ncm-py3-13-nautobot3-1-mysql ")
    assert "docker-compose.mysql.yml" in call and call.endswith(" up --detach --wait")
    assert (os.environ["NAUTOBOT_VER"], os.environ["PYTHON_VER"]) == ("3.1", "3.13")


def test_a_test_in_the_container_is_the_same_command_there(docker):
    invoke("unittest", keyword="imap", docker=True)
    *_, call = docker.read_text("utf-8").splitlines()
    assert f" run --rm -T --user {os.getuid()}:{os.getgid()} " in call
    assert call.endswith(" nautobot invoke unittest --keyword=imap")


def test_a_new_user_is_called_admin_and_the_password_is_asked_for(docker):
    invoke("create-user")
    *_, call = docker.read_text("utf-8").splitlines()
    assert call.rstrip().endswith("nautobot nautobot-server createsuperuser --username admin --email")


def test_passwords_are_made_once_and_are_no_examples(docker):
    invoke("stop")
    made = stack.CREDENTIALS.read_text("utf-8")
    invoke("destroy")
    passwords = [line.split("=")[1] for line in made.splitlines() if "=" in line]
    assert len(set(passwords)) == len(passwords) == 4
    assert stack.PLACEHOLDER not in passwords
    assert stack.CREDENTIALS.stat().st_mode & 0o777 == 0o600
    assert stack.CREDENTIALS.read_text("utf-8") == made
    assert docker.read_text("utf-8").splitlines()[-1].endswith(" down --remove-orphans --volumes")


def free_port():
    """Return an unused port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def test_the_mail_server_of_the_containers_holds_the_samples(tmp_path):
    ports = free_port(), free_port()
    names = {"NCM_MAIL_FOLDER": str(tmp_path), "NCM_IMAP_USER": "me", "NCM_IMAP_PASSWORD": "secret"}
    names |= {"NCM_IMAP_PORT": str(ports[0]), "NCM_IMAP_TLS_PORT": str(ports[1])}
    command = [sys.executable, *services("postgres")["mail"]["command"][1:]]
    with subprocess.Popen(command, env={**os.environ, **names}, cwd=stack.ROOT, start_new_session=True) as server:
        try:
            deadline = time.monotonic() + 60
            while not (tmp_path / "delivered").exists():
                assert server.poll() is None and time.monotonic() < deadline
                time.sleep(0.1)
            with ImapServer("localhost", *ports, Path(tmp_path / "ca.pem"), "me", "secret").client() as client:
                folder = client.select_folder("notices", readonly=True)
        finally:
            os.killpg(server.pid, signal.SIGTERM)
    expected = [mail for mail in samples.load_samples(since(tmp_path)) if mail.mailbox == "notices"]
    assert folder[b"EXISTS"] == len(expected)
    assert folder[b"UIDVALIDITY"] == runner.UID_VALIDITY
