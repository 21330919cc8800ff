"""A complete Nautobot for a browser: the demo's data in its own database, a worker and a web server."""

import fcntl
import json
import os
import time
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime, timezone

from development import samples
from development.demo import runner
from development.services import database, embedded, quiet
from development.services.imap import ImapServer, imap_server

READY_SECONDS = 120


@dataclass(frozen=True)
class LiveSite:
    """Address of the site, start of its world, and the mail server that it reads."""

    url: str
    now: datetime
    mailbox: ImapServer


@contextmanager
def live_site(name: str) -> Iterator[LiveSite]:
    """Provide a site whose job has digested the sample emails; its database is dropped at the end."""
    with ExitStack() as stack:
        stack.enter_context(embedded.locked(embedded.state_folder("demo") / f"{name}.lock", fcntl.LOCK_EX))
        mailbox = stack.enter_context(imap_server(uid_validity=runner.UID_VALIDITY))
        os.environ.update(stack.enter_context(embedded.postgres()), NAUTOBOT_CONFIG=str(runner.CONFIG))
        os.environ.update(stack.enter_context(embedded.redis()))
        os.environ["NCM_PLUGIN_CONFIG"] = json.dumps({"notification_sources": runner.notification_sources(mailbox)})
        now = fill(stack, f"ncm_{name}")
        runner.start_server(stack, f"{name}-worker", "celery", "worker", "--concurrency", "1", "--loglevel", "INFO")
        url = f"http://127.0.0.1:{runner.free_port(0)}"
        # --insecure serves style sheets and scripts without DEBUG.
        words = ("runserver", "--insecure", "--noreload", url.removeprefix("http://"))
        runner.start_server(stack, f"{name}-web", *words)
        runner.deliver(mailbox, samples.load_samples(now))
        runner.run_job(lambda: "digesting")
        wait_for(url)
        yield LiveSite(url, now, mailbox)


def fill(stack: ExitStack, name: str) -> datetime:
    """Set up Django on a fresh clone of the template with the demo's data; return the start of its world."""
    os.environ["NAUTOBOT_DB_NAME"] = name
    database.clone_template(name)
    stack.callback(remove, name)
    quiet.setup(runner.CONFIG)
    from development.demo import world  # pylint: disable=import-outside-toplevel  # imports models

    now = datetime.now(timezone.utc)
    world.create_admin()
    world.seed(samples.load_world(now))
    return now


def remove(name: str) -> None:
    """Drop the database, even while it is in use."""
    with database.server_connection() as server:
        database.drop(server, name)


def wait_for(url: str) -> None:
    """Wait until the site answers; the first page takes the longest."""
    deadline = time.monotonic() + READY_SECONDS
    while True:
        try:
            with urllib.request.urlopen(f"{url}/login/", timeout=READY_SECONDS):  # nosec B310 # always http
                return
        except OSError as error:
            if time.monotonic() > deadline:
                raise embedded.ServiceError(f"The web server does not answer at {url}: {error}") from error
            time.sleep(0.5)
