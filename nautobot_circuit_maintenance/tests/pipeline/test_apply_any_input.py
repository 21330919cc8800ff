"""Apply: what holds for every sequence of mails, in whatever order, company and number of times they are digested."""

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta

from django.db import transaction
from hypothesis import HealthCheck, Phase, given, settings, strategies as st
from hypothesis.extra.django import TestCase as HypothesisTestCase
from nautobot.extras.models import ObjectChange

from nautobot_circuit_maintenance.choices import CircuitImpactChoices
from nautobot_circuit_maintenance.mail.message import MailMessage
from nautobot_circuit_maintenance.models import (
    CircuitImpact,
    CircuitMaintenance,
    MaintenanceWindow,
    Notification,
    ParsedNotification,
)
from nautobot_circuit_maintenance.pipeline.record import record_messages
from nautobot_circuit_maintenance.pipeline.reprocess import requeue
from nautobot_circuit_maintenance.pipeline.run import RunOptions, drain_waiting
from nautobot_circuit_maintenance.pipeline.senders import SenderDirectory
from nautobot_circuit_maintenance.tests.cases import PipelineTestCase
from nautobot_circuit_maintenance.tests.end_to_end.world import Rows, comparable_rows
from nautobot_circuit_maintenance.tests.factories.figures import counted_figures, stored_figures
from nautobot_circuit_maintenance.tests.factories.mail import NOON, START, Bcop, mail, message

OPTIONS = RunOptions(now=NOON + timedelta(days=1))
# No deadline, because machines may be busy; shrinking with a database would take many minutes.
whenever_ready = settings(
    deadline=None,
    suppress_health_check=list(HealthCheck),
    max_examples=20,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
)

moments = st.integers(0, 6).map(lambda part: NOON + timedelta(minutes=20 * part))
cids = st.sampled_from(["C-1", "c-1", "C-2", "ß", "SS", "İ", "x" * 255, "X" * 255, " C-3 "])
events = st.builds(
    Bcop,
    maintenance_id=st.sampled_from([*["M-1"] * 6, "M-2", "m-1", "M" * 255, "M" * 256]),
    status=st.sampled_from(["TENTATIVE", "CONFIRMED", "CANCELLED", "IN-PROCESS", "NO-CHANGE", ""]),
    circuits=st.lists(st.tuples(cids, st.sampled_from(CircuitImpactChoices.values())), min_size=1, max_size=3),
    issued=moments,
    start=st.integers(0, 2).map(lambda days: START + timedelta(days=days)),
    end=st.sampled_from([*[None] * 6, START + timedelta(days=9), START - timedelta(days=1)]),
    sequence=st.sampled_from([-1, 0, 1, 2**63 - 1]),
    summary=st.sampled_from(["", "Fibre work", "\0", "<b>", "Ä" * 5_000]),
)


@st.composite
def histories(draw: st.DrawFn) -> list[MailMessage]:
    """Draw mails of a provider that contradicts itself, each with the time of its receipt."""
    result = draw(st.lists(st.lists(events, max_size=2), min_size=2, max_size=5))
    mails = [mail(*each, message_id=f"{number}@isp.example", sent=draw(moments)) for number, each in enumerate(result)]
    return [message(raw, draw(moments)) for raw in mails]


@st.composite
def arrivals(draw: st.DrawFn, history: Sequence[MailMessage]) -> list[tuple[MailMessage, str]]:
    """Draw an order in which mails come, some twice, and what happens after each."""
    order = draw(st.permutations([*history, *draw(st.lists(st.sampled_from(history), max_size=2))]))
    return [(each, draw(st.sampled_from(["nothing", "digested", "all read again"]))) for each in order]


@contextmanager
def rolled_back() -> Iterator[None]:
    """Undo what happens inside."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


class EveryHistory(HypothesisTestCase, PipelineTestCase):
    """Whatever was announced, and however it arrived."""

    @whenever_ready
    @given(st.data())
    def test_the_same_is_true_in_the_end_and_nothing_is_broken(self, data: st.DataObject):
        """Two orders of arrival, chunks of several sizes, repeats, and everything read again in between."""
        history = data.draw(histories())

        ends = [self.end(history, data.draw(arrivals(history))) for _ in range(2)]

        self.assertEqual(ends[0], ends[1])

    def end(self, history: Sequence[MailMessage], arrival: Sequence[tuple[MailMessage, str]]) -> Rows:
        """Let mails arrive like this, and return all rows that they lead to."""
        with rolled_back():
            for each, then in arrival:
                record_messages(SenderDirectory.of_all_providers(), [each])
                if then != "nothing":
                    drain_waiting(OPTIONS)
                if then == "all read again":
                    requeue(Notification.objects.all())
            drain_waiting(OPTIONS)
            self.assert_complete(history)
            self.assert_valid()
            return comparable_rows()

    def assert_complete(self, history: Sequence[MailMessage]) -> None:
        """Every mail is one row with an end, a reason unless it was parsed, and everything that it announced as evidence."""
        rows = Notification.objects.all()
        self.assertEqual(Counter(row.fingerprint for row in rows), Counter({each.fingerprint for each in history}))
        for row in rows:
            self.assertIn(row.state, ("parsed", "failed"))
            # One that was read in part is parsed, with what could not be read.
            self.assertTrue(row.error or row.state != "failed")
            self.assertNotIn("Unexpected", row.error)
            self.assertEqual(row.parsed_notifications.exists(), row.state == "parsed")
        made = ObjectChange.objects.filter(changed_object_type__model="circuitmaintenance", action="create")
        creates = Counter(made.values_list("changed_object_id", flat=True))
        for pk in CircuitMaintenance.objects.values_list("pk", flat=True):
            self.assertEqual(creates[pk], 1)

    def assert_valid(self) -> None:
        """Rows are as forms would have them, and agree with each other."""
        for model in (CircuitMaintenance, MaintenanceWindow, CircuitImpact, ParsedNotification):
            for row in model.objects.all():
                row.full_clean()
        for maintenance in CircuitMaintenance.objects.all():
            spans = list(maintenance.windows.values_list("start_time", "end_time"))
            begin, end = min((s for s, _ in spans), default=None), max((e for _, e in spans), default=None)
            self.assertEqual((maintenance.start_time, maintenance.end_time), (begin, end))
            found = [cid.casefold() for cid in maintenance.impacts.values_list("cid", flat=True)]
            self.assertEqual(len(found), len(set(found)))
            self.assertTrue(maintenance.parsed_notifications.filter(outdated=False).exists())
        self.assertEqual(stored_figures(), counted_figures())
