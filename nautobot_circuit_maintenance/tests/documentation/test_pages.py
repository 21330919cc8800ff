"""Pages that promise to be complete are: every setting, every sentence that someone may meet."""

import ast
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import MISSING, fields
from pathlib import Path

import pytest

from nautobot_circuit_maintenance.app_settings import AppSettings
from nautobot_circuit_maintenance.channel_settings.kinds import CHANNEL_KINDS
from nautobot_circuit_maintenance.mailboxes.kinds import MAILBOX_KINDS
from nautobot_circuit_maintenance.risk_settings import RiskSettings
from nautobot_circuit_maintenance.tests.documentation.pages import DOCS, ROOT, pages

APP = ROOT / "nautobot_circuit_maintenance"
CODE = re.compile(r"\b(?:IMAP|GMAIL|GRAPH|ENTRA|DIR|CONSENT|SECRET|MAILBOX|FILE|READ|AUTH|RUN|TAKE)-\d\d\b")
"""The code that starts each error message; its prefix names the part of the app."""


def text_of(page: str) -> str:
    """Return a page on one line."""
    return " ".join((DOCS / page).read_text(encoding="utf-8").split())


def codes_in(module: Path) -> Iterator[str]:
    """Yield the error codes in a module's strings, docstrings left out."""
    tree = ast.parse(module.read_text(encoding="utf-8"))
    docstrings = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docstrings:
            yield from CODE.findall(node.value)


def test_troubleshooting_lists_every_error_code():
    """A message may be reworded without changing the page; a code must not be added, changed or removed without it."""
    modules = [path for path in APP.rglob("*.py") if "tests" not in path.parts]
    used = Counter(code for module in modules for code in codes_in(module))
    listed = Counter(CODE.findall((DOCS / "user/troubleshooting.md").read_text(encoding="utf-8")))
    assert sorted(used) == sorted(listed)
    assert [code for code, count in used.items() if count > 1] == []


def test_troubleshooting_has_every_check():
    modules = [
        APP / "app_settings.py",
        APP / "risk_settings.py",
        APP / "checks.py",
        APP / "mailboxes/older_keys.py",
        *(APP / "mailboxes").rglob("settings.py"),
        *(APP / "channel_settings").glob("*.py"),
    ]
    code = "".join(module.read_text(encoding="utf-8") for module in modules)
    page = text_of("user/troubleshooting.md")
    assert [each for each in sorted(set(re.findall(r"\b[EW]0\d\d\b", code))) if f"`{each}`" not in page] == []


@pytest.mark.parametrize("kind", [AppSettings, RiskSettings, *(kind.settings for kind in MAILBOX_KINDS.values())])
def test_the_page_of_the_settings_has_each_with_its_default(kind):
    page = (DOCS / "admin/configuration.md").read_text(encoding="utf-8")
    shown = dict(re.findall(r"^\| `(\w+)` \|(?:[^|]*\|)? (?:`?([^|`]*)`?) \|[^|]*\|$", page, re.MULTILINE))
    not_written = {"sources", "trusted_hosts", "problems", "risk", "metrics", "warnings"}  # concluded from others
    for each in fields(kind):
        if each.name in not_written:
            continue
        assert each.name in shown, each.name
        if each.default not in (MISSING, "", (), None):
            assert shown[each.name] == str(each.default).replace("\\", ""), each.name


@pytest.mark.parametrize("kind", [kind.settings for kind in CHANNEL_KINDS.values()])
def test_the_page_of_the_channels_has_each_setting_of_each_kind(kind):
    page = (DOCS / "admin/channels.md").read_text(encoding="utf-8")
    shown = set(re.findall(r"^\| `(\w+)` \|", page, re.MULTILINE))
    assert {each.name for each in fields(kind)} - {"instance"} <= shown
    assert f"| {kind.kind} |" in page or not kind.secret_keys()


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
