"""Events that no one's change causes: windows that are due, begin and end, work that is overdue, and sites at risk."""

import json
from datetime import timedelta

from django.db import connection
from django.test.utils import CaptureQueriesContext
from nautobot.apps.events import EventBroker

from nautobot_circuit_maintenance.choices import CircuitMaintenanceStatusChoices as Status
from nautobot_circuit_maintenance.models import CircuitMaintenance, PublishedState
from nautobot_circuit_maintenance.outbound.clock_events import publish_what_is_new
from nautobot_circuit_maintenance.tests.factories import app
from nautobot_circuit_maintenance.tests.outbound.test_events import registered
from nautobot_circuit_maintenance.tests.risk_case import HOUR, RiskCase, configured

MINUTE = timedelta(minutes=1)


class Listener(EventBroker):
    """A broker that remembers what it gets."""

    def __init__(self, **kwargs):
        """Begin with nothing."""
        super().__init__(**kwargs)
        self.events = []

    def publish(self, *, topic, payload):
        """Remember an event."""
        self.events.append((topic.removeprefix("circuit_maintenance."), json.loads(payload)))


class ClockCase(RiskCase):
    """A broker that wants all of our events, and a first run that had nothing to publish."""

    topics = ("circuit_maintenance.maintenance.*",)

    def setUp(self):
        """Run once."""
        super().setUp()
        self.broker = Listener(include_topics=list(self.topics))
        self.run_at(-100 * HOUR)

    def run_at(self, offset) -> list[tuple[str, dict]]:
        """Let the job run at this time from NOON on, and return what it publishes."""
        self.broker.events.clear()
        with registered(self.broker):
            publish_what_is_new(self.now + offset)
        return list(self.broker.events)

    def heard(self, offset) -> list[str]:
        """Return what the job publishes at this time, as "topic name"."""
        return [f"{topic.rpartition('.')[2]} {payload['name']}" for topic, payload in self.run_at(offset)]


class OfTime(ClockCase):
    """Each fact once, whenever the runs are."""

    def test_the_life_of_a_window(self):
        app.create_maintenance("M", self.isp, start=self.now)

        moments = (-25, -24, -12, 0, 2, 4, 5, 6, 7, 40)
        heard = {hours: self.heard(hours * HOUR) for hours in moments}

        happened = {hours: events for hours, events in heard.items() if events}
        self.assertEqual(happened, {-24: ["due M"], 0: ["started M"], 4: ["ended M"], 6: ["overdue M"]})

    def test_payload(self):
        maintenance = app.create_maintenance("M", self.isp, start=self.now, status=Status.CONFIRMED, ticket="CHG-1")
        self.run_at(-25 * HOUR)

        [(topic, payload)] = self.run_at(-HOUR)

        payload.pop("at")
        window = [(self.now + hours * HOUR).isoformat() for hours in (0, 4)]
        expected = {"name": "M", "provider": str(self.isp.pk), "status": "CONFIRMED", "window": window}
        self.assertEqual((topic, payload), ("maintenance.due", {"maintenance": str(maintenance.pk), **expected}))

    def test_runs_that_are_missing_publish_what_they_missed(self):
        app.create_maintenance("M", self.isp, start=self.now)

        self.assertEqual(self.heard(6 * HOUR), ["started M", "ended M", "overdue M"])

    def test_what_was_announced_late_is_due_at_once(self):
        self.run_at(-HOUR)
        app.create_maintenance("M", self.isp, start=self.now)

        self.assertEqual(self.heard(-50 * MINUTE), ["due M"])

    def test_a_moved_window_is_another_window_and_the_others_are_not_published_again(self):
        maintenance = app.create_maintenance("M", self.isp, start=self.now)
        app.add_window(maintenance, self.now + 10 * HOUR)
        self.assertEqual(self.heard(-HOUR), ["due M", "due M"])
        spans = [(self.now, self.now + 4 * HOUR), (self.now + 12 * HOUR, self.now + 16 * HOUR)]
        maintenance.set_windows(spans)
        maintenance.save()

        self.assertEqual([event[1]["window"][0] for event in self.run_at(-30 * MINUTE)], [spans[1][0].isoformat()])

    def test_what_is_cancelled_or_completed_is_not_due(self):
        for status in (Status.CANCELLED, Status.COMPLETED):
            app.create_maintenance(status, self.isp, start=self.now, status=status)

        self.assertEqual([self.heard(-HOUR), self.heard(7 * HOUR)], [[], ["started COMPLETED", "ended COMPLETED"]])

    def test_the_first_run_publishes_nothing(self):
        """Or an installation with years of mail would begin with a flood."""
        PublishedState.objects.all().delete()
        app.create_maintenance("M", self.isp, start=self.now)

        self.assertEqual(self.heard(HOUR), [])
        self.assertEqual(self.heard(5 * HOUR), ["ended M"])

    def test_what_is_remembered_does_not_grow(self):
        for number in range(5):
            app.create_maintenance(f"M-{number}", self.isp, start=self.now)
        self.run_at(HOUR)
        self.assertEqual(len(PublishedState.objects.get(name="time").published), 5)
        self.run_at(24 * 30 * HOUR)

        self.assertEqual(PublishedState.objects.get(name="time").published, {})

    def test_queries(self):
        """As many for ten times the windows; none without a broker that wants these events."""
        counts = []
        for number in (2, 20):
            for each in range(number):
                app.create_maintenance(f"M-{number}-{each}", self.isp, start=self.now)
            with CaptureQueriesContext(connection) as recorded:
                self.run_at(-HOUR)
            counts.append(len(recorded))
        with CaptureQueriesContext(connection) as recorded:
            publish_what_is_new(self.now)

        self.assertEqual([*counts, len(recorded)], [6, 6, 0])


class OfRisk(ClockCase):
    """Sites at risk: found, changed, cleared."""

    topics = ("circuit_maintenance.risk.*",)

    def heard(self, offset) -> list[str]:
        """Return what the job publishes at this time, as "topic site kind from to", in hours from NOON."""
        names = {str(site.pk): site.name for site in (self.athens, self.berlin, self.cork)}
        return [
            f"{topic.rpartition('.')[2]} {names[payload['site']]} {payload['kind']} {self.hours(payload)}"
            for topic, payload in self.run_at(offset)
        ]

    def hours(self, payload) -> str:
        """Return the start and end of an episode, in hours from NOON."""
        moments = (type(self.now).fromisoformat(payload[name]) for name in ("start", "end"))
        return " ".join(f"{(moment - self.now) / HOUR:g}" for moment in moments)

    def move(self, maintenance: CircuitMaintenance, start: float, end: float) -> None:
        """Move a maintenance to these hours."""
        maintenance.set_windows([(self.now + start * HOUR, self.now + end * HOUR)])
        maintenance.save()

    def test_found_moved_worse_and_cleared(self):
        one = self.work("one", "A-1", start=10)
        self.assertEqual(self.heard(0 * HOUR), ["found Athens one_left 10 14"])
        self.assertEqual(self.heard(1 * HOUR), [])
        self.move(one, 11, 15)
        self.assertEqual(self.heard(2 * HOUR), ["changed Athens one_left 11 15"])
        two = self.work("two", "A-2", start=11)
        self.assertEqual(self.heard(3 * HOUR), ["changed Athens dark 11 15"])
        CircuitMaintenance.objects.filter(pk__in=[one.pk, two.pk]).update(status=Status.CANCELLED)

        self.assertEqual(self.heard(4 * HOUR), ["cleared Athens dark 11 15"])

    def test_time_passing_is_no_change(self):
        """Neither that an episode begins, nor that it ends."""
        self.work("one", "A-1", start=1)
        self.assertEqual(len(self.heard(0 * HOUR)), 1)

        self.assertEqual([self.heard(hours * HOUR) for hours in (1, 3, 5, 200)], [[], [], [], []])

    def test_small_moves_add_up(self):
        one = self.work("one", "A-1", start=10)
        self.heard(0 * HOUR)
        self.move(one, 10.2, 14.2)
        self.assertEqual(self.heard(1 * HOUR), [])
        self.move(one, 10.4, 14.4)

        self.assertEqual(self.heard(2 * HOUR), ["changed Athens one_left 10.4 14.4"])

    def test_payload(self):
        one = self.work("one", "A-1", start=1)
        [(topic, payload)] = self.run_at(0 * HOUR)

        payload.pop("at")
        self.assertEqual(topic, "risk.found")
        self.assertEqual(
            payload,
            {
                "site": str(self.athens.pk),
                "kind": "one_left",
                "start": (self.now + 1 * HOUR).isoformat(),
                "end": (self.now + 5 * HOUR).isoformat(),
                "maintenances": [str(one.pk)],
            },
        )

    def test_wrong_settings_clear_nothing(self):
        """Nothing assessed is not nothing at risk."""
        self.work("one", "A-1", start=10)
        self.heard(0 * HOUR)
        with configured(risk_circuits={"cid": ["nothing"]}):
            self.assertEqual(self.heard(1 * HOUR), [])

        self.assertEqual(self.heard(2 * HOUR), [])
