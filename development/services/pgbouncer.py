"""pgbouncer in transaction mode: each transaction, and each statement outside of one, gets any session of the server.

Debian's package `pgbouncer`; it runs as an ordinary user in a folder of its own: `with pgbouncer(sockets) as env`.
"""

import fcntl
import os
import shutil
import signal
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from development.services.embedded import (
    ServiceError,
    Supervised,
    answers,
    locked,
    server_account,
    start_supervised,
    wait_until,
)

CONFIGURATION = """
[databases]
* = host={sockets} user=postgres
[pgbouncer]
listen_addr =
unix_socket_dir = {folder}
auth_type = any
pool_mode = transaction
max_client_conn = 500
default_pool_size = {sessions}
server_round_robin = 1
ignore_startup_parameters = extra_float_digits,options
pidfile = {folder}/pgbouncer.pid
"""
PORT = 6432
SESSIONS = 30
"""Sessions of the server per database; fewer than the clients that chaos has."""


@dataclass
class PgBouncer:
    """A pgbouncer in front of a PostgreSQL server."""

    folder: Path
    sockets: Path
    """The folder of the server's sockets."""
    server: Supervised | None = field(default=None, repr=False)

    @property
    def env(self) -> dict[str, str]:
        """The variables that make Nautobot use it."""
        return {"NAUTOBOT_DB_HOST": str(self.folder), "NAUTOBOT_DB_PORT": str(PORT)}

    def start(self) -> None:
        """Start it."""
        program = shutil.which("pgbouncer", path=os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin"]))
        if not program:
            raise ServiceError("No pgbouncer: install Debian's package pgbouncer.")
        # It does not run as root.
        account = server_account()
        config = self.folder / "pgbouncer.ini"
        values = {"folder": self.folder, "sockets": self.sockets, "sessions": SESSIONS}
        config.write_text(CONFIGURATION.format(**values), encoding="ascii")
        if account:
            for path in (self.folder, config):
                shutil.chown(path, account, account)
        command = [program, str(config)]
        lock = self.folder / "users.lock"
        self.server = start_supervised(f"pgbouncer-{os.getpid()}", command, lock=lock, user=account)
        wait_until(lambda: answers(self.folder, port=PORT), what="pgbouncer", server=self.server)

    def restart(self) -> None:
        """Kill it with all connections, and start it again."""
        with suppress(OSError, ValueError):
            os.kill(int((self.folder / "pgbouncer.pid").read_text("ascii")), signal.SIGKILL)
        if self.server:
            self.server.supervisor.wait()
        for name in ("pgbouncer.pid", f".s.PGSQL.{PORT}"):
            (self.folder / name).unlink(missing_ok=True)
        self.start()


@contextmanager
def pgbouncer(sockets: Path) -> Iterator[PgBouncer]:
    """Run a pgbouncer in front of the server with these sockets until the block ends."""
    with tempfile.TemporaryDirectory(prefix="ncm-pgb-", ignore_cleanup_errors=True) as name:
        found = PgBouncer(Path(name), sockets)
        with locked(found.folder / "users.lock", fcntl.LOCK_SH):
            found.start()
            yield found
        assert found.server is not None  # nosec B101  # started above
        found.server.supervisor.wait()
        found.server.log.unlink(missing_ok=True)
