"""PostgreSQL, Redis and Celery workers that chaos kills and restarts.

They are separate from the PostgreSQL server that the commands of a clone share.
"""

import fcntl
import os
import signal
import subprocess  # nosec B404 # copying a database takes two programs of PostgreSQL
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from development.demo import runner
from development.services import database, embedded

DATABASE = "ncm_chaos"
WORKERS = ("chaos-worker-1", "chaos-worker-2")
"""Names of the workers; the names of their database sessions start with them (libpq's PGAPPNAME)."""
PROCESSES = 4
"""Number of processes of a worker; each runs one task at a time."""


def children(process: int) -> list[int]:
    """Return the child processes of a process (proc(5))."""
    with suppress(OSError):
        return [int(pid) for pid in Path(f"/proc/{process}/task/{process}/children").read_text("ascii").split()]
    return []


def kill(*processes: int) -> bool:
    """Send SIGKILL to our own processes; return whether any existed."""
    found = False
    for process in processes:
        with suppress(ProcessLookupError):
            os.kill(process, signal.SIGKILL)
            found = True
    return found


@dataclass
class Postgres:
    """A separate PostgreSQL server; what it has committed survives a crash."""

    folder: Path
    sockets: Path

    @property
    def env(self) -> dict[str, str]:
        """The variables that make Nautobot use it."""
        return {
            "NAUTOBOT_DB_ENGINE": "django.db.backends.postgresql",
            "NAUTOBOT_DB_HOST": str(self.sockets),
            "NAUTOBOT_DB_PORT": "",
            "NAUTOBOT_DB_USER": "postgres",
            "NAUTOBOT_DB_NAME": DATABASE,
        }

    def start(self) -> None:
        """Start it; it recovers its data by itself."""
        programs, account = embedded.pgserver_wheel().POSTGRES_VERSIONS[18], embedded.server_account()
        data = self.folder / "data"
        if account:
            embedded.open_to(account, programs, folders=[self.folder, self.sockets])
        if not (data / "PG_VERSION").exists():
            embedded.create_cluster(programs, data, account)
        # Not synchronous_commit=off: a restart could lose a commit, which would not be the app's fault.
        settings = (
            "fsync=off",
            "max_connections=100",
            "shared_buffers=256MB",
            "wal_level=minimal",
            "max_wal_senders=0",
        )
        settings += ("track_activity_query_size=32768",)
        words = [word for setting in settings for word in ("-c", setting)]
        command = [str(programs / "postgres"), "-D", str(data), "-h", "", "-k", str(self.sockets), *words]
        server = embedded.start_supervised("chaos-postgres", command, lock=self.folder / "users.lock", user=account)
        embedded.wait_until(lambda: embedded.answers(self.sockets), what="PostgreSQL", server=server)

    def restart(self, pause: float) -> None:
        """Crash it (immediate mode) and start it again after a pause in seconds."""
        process = int((self.folder / "data" / "postmaster.pid").read_text("ascii").split()[0])
        os.kill(process, signal.SIGQUIT)
        while Path(f"/proc/{process}").exists():
            time.sleep(0.02)
        time.sleep(pause)
        self.start()


@contextmanager
def postgres() -> Iterator[Postgres]:
    """Run a PostgreSQL server with a copy of the migrated template in it; its data is kept for the next time."""
    folder = embedded.state_folder("chaos")
    with embedded.locked(folder / "users.lock", fcntl.LOCK_SH):
        server = Postgres(folder, embedded.socket_folder(folder))
        while embedded.answers(server.sockets):
            time.sleep(0.2)  # the server of the previous run is about to end
        server.start()
        _copy_template(server)
        yield server


def _copy_template(server: Postgres) -> None:
    """Copy the template from the shared server if necessary, and clone it."""
    with embedded.postgres() as shared:
        with _environment(shared):
            source, name = os.environ["NAUTOBOT_DB_HOST"], database.template()
        with _environment(server.env), database.server_connection() as own:
            if not database.exists(own, name):
                database.say("Copying the migrated template.")
                database.drop_outdated(own, keep=name)
                database.clone(own, name + database.UNFINISHED, source="template0")
                _pipe(name, source, server)
                database.finish(own, name)
            database.clone(own, DATABASE, source=name)


@contextmanager
def _environment(others: dict[str, str]) -> Iterator[None]:
    """Set these environment variables until the block ends."""
    before = dict(os.environ)
    os.environ.update(others)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def _pipe(name: str, source: str, target: Postgres) -> None:
    """Copy a database of the shared server into a new one of this server."""
    programs = embedded.pgserver_wheel().POSTGRES_VERSIONS[18]
    dump = [str(programs / "pg_dump"), "-h", source, "-U", "postgres", name]
    restore = [str(programs / "psql"), "-q", "-h", str(target.sockets), "-U", "postgres", "-v", "ON_ERROR_STOP=1"]
    restore += ["-o", os.devnull, "-d", name + database.UNFINISHED]
    with subprocess.Popen(dump, stdout=subprocess.PIPE) as process:  # nosec B603 # our own command, no shell
        subprocess.run(restore, stdin=process.stdout, check=True)  # nosec B603 # our own command, no shell
    if process.returncode:
        raise embedded.ServiceError("pg_dump failed; the reason is above.")


@dataclass
class Redis:
    """A separate Redis server; a restart loses its data."""

    folder: Path
    server: embedded.Supervised | None = None

    @property
    def env(self) -> dict[str, str]:
        """The variables that make Nautobot use it."""
        return {
            "NAUTOBOT_REDIS_SCHEME": "unix",
            "NAUTOBOT_REDIS_HOST": str(self.folder / "redis.sock"),
            "NAUTOBOT_CELERY_BROKER_URL": f"redis+socket://{self.folder / 'redis.sock'}?virtual_host=0",
        }

    def start(self) -> None:
        """Start it empty."""
        path = self.folder / "redis.sock"
        path.unlink(missing_ok=True)
        command = [embedded.redis_program(), "--port", "0", "--unixsocket", str(path), "--unixsocketperm", "700"]
        command += ["--dir", str(self.folder), "--save", "", "--appendonly", "no", "--databases", "16"]
        self.server = embedded.start_supervised("chaos-redis", command, lock=self.folder / "users.lock")
        embedded.wait_until(path.exists, what="Redis", server=self.server)

    def restart(self, pause: float) -> None:
        """Kill it and start an empty one after a pause in seconds."""
        if self.server:
            kill(*children(self.server.supervisor.pid))
            self.server.supervisor.wait()
        time.sleep(pause)
        self.start()


@contextmanager
def redis() -> Iterator[Redis]:
    """Run a Redis server until the block ends."""
    with tempfile.TemporaryDirectory(prefix="ncm-chaos-", ignore_cleanup_errors=True) as name:
        with embedded.locked(Path(name) / "users.lock", fcntl.LOCK_SH):
            server = Redis(Path(name))
            server.start()
            yield server


@dataclass
class Workers:
    """Celery workers, each with several processes that run tasks."""

    lock: Path
    database: dict[str, str]
    """The variables that make them use pgbouncer instead of PostgreSQL itself."""
    processes: int = PROCESSES
    kept: dict[str, embedded.Supervised] = field(default_factory=dict)

    def start(self, name: str) -> None:
        """Start a worker; it needs some seconds until it takes tasks."""
        command = [runner.nautobot_server(), "celery", "worker", "--concurrency", str(self.processes)]
        command += ["--loglevel", "INFO", "--hostname", f"{name}@localhost"]
        self.kept[name] = embedded.start_supervised(
            name, command, lock=self.lock, env={**self.database, "PGAPPNAME": name}
        )

    def await_ready(self) -> None:
        """Wait until all workers take tasks."""
        for name, kept in self.kept.items():
            embedded.wait_until(lambda log=kept.log: b" ready." in log.read_bytes(), what=name, server=kept)  # type: ignore[misc]

    def main(self, name: str) -> int | None:
        """Return the main process of a worker, None if it has ended."""
        found = children(self.kept[name].supervisor.pid)
        return found[0] if found else None

    def kill_all(self, name: str) -> bool:
        """Kill a worker with all its processes."""
        process = self.main(name)
        return kill(process, *children(process)) if process else False

    def restart(self, name: str) -> None:
        """Kill a worker if it is alive, and start it again."""
        self.kill_all(name)
        self.kept[name].supervisor.wait()
        self.start(name)


@contextmanager
def workers(database_env: dict[str, str]) -> Iterator[Workers]:
    """Run the workers, with these variables for their database, until the block ends."""
    lock = embedded.state_folder("chaos") / "workers.lock"
    with ExitStack() as stack:
        stack.enter_context(embedded.locked(lock, fcntl.LOCK_SH))
        found = Workers(lock, database_env)
        for name in WORKERS:
            found.start(name)
        found.await_ready()
        yield found
        for name in WORKERS:
            found.kill_all(name)
