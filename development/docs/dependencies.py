"""The table of direct dependencies in docs/dev/dependencies.md: `python -m development.docs.dependencies` rewrites it.

Ranges come from pyproject.toml, licenses from the metadata of the installed packages (pip-licenses).
"""

import argparse
import json
import re
import subprocess  # nosec B404 # pip-licenses is a command
import sys
from collections.abc import Iterator
from typing import Any

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
# Its metadata has no license; the file in it is the BSD license with three clauses.
_UNNAMED = {"imapclient": "BSD-3-Clause"}


def project() -> dict[str, Any]:
    """Return the project table of pyproject.toml."""
    declared: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    return declared


def requirements() -> list[tuple[str, Requirement]]:
    """Return extra and requirement of each dependency; the extra is empty for those that are always needed."""
    groups = {"": project()["dependencies"], **project()["optional-dependencies"]}
    found = [(extra, Requirement(text)) for extra, texts in groups.items() for text in texts]
    return [(extra, requirement) for extra, requirement in found if requirement.name != APP]


def licenses() -> dict[str, str]:
    """Return the license of each installed package, by its normalized name."""
    command = [sys.executable, "-m", "piplicenses", "--python", sys.executable, "--from", "mixed", "--format", "json"]
    command.append("--with-system")  # includes pip-licenses itself
    done = subprocess.run(command, check=True, capture_output=True, text=True)  # nosec B603 # our own, no shell
    found = {canonicalize_name(row["Name"]): row["License"] for row in json.loads(done.stdout)}
    return {**found, **_UNNAMED}


def rows() -> Iterator[tuple[str, str, str, str]]:
    """Yield name, range, who needs it and license of each direct dependency."""
    terms = licenses()
    for extra, requirement in requirements():
        wanted = {"": "always", "dev": "developers"}.get(extra, f"extra `{extra}`")
        name = requirement.name + "".join(f"[{name}]" for name in sorted(requirement.extras))
        versions = ", ".join(sorted(map(str, requirement.specifier), reverse=True))
        yield name, versions or "any", wanted, terms[canonicalize_name(requirement.name)]


def table() -> str:
    """Return the table as Markdown."""
    lines = ["| Package | Versions | Needed | License |", "|---|---|---|---|"]
    order = {"always": 0, "developers": 2}
    lines += [
        f"| {name} | {versions} | {wanted} | {terms} |"
        for name, versions, wanted, terms in sorted(rows(), key=lambda row: (order.get(row[2], 1), row[0].lower()))
    ]
    return "\n".join(lines) + "\n"


def main() -> None:
    """Rewrite the table in the page."""
    argparse.ArgumentParser(description=__doc__).parse_args()
    text = PAGE.read_text("utf-8")
    PAGE.write_text(_TABLE.sub(lambda found: found[1] + table() + found[2], text), encoding="utf-8")


if __name__ == "__main__":
    main()
