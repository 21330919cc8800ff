"""What the documentation site contains in addition to `docs/`: FAQ.md, the code reference and unreleased changes.

Hooks of MkDocs, see `mkdocs.yml`.
"""

import logging
import posixpath
import re
import subprocess  # nosec B404 # towncrier has no other documented interface
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.exceptions import PluginError
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

logger = logging.getLogger("mkdocs.hooks.docs")

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = "nautobot_circuit_maintenance"
REFERENCE = ("app_settings", "jobs", "domain", "mail", "mailboxes", "reading", "models", "pipeline", "analysis", "api")
"""Modules and packages in the code reference."""
FROM_THE_ROOT = {"FAQ.md": "faq.md"}
"""Pages whose source is outside `docs/`, and their place on the site."""
RELEASES_START = "<!-- towncrier release notes start -->"
LINK = re.compile(r"(?P<image>!?)\[(?P<text>[^\]]*)\]\((?P<path>[^)\s:#]+)(?P<anchor>#[^)\s]*)?\)")


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Add the code reference to the navigation."""
    reference = {"Code reference": [reference_entry(ROOT / PACKAGE / name) for name in REFERENCE]}
    config.nav = [*(config.nav or ()), reference]
    return config


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages that have no file in `docs/`."""
    for name, uri in FROM_THE_ROOT.items():
        files.append(File.generated(config, uri, content=(ROOT / name).read_text(encoding="utf-8")))
    for module in reference_modules():
        files.append(File.generated(config, reference_uri(module), content=reference_page(module)))
    return files


def on_page_markdown(markdown: str, page: Page, **_: Any) -> str:
    """Put unreleased changes above the releases, and adapt links to the site."""
    uri = page.file.src_uri
    if RELEASES_START in markdown:
        markdown = markdown.replace(RELEASES_START, waiting_changes())
    origin = next((name for name, on_site in FROM_THE_ROOT.items() if on_site == uri), f"docs/{uri}")
    return LINK.sub(lambda link: site_link(link, origin, uri), markdown)


def site_link(link: re.Match[str], origin: str, uri: str) -> str:
    """Return a link as the page at `uri` needs it, or only its text if the site does not contain the target."""
    path = posixpath.normpath(posixpath.join(posixpath.dirname(origin), link["path"]))
    target = FROM_THE_ROOT.get(path) or (path.removeprefix("docs/") if path.startswith("docs/") else None)
    if target is not None:
        relative = posixpath.relpath(target, posixpath.dirname(uri) or ".")
        return f"{link['image']}[{link['text']}]({relative}{link['anchor'] or ''})"
    if not (ROOT / path).exists():
        logger.warning("%s links to %s, which does not exist.", origin, path)
    return link["text"]


def waiting_changes() -> str:
    """Return the fragments in `docs/changes` as part of the next release."""
    command = [sys.executable, "-m", "towncrier", "build", "--draft", "--version", "unreleased"]
    done = subprocess.run(  # nosec B603 # our own command, no shell
        command, cwd=ROOT, check=False, capture_output=True, text=True
    )
    if done.returncode:
        raise PluginError(done.stderr)
    return re.sub(r"^## unreleased.*$", "## Not released yet", done.stdout, count=1, flags=re.MULTILINE)


def reference_modules() -> Iterator[Path]:
    """Yield the files of all modules in the reference."""
    for name in REFERENCE:
        folder = ROOT / PACKAGE / name
        yield from sorted(folder.rglob("*.py")) if folder.is_dir() else (folder.with_suffix(".py"),)


def reference_entry(path: Path) -> dict[str, Any]:
    """Return the navigation entry of a module, or of a package with its modules."""
    if not path.is_dir():
        return {path.stem: reference_uri(path.with_suffix(".py"))}
    index = path / "__init__.py"
    inside = (entry for entry in path.iterdir() if entry.suffix == ".py" or (entry / index.name).exists())
    return {path.name: [reference_uri(index), *(reference_entry(entry) for entry in sorted(inside) if entry != index)]}


def reference_uri(module: Path) -> str:
    """Return the path of a module's page; a package's page is the index of its folder."""
    path = module.relative_to(ROOT / PACKAGE).with_suffix(".md").as_posix()
    return f"reference/{path.replace('__init__', 'index')}"


def reference_page(module: Path) -> str:
    """Return the page of a module, excluded from the search, which is for the guides."""
    name = ".".join(module.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
    return f"---\nsearch:\n  exclude: true\n---\n\n# {name.removeprefix(PACKAGE + '.')}\n\n::: {name}\n"
