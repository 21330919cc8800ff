"""MariaDB without Docker, for the tests of `invoke mariadb`: Debian's server, run by an ordinary user in its own folder.

MariaDB cannot clone a database. Its template is a folder of data: a migrated Nautobot with the app, in `.development/mariadb/`.
Every run starts a server on a copy, which is removed afterwards.
"""

import fcntl
import os
import shutil
import subprocess  # nosec B404 # creates and copies the data of a server
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pymysql
from pymysql.constants import CLIENT

from development.services import database, dumps
from development.services.embedded import (
    ServiceError,
    locked,
    server_account,
    start_supervised,
    state_folder,
    wait_until,
)

DATABASE = "nautobot"
DUMP = "mariadb"
STOP_SECONDS = 60
# What MySQL 8 has by default and MariaDB has not; the collation is the nearest relative of utf8mb4_0900_ai_ci.
LIKE_MYSQL = (
    "--character-set-server=utf8mb4",
    "--collation-server=utf8mb4_uca1400_nopad_ai_ci",
    "--max-allowed-packet=64M",
    "--sql-mode=ONLY_FULL_GROUP_BY,STRICT_TRANS_TABLES,NO_ZERO_IN_DATE,NO_ZERO_DATE,ERROR_FOR_DIVISION_BY_ZERO,"
    "NO_ENGINE_SUBSTITUTION",
)
THROW_AWAY = ("--innodb-flush-log-at-trx-commit=0", "--innodb-flush-method=nosync", "--innodb-doublewrite=0")
CAPACITY = ("--max-connections=200", "--innodb-buffer-pool-size=256M", "--innodb-log-file-size=32M")


@contextmanager
def mariadb() -> Iterator[dict[str, str]]:
    """Provide a MariaDB with a migrated database; yield the environment variables with which Nautobot connects to it."""
    with server_folder() as folder:
        with locked(state_folder("mariadb") / "template.lock", fcntl.LOCK_EX):
            copy(template(), folder / "data")
        # pylint: disable-next=contextmanager-generator-missing-cleanup  # an ExitStack closes it
        with running(folder) as env:
            yield env


def template() -> Path:
    """Return the folder of data to copy; build it if it is missing. The caller holds the lock."""
    core, app = database.core_fingerprint(), database.app_fingerprint()
    path = state_folder("mariadb") / f"{core}_{app}"
    if not path.exists():
        for outdated in path.parent.glob(f"{core}_*"):
            shutil.rmtree(outdated)
        with server_folder() as folder:
            create_data(folder / "data")
            with running(folder) as env:
                build_core(env)
                database.migrate(env, core_only=False)
            unfinished = path.with_name("unfinished")
            copy(folder / "data", unfinished)
            unfinished.rename(path)
    return path


def build_core(env: dict[str, str]) -> None:
    """Fill the database with a bare Nautobot from its dump, or by its migrations if there is no dump of this version."""
    dump = dumps.find(database.core_fingerprint(), DUMP)
    if dump:
        execute(env, dumps.read(dump))
    else:
        database.say("Migrating Nautobot into an empty MariaDB. This takes twenty minutes.")
        database.migrate(env, core_only=True)


def write_dump() -> Path:
    """Migrate an empty database and write its dump."""
    with server_folder() as folder:
        create_data(folder / "data")
        with running(folder) as env:
            database.migrate(env, core_only=True)
            return dumps.write(dump_of(env), fingerprint=database.core_fingerprint(), kind=DUMP)


def dump_of(env: dict[str, str]) -> str:
    """Return the database as SQL statements."""
    command = ["mariadb-dump", "--no-defaults", f"--socket={env['NAUTOBOT_DB_HOST']}", "--user=root", "--compact"]
    command += ["--hex-blob", "--skip-set-charset", "--no-autocommit", "--order-by-primary"]
    done = subprocess.run([*command, DATABASE], check=False, capture_output=True, text=True)  # nosec B603 # no shell
    if done.returncode:
        raise ServiceError(f"mariadb-dump failed: {done.stderr.strip()}")
    return f"SET FOREIGN_KEY_CHECKS = 0;\n{done.stdout}"


def execute(env: Mapping[str, str], statements: str) -> None:
    """Run statements in the database, on a connection of their own."""
    with pymysql.connect(
        unix_socket=env["NAUTOBOT_DB_HOST"],
        user="root",
        database=DATABASE,
        charset="utf8mb4",
        client_flag=CLIENT.MULTI_STATEMENTS,
    ) as connection:
        with connection.cursor() as cursor:
            cursor.execute(statements)
            while cursor.nextset():  # raises the error of a later statement
                pass
        connection.commit()


@contextmanager
def server_folder() -> Iterator[Path]:
    """Provide a temporary folder that the account of the server owns."""
    with tempfile.TemporaryDirectory(prefix="ncm-mariadb-", ignore_cleanup_errors=True) as name:
        if account := server_account():
            shutil.chown(name, account, account)
        yield Path(name)


def program(name: str) -> str:
    """Return the path of one of MariaDB's programs."""
    found = shutil.which(name, path=f"{os.environ.get('PATH', '')}:/usr/sbin")
    if not found:
        raise ServiceError(f"No {name}: install MariaDB (apt-get install mariadb-server).")
    return found


def create_data(data: Path) -> None:
    """Create the data of a server with an empty database, whose root needs no password: it listens on a socket only."""
    account = server_account()
    become = {"user": account, "group": account, "extra_groups": []} if account else {}
    command = [program("mariadb-install-db"), "--no-defaults", f"--datadir={data}", "--skip-test-db"]
    command += ["--auth-root-authentication-method=normal", "--innodb-log-file-size=32M"]
    done = subprocess.run(  # nosec B603 # no shell
        command, capture_output=True, text=True, check=False, cwd="/", **become
    )
    if done.returncode:
        raise ServiceError(f"mariadb-install-db failed: {(done.stderr or done.stdout).strip()[-2000:]}")
    (data / DATABASE).mkdir()  # to the server, a database is a folder
    if account:
        shutil.chown(data / DATABASE, account, account)


def copy(source: Path, target: Path) -> None:
    """Copy a folder with its owners; replace an older copy."""
    shutil.rmtree(target, ignore_errors=True)
    subprocess.run(["cp", "--archive", str(source), str(target)], check=True)  # nosec B603 B607 # no shell


@contextmanager
def running(folder: Path) -> Iterator[dict[str, str]]:
    """Run a server on the data in this folder; it has ended when the block has."""
    socket, lock = folder / "socket", folder / "users.lock"
    command = [program("mariadbd"), "--no-defaults", f"--datadir={folder}/data", f"--socket={socket}"]
    command += [f"--tmpdir={folder}", f"--pid-file={folder}/pid", "--skip-networking", "--skip-log-bin", "--gdb"]
    with locked(lock, fcntl.LOCK_SH):
        server = start_supervised(
            f"mariadb-{os.getpid()}", [*command, *LIKE_MYSQL, *THROW_AWAY, *CAPACITY], lock=lock, user=server_account()
        )
        wait_until(lambda: answers(socket), what="MariaDB", server=server)
        yield {
            "NAUTOBOT_DB_ENGINE": "development.services.mysql",
            "NAUTOBOT_DB_HOST": str(socket),
            "NAUTOBOT_DB_PORT": "",
            "NAUTOBOT_DB_USER": "root",
            "NAUTOBOT_DB_NAME": DATABASE,
        }
    server.supervisor.wait(STOP_SECONDS)
    server.log.unlink(missing_ok=True)


def answers(socket: Path) -> bool:
    """Return whether MariaDB accepts connections."""
    try:
        pymysql.connect(unix_socket=str(socket), user="root").close()
    except pymysql.OperationalError:
        return False
    return True
