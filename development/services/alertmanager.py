"""A real Alertmanager: Debian's `prometheus-alertmanager`, run in a folder of its own; `with alertmanager() as server`."""

import fcntl
import os
import shutil
import signal
import socket
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from development.services.embedded import ServiceError, Supervised, locked, start_supervised, wait_until

CONFIGURATION = """
route:
  receiver: none
receivers:
  - name: none
"""


@dataclass
class Alertmanager:
    """An Alertmanager without a cluster."""

    folder: Path
    port: int
    server: Supervised | None = field(default=None, repr=False)

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start it, with what it stored before."""
        program = shutil.which("prometheus-alertmanager")
        if not program:
            raise ServiceError("No Alertmanager: install Debian's package prometheus-alertmanager.")
        config = self.folder / "alertmanager.yml"
        config.write_text(CONFIGURATION, encoding="ascii")
        command = [
            program,
            f"--config.file={config}",
            f"--storage.path={self.folder / 'data'}",
            f"--web.listen-address=127.0.0.1:{self.port}",
            "--cluster.listen-address=",
            "--log.level=error",
        ]
        self.server = start_supervised(f"alertmanager-{self.port}", command, lock=self.folder / "users.lock")
        wait_until(lambda: _listens(self.port), what="Alertmanager", server=self.server)

    def stop(self, how: signal.Signals = signal.SIGTERM) -> None:
        """End it: by SIGTERM it stores its silences, by SIGKILL those of the last fifteen minutes are lost."""
        assert self.server is not None  # nosec B101  # started before
        for child in _children(self.server.supervisor.pid):
            with suppress(ProcessLookupError):
                os.kill(child, how)
        self.server.supervisor.wait()


@contextmanager
def alertmanager() -> Iterator[Alertmanager]:
    """Run an empty Alertmanager until the block ends; raises ServiceError if it is not installed or fails."""
    with tempfile.TemporaryDirectory(prefix="ncm-alertmanager-", ignore_cleanup_errors=True) as name:
        found = Alertmanager(Path(name), _free_port())
        with locked(found.folder / "users.lock", fcntl.LOCK_SH):
            found.start()
            yield found
        assert found.server is not None  # nosec B101  # started above
        found.server.supervisor.wait()
        found.server.log.unlink(missing_ok=True)


def _free_port() -> int:
    """Return a free port."""
    with closing(socket.socket()) as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def _listens(port: int) -> bool:
    """Return whether the port answers."""
    with closing(socket.socket()) as client:
        client.settimeout(1)
        return client.connect_ex(("127.0.0.1", port)) == 0


def _children(process: int) -> list[int]:
    """Return the processes that one has started."""
    return [int(each) for each in Path(f"/proc/{process}/task/{process}/children").read_text("ascii").split()]
