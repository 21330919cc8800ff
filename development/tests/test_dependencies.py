"""Declared dependencies are the imported ones, and their lowest versions are tested."""

import ast
import importlib.metadata
import re
import sys
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

import tasks
from development import bootstrap
from development.docs import dependencies
from development.services import dumps
from nautobot_circuit_maintenance import CircuitMaintenanceConfig

PACKAGE = Path(bootstrap.ROOT) / "nautobot_circuit_maintenance"
PIN = re.compile(r"(?m)^([\w.-]+)==([^;\s]+)")
PAGE_IS_OUT_OF_DATE = "run `python -m development.docs.dependencies`"


def distributions_imported():
    """Return each imported top-level module of the app with the distributions that may contain it."""
    # Not packages_distributions(): that of Python 3.10 does not know distributions without a top_level.txt.
    by_module = {}
    for distribution in importlib.metadata.distributions():
        modules_of_it = {file.parts[0].removesuffix(".py") for file in distribution.files or ()}
        for name in modules_of_it:
            by_module.setdefault(name, set()).add(distribution.name)
    modules = set()
    for path in PACKAGE.rglob("*.py"):
        if "tests" not in path.relative_to(PACKAGE).parts:
            for node in ast.walk(ast.parse(path.read_text("utf-8"))):
                if isinstance(node, ast.ImportFrom) and not node.level:
                    modules.add(node.module.split(".")[0])
                elif isinstance(node, ast.Import):
                    modules |= {alias.name.split(".")[0] for alias in node.names}
    others = modules - sys.stdlib_module_names - {PACKAGE.name}
    return {name: {canonicalize_name(found) for found in by_module.get(name, [])} for name in others}


def declared(*extras):
    """Return the requirements without extras, or those and these extras', by name."""
    wanted = ("", *extras)
    return {
        canonicalize_name(found.name): found for extra, found in dependencies.requirements() if (extra or "") in wanted
    }


def required_by_nautobot():
    """Return the names of Nautobot's own requirements."""
    texts = importlib.metadata.requires("nautobot") or []
    return {canonicalize_name(Requirement(text).name) for text in texts if "extra ==" not in text}


def pins(name):
    """Return the pinned versions of a file, by name; the last one if they differ between versions of Python."""
    text = (bootstrap.PINS / name).read_text("utf-8")
    return {canonicalize_name(found): Version(version) for found, version in PIN.findall(text)}


def test_everything_that_is_imported_is_declared_or_nautobots_own():
    allowed = declared("chat", "dkim", "microsoft").keys() | required_by_nautobot()
    assert not {name for name, candidates in distributions_imported().items() if not candidates & allowed}


def test_everything_that_is_declared_is_imported():
    imported = set().union(*distributions_imported().values())
    # Nautobot creates our GraphQL types with it; the app's specification names it.
    assert declared("chat", "dkim", "microsoft").keys() - imported == {"graphene-django"}


def test_the_versions_of_nautobots_own_requirements_are_left_to_nautobot():
    both = declared().keys() & required_by_nautobot()
    assert {name: str(declared()[name].specifier) for name in both if declared()[name].specifier} == {}


def test_the_lowest_versions_are_those_that_are_tested():
    lowest = pins("constraints-nautobot3.1.5.txt")
    for name, requirement in declared("microsoft").items():
        bounds = [Version(bound.version) for bound in requirement.specifier if bound.operator == ">="]
        assert bounds in ([], [lowest[name]]), name


@pytest.mark.parametrize("series", ["3.1", "3.2"])
def test_the_pins_are_within_the_declared_ranges_and_name_everything(series):
    pinned = pins("constraints.txt") | pins(f"constraints-nautobot{series}.txt")
    assert f"{pinned['nautobot'].major}.{pinned['nautobot'].minor}" == series
    for extra, requirement in dependencies.requirements():
        if extra != "xlsx":
            assert pinned[canonicalize_name(requirement.name)] in requirement.specifier, requirement


def test_both_series_pin_the_same_packages_and_no_file_contradicts_the_common_one():
    common, *series = (pins(f"constraints{name}.txt") for name in ("", "-nautobot3.1", "-nautobot3.2"))
    assert series[0].keys() == series[1].keys()
    assert not common.keys() & series[0].keys()


def test_the_page_lists_ranges_and_licenses():
    assert dependencies.table() in dependencies.PAGE.read_text("utf-8"), PAGE_IS_OUT_OF_DATE


def test_every_page_and_tool_names_the_same_versions():
    project = dependencies.project()
    pythons = [text.rsplit(" ", 1)[1] for text in project["classifiers"] if re.search(r"Python :: 3\.\d+$", text)]
    lowest = re.search(r">=([\d.]+)", str(declared()["nautobot"].specifier))[1]
    first, last = pythons[0], pythons[-1]
    travis = (bootstrap.ROOT / ".travis.yml").read_text("utf-8")

    assert project["requires-python"] == f">={first}"
    assert ".".join(map(str, bootstrap.OLDEST)) == first
    assert re.findall(r'"([\d.]+)"', re.search(r"(?m)^python: (.*)$", travis)[1]) == pythons
    assert f"NAUTOBOT_VER={lowest}\n" in travis
    assert CircuitMaintenanceConfig.min_version == lowest
    assert f"Nautobot {lowest}" in tasks.NIGHTLY
    for page in ("README.md", "FAQ.md", "docs/user/install.md", "docs/admin/upgrade.md"):
        text = (bootstrap.ROOT / page).read_text("utf-8")
        assert re.search(rf"\b{re.escape(lowest)} (and|or) newer 3\.x\b", text), page
        assert page == "FAQ.md" or f"{first} to {last}" in text, page


@pytest.mark.parametrize("version", ["3.1.5", bootstrap.NAUTOBOT])
def test_the_oldest_and_the_newest_nautobot_have_a_dump_of_their_schema(version):
    release = pins(f"constraints-nautobot{version}.txt")["nautobot"]
    assert len(list(dumps.FOLDER.glob(f"nautobot{release}-" + "[0-9a-f]" * 12 + ".sql.gz"))) == 1
