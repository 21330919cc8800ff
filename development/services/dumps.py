"""Dumps of a migrated bare Nautobot, `development/core-schema/nautobot<version>-<fingerprint>.sql.gz`; MariaDB's end in `.mariadb.sql.gz`.

Restoring one takes a second, migrating minutes. `invoke core-schema` writes the dump of the installed Nautobot,
`invoke verify-core-schema` compares it with what the migrations make.
"""

import gzip
import importlib.metadata
import os
import re
import subprocess  # nosec B404 # pg_dump of PostgreSQL's wheel
from pathlib import Path

from development.services import embedded

FOLDER = embedded.ROOT / "development" / "core-schema"
# Meta-commands of psql, and a setting that PostgreSQL before 17 does not have.
_NOT_PORTABLE = re.compile(r"^(\\(un)?restrict .*|SET transaction_timeout = .*)\n", re.MULTILINE)
# What two runs of the same migrations make different: random primary keys and the time.
_RANDOM = re.compile(
    r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d(\.\d+)?"
)


def find(fingerprint: str, kind: str = "") -> Path | None:
    """Return the dump of the Nautobot with this fingerprint, if there is one; of PostgreSQL unless `kind` is "mariadb"."""
    return next(FOLDER.glob(f"*-{fingerprint}{_ending(kind)}"), None)


def _ending(kind: str) -> str:
    return f".{kind}.sql.gz" if kind else ".sql.gz"


def read(dump: Path) -> str:
    """Return the statements of a dump: plain SQL, which needs no program but the server."""
    return gzip.decompress(dump.read_bytes()).decode()


def write(dump: str, *, fingerprint: str, kind: str = "") -> Path:
    """Write a dump of the installed Nautobot; remove older ones of this version and kind."""
    FOLDER.mkdir(exist_ok=True)
    version = importlib.metadata.version("nautobot")
    for old in FOLDER.glob(f"nautobot{version}-{'?' * len(fingerprint)}{_ending(kind)}"):
        old.unlink()
    path = FOLDER / f"nautobot{version}-{fingerprint}{_ending(kind)}"
    path.write_bytes(gzip.compress(dump.encode(), mtime=0))  # the same bytes for the same dump
    return path


def dump_of(database: str) -> str:
    """Return a database as SQL statements, without owners and privileges, in the same order each time."""
    programs = embedded.pgserver_wheel().POSTGRES_VERSIONS[18]
    command = [str(programs / "pg_dump"), "--host", os.environ["NAUTOBOT_DB_HOST"], "--no-owner", "--no-privileges"]
    command += ["--no-comments", "--rows-per-insert=100", "--username", os.environ.get("NAUTOBOT_DB_USER", "postgres")]
    done = subprocess.run([*command, database], check=False, capture_output=True, text=True)  # nosec B603 # no shell
    if done.returncode:
        raise embedded.ServiceError(f"pg_dump failed: {done.stderr.strip()}")
    return _NOT_PORTABLE.sub("", done.stdout)


def comparable(dump: str) -> list[str]:
    """Return the lines of a dump in an order, and without values, that depend on random keys."""
    return sorted(
        _RANDOM.sub("?", line).rstrip(",;") for line in dump.splitlines() if line and not line.startswith("--")
    )
