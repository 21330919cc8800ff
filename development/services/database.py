"""A migrated database within seconds: templates that are built once and cloned from then on.

Two layers, because migrating Nautobot takes minutes and migrating the app seconds: `ncm_core_<fingerprint>` is a bare
Nautobot, restored from a dump in `development/core-schema/` where one fits and migrated otherwise;
`ncm_app_<fingerprint>_<fingerprint>` is a clone of it plus the app. Needs the variables that `embedded.postgres` yields.
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

from development.services import dumps
from development.services.embedded import ROOT, ServiceError, locked, state_folder

APP_MIGRATIONS = ROOT / "nautobot_circuit_maintenance" / "migrations"
MIGRATION_FILE = re.compile(r"/migrations/\d\w*\.py$")
UNFINISHED = "_unfinished"


@contextmanager
def server_connection(database: str = "postgres") -> Iterator[Connection]:
    """Connect to a database of the server; every statement commits itself."""
    connection = psycopg2.connect(
        host=os.environ["NAUTOBOT_DB_HOST"],
        port=os.environ.get("NAUTOBOT_DB_PORT") or None,
        user=os.environ.get("NAUTOBOT_DB_USER") or None,
        password=os.environ.get("NAUTOBOT_DB_PASSWORD") or None,
        dbname=database,
    )
    connection.set_isolation_level(ISOLATION_LEVEL_AUTOCOMMIT)
    try:
        yield connection
    finally:
        connection.close()


@functools.cache
def core_fingerprint() -> str:
    """Return a digest of what makes a migrated Nautobot: its version, Django's and the names of all migrations.

    The same for every version of Python: paths are relative to site-packages.
    """
    known = [f"{name} {importlib.metadata.version(name)}" for name in ("nautobot", "django")]
    for distribution in importlib.metadata.distributions():
        known += [str(file) for file in distribution.files or () if MIGRATION_FILE.search(str(file))]
    return hashlib.sha256("\n".join(sorted(set(known))).encode()).hexdigest()[:12]


def app_fingerprint() -> str:
    """Return a digest of what makes the app's part of its template: the contents of our migrations."""
    # The prefix distinguishes these templates from older ones, which held the sources of the demo or an operator's jobs.
    digest = hashlib.sha256(b"without sources and jobs")
    for path in sorted(APP_MIGRATIONS.glob("*.py")):
        digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()[:12]


def template() -> str:
    """Return the name of a migrated database to clone; build it if it is missing, which may take minutes."""
    with template_lock(), server_connection() as server:
        return locked_template(server)


def clone_template(name: str) -> str:
    """Create a database of this name, replacing an older one, as a copy of the template; return the template's name."""
    # One lock around both: a run with changed migrations could drop the template in between.
    with template_lock(), server_connection() as server:
        source = locked_template(server)
        clone(server, name, source=source)
        return source


@contextmanager
def template_lock() -> Iterator[None]:
    """Hold the lock around everything that builds, drops or clones templates."""
    with locked(state_folder() / "template.lock", fcntl.LOCK_EX):
        yield


def locked_template(server: Connection) -> str:
    """Return the name of the template, built if it is missing; the caller holds the lock."""
    core, app = f"ncm_core_{core_fingerprint()}", f"ncm_app_{core_fingerprint()}_{app_fingerprint()}"
    if not exists(server, app):
        if not exists(server, core):
            build_core(server, core)
        build(server, app, source=core, core_only=False)
        drop_outdated(server, keep=app)
    return app


def build_core(server: Connection, name: str) -> None:
    """Build a bare Nautobot from its dump, or by its migrations if there is no dump of this version."""
    dump = dumps.find(core_fingerprint())
    if not dump:
        say("Migrating Nautobot into an empty database. This takes some minutes, once.")
        build(server, name, source="template0", core_only=True)
        return
    unfinished = name + UNFINISHED
    clone(server, unfinished, source="template0")
    with server_connection(unfinished) as connection:
        execute(connection, dumps.read(dump))
    finish(server, name)


def build(server: Connection, name: str, *, source: str, core_only: bool) -> None:
    """Clone `source` and migrate the clone, which gets its final name only after that."""
    unfinished = name + UNFINISHED
    clone(server, unfinished, source=source)
    migrate({"NAUTOBOT_DB_NAME": unfinished}, core_only=core_only)
    finish(server, name)


def migrate(env: dict[str, str], *, core_only: bool) -> None:
    """Migrate the database that these environment variables name, together with those of this process."""
    # Without the sources and jobs of the developer's settings: migrating creates a row for each, and tests clone the template.
    no_jobs = str(state_folder("no-jobs"))
    mine = {**env, "NCM_CORE_ONLY": "1" if core_only else "", "NCM_PLUGIN_CONFIG": "", "NAUTOBOT_JOBS_ROOT": no_jobs}
    log = state_folder("log") / f"migrate-{env['NAUTOBOT_DB_NAME']}.log"
    command = [sys.executable, "-m", "development.services.migrate", str(log)]
    done = subprocess.run(  # nosec B603 # our own module
        command, cwd=ROOT, env={**os.environ, **mine}, check=False, stdout=sys.stderr
    )
    if done.returncode:
        end = log.read_text(errors="replace")[-4000:] if log.exists() else ""
        raise ServiceError(f"Migrating {env['NAUTOBOT_DB_NAME']} failed. The end of {log}:\n{end}")


def finish(server: Connection, name: str) -> None:
    """Give a finished database its final name, and note which clone of the repository built it."""
    unfinished, final = quote_ident(name + UNFINISHED, server), quote_ident(name, server)
    execute(server, f"ALTER DATABASE {unfinished} RENAME TO {final}")
    with server.cursor() as cursor:
        cursor.execute(f"COMMENT ON DATABASE {final} IS %s", [str(ROOT)])


def clone(server: Connection, name: str, *, source: str) -> None:
    """Create a database as a copy of another one, replacing an older copy."""
    drop(server, name)
    execute(server, f"CREATE DATABASE {quote_ident(name, server)} TEMPLATE {quote_ident(source, server)}")


def drop(server: Connection, name: str) -> None:
    """Remove a database if it exists, even if it is in use."""
    execute(server, f"DROP DATABASE IF EXISTS {quote_ident(name, server)} WITH (FORCE)")


def exists(server: Connection, name: str) -> bool:
    """Return whether there is a database of this name."""
    return name in databases(server)


def databases(server: Connection) -> list[str]:
    """Return the names of all databases."""
    return [row[0] for row in execute(server, "SELECT datname FROM pg_database ORDER BY datname")]


def drop_outdated(server: Connection, *, keep: str) -> None:
    """Remove templates of the app that this clone built from older migrations; other Nautobots and clones keep theirs."""
    prefix = keep.rpartition("_")[0] + "_"
    with server.cursor() as cursor:
        cursor.execute(
            "SELECT datname FROM pg_database WHERE shobj_description(oid, 'pg_database') = %s ORDER BY datname",
            [str(ROOT)],
        )
        names = [row[0] for row in cursor.fetchall()]
    for name in names:
        if name.startswith(prefix) and name != keep:
            drop(server, name)


def drop_abandoned(server: Connection, prefix: str) -> None:
    """Remove databases called `<prefix><process id>...` whose process has ended."""
    for name in databases(server):
        found = re.match(re.escape(prefix) + r"(\d+)", name)
        if found and not is_running(int(found[1])):
            drop(server, name)


def is_running(process_id: int) -> bool:
    """Return whether there is such a process."""
    try:
        os.kill(process_id, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def execute(server: Connection, statement: str) -> list[tuple[str, ...]]:
    """Run one statement, or several; return the rows of the last one, none if it has no result."""
    with server.cursor() as cursor:
        cursor.execute(statement)
        return list(cursor.fetchall()) if cursor.description else []


def say(line: str) -> None:
    """Show progress; standard output is for results."""
    print(line, file=sys.stderr, flush=True)
