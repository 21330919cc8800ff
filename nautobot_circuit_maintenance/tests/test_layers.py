"""Imports go downwards only; see ``docs/dev/architecture.md``."""

import ast
from collections.abc import Iterator
from pathlib import Path
from unittest import TestCase

PACKAGE = "nautobot_circuit_maintenance"
ROOT = Path(__file__).resolve().parents[1]

LAYERS = (  # the first that fits decides; anything else is an entry point
    (
        0,
        (
            "inbound.values",
            "inbound.errors",
            "inbound.conclude",
            "inbound.limits",
            "inbound.mail_parts",
            "app_settings",
            "mailbox_kinds",
        ),
    ),
    (1, ("models", "choices", "compat")),
    (
        2,
        (
            "inbound.identify",
            "inbound.authenticate",
            "inbound.parse",
            "inbound.apply",
            "inbound.mailboxes",
            "inbound.files",
            "analysis",
        ),
    ),
    (3, ("inbound",)),
    (5, ("tests",)),
)
STEPS = 2
ENTRY_POINT = 4


def fits(name: str, prefixes: tuple[str, ...]) -> bool:
    """Tell whether a dotted name is one of these or lies below one."""
    return any(name == prefix or name.startswith(prefix + ".") for prefix in prefixes)


def layer(name: str) -> int:
    """Return the number of the layer that a module of ours belongs to."""
    return next((number for number, prefixes in LAYERS if fits(name, prefixes)), ENTRY_POINT)


def modules() -> Iterator[tuple[str, list[str]]]:
    """Yield every module of ours but migrations, with the full names of what it imports."""
    for path in sorted(ROOT.rglob("*.py")):
        parts = path.relative_to(ROOT).with_suffix("").parts
        name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
        if parts[0] not in ("migrations", "tests"):
            yield name, list(imported(ast.parse(path.read_text(encoding="utf-8")), parts[:-1]))


def imported(tree: ast.Module, package: tuple[str, ...]) -> Iterator[str]:
    """Yield the full dotted name of everything that a module imports, wherever in it."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) - node.level + 1] if node.level else ()
            base = ".".join([*([PACKAGE] if node.level else []), *above, *([node.module] if node.module else [])])
            yield from (f"{base}.{alias.name}" for alias in node.names)


def step(name: str) -> str:
    """Return the step that a module of the second layer is part of; the questions of analysis share their selections."""
    return "analysis" if fits(name, ("analysis",)) else ".".join(name.split(".")[:2])


class LayersTest(TestCase):
    """The house has one direction."""

    def test_every_import_of_ours_goes_down(self):
        """A module imports from lower layers, entry points also from each other."""
        for name, imports in modules():
            for target in (each[len(PACKAGE) + 1 :] for each in imports if each.startswith(PACKAGE + ".")):
                with self.subTest(module=name, imports=target):
                    same_allowed = layer(name) != STEPS or step(target) == step(name)
                    self.assertTrue(
                        layer(target) < layer(name) or (layer(target) == layer(name) and same_allowed),
                        f"{name} imports {target}",
                    )

    def test_mailboxes_and_values_know_nothing_of_django(self):
        """What talks to mail servers runs without a database; pure values need nothing."""
        for name, imports in modules():
            if fits(name, ("inbound.mailboxes", *LAYERS[0][1])) and name != "app_settings":
                with self.subTest(module=name):
                    self.assertFalse([each for each in imports if fits(each, ("django", "nautobot"))])

    def test_parse_knows_no_records_and_alone_knows_the_parser_library(self):
        """Another parser library would change one module."""
        for name, imports in modules():
            with self.subTest(module=name):
                if name == "inbound.parse":
                    self.assertFalse([each for each in imports if fits(each, (PACKAGE + ".models", "django"))])
                else:
                    self.assertFalse([each for each in imports if fits(each, ("circuit_maintenance_parser",))])

    def test_only_its_mailbox_type_knows_an_sdk(self):
        """Another SDK would change what reads one type of mailbox."""
        owners = {"imapclient": ("imap", "imap_session"), "googleapiclient": ("gmail",)}
        for name, imports in modules():
            for sdk, files in owners.items():
                with self.subTest(module=name, sdk=sdk):
                    is_owner = name in [f"inbound.mailboxes.{file}" for file in files]
                    self.assertTrue(is_owner or not any(fits(each, (sdk,)) for each in imports))
