"""Databases of the older package, and tests that run in one of them instead of their own."""

import lzma
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.contrib.contenttypes.models import ContentType
from django.core.cache import cache
from django.db import connections
from django.db.migrations.executor import MigrationExecutor

from development.services import database
from development.services.embedded import ROOT
from nautobot_circuit_maintenance.takeover.tables import APP

GIVEN = Path(ROOT).parent / "shared" / "takeover"
"""Invented rows with every nastiness that could be thought of; not part of the project."""

HAS_GIVEN = (GIVEN / "older_rows.sql.xz").exists()


def given() -> str:
    """Return the statements of the given database."""
    rows = lzma.decompress((GIVEN / "older_rows.sql.xz").read_bytes()).decode()
    return (GIVEN / "older_tables.sql").read_text(encoding="utf-8") + rows


def create(name: str, statements: str) -> None:
    """Create a database of bare Nautobot with the older package's tables."""
    with database.template_lock(), database.server_connection() as server:
        core = f"ncm_core_{database.core_fingerprint()}"
        if not database.exists(server, core):
            database.build_core(server, core)
        database.clone(server, name, source=core)
    with database.server_connection(name) as server:
        database.execute(server, statements)


@contextmanager
def removed(what: str) -> Iterator[str]:
    """Yield the name of a database of this process, which is dropped at the end, however that comes.

    What a process that was killed left is dropped by the next run of the tests, which knows such names.
    """
    name = f"ncm_test_{os.getpid()}_older_{what}"
    try:
        yield name
    finally:
        with database.server_connection() as server:
            database.drop(server, name)


def copy(source: str, name: str) -> None:
    """Create a database as a copy of another one."""
    with database.server_connection() as server:
        database.clone(server, name, source=source)


@contextmanager
def clone(source: str) -> Iterator[None]:
    """Run a block in a copy of a database."""
    with removed("copy") as name:
        copy(source, name)
        with inside(name):
            yield


@contextmanager
def inside(name: str) -> Iterator[None]:
    """Let Django's connections be to a database."""
    before = {alias: connections[alias].settings_dict["NAME"] for alias in connections}
    try:
        _use(dict.fromkeys(before, name))
        yield
    finally:
        _use(before)


def _use(names: dict[str, str]) -> None:
    for alias, name in names.items():
        connections[alias].close()
        connections[alias].settings_dict["NAME"] = name
    ContentType.objects.clear_cache()
    cache.clear()


def migrate(target: str | None = None) -> Any:
    """Apply the app's migrations up to one of them (all by default); return the state after it."""
    executor = MigrationExecutor(connections["default"])
    leaves = [node for node in executor.loader.graph.leaf_nodes() if node[0] == APP]
    targets = {"zero": [(APP, None)], None: leaves}
    return executor.migrate(targets.get(target, [(APP, target)]))


def migration_names() -> list[str]:
    """Return the names of the app's migrations, in order."""
    return sorted(each.stem for each in database.APP_MIGRATIONS.glob("0*.py"))
