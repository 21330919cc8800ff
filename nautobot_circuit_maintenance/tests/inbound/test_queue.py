"""The queue: a claim that was lost is left alone, what was not tried is given back, and time limits blame nobody."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

from billiard.exceptions import SoftTimeLimitExceeded
from django.db import connection, transaction
from django.test import TransactionTestCase

from nautobot_circuit_maintenance.inbound import digest
from nautobot_circuit_maintenance.inbound.digest import Digester
from nautobot_circuit_maintenance.inbound.pipeline import RunOptions, drain_waiting
from nautobot_circuit_maintenance.inbound.queue import Claim, Queue, lock, set_aside
from nautobot_circuit_maintenance.inbound.values import Outcome
from nautobot_circuit_maintenance.models import CircuitMaintenance, Notification, ParsedNotification
from nautobot_circuit_maintenance.tests.cases import (
    PipelineTestCase,
    accept_inserts,
    create_provider,
    refuse_inserts,
)
from nautobot_circuit_maintenance.tests.fakes import NOON, Bcop, mail
from nautobot_circuit_maintenance.tests.inbound.test_chunks import record

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

    def test_what_another_worker_has_digested_meanwhile_is_not_digested_again(self):
        """Its state is final."""
        claims = self.claims()
        Notification.objects.filter(pk=claims[0].pk).update(state="parsed")

        with transaction.atomic():
            self.assertEqual([row.pk for row in lock(claims)], [claims[1].pk])

    def test_a_failure_is_not_written_over_the_outcome_of_another_worker(self):
        """The other was faster, and right."""
        claim = self.claims()[0]
        Notification.objects.filter(pk=claim.pk).update(state="parsed")
        self.assertEqual(set_aside(claim, "Unexpected"), Outcome.WAITING)
        Notification.objects.filter(pk=claim.pk).update(state="received", attempts=2)
        self.assertEqual(set_aside(claim, "Unexpected"), Outcome.WAITING)

        self.assertEqual(set(Notification.objects.values_list("error", flat=True)), {""})


class Locks(TransactionTestCase):
    """Two workers with the same claim, as where one was so slow that the other took it for dead."""

    def test_what_one_is_at_the_other_leaves_alone(self):
        """It does not wait for it either."""
        create_provider("ISP", "noc@isp.example")
        record(mail(Bcop("M-1")))
        claims = next(Queue(Notification.objects.all(), counts_attempts=True).chunks())

        with transaction.atomic(), ThreadPoolExecutor() as other:
            self.assertEqual([row.pk for row in lock(claims)], [claims[0].pk])
            self.assertEqual(other.submit(self.locked_by_another, claims).result(timeout=20), [])

    @staticmethod
    def locked_by_another(claims: Sequence[Claim]) -> list[Notification]:
        """Lock in a session of its own."""
        try:
            with transaction.atomic():
                return lock(claims)
        finally:
            connection.close()


class Turns(PipelineTestCase):
    """A source that has much to be read again keeps no other from its turn."""

    def test_only_what_is_new_is_digested_where_that_was_asked(self):
        """The rest goes on waiting, untouched, for the end of the run."""
        record(mail(Bcop("M-1")))
        drain_waiting(OPTIONS)
        Notification.objects.update(state="received", attempts=0)
        record(mail(Bcop("M-2")))

        outcomes = Digester().drain(Notification.objects.all(), lambda: True, only_new=True)

        self.assertEqual(outcomes, {Outcome.PARSED: 1})
        self.assertEqual(set(Notification.objects.values_list("state", "attempts")), {("received", 0), ("parsed", 1)})


class Time(PipelineTestCase):
    """Nobody is blamed for a clock."""

    def test_parsing_that_takes_long_is_applied_in_pieces_and_everything_is_digested_in_one_run(self):
        """With no time at all for a chunk, each still gets its first notification done, and none an extra attempt."""
        record(*(mail(Bcop(f"M-{number}", issued=NOON + timedelta(hours=number))) for number in range(4)))
        usual = digest.CHUNK_SECONDS
        digest.CHUNK_SECONDS = -1.0
        try:
            drain_waiting(OPTIONS)
        finally:
            digest.CHUNK_SECONDS = usual

        self.assertEqual(set(Notification.objects.values_list("state", "attempts")), {("parsed", 1)})

    def test_the_time_limit_of_the_job_is_no_fault_of_the_mail_at_hand(self):
        """However often it strikes: the rows wait with the attempts that they had."""
        record(mail(Bcop("M-1")), mail(Bcop("M-2")))

        def struck() -> bool:
            raise SoftTimeLimitExceeded

        for _ in range(4):
            with self.assertRaises(SoftTimeLimitExceeded):
                Digester().drain(Notification.objects.all(), struck)

        self.assertEqual(set(Notification.objects.values_list("state", "attempts")), {("received", 0)})


class Collisions(TransactionTestCase):
    """Another worker creates the same maintenance between our look and our insert."""

    def test_it_is_tried_again_and_ends_in_that_maintenance(self):
        """A real unique violation, raised twice by the database: once for the chunk, once for the row alone."""
        create_provider("ISP", "noc@isp.example")
        record(mail(Bcop("M-1")), mail(Bcop("M-2")))
        with connection.cursor() as cursor:
            cursor.execute("CREATE SEQUENCE cm_test_collisions")
        collides = "NEW.name = 'M-1' AND nextval('cm_test_collisions') < 4"
        refuse_inserts(CircuitMaintenance._meta.db_table, where=collides, error_code="23505")
        try:
            drain_waiting(OPTIONS)
        finally:
            accept_inserts(CircuitMaintenance._meta.db_table)
            with connection.cursor() as cursor:
                cursor.execute("DROP SEQUENCE cm_test_collisions")

        self.assertEqual(set(Notification.objects.values_list("state", "attempts")), {("parsed", 1)})
        self.assertEqual(ParsedNotification.objects.count(), 2)
