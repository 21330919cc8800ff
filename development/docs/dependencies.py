"""The table of direct dependencies in docs/dev/dependencies.md: `python -m development.docs.dependencies` writes it anew.

Ranges come from pyproject.toml, licences from what the installed packages say of themselves.
"""

import argparse
import importlib.metadata
import re
import sys
from collections.abc import Iterator

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from development.bootstrap import ROOT

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

APP = "nautobot-circuit-maintenance"
PAGE = ROOT / "docs" / "dev" / "dependencies.md"
_TABLE = re.compile(r"(<!-- table -->\n).*?(<!-- end -->)", re.DOTALL)
# One licence has many names.
_SPDX = {
    "Apache 2.0": "Apache-2.0",
    "Apache Software License": "Apache-2.0",
    "BSD": "BSD",
    "3-Clause BSD License": "BSD-3-Clause",
    "BSD License": "BSD",
    "GNU Library or Lesser General Public License (LGPL)": "LGPL with exceptions",
    "MIT License": "MIT",
}
# Its package names none; the text that comes with it is that of the BSD licence with three clauses.
_UNNAMED = {"imapclient": "BSD-3-Clause"}


def requirements() -> list[tuple[str, Requirement]]:
    """Return what the app requires, with the extra that asks for it; empty for what it always needs."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    groups = {"": project["dependencies"], **project["optional-dependencies"]}
    found = [(extra, Requirement(text)) for extra, texts in groups.items() for text in texts]
    return [(extra, requirement) for extra, requirement in found if requirement.name != APP]


def licence(name: str) -> str:
    """Return the licence that an installed package names, in as few words as possible."""
    metadata = importlib.metadata.metadata(name)
    words = [metadata.get("License-Expression"), metadata.get("License")]
    words += [text.split(" :: ")[-1] for text in metadata.get_all("Classifier") or [] if text.startswith("License ::")]
    short = [_SPDX.get(text, text) for text in words if text and len(text) < 60 and "released under" not in text]
    return short[0] if short else _UNNAMED[canonicalize_name(name)]


def rows() -> Iterator[tuple[str, str, str, str]]:
    """Yield name, range, who needs it and licence of each direct dependency."""
    for extra, requirement in requirements():
        wanted = {"": "always", "dev": "developers"}.get(extra, f"extra `{extra}`")
        name = requirement.name + "".join(f"[{name}]" for name in sorted(requirement.extras))
        versions = ", ".join(sorted(map(str, requirement.specifier), reverse=True))
        yield name, versions or "any", wanted, licence(requirement.name)


def table() -> str:
    """Return the table as Markdown."""
    lines = ["| Package | Versions | Needed | Licence |", "|---|---|---|---|"]
    order = {"always": 0, "developers": 2}
    lines += [
        f"| {name} | {versions} | {wanted} | {terms} |"
        for name, versions, wanted, terms in sorted(rows(), key=lambda row: (order.get(row[2], 1), row[0].lower()))
    ]
    return "\n".join(lines) + "\n"


def main() -> None:
    """Write the table into the page."""
    argparse.ArgumentParser(description=__doc__).parse_args()
    text = PAGE.read_text("utf-8")
    PAGE.write_text(_TABLE.sub(lambda found: found[1] + table() + found[2], text), encoding="utf-8")


if __name__ == "__main__":
    main()
