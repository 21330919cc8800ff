"""The demo: sample emails in a real IMAP server, read by the job on a real worker into a real Nautobot.

Its data is kept in `.development/`: a second run finds nothing new. Run by `invoke demo`.
"""

import argparse
import fcntl
import json
import os
import shutil
import socket
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from development import samples
from development.services import database, embedded, quiet
from development.services.database import say
from development.services.imap import ImapServer, imap_server

DATABASE = "ncm_demo"
CONFIG = Path(__file__).parents[1] / "nautobot_config.py"
# The servers of two runs must look like the same mailbox to the app.
UID_VALIDITY = 20_260_101
JOB_SECONDS = 600
WEB_PORT = 8080


def notification_sources(server: ImapServer) -> list[dict[str, Any]]:
    """Return the settings of two sources: one with TLS from the first byte, one with STARTTLS."""
    both = {
        "account": server.username,
        "secret": server.password,
        "ca_file": str(server.ca_file),
        "attach_all_providers": True,
    }
    notices = {"name": "notices", "folder": "notices", "url": f"imaps://{server.host}:{server.tls_port}"}
    interconnect = {"name": "interconnect", "folder": "interconnect", "url": f"imap://{server.host}:{server.port}"}
    return [{**both, **notices}, {**both, **interconnect, "starttls": True}]


def recorded_start(template: str) -> datetime | None:
    """Return the start of the kept demo, which its emails' dates are relative to; None without a usable one."""
    path = embedded.state_folder("demo") / "state.json"
    if not path.exists():
        return None
    state = json.loads(path.read_text(encoding="utf-8"))
    with database.server_connection() as server:
        if state["template"] != template or not database.exists(server, DATABASE):
            return None
    return datetime.fromisoformat(state["now"])


def prepare_database() -> datetime:
    """Set up Django on the demo's database, created and filled if necessary; return the start of the demo."""
    template = database.template()
    os.environ["NAUTOBOT_DB_NAME"] = DATABASE
    kept_since = recorded_start(template)
    if kept_since is None:
        template = database.clone_template(DATABASE)
    quiet.setup(CONFIG)
    if kept_since is not None:
        return kept_since
    from development.demo import world  # pylint: disable=import-outside-toplevel  # imports models

    now = datetime.now(timezone.utc)
    say("Creating locations, devices, providers and circuits.")
    world.create_admin()
    world.seed(samples.load_world(now))
    state = json.dumps({"template": template, "now": now.isoformat()})
    (embedded.state_folder("demo") / "state.json").write_text(state, encoding="utf-8")
    return now


def deliver(server: ImapServer, mails: list[samples.Sample]) -> None:
    """Put the emails into their folders, oldest first."""
    for folder in ("notices", "interconnect"):
        server.deliver_all([(mail.raw, mail.received_at) for mail in mails if mail.mailbox == folder], folder)


def start_server(stack: ExitStack, name: str, *words: str) -> embedded.Supervised:
    """Start a command of Nautobot that ends with this process."""
    lock = embedded.state_folder("demo") / f"{name}.lock"
    stack.enter_context(embedded.locked(lock, fcntl.LOCK_SH))
    return embedded.start_supervised(name, [nautobot_server(), *words], lock=lock)


def nautobot_server() -> str:
    """Return the path of Nautobot's command."""
    return shutil.which("nautobot-server", path=str(Path(sys.executable).parent)) or "nautobot-server"


def run_job(state_of: Callable[[], str]) -> Any:
    """Enqueue the job, wait until the worker has run it and return its result; `state_of` describes progress."""
    # pylint: disable=import-outside-toplevel  # import models
    from django.contrib.auth import get_user_model
    from nautobot.extras.models import JobResult

    from development.demo import world
    from nautobot_circuit_maintenance.compat import enqueue_job

    user = get_user_model().objects.get(username=world.ADMIN)
    job_result: JobResult = enqueue_job(world.enable_job(), user, {})
    deadline = time.monotonic() + JOB_SECONDS
    while job_result.date_done is None:
        if time.monotonic() > deadline:
            raise embedded.ServiceError(f"The job did not end: see {embedded.state_folder('log') / 'worker.log'}")
        time.sleep(1)
        job_result.refresh_from_db()
        say(f"  Job {job_result.status.lower()}: {state_of()}")
    for entry in job_result.job_log_entries.exclude(log_level="debug"):
        say(f"  {entry.log_level}: {entry.message}")
    return job_result.result


def show(now: datetime, mails: list[samples.Sample], *, as_json: bool) -> int:
    """Run the job and print the table; return the number of differences."""
    # pylint: disable=import-outside-toplevel  # import models
    from development.demo import report
    from nautobot_circuit_maintenance.models import Notification

    before = Notification.objects.count()
    result = run_job(lambda: f"{Notification.objects.exclude(state='received').count()} notifications digested")
    new = Notification.objects.count() - before
    came_in = report.mail_lines(mails)
    came_out = report.maintenance_lines(samples.expected_maintenances(now))
    if as_json:
        report.print_json(new=new, mails=came_in, maintenances=came_out, result=result)
    else:
        report.print_table(new=new, mails=came_in, maintenances=came_out)
    sys.stdout.flush()
    return sum(bool(line.differences) for line in (*came_in, *came_out))


def free_port(wanted: int) -> int:
    """Return the port, or another one if it is in use."""
    for port in (wanted, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise embedded.ServiceError("No free port for the web UI.")


def serve(stack: ExitStack) -> None:
    """Serve the web UI until Ctrl-C."""
    port = free_port(WEB_PORT)
    # It serves this machine only; --insecure serves style sheets and scripts without DEBUG.
    web = start_server(stack, "web", "runserver", "--insecure", "--noreload", f"127.0.0.1:{port}")
    say(f"\nThe web UI: http://localhost:{port}/  login: admin / admin  (Ctrl-C ends it)")
    try:
        web.supervisor.wait()
    except KeyboardInterrupt:
        return
    raise embedded.ServiceError(f"The web server ended unexpectedly: see {web.log}")


def run(stack: ExitStack, *, once: bool, as_json: bool) -> int:
    """Start everything, show the table, serve; return the number of differences."""
    stack.enter_context(embedded.locked(embedded.state_folder("demo") / "demo.lock", fcntl.LOCK_EX | fcntl.LOCK_NB))
    server = stack.enter_context(imap_server(uid_validity=UID_VALIDITY))
    os.environ.update(stack.enter_context(embedded.postgres()), NAUTOBOT_CONFIG=str(CONFIG))
    os.environ.update(stack.enter_context(embedded.redis()))
    os.environ["NCM_PLUGIN_CONFIG"] = json.dumps({"notification_sources": notification_sources(server)})
    now = prepare_database()
    mails = samples.load_samples(now)
    say(f"Delivering {len(mails)} mails.")
    deliver(server, mails)
    start_server(stack, "worker", "celery", "worker", "--concurrency", "1", "--loglevel", "INFO")
    differences = show(now, mails, as_json=as_json)
    if not once:
        serve(stack)
    return differences


def main() -> int:
    """Run the demo; return 1 if a result differs from the expected one."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--once", action="store_true", help="stop after the table")
    parser.add_argument("--json", action="store_true", help="print the table as JSON")
    options = parser.parse_args()
    try:
        with ExitStack() as stack:
            return 1 if run(stack, once=options.once, as_json=options.json) else 0
    except embedded.ServiceError as error:
        sys.exit(str(error))
    except BlockingIOError:  # from the lock on the demo's state
        sys.exit("A demo of this clone is already running; stop it first.")


if __name__ == "__main__":
    sys.exit(main())
