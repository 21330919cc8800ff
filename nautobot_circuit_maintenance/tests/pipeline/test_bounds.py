"""What a maintenance may hold: messages about one add up, to an end; beyond it one fails whole, and says why."""

from datetime import timedelta

from nautobot_circuit_maintenance.domain.bounds import MOST_WINDOWS, check_work
from nautobot_circuit_maintenance.domain.conclusion import conclude
from nautobot_circuit_maintenance.domain.errors import ParseError
from nautobot_circuit_maintenance.domain.updates import (
    AnnouncedImpact,
    MaintenanceEvent,
    MaintenanceUpdate,
    Provenance,
    Window,
)
from nautobot_circuit_maintenance.models import (
    CircuitImpact,
    CircuitMaintenance,
    MaintenanceWindow,
    Notification,
    ParsedNotification,
)
from nautobot_circuit_maintenance.pipeline.run import RunOptions, drain_waiting
from nautobot_circuit_maintenance.tests.cases import PipelineTestCase
from nautobot_circuit_maintenance.tests.cpu import assert_cpu_below
from nautobot_circuit_maintenance.tests.factories.mail import NOON, START, Bcop, mail
from nautobot_circuit_maintenance.tests.pipeline.test_chunks import record

MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
OPTIONS = RunOptions(now=NOON + DAY)


def circuits(first: int, count: int) -> list[tuple[str, str]]:
    """Return circuits with these numbers."""
    return [(f"X-{number}", "OUTAGE") for number in range(first, first + count)]


class Rows(PipelineTestCase):
    """Messages of one maintenance, of which each is within every limit."""

    def outcomes(self, *raws: bytes) -> list[tuple[str, str]]:
        """Digest messages; return state and error of each."""
        for raw in raws:
            record(raw)
            drain_waiting(OPTIONS)
        return list(Notification.objects.order_by("received_at").values_list("state", "error"))

    def further(self, number: int, count: int) -> bytes:
        """Return a message about further circuits of the same maintenance."""
        return mail(
            Bcop(
                "M-1",
                circuits=circuits(number * count, count),
                uid=f"u{number}",
                issued=NOON + number * MINUTE,
            )
        )

    def test_circuits_of_several_messages_end_at_the_limit(self):
        """The message beyond it changes nothing; a small one after it is applied."""
        found = self.outcomes(*(self.further(number, 8_000) for number in range(3)))

        self.assertEqual([state for state, _ in found], ["parsed", "parsed", "failed"])
        self.assertIn("READ-34: With this message, maintenance M-1 would have 24,000 circuit IDs", found[-1][1])
        self.assertEqual(CircuitImpact.objects.count(), 16_000)
        self.assertEqual(ParsedNotification.objects.count(), 2)
        cancelled = Bcop("M-1", circuits=(), status="CANCELLED", uid="u0", sequence=1, issued=NOON + 9 * MINUTE)
        self.assertEqual(self.outcomes(mail(cancelled))[-1], ("parsed", ""))

    def test_a_message_that_fails_for_one_maintenance_is_applied_to_none(self):
        """Nor are the others of its chunk held up."""
        nights = [
            Bcop("M-1", start=START + number * DAY, uid=f"n{number}", issued=NOON + MINUTE)
            for number in range(MOST_WINDOWS + 1)
        ]
        record(mail(Bcop("M-0")), mail(Bcop("M-2", issued=NOON + MINUTE), *nights), mail(Bcop("M-3")))
        drain_waiting(OPTIONS)

        self.assertEqual(set(CircuitMaintenance.objects.values_list("name", flat=True)), {"M-0", "M-3"})
        failed = Notification.objects.get(state="failed")
        self.assertIn("READ-34: With this message, maintenance M-1 would have 101 windows (limit 100)", failed.error)

    def test_as_many_windows_as_the_form_has_are_applied(self):
        nights = [
            Bcop("M-1", start=START + number * DAY, uid=f"n{number}", issued=NOON) for number in range(MOST_WINDOWS)
        ]

        self.assertEqual(self.outcomes(mail(*nights)), [("parsed", "")])
        self.assertEqual(MaintenanceWindow.objects.count(), MOST_WINDOWS)


def update(number: int, *events: MaintenanceEvent) -> MaintenanceUpdate:
    """Return what one message announces."""
    sent = NOON + number * MINUTE
    return MaintenanceUpdate("M-1", events, Provenance(sent, sent, f"{number:05}"))


def event(first: int, count: int, days: range, *, uid: str | None = "u", sequence: int = 0) -> MaintenanceEvent:
    """Return an event about circuits with these numbers in the nights of these days."""
    impacts = tuple(AnnouncedImpact(cid, impact) for cid, impact in circuits(first, count))
    windows = tuple(Window(START + day * DAY, START + (day + 0.1) * DAY) for day in days)
    return MaintenanceEvent("CONFIRMED", windows, impacts, NOON, uid, None, sequence)


NIGHT = range(1)
TOO_MUCH = {
    "many messages about one circuit": [update(number, event(0, 1, NIGHT)) for number in range(1_001)],
    "reminders with all circuits": [update(number, event(0, 20_000, NIGHT)) for number in range(11)],
    "circuits times nights": [update(0, event(0, 2_001, range(100)))],
    "events of their own": [update(0, *(event(4 * each, 4, NIGHT, uid=f"u{each}") for each in range(5_000)))],
    "circuits without windows after many windows": [
        update(0, event(0, 1, range(100))),
        *(update(number, event(0, 19_000, range(0))) for number in range(1, 3)),
    ],
    "windows without circuits after many circuits": [
        update(0, event(0, 20_000, NIGHT)),
        *(update(number, event(0, 0, range(100))) for number in range(1, 3)),
    ],
}
GENUINE = {
    "one message per circuit": [update(number, event(number, 1, NIGHT, uid=f"u{number}")) for number in range(600)],
    "a large maintenance with reminders": [update(number, event(0, 2_000, NIGHT)) for number in range(50)],
    "a move each day": [update(number, event(0, 500, range(number, number + 1))) for number in range(40)],
    "many nights": [update(0, event(0, 200, range(60)))],
}


class Work(PipelineTestCase):
    """Whether too much work is noticed before it is done, and how long the most of it takes."""

    def test_more_work_than_the_limit_is_noticed_at_once(self):
        for name, updates in TOO_MUCH.items():
            with self.subTest(name):
                with self.assertRaises(ParseError) as caught:
                    check_work("M-1", updates)
                self.assertEqual(caught.exception.code, "READ-34")
                assert_cpu_below(2, self.assertRaises, ParseError, check_work, "M-1", updates)

    def test_what_providers_send_is_far_below_it_and_takes_seconds_at_most(self):
        for name, updates in GENUINE.items():
            with self.subTest(name):
                check_work("M-1", updates)
                self.assertTrue(conclude(updates).entries)
                assert_cpu_below(5, conclude, updates)
