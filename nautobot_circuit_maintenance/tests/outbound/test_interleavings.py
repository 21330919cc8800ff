"""Random stories of edits, runs, kills and refusals: every recipient ends on the truth, and no fact has two keys."""

import random
from datetime import timedelta

import pytest
from django.db import transaction

from nautobot_circuit_maintenance.models import CircuitMaintenance, Delivery, MaintenanceChange, Thread
from nautobot_circuit_maintenance.outbound.channels.errors import ChannelUnavailable, TryAgain, Unsure
from nautobot_circuit_maintenance.tests.outbound.post_office import Killed, SendingTestCase

STATUSES = ("TENTATIVE", "CONFIRMED", "RE-SCHEDULED", "CANCELLED")


class Interleavings(SendingTestCase):
    """The next step is always possible; after the last one, everything works for two days."""

    def happen(self, stories: range, steps: int) -> None:
        """Let stories happen, by their seeds."""
        for seed in stories:
            with self.subTest(seed=seed), transaction.atomic():
                _Story(self, random.Random(seed)).happens(steps)  # nosec B311 # a story, not a secret
                transaction.set_rollback(True)

    def test_every_recipient_ends_on_the_truth(self):
        self.happen(range(1), 30)

    @pytest.mark.nightly
    def test_every_recipient_ends_on_the_truth_in_many_stories(self):
        self.happen(range(1, 13), 60)


class _Story:
    def __init__(self, case: SendingTestCase, chance: random.Random) -> None:
        """Start with two recipients and three maintenances."""
        case.setUp()
        self.case, self.chance, self.faults = case, chance, 0
        self.subscription = case.subscribe(
            "a@example.net", "b@example.net", events=["new", "changed", "cancelled", "starts-soon"]
        )
        self.rows = [case.plan(f"M-{number}", days=20 + number) for number in range(3)]

    def happens(self, steps: int) -> None:
        """Let it happen."""
        for _ in range(steps):
            self.chance.choice((self.edit, self.edit, self.send, self.send, self.fault, self.worker, self.outage))()
        self.case.office.script.clear()
        self.case.office.is_down = False
        for _ in range(5):
            self.case.send(timedelta(hours=13))
        self.check()

    def edit(self) -> None:
        """Change a maintenance."""
        self.case.edit(self.chance.choice(self.rows), status=self.chance.choice(STATUSES))

    def send(self) -> None:
        """Run the job; it may be killed."""
        try:
            self.case.send(timedelta(minutes=self.chance.choice((1, 5, 20))))
        except Killed:
            self.faults += 1

    def fault(self) -> None:
        """Let one of the next attempts end otherwise."""
        errors = (
            Killed(),
            Unsure("T", "cut"),
            TryAgain("T", "later"),
            ChannelUnavailable("T", "421"),
            ValueError("bug"),
        )
        error = self.chance.choice(errors)
        arrives = not isinstance(error, (TryAgain, ChannelUnavailable)) and self.chance.random() < 0.5
        self.case.office.script += [(None, True)] * self.chance.randrange(2)
        self.case.office.script.append((error, arrives))
        self.faults += 1

    def worker(self) -> None:
        """Let a second worker run while the first one is sending its next message."""
        case = self.case

        def run_in_between() -> None:
            case.send(timedelta())

        case.office.before_next = run_in_between
        self.send()

    def outage(self) -> None:
        """Let the channel go down, or come back."""
        self.case.office.is_down = not self.case.office.is_down

    def check(self) -> None:
        """Compare what each recipient got last with what is true."""
        case = self.case
        case.assertEqual(Thread.objects.exclude(due=None).count(), 0)
        case.assertEqual(Thread.objects.exclude(open=None).count(), 0)
        case.assertEqual(Delivery.objects.filter(state__in=("waiting", "unsure")).count(), 0)
        case.assertEqual(MaintenanceChange.objects.filter(dispatched=None).count(), 0)
        texts: dict[str, set[str]] = {}
        for message in case.office.arrived:
            texts.setdefault(message.key, set()).add(message.text)
        case.assertEqual([key for key, said in texts.items() if len(said) > 1], [])
        failed = set(Delivery.objects.filter(state="failed").values_list("thread", flat=True))
        for thread in Thread.objects.exclude(pk__in=failed):
            truth = CircuitMaintenance.objects.get(pk=thread.subject_id).status
            sent = [
                message.data["now"]["status"]
                for message in case.office.arrived
                if message.recipient.address == thread.recipient and message.data["now"]["id"] == str(thread.subject_id)
            ]
            case.assertEqual(sent[-1:], [truth], thread)
            case.assertEqual(thread.last_state["status"], truth)
