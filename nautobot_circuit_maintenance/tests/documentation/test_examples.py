"""Every example of the documentation runs; docs/dev/testing.md describes how each kind is tried."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from nautobot_circuit_maintenance.tests.documentation import world
from nautobot_circuit_maintenance.tests.documentation.pages import ROOT, Example, examples, pages, tree
from nautobot_circuit_maintenance.tests.documentation.settings import run_python
from nautobot_circuit_maintenance.tests.documentation.shell import Shell
from nautobot_circuit_maintenance.tests.documentation.site import Site

pytestmark = pytest.mark.nightly
PAGES = [page for page in pages() if examples(page)]
FILE = re.compile(r"[\w/.-]*\w(?:\.(?:py|md|toml|txt|yml|html|env)\b|/)")

CMDLET = re.compile(r'[A-Z][a-z]+-[A-Z]\w+(?: -[A-Z]\w+ (?:"[^"]*"|<[\w ]+>|[\w.@]+))*')


class Reader:
    """Follows the examples of a page in their order."""

    def __init__(self, folder: Path) -> None:
        """Create what the examples are tried on."""
        world.create_files(folder)
        variables = world.create_world()
        self._site = Site(variables["TOKEN"])
        self._shell = Shell(self._site, variables)
        self._answer: Any = None
        self._kinds = {
            "python": run_python,
            "shell": self._run_shell,
            "graphql": self._ask_graphql,
            "json": self._compare,
            "text": self._find_files,
            "powershell": check_powershell,
        }

    def follow(self, example: Example) -> None:
        """Run one."""
        assert example.language in self._kinds, "a block without a language, or in one that is not run"
        self._kinds[example.language](example.text)

    def _run_shell(self, text: str) -> None:
        self._answer = self._shell.run(text)

    def _ask_graphql(self, text: str) -> None:
        self._answer = self._site.graphql(text)

    def _compare(self, text: str) -> None:
        """Compare with what the example above answered."""
        shown, answer = json.loads(text), self._answer
        assert answer, "JSON that answers no example above it"
        assert_like(shown, json.loads(answer) if isinstance(answer, str) else answer)

    def _find_files(self, text: str) -> None:
        """Look for what a tree of files names."""
        known = tree()
        for name in FILE.findall(text):
            assert any(f"/{each}".endswith(f"/{name}") for each in known), f"there is no {name}"


def check_powershell(text: str) -> None:
    """Check that each line is a comment or a cmdlet with its parameters; only Microsoft's servers can run them."""
    for line in text.splitlines():
        assert line.startswith("#") or CMDLET.fullmatch(line), f"not a cmdlet with parameters: {line}"


def assert_like(shown: Any, answer: Any, where: str = "answer") -> None:
    """Check that an answer has what is shown: names and kinds; ids and times are others each time."""
    assert type(shown) is type(answer), f"{where} is {answer!r}"
    if isinstance(shown, dict):
        for name, value in shown.items():
            assert name in answer, f"{where} has no {name}"
            assert_like(value, answer[name], f"{where}.{name}")
    elif isinstance(shown, list) and shown:
        assert answer, f"{where} is empty"
        assert_like(shown[0], answer[0], f"{where}[0]")


@pytest.mark.django_db
@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_the_examples_of_a_page_run(page, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name, value in world.ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    reader = Reader(tmp_path)
    for example in examples(page):
        if example.run_by:
            test = ROOT / example.run_by
            assert test.exists() and page.name in test.read_text(encoding="utf-8"), f"{example}: {test} does not run it"
            continue
        try:
            reader.follow(example)
        except (
            Exception,
            SystemExit,
        ) as error:  # argparse leaves by SystemExit; whatever it is, the reader of the report wants to know where
            raise AssertionError(f"{example}: {type(error).__name__}: {error}") from error
