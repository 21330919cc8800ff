"""Pages that promise to be complete are: every setting, every sentence that somebody may meet."""

import ast
import re
from collections.abc import Iterator
from dataclasses import MISSING, fields
from pathlib import Path

import pytest

from nautobot_circuit_maintenance.app_settings import AppSettings
from nautobot_circuit_maintenance.mailboxes.settings import SourceSettings
from nautobot_circuit_maintenance.tests.documentation.pages import DOCS, ROOT, pages

APP = ROOT / "nautobot_circuit_maintenance"
TELLING = [
    *APP.glob("*.py"),
    APP / "forms/models.py",
    APP / "forms/fields.py",
    APP / "forms/concurrency.py",
    APP / "forms/windows.py",
    *(path for room in ("domain", "mail", "mailboxes", "reading", "pipeline") for path in APP.glob(f"{room}/**/*.py")),
    *APP.glob("management/commands/*.py"),
    APP / "api/notifications.py",
    APP / "models/maintenances.py",
    APP / "models/windows.py",
    *(APP / f"views/{name}.py" for name in ("acknowledging", "notifications", "sources")),
]
"""Modules with sentences that people meet: in the check, on a source or a notification, in a log, in a form."""

EXPLAINING = {"help_text", "help", "description", "label", "table_title"}
"""Keywords of words that explain a field, and are no message."""

NO_MESSAGES = (
    "Circuit Maintenance",  # names of the app, its jobs and its custom fields
    "circuit maintenances",
    "network providers",
    "Addresses that this provider",  # descriptions of the custom fields
    "Names of circuit-maintenance-parser",
    "Is over, or cancelled",  # labels of filters
    "With a window that",
    "Has circuit IDs not in Nautobot",
    "The last run failed",
    "None: digest only what waits",  # a choice of a job
    "what needs attention",
    "Digesting notification",  # for the worker's own log, with a traceback
    "One by one",
    "for the home page failed",
    "None of the supported parsers",  # what the parser library says, which we translate
    "has no attribute 'dt'",
    "a abbr b",  # names of HTML elements
    "address blockquote",
    "default-src",
    "<!doctype html>",
    "Digest notifications again: after",  # descriptions of jobs and commands
    "Free the space of old raw messages",
    "Read maintenance notifications from files",
    "There is no such notification",  # descriptions in the OpenAPI document
    "The message is known already",
    "No message, or of a sender",
    "of this window",  # for those who hear the form
    "Output of the parser",  # headings of panels
    "What it said about maintenances",
    "Source of the message",
    "Mail of the last 30 days",
    "Providers whose mail it reads",
    "Header with the Sender",
    "Mistake in the Settings",
    "required, by the word of",
)


def text_of(page: str) -> str:
    """Return a page on one line."""
    return " ".join((DOCS / page).read_text(encoding="utf-8").split())


def sentences(module: Path) -> Iterator[str]:
    """Yield the strings of a module that are sentences, with NUL where a value is put in."""
    tree = ast.parse(module.read_text(encoding="utf-8"))
    left_out = {id(part) for node in ast.walk(tree) for part in _not_told(node)}
    for node in ast.walk(tree):
        if id(node) in left_out:
            continue
        if isinstance(node, ast.JoinedStr):
            told = "".join(part.value if isinstance(part, ast.Constant) else "\0" for part in node.values)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            told = re.sub(r"%(\(\w+\))?s|\{\w*\}", "\0", node.value)
        else:
            continue
        if told.count(" ") >= 3 and not any(words in told for words in NO_MESSAGES):
            yield " ".join(told.split())


def _not_told(node: ast.AST) -> Iterator[ast.AST]:
    """Yield docstrings, words that explain a field, and the parts of a string that is looked at as a whole."""
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
        yield node.value
    elif isinstance(node, ast.keyword) and node.arg in EXPLAINING:
        yield from ast.walk(node)
    elif isinstance(node, ast.JoinedStr):
        yield from (part for value in node.values for part in ast.walk(value))


@pytest.mark.parametrize("module", TELLING, ids=lambda path: str(path.relative_to(APP)))
def test_troubleshooting_has_every_sentence_that_somebody_may_meet(module):
    page = text_of("user/troubleshooting.md")
    missing = []
    for sentence in sentences(module):
        pieces = [piece.strip(" .,;:()'") for piece in sentence.split("\0")]
        if any(piece.count(" ") >= 2 and piece not in page for piece in pieces):
            missing.append(sentence.replace("\0", "…"))
    assert not missing, "\n".join(missing)


def test_troubleshooting_has_every_check():
    code = "".join((APP / name).read_text(encoding="utf-8") for name in ("app_settings.py", "checks.py"))
    page = text_of("user/troubleshooting.md")
    assert [each for each in sorted(set(re.findall(r"\b[EW]0\d\d\b", code))) if f"`{each}`" not in page] == []


@pytest.mark.parametrize("kind", [AppSettings, SourceSettings])
def test_the_page_of_the_settings_has_each_with_its_default(kind):
    page = (DOCS / "admin/configuration.md").read_text(encoding="utf-8")
    shown = dict(re.findall(r"^\| `(\w+)` \|(?:[^|]*\|)? (?:`?([^|`]*)`?) \|[^|]*\|$", page, re.MULTILINE))
    not_written = {"sources", "trusted_hosts", "problems"}  # concluded from notification_sources
    for each in fields(kind):
        if each.name in not_written:
            continue
        assert each.name in shown, each.name
        if each.default not in (MISSING, "", ()):
            assert shown[each.name] == str(each.default).replace("\\", ""), each.name


def test_links_lead_to_what_is_there():
    """Headings too; mkdocs looks only at what it builds, and README.md and FAQ.md are read elsewhere."""
    dead = []
    for page in pages():
        for target in re.findall(r"\]\(([^)\s]+)\)", page.read_text(encoding="utf-8")):
            path, _, anchor = target.partition("#")
            if "://" in path or path.startswith("mailto:"):
                continue
            there = (page.parent / path).resolve() if path else page
            if not there.exists() or (anchor and anchor not in anchors(there)):
                dead.append(f"{page.relative_to(ROOT)}: {target}")
    assert not dead


def anchors(page: Path) -> set[str]:
    """Return the names under which a page's headings can be linked to, or a picture for one kind of screen."""
    if page.suffix != ".md":
        return {"only-light", "only-dark"}
    headings = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading).strip().lower().replace(" ", "-") for heading in headings}
