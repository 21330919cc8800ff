"""A migrated database within a second: templates that are migrated once and cloned from then on.

Two layers, because migrating Nautobot takes minutes and migrating the app seconds: `ncm_core_<fingerprint>` is a bare
Nautobot, `ncm_app_<fingerprint>_<fingerprint>` a clone of it plus the app. Needs the variables that `services.postgres` yields.
"""

import fcntl
import functools
import hashlib
import importlib.metadata
import os
import re
import subprocess  # nosec B404 # Nautobot is migrated in a process of its own, with settings of its own
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg2
from psycopg2.extensions import ISOLATION_LEVEL_AUTOCOMMIT, connection as Connection, quote_ident

from development.services.embedded import ROOT, ServiceError, held, state_folder

APP_MIGRATIONS = ROOT / "nautobot_circuit_maintenance" / "migrations"
MIGRATION_FILE = re.compile(r"/migrations/\d\w*\.py$")
UNFINISHED = "_unfinished"


@contextmanager
def server_connection() -> Iterator[Connection]:
    """Connect to the server's maintenance database; every statement commits itself."""
    connection = psycopg2.connect(
        host=os.environ["NAUTOBOT_DB_HOST"],
        port=os.environ.get("NAUTOBOT_DB_PORT") or None,
        user=os.environ.get("NAUTOBOT_DB_USER") or None,
        password=os.environ.get("NAUTOBOT_DB_PASSWORD") or None,
        dbname="postgres",
    )
    connection.set_isolation_level(ISOLATION_LEVEL_AUTOCOMMIT)
    try:
        yield connection
    finally:
        connection.close()


@functools.cache
def core_fingerprint() -> str:
    """Return what identifies a migrated Nautobot: versions and the names of all installed migrations."""
    known = [f"{name} {importlib.metadata.version(name)}" for name in ("nautobot", "django")]
    for distribution in importlib.metadata.distributions():
        known += [str(file) for file in distribution.files or () if MIGRATION_FILE.search(str(file))]
    return hashlib.sha256("\n".join(sorted(set(known))).encode()).hexdigest()[:12]


def app_fingerprint() -> str:
    """Return what identifies the app's part of its template: the contents of our migrations."""
    # The words make those anew that held the demo's sources.
    digest = hashlib.sha256(b"without sources")
    for path in sorted(APP_MIGRATIONS.glob("*.py")):
        digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()[:12]


def template() -> str:
    """Return the name of a migrated database to clone; build what is missing, which may take minutes."""
    with held(state_folder() / "template.lock", fcntl.LOCK_EX), server_connection() as server:
        return locked_template(server)


def clone_template(name: str) -> str:
    """Create a database of this name, replacing an older one, as a copy of the template; return the template's name."""
    # One lock around both, or else a run with changed migrations could drop the template in between.
    with held(state_folder() / "template.lock", fcntl.LOCK_EX), server_connection() as server:
        source = locked_template(server)
        clone(server, name, source=source)
        return source


def locked_template(server: Connection) -> str:
    """Return the name of the template, built if need be; the caller holds the lock."""
    core, app = f"ncm_core_{core_fingerprint()}", f"ncm_app_{core_fingerprint()}_{app_fingerprint()}"
    if not exists(server, app):
        if not exists(server, core):
            say("Migrating Nautobot into an empty database. This takes some minutes, once.")
            build(server, core, source="template0", core_only=True)
        build(server, app, source=core, core_only=False)
        drop_outdated(server, keep=app)
    return app


def build(server: Connection, name: str, *, source: str, core_only: bool) -> None:
    """Clone `source`, migrate the clone and give it its final name only when that is done."""
    unfinished = name + UNFINISHED
    clone(server, unfinished, source=source)
    # Without the sources of whoever builds it: migrating gives each a row, and the tests clone the template too.
    mine = {"NAUTOBOT_DB_NAME": unfinished, "NCM_CORE_ONLY": "1" if core_only else "", "NCM_PLUGIN_CONFIG": ""}
    environment = {**os.environ, **mine}
    command = [sys.executable, "-m", "development.services.migrate"]
    done = subprocess.run(
        command, cwd=ROOT, env=environment, check=False, stdout=sys.stderr
    )  # nosec B603 # our own module
    if done.returncode:
        raise ServiceError(f"Migrating {name} failed; the reason is above.")
    execute(server, f"ALTER DATABASE {quote_ident(unfinished, server)} RENAME TO {quote_ident(name, server)}")


def clone(server: Connection, name: str, *, source: str) -> None:
    """Create a database as a copy of another one, replacing an older copy."""
    drop(server, name)
    execute(server, f"CREATE DATABASE {quote_ident(name, server)} TEMPLATE {quote_ident(source, server)}")


def drop(server: Connection, name: str) -> None:
    """Remove a database if it exists, whoever is connected to it."""
    execute(server, f"DROP DATABASE IF EXISTS {quote_ident(name, server)} WITH (FORCE)")


def exists(server: Connection, name: str) -> bool:
    """Tell whether there is a database of this name."""
    return name in databases(server)


def databases(server: Connection) -> list[str]:
    """Return the names of all databases."""
    return [row[0] for row in execute(server, "SELECT datname FROM pg_database ORDER BY datname")]


def drop_outdated(server: Connection, *, keep: str) -> None:
    """Remove templates of the app that other contents of its migrations have replaced; other Nautobots keep theirs."""
    prefix = keep.rpartition("_")[0] + "_"
    for name in databases(server):
        if name.startswith(prefix) and name != keep:
            drop(server, name)


def drop_abandoned(server: Connection, prefix: str) -> None:
    """Remove databases called `<prefix><process id>...` whose process has ended."""
    for name in databases(server):
        found = re.match(re.escape(prefix) + r"(\d+)", name)
        if found and not is_running(int(found[1])):
            drop(server, name)


def is_running(process_id: int) -> bool:
    """Tell whether there is such a process."""
    try:
        os.kill(process_id, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def execute(server: Connection, statement: str) -> list[tuple[str, ...]]:
    """Run one statement; return its rows, none if it has no result."""
    with server.cursor() as cursor:
        cursor.execute(statement)
        return list(cursor.fetchall()) if cursor.description else []


def say(line: str) -> None:
    """Show progress; standard output belongs to results."""
    print(line, file=sys.stderr, flush=True)
