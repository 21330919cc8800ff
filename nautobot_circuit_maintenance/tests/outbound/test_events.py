"""Events on Nautobot's event brokers: what is published when a maintenance changes, and what a failing broker costs."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from uuid import uuid4

from django.conf import settings
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from nautobot.apps.events import EventBroker, RedisEventBroker, deregister_event_broker, register_event_broker
from prometheus_client import REGISTRY

from nautobot_circuit_maintenance.choices import TopicChoices as Topic
from nautobot_circuit_maintenance.models import CircuitImpact, CircuitMaintenance, MaintenanceWindow
from nautobot_circuit_maintenance.models.acknowledgement import acknowledge
from nautobot_circuit_maintenance.models.windows import as_rest
from nautobot_circuit_maintenance.outbound import events
from nautobot_circuit_maintenance.tests.cases import PipelineTestCase
from nautobot_circuit_maintenance.tests.factories import app
from nautobot_circuit_maintenance.tests.factories.mail import NOON, START, Bcop, mail

HOUR = timedelta(hours=1)
PATTERN = "circuit_maintenance.*"


class OwnRedisBroker(RedisEventBroker):
    """Nautobot's broker, on channels of its own: those of Redis are the same for all databases, and so for other tests."""

    prefix = f"{uuid4()}."

    def publish(self, *, topic, payload):
        """Publish on the channel of this process."""
        super().publish(topic=f"{self.prefix}{topic}", payload=payload)


class BrokenBroker(EventBroker):
    """A broker that is down."""

    def publish(self, *, topic, payload):
        """Fail, as a broker whose server is gone."""
        raise ConnectionError("refused")


@contextmanager
def registered(broker: EventBroker) -> Iterator[None]:
    """Have Nautobot publish its events by this broker, too."""
    register_event_broker(broker)
    try:
        yield
    finally:
        deregister_event_broker(broker)


class EventsTestCase(PipelineTestCase):
    """Listens to Redis, where Nautobot's own broker publishes."""

    def setUp(self):
        """Subscribe."""
        super().setUp()
        self.broker = OwnRedisBroker(url=settings.CACHES["default"]["LOCATION"], include_topics=[PATTERN])
        self.heard = self.broker.connection.pubsub(ignore_subscribe_messages=True)
        self.heard.psubscribe(f"{OwnRedisBroker.prefix}{PATTERN}")
        self.heard.get_message(timeout=5)
        self.addCleanup(self.heard.close)

    def messages(self) -> list[tuple[str, dict]]:
        """Return topic and payload of what was published since the last call."""
        found = []
        while (message := self.heard.get_message(timeout=0.2)) is not None:
            found.append(
                (message["channel"].decode().rpartition("circuit_maintenance.")[2], json.loads(message["data"]))
            )
        return found

    @contextmanager
    def publishing(self) -> Iterator[None]:
        """Commit what is done inside, while the broker is registered."""
        with registered(self.broker), self.captureOnCommitCallbacks(execute=True):
            yield

    def topics_of(self, *mails) -> list[str]:
        """Receive emails and return the topics of what is published."""
        with self.publishing():
            self.receive(*mails)
        return [topic for topic, _ in self.messages()]


class FromThePipeline(EventsTestCase):
    """What emails change."""

    def test_announced(self):
        with self.publishing():
            self.receive(mail(Bcop()))

        [(topic, payload)] = self.messages()
        window = ["2026-11-30T12:00:00Z", "2026-11-30T16:00:00Z"]
        maintenance = self.maintenance()
        self.assertEqual(topic, "maintenance.announced")
        self.assertEqual(
            {key: value for key, value in payload.items() if key != "at"},
            {
                "maintenance": str(maintenance.pk),
                "name": "M-1",
                "provider": str(self.provider.pk),
                "before": {},
                "after": {
                    "status": "CONFIRMED",
                    "windows": [window],
                    "cancelled_windows": [],
                    "impacts": [{"cid": "C-1", "impact": "OUTAGE", "windows": None}],
                    "replaced_by": None,
                },
            },
        )

    def test_moved_repeated_reinstated_and_cancelled(self):
        self.receive(mail(Bcop()))
        later = [NOON + number * HOUR for number in range(1, 6)]

        self.assertEqual(self.topics_of(mail(Bcop(start=START + HOUR, issued=later[0]))), ["maintenance.changed"])
        self.assertEqual(self.topics_of(mail(Bcop(start=START + HOUR, issued=later[1]))), [])
        self.assertEqual(self.topics_of(mail(Bcop(status="CANCELLED", issued=later[2]))), ["maintenance.cancelled"])
        self.assertEqual(self.topics_of(mail(Bcop(status="CANCELLED", issued=later[3]))), [])
        self.assertEqual(self.topics_of(mail(Bcop(status="CONFIRMED", issued=later[4]))), ["maintenance.changed"])

    def test_another_description_is_no_change(self):
        self.receive(mail(Bcop()))

        self.assertEqual(self.topics_of(mail(Bcop(summary="Other words", issued=NOON + HOUR))), [])


class FromPeople(EventsTestCase):
    """What people change, by form, REST and import alike."""

    def topics(self, work) -> list[str]:
        """Do this and return the topics of what is published."""
        with self.publishing():
            work()
        return [topic for topic, _ in self.messages()]

    def test_added_moved_acknowledged_described_and_deleted(self):
        maintenance = app.create_maintenance("M-9", self.provider)
        self.assertEqual(self.messages(), [], "no broker, no event")

        def move():
            maintenance.start_time += HOUR
            maintenance.validated_save()

        def describe():
            maintenance.description, maintenance.ticket = "Secret door code 1234", "CHG-1"
            maintenance.validated_save()

        created = self.topics(lambda: app.create_maintenance("M-8", self.provider))
        self.assertEqual(created, ["maintenance.announced"])
        self.assertEqual(self.topics(move), ["maintenance.changed"])
        self.assertEqual(self.topics(describe), [])
        acknowledged = self.topics(lambda: acknowledge(CircuitMaintenance.objects.all(), self.user, now=NOON))
        self.assertEqual(acknowledged, [])
        self.assertEqual(self.topics(maintenance.delete), ["maintenance.cancelled"])

    def test_impacts_alone_by_whatever_way(self):
        maintenance, other = (app.create_maintenance(name, self.provider) for name in ("M-8", "M-9"))
        first, second = (row.windows.get() for row in (maintenance, other))
        maintenance.set_windows(
            [(first.start_time + number * HOUR * 24, first.end_time + number * HOUR * 24) for number in (0, 1)]
        )
        maintenance.validated_save()
        windows = list(maintenance.windows.order_by("start_time"))

        def impacts(name: str = "M-8"):
            return CircuitImpact.objects.filter(maintenance__name=name)

        def set_field(name, value):
            row = impacts().get()
            setattr(row, name, value)
            row.validated_save()

        ways = [
            (lambda: app.create_impact(maintenance, "C-1"), 1),
            (lambda: set_field("impact", "DEGRADED"), 1),
            (lambda: impacts().get().limit_to(windows[:1]), 1),
            (lambda: impacts().get().windows.add(windows[1]), 1),
            (lambda: windows[0].impacts.remove(impacts().get()), 1),
            (lambda: impacts().get().windows.clear(), 1),
            (lambda: impacts().get().windows.clear(), 0),
            (lambda: set_field("matched_by", "manual"), 0),
            (lambda: set_field("maintenance", other), 2),
            (lambda: app.create_impact(other, "C-2"), 1),
            (lambda: impacts("M-9").delete(), 1),
            (lambda: app.create_impact(other, "C-3"), 1),
            (lambda: impacts("M-9").get().delete(), 1),
            (lambda: MaintenanceWindow.objects.filter(pk=windows[1].pk).delete(), 1),
            (lambda: app.create_impact(other, "C-3"), 1),
            (maintenance.delete, "maintenance.cancelled"),
        ]
        for number, (way, expected) in enumerate(ways):
            topics = ["maintenance.changed"] * expected if isinstance(expected, int) else [expected]
            self.assertEqual(self.topics(way), topics, number)
        self.assertEqual(second.maintenance, other)

    def test_an_impact_that_form_or_rest_saves_with_its_windows_is_one_change(self):
        maintenance = app.create_maintenance("M-8", self.provider)
        impact = app.create_impact(maintenance, "C-1")
        window = maintenance.windows.get()
        times = {"start_time": window.start_time.isoformat(), "end_time": window.end_time.isoformat()}
        self.client = Client(SERVER_NAME="nautobot.example.com")
        self.client.force_login(self.user)
        form = reverse("plugins:nautobot_circuit_maintenance:circuitimpact_edit", args=[impact.pk])
        entered = {"maintenance": maintenance.pk, "cid": "C-1", "impact": "OUTAGE", "affected_in": "selected"}
        endpoint = reverse("plugins-api:nautobot_circuit_maintenance-api:circuitimpact-detail", args=[impact.pk])

        def changed(request) -> list:
            with self.publishing():
                response = request()
                self.assertLess(response.status_code, 400, response.content)
            return [payload["after"]["impacts"][0]["windows"] for _topic, payload in self.messages()]

        stored = [[as_rest(window.start_time), as_rest(window.end_time)]]
        self.assertEqual(changed(lambda: self.client.post(form, {**entered, "windows": [window.pk]})), [stored])
        body = {"content_type": "application/json"}
        self.assertEqual(changed(lambda: self.client.patch(endpoint, {"in_all_windows": True}, **body)), [None])
        self.assertEqual(changed(lambda: self.client.patch(endpoint, {"windows": [times]}, **body)), [stored])

    def test_what_people_wrote_is_in_no_event(self):
        """Only what the provider made public: no permissions apply to those who listen."""
        maintenance = app.create_maintenance("M-9", self.provider, description="door code 1234", ticket="CHG-1")
        with self.publishing():
            maintenance.status = "CONFIRMED"
            maintenance.validated_save()

        [(_, payload)] = self.messages()
        self.assertNotIn("1234", json.dumps(payload))
        self.assertNotIn("CHG-1", json.dumps(payload))

    def test_nothing_is_published_for_what_is_rolled_back(self):
        with self.publishing():
            try:
                with transaction.atomic():
                    app.create_maintenance("M-9", self.provider)
                    raise ValueError
            except ValueError:
                pass

        self.assertEqual(self.messages(), [])


class BrokersThatFail(EventsTestCase):
    """Nautobot's brokers are called in the request or the run that made the change."""

    def test_an_error_is_counted_and_changes_nothing(self):
        failures = ("circuit_maintenance_events_failed_total", {"topic": Topic.ANNOUNCED})
        before = REGISTRY.get_sample_value(*failures)
        with registered(BrokenBroker(include_topics=[PATTERN])), self.assertLogs(events.__name__) as logged:
            with self.captureOnCommitCallbacks(execute=True):
                report = self.receive(mail(Bcop()))

        self.assertEqual(self.maintenance().status, "CONFIRMED")
        self.assertEqual(report.error, "")
        self.assertEqual(REGISTRY.get_sample_value(*failures), before + 1)
        self.assertIn("EVENT-01", logged.output[0])

    def test_each_topic_has_its_number_before_the_first_failure(self):
        values = [
            REGISTRY.get_sample_value("circuit_maintenance_events_failed_total", {"topic": topic})
            for topic in Topic.values()
        ]
        self.assertNotIn(None, values)


class Cost(EventsTestCase):
    """Who has no event broker pays nothing."""

    def queries(self, maintenance: CircuitMaintenance) -> int:
        """Return how many queries an edit takes."""
        maintenance.status = "TENTATIVE" if maintenance.status == "CONFIRMED" else "CONFIRMED"
        with CaptureQueriesContext(connection) as recorded, self.captureOnCommitCallbacks(execute=True):
            maintenance.save()
        return len(recorded)

    def test_an_edit_takes_snapshots_only_for_a_broker_that_wants_them(self):
        maintenance = app.create_maintenance("M-9", self.provider)
        without = self.queries(maintenance)
        with registered(RedisEventBroker(url=self.broker.url, include_topics=["nautobot.*"])):
            elsewhere = self.queries(maintenance)
        with registered(self.broker):
            wanted = self.queries(maintenance)

        self.assertEqual(elsewhere, without)
        self.assertGreater(wanted, without)
