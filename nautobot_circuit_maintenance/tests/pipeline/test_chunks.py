"""Chunks: many notifications in one transaction end as if each had been alone, at a fixed number of statements."""

from contextlib import suppress
from datetime import timedelta
from uuid import uuid4

from django.contrib.auth import get_user_model
from django.db import InterfaceError, OperationalError, connection
from django.test import TransactionTestCase
from django.test.utils import CaptureQueriesContext
from nautobot.extras.models import ObjectChange

from nautobot_circuit_maintenance.models import CircuitMaintenance, Notification, ParsedNotification
from nautobot_circuit_maintenance.models.windows import as_rest
from nautobot_circuit_maintenance.pipeline.digest import digest
from nautobot_circuit_maintenance.pipeline.queue import CHUNK, CHUNK_BYTES, Queue
from nautobot_circuit_maintenance.pipeline.record import record_messages
from nautobot_circuit_maintenance.pipeline.run import RunOptions, drain_waiting
from nautobot_circuit_maintenance.pipeline.senders import SenderDirectory
from nautobot_circuit_maintenance.tests.cases import PipelineTestCase, create_provider
from nautobot_circuit_maintenance.tests.end_to_end.world import comparable_rows, forget_everything
from nautobot_circuit_maintenance.tests.factories.mail import NOON, START, Bcop, mail, message
from nautobot_circuit_maintenance.tests.refusals import Refusal, accept, refuse

DAY = timedelta(days=1)
OPTIONS = RunOptions(now=NOON + DAY)
EVIDENCE = ParsedNotification._meta.db_table

C12 = (("C-1", "OUTAGE"), ("c-2", "OUTAGE"))

# The life of two maintenances: every kind of change, words that add nothing, and one mail that cannot be read.
STORY = (
    mail(Bcop("M-1", status="TENTATIVE", circuits=(("C-1", "OUTAGE"), ("C-2", "DEGRADED"), ("X-9", "OUTAGE")))),
    mail(Bcop("M-2", issued=NOON + timedelta(minutes=5), circuits=(("C-3", "OUTAGE"),))),
    mail(Bcop("M-1", issued=NOON + timedelta(minutes=70), circuits=C12)),
    mail(Bcop("M-1", issued=NOON + timedelta(minutes=80), circuits=C12, status="RE-SCHEDULED", start=START + DAY)),
    mail(text="No calendar at all", sent=NOON + timedelta(minutes=90)),
    mail(Bcop("M-1", issued=NOON + timedelta(hours=2), circuits=C12, status="RE-SCHEDULED", start=START + DAY)),
    mail(
        Bcop("M-1", issued=NOON + timedelta(hours=3), start=START, summary="Two nights"),
        Bcop("M-1", issued=NOON + timedelta(hours=3), start=START + 2 * DAY, summary="Two nights"),
        Bcop("M-2", issued=NOON + timedelta(hours=3), circuits=(), status="CANCELLED"),
    ),
    mail(Bcop("M-1", issued=NOON + timedelta(hours=30), start=START, circuits=(("X-9", "NO-IMPACT"),))),
)


def record(*raws: bytes) -> None:
    """Put messages into the queue."""
    record_messages(SenderDirectory.of_all_providers(), [message(raw) for raw in raws])


def records() -> list[dict]:
    """Return the content of the change records, oldest first, but for keys and times of writing."""
    made_here = ("id", "created", "last_updated")
    changes = ObjectChange.objects.filter(changed_object_type__model="circuitmaintenance").order_by("time")
    return [
        {
            "action": change.action,
            **{key: value for key, value in change.object_data_v2.items() if key not in made_here},
        }
        for change in changes
    ]


class Together(PipelineTestCase):
    """In one transaction, as if each had come alone."""

    def test_a_chunk_ends_in_the_same_rows_and_records_as_its_notifications_one_by_one(self):
        """Creates come before updates among its records; the content of each is the same."""
        record(*STORY)
        drain_waiting(OPTIONS)
        together, records_together = comparable_rows(), records()
        forget_everything()
        ObjectChange.objects.all().delete()
        record(*STORY)
        Notification.objects.update(attempts=1)  # what may have stopped a worker is digested alone

        drain_waiting(OPTIONS)

        self.assertEqual(comparable_rows(), together)
        self.assertEqual(sorted(records(), key=lambda found: found["action"]), records_together)
        self.assertEqual([found["action"] for found in records_together], ["create"] * 2 + ["update"] * 5)

    def test_only_what_changed_has_a_new_time_of_change_and_it_is_that_of_its_record(self):
        """What is only repeated keeps its times, although it is written in the same statement."""
        record(mail(Bcop("M-1")), mail(Bcop("M-2")), mail(Bcop("M-3")))
        drain_waiting(OPTIONS)
        before = {row.name: row for row in CircuitMaintenance.objects.all()}
        record(mail(Bcop("M-1", issued=NOON + DAY, status="CANCELLED")), mail(Bcop("M-2", issued=NOON + DAY)))

        drain_waiting(OPTIONS)

        after = {row.name: row for row in CircuitMaintenance.objects.all()}
        for name, row in after.items():
            self.assertEqual(row.created, before[name].created)
        self.assertEqual(after["M-2"].issued_at, NOON + DAY)
        self.assertEqual([after[name].last_updated for name in ("M-2", "M-3")], [before["M-2"].last_updated] * 2)
        self.assertGreater(after["M-1"].last_updated, before["M-1"].last_updated)
        data = ObjectChange.objects.get(changed_object_id=after["M-1"].pk, action="update").object_data_v2
        self.assertEqual(data["last_updated"], as_rest(after["M-1"].last_updated))

    def test_the_number_of_statements_does_not_grow_with_the_notifications_of_a_chunk(self):
        """Half of them announce, half change what is known; without what Nautobot asks for each record it sends on."""
        costs = [self.statements(first=0, count=CHUNK // 10), self.statements(first=100, count=CHUNK // 2)]

        self.assertEqual(CircuitMaintenance.objects.filter(status="RE-SCHEDULED").count(), CHUNK // 10 + CHUNK // 2)
        self.assertEqual(costs[0], costs[1])

    def statements(self, first: int, count: int) -> int:
        """Digest so many announcements and as many changes in one chunk; return the number of statements."""
        circuits = [(f"C-{number}", "OUTAGE") for number in range(1, 6)]
        known, fresh = range(first, first + count), range(first + count, first + 2 * count)
        record(*(mail(Bcop(f"M-{number}", circuits=circuits)) for number in known))
        drain_waiting(OPTIONS)
        moved = {"status": "RE-SCHEDULED", "start": START + DAY, "summary": "Moved", "circuits": circuits[1:]}
        record(*(mail(Bcop(f"M-{number}", circuits=circuits)) for number in fresh))
        record(*(mail(Bcop(f"M-{number}", issued=NOON + DAY, **moved)) for number in known))
        with CaptureQueriesContext(connection) as captured:
            digest(Notification.objects.all(), dry_run=True)
        return len(captured)

    def test_what_one_of_them_breaks_is_its_own_affair(self):
        """The others are digested in the same run, and only the culprit has failed."""
        raws = [mail(Bcop(f"M-{number}", issued=NOON + timedelta(hours=number))) for number in range(5)]
        record(*raws)
        refuse(EVIDENCE, column="fingerprint", value=message(raws[2]).fingerprint)

        report = drain_waiting(OPTIONS)

        self.assertEqual(dict(report.sources[0].outcomes), {"parsed": 4, "failed": 1})
        self.assertEqual(set(Notification.objects.values_list("attempts", flat=True)), {1})
        names = CircuitMaintenance.objects.order_by("name").values_list("name", flat=True)
        self.assertEqual(list(names), ["M-0", "M-1", "M-3", "M-4"])
        self.assertEqual([found["name"] for found in records()], ["M-0", "M-1", "M-3", "M-4"])

    def test_large_messages_share_a_chunk_only_as_far_as_memory_allows(self):
        """They are in memory together; one that is too large by itself is alone."""
        half, whole = "x" * (CHUNK_BYTES // 2), "x" * (CHUNK_BYTES + 1)
        texts = ("small", half, "small too", whole, half)
        record(*(mail(Bcop(f"M-{n}", issued=NOON + DAY * n), text=text) for n, text in enumerate(texts)))

        sizes = [len(chunk) for chunk in Queue(Notification.objects.all(), counts_attempts=True).chunks()][:3]

        self.assertEqual(sizes, [3, 1, 1])

    def test_what_is_digested_again_waits_until_all_that_is_new_is_through(self):
        """Reading ten thousand old mails again keeps no new one from the operator."""
        record(mail(Bcop("M-1")))
        drain_waiting(OPTIONS)
        old = Notification.objects.get()
        Notification.objects.update(state="received", attempts=0)
        record(mail(Bcop("M-2", issued=NOON + DAY)))

        chunks = Queue(Notification.objects.all(), counts_attempts=True).chunks()

        self.assertEqual([claim.pk == old.pk for claim in next(chunks)], [False])
        self.assertEqual([claim.pk == old.pk for claim in next(chunks)], [True])

    def test_what_another_worker_has_begun_again_since_is_left_to_it(self):
        """Claimed, though not locked yet: else workers that read the same again use up each other's attempts."""
        record(*(mail(Bcop(f"M-{number}", issued=NOON + DAY * number)) for number in range(2)))
        drain_waiting(OPTIONS)
        Notification.objects.update(state="received", attempts=0)
        one, other = (Queue(Notification.objects.all(), counts_attempts=True).chunks() for _ in range(2))

        first, second = next(one), next(other)

        self.assertEqual(list(one), [])
        self.assertNotEqual(first[0].pk, second[0].pk)
        self.assertEqual(list(Notification.objects.values_list("attempts", flat=True)), [1, 1])

    def test_what_time_did_not_suffice_for_was_not_tried(self):
        """It is new to the next run, and goes with others there."""
        record(*(mail(Bcop(f"M-{number}", issued=NOON + DAY * number)) for number in range(5)))

        drain_waiting(RunOptions(now=OPTIONS.now, is_time_left=iter([True, True, False, False, False]).__next__))

        rows = Notification.objects.order_by("received_at").values_list("state", "attempts")
        self.assertEqual(list(rows), [("parsed", 1)] * 2 + [("received", 0)] * 3)

    def test_a_rehearsal_counts_no_attempt(self):
        """Nor does it take one back."""
        record(*STORY[:2])

        digest(Notification.objects.all(), is_time_left=lambda: False, dry_run=True)

        self.assertEqual(set(Notification.objects.values_list("state", "attempts")), {("received", 0)})


class Deaths(TransactionTestCase):
    """Real ones: the server ends the worker's connection in the middle of a chunk."""

    def test_only_the_notification_that_stops_the_worker_is_blamed(self):
        """All attempts of its chunk count; from then on it is alone, and last, and set aside after the third."""
        get_user_model().objects.create_superuser(username=f"worker-{uuid4().hex[:8]}")
        create_provider("ISP", "noc@isp.example")
        raws = [mail(Bcop(f"M-{number}", issued=NOON + timedelta(hours=number))) for number in range(5)]
        record(*raws)
        killer = message(raws[1]).fingerprint
        refuse(EVIDENCE, column="fingerprint", value=killer, error=Refusal.DEATH)
        seen = []
        try:
            for _ in range(4):
                with suppress(OperationalError, InterfaceError):
                    digest(Notification.objects.all())
                connection.close()
                seen.append(dict(Notification.objects.values_list("fingerprint", "attempts")))
        finally:
            connection.close()
            accept(EVIDENCE)

        self.assertEqual([attempts[killer] for attempts in seen], [1, 2, 3, 3])
        innocent = Notification.objects.exclude(fingerprint=killer)
        self.assertEqual(set(innocent.values_list("state", "attempts")), {("parsed", 2)})
        self.assertEqual(Notification.objects.get(fingerprint=killer).state, "failed")
        self.assertEqual(CircuitMaintenance.objects.count(), 4)
