"""The mail server of the containers: pymap on fixed ports, with the sample notifications in its folders.

`since` in the shared folder stores the time that the emails' dates are relative to: after a restart they are the same emails.
"""

import os
import subprocess  # nosec B404 # the server is a process of its own
import sys
import time
from datetime import datetime, timezone
from pathlib import Path

from development import samples
from development.demo import runner
from development.services import imap
from development.services.imap import ImapServer, make_certificates

HOST = "mail"
START_SECONDS = 30


def since(folder: Path) -> datetime:
    """Return the start of the demo's world, which is now the first time."""
    path = folder / "since"
    if not path.exists():
        path.write_text(datetime.now(timezone.utc).isoformat(), encoding="ascii")
    return datetime.fromisoformat(path.read_text(encoding="ascii"))


def deliver(folder: Path) -> None:
    """Fill the running server, then create the file `delivered`."""
    ports = int(os.environ["NCM_IMAP_PORT"]), int(os.environ["NCM_IMAP_TLS_PORT"])
    account = os.environ["NCM_IMAP_USER"], os.environ["NCM_IMAP_PASSWORD"]
    runner.deliver(ImapServer("localhost", *ports, folder / "ca.pem", *account), samples.load_samples(since(folder)))
    (folder / "delivered").touch()


def main() -> int:
    """Serve until the server ends."""
    folder = Path(os.environ["NCM_MAIL_FOLDER"])
    for name in ("delivered", "ports.json"):
        (folder / name).unlink(missing_ok=True)
    make_certificates(folder, HOST)
    # The emails are delivered in the same order and get the same UIDs: for the app it is the same mailbox.
    environment = {**os.environ, "NCM_IMAP_UIDVALIDITY": str(runner.UID_VALIDITY)}
    command = [sys.executable, str(Path(imap.__file__).with_name("imapd.py")), str(folder)]
    with subprocess.Popen(command, env=environment) as server:  # nosec B603 # our own command, no shell
        deadline = time.monotonic() + START_SECONDS
        while not (folder / "ports.json").exists():
            if server.poll() is not None or time.monotonic() > deadline:
                server.kill()
                return 1
            time.sleep(0.1)
        deliver(folder)
        return server.wait()


if __name__ == "__main__":
    sys.exit(main())
