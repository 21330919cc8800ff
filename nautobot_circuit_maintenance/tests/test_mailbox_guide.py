"""The page about adding a mailbox type is true: what it says to write works in a copy of the clone."""

import os
import re
import subprocess
import sys
from pathlib import Path
from unittest import TestCase

from development import services
from development.mutants import copy_of_clone

PAGE = services.ROOT / "docs" / "dev" / "mailbox-type.md"
APP = "nautobot_circuit_maintenance"
TESTS = f"{APP}/tests/inbound/mailboxes/test_folder.py"
BLOCK = re.compile(
    r'^```python title="(?P<file>[^",]+)(?:, at the end of (?P<table>\w+))?"\n(?P<code>.*?)^```$', re.M | re.S
)


def write(root: Path, block: re.Match[str]) -> None:
    """Do what the head of a block says: write a new file, or add an entry at the end of a table in one that exists."""
    path = root / block["file"]
    if not block["table"]:
        path.write_text(block["code"], "utf-8")
        return
    text = path.read_text("utf-8")
    end = text.index("\n}\n", text.index(f"\n{block['table']} = {{\n")) + 1
    path.write_text(text[:end] + block["code"] + text[end:], "utf-8")


def run_in(root: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run a module of Python in a copy of the clone, on the services of this one."""
    env = {**os.environ, "PYTHONPATH": str(root), "NCM_STATE": str(services.STATE)}
    return subprocess.run(
        [sys.executable, "-m", *words], cwd=root, env=env, check=False, capture_output=True, text=True
    )


class MailboxGuideTest(TestCase):
    """Whoever follows the page ends with a mailbox type that works."""

    def test_what_the_page_says_to_write_passes_the_tests_that_it_shows(self):
        """The contract of mailboxes, a run from a file to a maintenance, the layers; and it is formatted as ours is."""
        with copy_of_clone() as root:
            blocks = list(BLOCK.finditer(PAGE.read_text("utf-8")))
            self.assertEqual(len(blocks), 3)
            for block in blocks:
                write(root, block)
            written = [block["file"] for block in blocks]

            tested = run_in(root, "pytest", "-q", TESTS, f"{APP}/tests/test_layers.py")
            formatted = run_in(root, "black", "--check", *written)

        self.assertEqual(tested.returncode, 0, tested.stdout + tested.stderr)
        self.assertEqual(formatted.returncode, 0, formatted.stderr)
