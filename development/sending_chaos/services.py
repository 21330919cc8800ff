"""What chaos over sending runs on: mail servers, an Alertmanager, and a Celery worker, all real, on loopback."""

import fcntl
import json
import os
import signal
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from development.chaos import services
from development.demo.live import remove
from development.sending_chaos.ledger import Ledger
from development.services import database, embedded, quiet
from development.services.alertmanager import Alertmanager, alertmanager
from development.services.imap import ImapServer, imap_server

if TYPE_CHECKING:  # it reads Nautobot's settings
    from nautobot_circuit_maintenance.tests.outbound.mail_server import MailServer

CONFIG = Path(__file__).with_name("config.py")
DATABASE = "ncm_sending_chaos"
WORKER = "sending-chaos-worker"
INSTANCE = "chaos"
FOLDER = "Chaos"


@dataclass
class Servers:
    """Everything that can fail."""

    mail: "MailServer"
    inbox: ImapServer
    alerts: Alertmanager
    workers: services.Workers
    ledger: Ledger

    def is_worker_ready(self) -> bool:
        """Return whether the worker takes tasks."""
        return b" ready." in self.workers.kept[WORKER].log.read_bytes()

    def kill_worker(self) -> bool:
        """Kill the worker with all its processes while it runs a drain job, and let another one start."""
        if not self._process_of_a_job():
            return False
        self.workers.restart(WORKER)
        return True

    def kill_job(self) -> bool:
        """Kill a process of the worker that runs a drain job."""
        process = self._process_of_a_job()
        return services.kill(process) if process else False

    def _process_of_a_job(self) -> int | None:
        """Return a process that runs a drain job; None if none does within a second."""
        deadline = time.monotonic() + 1
        while self.is_worker_ready() and time.monotonic() < deadline:
            alive = services.children(self.workers.main(WORKER) or 0)
            for process in self.ledger.running():
                if process in alive:
                    return process
            time.sleep(0.02)
        return None

    def restart_alerts(self, how: signal.Signals, pause: float) -> None:
        """End the Alertmanager by a signal and start it again after a pause in seconds."""
        self.alerts.stop(how)
        time.sleep(pause)
        self.alerts.start()

    def pause_alerts(self, seconds: float) -> None:
        """Let the Alertmanager take connections and answer nothing for a while."""
        assert self.alerts.server is not None  # nosec B101  # started before
        processes = services.children(self.alerts.server.supervisor.pid)
        for how in (signal.SIGSTOP, signal.SIGCONT):
            for process in processes:
                os.kill(process, how)
            time.sleep(seconds if how == signal.SIGSTOP else 0)


@contextmanager
def servers() -> Iterator[Servers]:
    """Start everything and set up Django on a fresh clone of the template; its database is dropped at the end."""
    folder = embedded.state_folder("sending-chaos")
    with ExitStack() as stack:
        stack.enter_context(embedded.locked(folder / "chaos.lock", fcntl.LOCK_EX | fcntl.LOCK_NB))
        alerts, inbox = stack.enter_context(alertmanager()), stack.enter_context(imap_server())
        ledger = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="ncm-ledger-"))) / "ledger"
        os.environ.update(stack.enter_context(embedded.postgres()), NAUTOBOT_CONFIG=str(CONFIG))
        os.environ.update(stack.enter_context(embedded.redis()))
        os.environ.update(NAUTOBOT_JOBS_ROOT=str(CONFIG.parent / "jobs"), NCM_DRAIN_LEDGER=str(ledger))
        os.environ["NAUTOBOT_DB_NAME"] = DATABASE
        database.clone_template(DATABASE)
        stack.callback(remove, DATABASE)
        # Imports Nautobot's settings, which read those variables.
        from nautobot_circuit_maintenance.tests.outbound.mail_server import (  # pylint: disable=import-outside-toplevel
            mail_server,
        )

        mail = stack.enter_context(mail_server(auth_required=False))
        os.environ["NCM_PLUGIN_CONFIG"] = json.dumps(_settings(mail.port, alerts.url, inbox))
        lock = folder / "worker.lock"
        stack.enter_context(embedded.locked(lock, fcntl.LOCK_SH))
        workers = services.Workers(lock, {}, processes=1)
        workers.start(WORKER)
        stack.callback(workers.kill_all, WORKER)
        quiet.setup(CONFIG)
        workers.await_ready()
        yield Servers(mail, inbox, alerts, workers, Ledger(ledger))


def _settings(port: int, alerts: str, inbox: ImapServer) -> dict[str, Any]:
    """Return the settings of the app: one mailbox, and a channel of each kind that chaos disturbs."""
    mail = {"kind": "email", "sender": "noc@example.com", "url": f"smtp://127.0.0.1:{port}", "tls": False}
    silences = {"kind": "alertmanager", "urls": [alerts], "matchers": {"cid": "{{ cid }}"}}
    source = {
        "name": "Mail",
        "url": f"imaps://{inbox.host}:{inbox.tls_port}",
        "account": inbox.username,
        "secret": inbox.password,
        "folder": FOLDER,
        "ca_file": str(inbox.ca_file),
        "attach_all_providers": True,
    }
    return {
        "instance": INSTANCE,
        "channels": [{"name": "mail", **mail}, {"name": "Alerts", **silences}, {"name": "Drain", "kind": "job"}],
        "notification_sources": [source],
        "raw_notification_initial_days_since": 36_500,
    }
