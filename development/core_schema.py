"""Write the dump of a bare Nautobot that tests and demo start from, or verify it: `invoke core-schema --verify`.

Both run Nautobot's migrations for real, which takes minutes. Verification compares the schema and the reference data that
the migrations create, regardless of random keys and times.
"""

import difflib
import importlib.metadata
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from development.services import database, dumps, embedded, mariadb

DIFFERENCES_SHOWN = 40


@contextmanager
def migrated_core() -> Iterator[str]:
    """Yield the name of a database that Nautobot's migrations have just made; it is dropped afterwards."""
    name = f"ncm_core_schema_{os.getpid()}"
    with embedded.postgres() as postgres, embedded.redis() as redis:
        os.environ.update({**postgres, **redis})
        with database.server_connection() as server:
            try:
                database.build(server, name, source="template0", core_only=True)
                yield name
            finally:
                database.drop(server, name)


def write() -> None:
    """Migrate an empty database and write its dump."""
    with migrated_core() as name:
        print(dumps.write(dumps.dump_of(name), fingerprint=database.core_fingerprint()))


def write_mariadb() -> None:
    """Migrate an empty MariaDB and write its dump."""
    with embedded.redis() as redis:
        os.environ.update(redis)
        print(mariadb.write_dump())


def verify() -> list[str]:
    """Return the differences between the dump of the installed Nautobot and what its migrations make; empty if none."""
    dump = dumps.find(database.core_fingerprint())
    if not dump:
        return [f"There is no dump of Nautobot {importlib.metadata.version('nautobot')}: run invoke core-schema."]
    with migrated_core() as name:
        lines = [dumps.comparable(text) for text in (dumps.read(dump), dumps.dump_of(name))]
    return list(difflib.unified_diff(*lines, fromfile=dump.name, tofile="migrated", lineterm="", n=0))


def main(mode: str) -> None:
    """Write the dump or verify it; exit with 1 if it is stale."""
    if mode != "verify":
        {"write": write, "write-mariadb": write_mariadb}[mode]()
        return
    differences = verify()
    if differences:
        print("\n".join(differences[:DIFFERENCES_SHOWN]))
        sys.exit(f"{len(differences)} lines differ: the dump is stale. Run invoke core-schema and commit the new file.")
    print("The dump has the schema and the reference data of the migrations.")


if __name__ == "__main__":
    try:
        main(*sys.argv[1:])
    except embedded.ServiceError as error:
        sys.exit(str(error))
