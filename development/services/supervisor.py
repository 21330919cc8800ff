"""Run a server for as long as a process holds its lock file.

Started as a script by `embedded.start_supervised`. The operating system releases a lock however its holder ends, so no
server outlives the commands that use it, not even when they are killed. Standard library only.
"""

import fcntl
import signal
import subprocess  # nosec B404 # starting servers is what this file is for
import sys
import time
from typing import IO

POLL_SECONDS = 0.2
STOP_SECONDS = 15


def is_unused(lock: IO[str]) -> bool:
    """Return whether no process holds the lock; if so, take it: new users wait until this process has ended."""
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def stop(server: "subprocess.Popen[bytes]") -> None:
    """Ask the server to shut down; kill it if it does not."""
    if server.poll() is None:
        # PostgreSQL's "fast shutdown"; SIGTERM would make it wait for its clients.
        server.send_signal(signal.SIGINT)
    try:
        server.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait()


def end(_signal_number: int, _frame: object) -> None:
    """Exit normally on SIGTERM, which stops the server."""
    raise SystemExit(0)


def main(lock_path: str, user: str, *command: str) -> None:
    """Run `command`, as `user` unless that is empty, until no process holds `lock_path`."""
    signal.signal(signal.SIGTERM, end)
    # A shell starts background commands with SIGINT ignored; children inherit that and could not be stopped.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    account = {"user": user, "group": user, "extra_groups": []} if user else {}
    with open(lock_path, encoding="ascii") as lock:
        with subprocess.Popen(command, **account) as server:  # nosec B603 # our own command, no shell
            try:
                while server.poll() is None and not is_unused(lock):
                    time.sleep(POLL_SECONDS)
            finally:
                stop(server)


if __name__ == "__main__":
    main(*sys.argv[1:])
