"""Runs the documentation's shell examples: each program far enough to find mistakes, without changing the machine."""

import copy
import io
import re
import shlex
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from importlib import metadata
from pathlib import Path
from string import Template
from typing import Any
from unittest import mock

import invoke
from django.core.management import call_command, get_commands, load_command_class
from nautobot.extras.jobs import get_job
from packaging.requirements import Requirement

import tasks
from nautobot_circuit_maintenance.tests.documentation.pages import ROOT
from nautobot_circuit_maintenance.tests.documentation.site import Site

PACKAGE = "nautobot-circuit-maintenance"
_STATUS = re.compile(r"\b[2-5]\d\d\b")
_SERVICES = {"nautobot", "nautobot-worker", "nautobot-scheduler"}
"""The systemd services, as named by Nautobot's installation guide."""
_REALLY_RUN = ("check", "ingest_notifications")


class Shell:
    """Runs lines with the variables of the test data and those that the page sets."""

    def __init__(self, site: Site, variables: dict[str, str]) -> None:
        """Send requests to this site."""
        self._site, self._variables = site, dict(variables)
        self._programs: dict[str, Callable[[Sequence[str], int, bytes], Any]] = {
            "curl": self._curl,
            "nautobot-server": self._nautobot_server,
            "invoke": self._invoke,
            "python3": self._python3,
            "pip": self._pip,
            "systemctl": self._systemctl,
            "git": self._git,
            "export": self._export,
            ".": self._activate,
        }

    def run(self, text: str) -> Any:
        """Run a block; return the result of its last command."""
        answer = None
        for line, comment in _lines(text):
            status = _STATUS.search(comment)
            for command in line.split(" && "):
                answer = self._run(Template(command).substitute(self._variables), int(status[0]) if status else 200)
        return answer

    def _run(self, command: str, status: int) -> Any:
        before, _, last = command.rpartition(" | ")
        given = _output(before) if before else b""
        words = shlex.split(last, comments=True)
        if words[0] == "sudo":
            words = words[1:]
        if words[0] in ("echo", "cat"):
            return _output(last)
        assert words[0] in self._programs, f"{__name__} cannot run '{words[0]}' yet: add a method for it"
        return self._programs[words[0]](words[1:], status, given)

    def _curl(self, words: Sequence[str], status: int, _given: bytes) -> Any:
        return self._site.curl(words, status)

    def _export(self, words: Sequence[str], _status: int, _given: bytes) -> None:
        for each in words:
            name, _, value = each.partition("=")
            self._variables.setdefault(name, value)  # variables of the test data keep their values

    def _nautobot_server(self, words: Sequence[str], _status: int, given: bytes) -> Any:
        """Run our own commands; of Nautobot's, check only that they accept these arguments."""
        name, *rest = words
        if name in _REALLY_RUN:
            printed = io.StringIO()
            with mock.patch.object(sys, "stdin", io.TextIOWrapper(io.BytesIO(given))):
                call_command(name, *rest, stdout=printed)
            return printed.getvalue()
        parser = load_command_class(get_commands()[name], name).create_parser("nautobot-server", name)
        options = parser.parse_args(rest)
        assert name != "runjob" or get_job(options.job), f"there is no job {rest}"
        if name == "nbshell":
            exec(given.decode(), {})  # pylint: disable=exec-used  # nosec B102 # an example of our own pages
        return None

    def _invoke(self, words: Sequence[str], _status: int, _given: bytes) -> None:
        """Parse as invoke does: its own options first, then tasks with theirs."""
        # A copy: invoke takes the help texts out of the tasks that it parses for.
        known = copy.deepcopy(invoke.Collection.from_module(tasks))
        own = invoke.Parser(initial=invoke.Program().initial_context, ignore_unknown=True).parse_argv(list(words))
        named = own[0].args["help"].value
        assert named in (None, *known.task_names), f"there is no task {named}"
        invoke.Parser(contexts=known.to_contexts()).parse_argv(own.unparsed)

    def _python3(self, words: Sequence[str], status: int, given: bytes) -> None:
        assert (
            words[0] == "development/bootstrap.py" and (ROOT / words[0]).exists()
        ), f"only development/bootstrap.py is supported: {words}"
        self._invoke(words[1:], status, given)

    def _pip(self, words: Sequence[str], _status: int, _given: bytes) -> None:
        """Accept this package with its extras, and its dependencies."""
        assert words[0] in ("install", "uninstall"), words
        needed = {Requirement(each).name for each in metadata.requires(PACKAGE) or ()}
        extras = set(metadata.metadata(PACKAGE).get_all("Provides-Extra") or ())
        for each in words[1:]:
            if each not in ("--upgrade", "--yes"):
                wanted = Requirement(each)
                assert not wanted.url or f"-{metadata.version(PACKAGE)}-" in wanted.url, "another version's file"
                assert wanted.name in needed or (wanted.name == PACKAGE and wanted.extras <= extras), each

    def _systemctl(self, words: Sequence[str], _status: int, _given: bytes) -> None:
        assert words[0] in ("start", "stop", "restart") and set(words[1:]) <= _SERVICES, words

    def _git(self, words: Sequence[str], _status: int, _given: bytes) -> None:
        usage = subprocess.run(["git", words[0], "-h"], capture_output=True, text=True, check=False)
        assert "usage: git" in usage.stdout + usage.stderr, usage.stderr

    def _activate(self, words: Sequence[str], _status: int, _given: bytes) -> None:
        assert words == [".venv/bin/activate"], words


def _output(command: str) -> bytes:
    """Run a harmless command in the folder of the test."""
    return subprocess.run(["sh", "-e", "-c", command], capture_output=True, check=True, cwd=Path.cwd()).stdout


def _lines(text: str) -> Iterator[tuple[str, str]]:
    """Yield each command, whose quotation marks may close lines later, with the comment above it."""
    comment = command = ""
    for line in text.replace("\\\n", " ").splitlines():
        if line.startswith("#"):
            comment = line
        elif line.strip():
            command += f"{line}\n"
            if _is_whole(command):
                yield command.strip(), comment
                comment = command = ""
    assert not command, f"a quotation mark does not close: {command}"


def _is_whole(command: str) -> bool:
    try:
        shlex.split(command, comments=True)
    except ValueError:
        return False
    return True
