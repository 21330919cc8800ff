"""The queue: a claim that was lost is left alone, what was not tried is given back, and time limits blame no one."""

import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, nullcontext
from datetime import timedelta
from threading import Event
from typing import TypeVar

import pytest
from celery.exceptions import SoftTimeLimitExceeded
from django.db import connection, transaction
from django.test import TransactionTestCase

from nautobot_circuit_maintenance.models import CircuitMaintenance, Notification, ParsedNotification
from nautobot_circuit_maintenance.pipeline import chunk
from nautobot_circuit_maintenance.pipeline.digest import DigestResult, digest
from nautobot_circuit_maintenance.pipeline.outcomes import Outcome
from nautobot_circuit_maintenance.pipeline.queue import LOCK_GRACE, Queue, QueueClaim, lock, mark_failed
from nautobot_circuit_maintenance.pipeline.run import RunOptions, drain_waiting
from nautobot_circuit_maintenance.tests.cases import PipelineTestCase, create_provider
from nautobot_circuit_maintenance.tests.factories.mail import NOON, Bcop, mail
from nautobot_circuit_maintenance.tests.pipeline.test_chunks import record
from nautobot_circuit_maintenance.tests.refusals import Refusal, accept, refuse

Result = TypeVar("Result")

OPTIONS = RunOptions(now=NOON + timedelta(days=1))


class Claims(PipelineTestCase):
    """Two workers and one row."""

    def setUp(self):
        """Let two notifications wait."""
        record(mail(Bcop("M-1")), mail(Bcop("M-2", issued=NOON + timedelta(hours=1))))

    def claims(self):
        """Claim what waits."""
        return next(Queue(Notification.objects.all(), counts_attempts=True).chunks())

    def test_a_claim_that_another_worker_made_after_ours_is_its_own(self):
        """It raised the number once more; ours locks the other row only."""
        claims = self.claims()
        Notification.objects.filter(pk=claims[0].pk).update(attempts=2)

        with transaction.atomic():
            self.assertEqual([row.pk for row in lock(claims)], [claims[1].pk])

    def test_a_row_that_another_worker_has_digested_is_not_digested_again(self):
        """Its state is final."""
        claims = self.claims()
        Notification.objects.filter(pk=claims[0].pk).update(state="parsed")

        with transaction.atomic():
            self.assertEqual([row.pk for row in lock(claims)], [claims[1].pk])

    def test_a_failure_is_not_written_over_the_outcome_of_another_worker(self):
        """The other was faster, and right."""
        claim = self.claims()[0]
        Notification.objects.filter(pk=claim.pk).update(state="parsed")
        self.assertEqual(mark_failed(claim, "Unexpected"), Outcome.WAITING)
        Notification.objects.filter(pk=claim.pk).update(state="received", attempts=2)
        self.assertEqual(mark_failed(claim, "Unexpected"), Outcome.WAITING)

        self.assertEqual(set(Notification.objects.values_list("error", flat=True)), {""})


def in_another_session(work: Callable[..., Result]) -> Callable[..., Result]:
    """Return this work as a thread has to do it: in one transaction if it locks, with a session that ends."""

    def done(*arguments: object) -> Result:
        try:
            with transaction.atomic() if work is lock else nullcontext():
                return work(*arguments)
        finally:
            connection.close()

    return done


@contextmanager
def held_by_another(seconds: float) -> Iterator[None]:
    """Let another session hold all notifications from now on, for so long; leave once it has ended."""
    held = Event()

    def hold() -> None:
        with transaction.atomic():
            list(Notification.objects.select_for_update())
            held.set()
            time.sleep(seconds)

    with ThreadPoolExecutor() as other:
        ended = other.submit(in_another_session(hold))
        held.wait(timeout=20)
        yield
        ended.result(timeout=20)


class Locks(TransactionTestCase):
    """Several workers and one row, in sessions of their own."""

    def setUp(self):
        """Let a notification wait."""
        create_provider("ISP", "noc@isp.example")
        record(mail(Bcop("M-1")))

    @staticmethod
    def claims() -> Sequence[QueueClaim]:
        """Claim what waits."""
        return next(Queue(Notification.objects.all(), counts_attempts=True).chunks())

    def test_what_one_is_at_the_other_leaves_alone(self):
        """It does not wait for its end either; as where one was so slow that the other took it for dead."""
        claims = self.claims()

        with transaction.atomic(), ThreadPoolExecutor() as other:
            self.assertEqual([row.pk for row in lock(claims)], [claims[0].pk])
            self.assertEqual(other.submit(in_another_session(lock), claims).result(timeout=20), [])

    def test_a_lock_that_is_held_for_a_moment_is_waited_for(self):
        """As a worker does that looks for something to claim, and is not faster."""
        claims = self.claims()

        with held_by_another(seconds=0.05), transaction.atomic():
            self.assertEqual([row.pk for row in lock(claims)], [claims[0].pk])

    def test_what_could_not_be_locked_was_not_tried(self):
        """Its attempt is taken back, so that it is still new, and digested once it is free."""
        with ExitStack() as until_later:

            def hold(execute: Callable[..., object], sql: str, *others: object) -> object:
                """Let another session have the row in the moment between claim and lock."""
                if "FOR UPDATE" in sql and f".{connection.ops.quote_name('raw')}" in sql and not holders:
                    holders.append(until_later.enter_context(held_by_another(seconds=1.0)))
                return execute(sql, *others)

            holders: list[object] = []
            until_later.enter_context(connection.execute_wrapper(hold))
            digest(Notification.objects.all(), only_new=True)

        self.assertEqual(len(holders), 1)
        self.assertEqual(set(Notification.objects.values_list("state", "attempts")), {("parsed", 1)})

    def test_a_worker_has_a_moment_to_lock_what_it_has_claimed(self):
        """Another one that comes in the meantime does not take it for dead."""
        claims = self.claims()

        with ThreadPoolExecutor() as other:
            found = other.submit(in_another_session(digest), Notification.objects.all())
            time.sleep(LOCK_GRACE / 2)
            with transaction.atomic():
                self.assertEqual([row.pk for row in lock(claims)], [claims[0].pk])
                self.assertEqual(found.result(timeout=20), DigestResult())

        self.assertEqual(Notification.objects.get().attempts, 1)


class Turns(PipelineTestCase):
    """A source that has much to be read again keeps no other from its turn."""

    def test_only_what_is_new_is_digested_where_that_was_asked(self):
        """The rest continues waiting, untouched, for the end of the run."""
        record(mail(Bcop("M-1")))
        drain_waiting(OPTIONS)
        Notification.objects.update(state="received", attempts=0)
        record(mail(Bcop("M-2")))

        outcomes = digest(Notification.objects.all(), only_new=True).outcomes

        self.assertEqual(outcomes, {Outcome.PARSED: 1})
        self.assertEqual(set(Notification.objects.values_list("state", "attempts")), {("received", 0), ("parsed", 1)})


class Time(PipelineTestCase):
    """No one is blamed for a clock."""

    def test_parsing_that_takes_long_is_applied_in_pieces_and_everything_is_digested_in_one_run(self):
        """With no time at all for a chunk, each still gets its first notification done, and none an extra attempt."""
        record(*(mail(Bcop(f"M-{number}", issued=NOON + timedelta(hours=number))) for number in range(4)))
        usual = chunk.CHUNK_SECONDS
        chunk.CHUNK_SECONDS = -1.0
        try:
            drain_waiting(OPTIONS)
        finally:
            chunk.CHUNK_SECONDS = usual

        self.assertEqual(set(Notification.objects.values_list("state", "attempts")), {("parsed", 1)})

    def test_the_time_limit_of_the_job_is_no_fault_of_the_mail_at_hand(self):
        """However often it strikes: the rows wait with the attempts that they had."""
        record(mail(Bcop("M-1")), mail(Bcop("M-2")))

        def struck() -> bool:
            raise SoftTimeLimitExceeded

        for _ in range(4):
            with self.assertRaises(SoftTimeLimitExceeded):
                digest(Notification.objects.all(), is_time_left=struck)

        self.assertEqual(set(Notification.objects.values_list("state", "attempts")), {("received", 0)})


@pytest.mark.postgresql("counts with a sequence, which no rollback undoes")
class Collisions(TransactionTestCase):
    """Another worker creates the same maintenance between our look and our insert."""

    def test_it_is_tried_again_and_ends_in_that_maintenance(self):
        """A real unique violation, raised twice by the database: once for the chunk, once for the row alone."""
        create_provider("ISP", "noc@isp.example")
        record(mail(Bcop("M-1")), mail(Bcop("M-2")))
        with connection.cursor() as cursor:
            cursor.execute("CREATE SEQUENCE cm_test_collisions")
        collides = "nextval('cm_test_collisions') < 4"
        table = CircuitMaintenance._meta.db_table
        refuse(table, column="name", value="M-1", error=Refusal.DUPLICATE, postgresql_condition=collides)
        try:
            drain_waiting(OPTIONS)
        finally:
            accept(table)
            with connection.cursor() as cursor:
                cursor.execute("DROP SEQUENCE cm_test_collisions")

        self.assertEqual(set(Notification.objects.values_list("state", "attempts")), {("parsed", 1)})
        self.assertEqual(ParsedNotification.objects.count(), 2)
