"""The developer guide is true: what it says to write works in a copy of the clone, and what it names exists."""

import ast
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from unittest import TestCase

import pytest

from development.mutants import copy_of_clone
from development.services.embedded import ROOT, STATE

APP = "nautobot_circuit_maintenance"
TESTS = f"{APP}/tests"
GUIDE = ROOT / "docs" / "dev"
MAILBOX_TYPE, FIRST_CHANGE = GUIDE / "mailbox-type.md", GUIDE / "contributing.md"
FILE = re.compile(
    r'^```python title="(?P<path>[^",]+)(?:, at the end of (?P<table>\w+)|(?P<import>, before the imports of the app))?"\n'
    r"(?P<code>.*?)^```$",
    re.M | re.S,
)
DIFF = re.compile(r"^```diff\n(.*?)^```$", re.M | re.S)
NAMED = re.compile(r"`([\w./]+\.py|[\w./]+\w\(\))`")
OTHERS = {"config.py", "CustomField.content_types.add()", "connections.close_all()", "entry.is_file()"}
"""What the guide names and is not ours, or must not be."""


def write(root: Path, file: re.Match[str]) -> None:
    """Follow the title of a block: write a new file, or add an import, or an entry of a table, to one that exists."""
    path = root / file["path"]
    if not file["table"] and not file["import"]:
        path.parent.mkdir(exist_ok=True)
        path.write_text(file["code"], "utf-8")
        return
    text = path.read_text("utf-8")
    if file["import"]:
        place = text.index(f"\nfrom {APP}.") + 1
    else:
        place = text.index("\n}\n", text.index(f"\n{file['table']} = {{\n")) + 1
    path.write_text(text[:place] + file["code"] + text[place:], "utf-8")


def run_in(root: Path, *command: str, given: str = "") -> "subprocess.CompletedProcess[str]":
    """Run a command in a copy of the clone, on the services of this one."""
    env = {**os.environ, "PYTHONPATH": str(root), "NCM_STATE": str(STATE)}
    return subprocess.run(command, cwd=root, env=env, input=given, check=False, capture_output=True, text=True)


@pytest.mark.nightly
class FollowedTest(TestCase):
    """Anyone who does what the pages say ends where they say."""

    def run_in(self, root: Path, *command: str, given: str = "") -> None:
        """Run a command that has to succeed."""
        done = run_in(root, *command, given=given)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def test_the_mailbox_type_and_the_first_change_pass_the_tests_that_are_shown_with_them(self):
        """The contract of mailboxes, a run from a file to a maintenance, the layers; and it is formatted as ours is."""
        with copy_of_clone() as root:
            files = list(FILE.finditer(MAILBOX_TYPE.read_text("utf-8")))
            self.assertEqual(len(files), 6)
            for file in files:
                write(root, file)
            [change] = DIFF.findall(FIRST_CHANGE.read_text("utf-8"))
            self.run_in(root, "git", "apply", "-", given=change)

            changed = re.findall(r"^\+\+\+ b/(.+)$", change, re.M)
            self.run_in(root, sys.executable, "-m", "black", "--check", *changed, *(file["path"] for file in files))
            [first] = re.findall(r"^\+    def (test_\w+)", change, re.M)
            tests = [f"{TESTS}/mailboxes/test_folder.py", changed[0]]
            self.run_in(root, sys.executable, "-m", "pytest", "-q", "-k", f"Folder or {first}", *tests)
            self.run_in(root, "lint-imports")


def functions() -> Iterator[str]:
    """Yield our functions with the name of their module, and our methods with that of their class."""
    for path in (*(ROOT / APP).rglob("*.py"), *(ROOT / "development").rglob("*.py"), ROOT / "tasks.py"):
        module = path.parent.name if path.name == "__init__.py" else path.stem
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, (ast.Module, ast.ClassDef)):
                owner = node.name if isinstance(node, ast.ClassDef) else module
                yield from (f"{owner}.{each.name}()" for each in node.body if isinstance(each, ast.FunctionDef))


class NamedTest(TestCase):
    """Files and functions that the developer guide names in backticks exist."""

    def test_the_guide_names_nothing_that_is_gone(self):
        """Moving or renaming something shows which pages name it."""
        files = [path for folder in (APP, "development") for path in (ROOT / folder).rglob("*.py")]
        names = [f"/{path.relative_to(ROOT)}" for path in (*files, *ROOT.glob("*.py"))]
        names += [f"/{file['path']}" for file in FILE.finditer(MAILBOX_TYPE.read_text("utf-8"))]
        known = set(functions())
        for page in sorted(GUIDE.glob("*.md")):
            for name in sorted(set(NAMED.findall(page.read_text("utf-8"))) - OTHERS):
                is_known = name.rpartition("/")[2] in known or any(each.endswith(f"/{name}") for each in names)
                with self.subTest(page=page.name):
                    self.assertTrue(is_known or re.fullmatch(r"\w+\(\)", name), f"there is no {name}")
