"""The pipeline behind pgbouncer in transaction mode, where no two statements have the same session of the server."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from threading import Barrier

import psycopg2
from django.db import DatabaseError, connection, connections
from nautobot.apps.testing import TransactionTestCase
from nautobot.circuits.models import Circuit

from development.services.pgbouncer import PORT, pgbouncer
from nautobot_circuit_maintenance.models import CircuitImpact, Notification
from nautobot_circuit_maintenance.models.matching import link_unmatched
from nautobot_circuit_maintenance.pipeline.run import RunOptions, run
from nautobot_circuit_maintenance.tests.cases import create_circuits, create_provider
from nautobot_circuit_maintenance.tests.factories.mail import NOON, Bcop, mail
from nautobot_circuit_maintenance.tests.pipeline.test_chunks import record

WORKERS = 4
MAILS = 20


@contextmanager
def behind_pgbouncer(*, has_server_side_cursors: bool = True) -> Iterator[None]:
    """Connect to the test's database through pgbouncer."""
    settings = connection.settings_dict
    direct = {name: settings.get(name, "") for name in ("HOST", "PORT", "DISABLE_SERVER_SIDE_CURSORS")}
    with pgbouncer(Path(direct["HOST"])) as bouncer:
        connection.close()
        settings.update(HOST=str(bouncer.folder), PORT=PORT, DISABLE_SERVER_SIDE_CURSORS=not has_server_side_cursors)
        try:
            yield
        finally:
            connections.close_all()
            settings.update(direct)


def at_once(work: Callable[[], object]) -> None:
    """Do this in several threads, with connections of their own, so that pgbouncer has several sessions to give away."""
    barrier = Barrier(WORKERS)

    def done() -> None:
        try:
            barrier.wait(20)
            work()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(WORKERS) as pool:
        for each in [pool.submit(done) for _ in range(WORKERS)]:
            each.result(timeout=120)


class BehindPgBouncer(TransactionTestCase):
    """Mail about circuits, of which Nautobot has some under other spellings, and some not yet."""

    def setUp(self) -> None:
        """Let mail wait."""
        super().setUp()
        self.provider = create_provider("ISP", "noc@isp.example")
        create_circuits(self.provider, *(f"C/{number}" for number in range(MAILS)))
        cids = (((f"C-{number}", "OUTAGE"), (f"LATER-{number}", "OUTAGE")) for number in range(MAILS))
        record(*(mail(Bcop(f"M-{number}", circuits=pair)) for number, pair in enumerate(cids)))

    def test_a_cursor_outside_of_a_transaction_does_not_work_there(self) -> None:
        """Or the other tests would show nothing."""
        errors: list[str] = []
        with behind_pgbouncer():
            try:
                at_once(lambda: [list(Circuit.objects.all().iterator()) for _ in range(50)])
            except (DatabaseError, psycopg2.Error) as error:  # at_once; Django does not translate the error of closing
                errors.append(str(error))

        self.assertIn("cursor", errors[0])

    def test_the_code_of_the_app_has_no_such_cursor(self) -> None:
        with behind_pgbouncer(has_server_side_cursors=False):
            run([], RunOptions(now=NOON + timedelta(days=1)))
        Circuit.objects.filter(provider=self.provider).delete()
        create_circuits(self.provider, *(f"LATER/{number}" for number in range(MAILS)))
        with behind_pgbouncer():
            at_once(link_unmatched)

        self.assertEqual(CircuitImpact.objects.exclude(circuit=None).count(), MAILS)

    def test_several_runs_at_once_digest_everything(self) -> None:
        """Nautobot itself has such cursors, and needs the setting."""
        with behind_pgbouncer(has_server_side_cursors=False):
            at_once(lambda: run([], RunOptions(now=NOON + timedelta(days=1))))

        self.assertEqual(set(Notification.objects.values_list("state", "attempts")), {("parsed", 1)})
        self.assertEqual(CircuitImpact.objects.exclude(circuit=None).count(), MAILS)
