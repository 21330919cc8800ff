"""What a monitoring system reads from /metrics/: the values, who asks for them, what they cost, and what may fail."""

import re
import time
from pathlib import Path
from unittest import mock

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import SimpleTestCase
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from nautobot.circuits.models import Circuit, CircuitTermination, CircuitType
from nautobot.extras.models import Status as CoreStatus
from prometheus_client import generate_latest
from prometheus_client.core import CollectorRegistry
from prometheus_client.parser import text_string_to_metric_families

from nautobot_circuit_maintenance import checks, metrics, models
from nautobot_circuit_maintenance.choices import (
    CircuitMaintenanceStatusChoices as Status,
    NotificationStateChoices as State,
)
from nautobot_circuit_maintenance.tests.factories import app
from nautobot_circuit_maintenance.tests.risk_case import HOUR, RiskCase, configured

MOST_CPU_SECONDS = 0.5
MOST_QUERIES = 33
"""The savepoints of six parts included, and an assessment of the risk with its devices (two), which core's pages ask for, too."""
PREFIX = "circuit_maintenance_"


class MetricsCase(RiskCase):
    """Circuits A-1, A-2, B-1, B-2 and C-1 of "ISP 1" at three sites."""

    def setUp(self):
        """Forget the risk of other tests."""
        super().setUp()
        cache.clear()
        self.now = timezone.now()

    def samples(self) -> dict[str, dict[tuple[str, ...], float]]:
        """Return value by label values of each of our metrics, as the page says them."""
        page = self.client.get("/metrics/", SERVER_NAME="nautobot.example.com")
        self.assertEqual(page.status_code, 200)
        families = text_string_to_metric_families(page.content.decode())
        return {
            family.name.removeprefix(PREFIX): {self.key_of(each.labels): each.value for each in family.samples}
            for family in families
            if family.name.startswith(PREFIX)
        }

    @staticmethod
    def key_of(labels: dict[str, str]) -> tuple[str, ...]:
        """Return the values of labels in the order of their names, in which the page has them."""
        return tuple(labels[name] for name in sorted(labels))

    def maintenance(self, name: str, *cids: str, start: float = -1, hours: float = 4, **fields):
        """Create an outage of these circuits, that many hours from now."""
        fields = {"status": Status.CONFIRMED, **fields}
        created = app.create_maintenance(name, self.isp, start=self.now + start * HOUR, hours=hours, **fields)
        for cid in cids:
            app.create_impact(created, Circuit.objects.get(cid=cid))
        return created


class CircuitStates(MetricsCase):
    """1 operational, 2 in maintenance."""

    def states(self) -> dict[str, float]:
        """Return the states of the circuits."""
        return {labels[0]: value for labels, value in self.samples()["circuit_state"].items()}

    def test_what_is_affected_now_is_in_maintenance(self):
        self.maintenance("now", "A-1")
        self.maintenance("later", "A-2", start=1)
        self.maintenance("past", "B-1", start=-9)
        self.maintenance("cancelled", "B-2", status=Status.CANCELLED)
        done = self.maintenance("replaced", "C-1")
        models.CircuitMaintenance.objects.filter(pk=done.pk).update(replaced_by=self.maintenance("new", start=90))

        self.assertEqual(self.states(), {"A-1": 2, "A-2": 1, "B-1": 1, "B-2": 1, "C-1": 1})

    def test_a_circuit_of_the_second_night_is_not_in_maintenance_during_the_first(self):
        two_nights = self.maintenance("nights", "A-1", "B-1")
        second = app.add_window(two_nights, self.now + 24 * HOUR)
        models.CircuitImpact.objects.get(cid="B-1").limit_to([second])

        self.assertEqual([self.states()[cid] for cid in ("A-1", "B-1")], [2, 1])

    def test_default_labels(self):
        self.assertIn(("A-1", "Athens", "", "ISP 1", "Transit"), self.samples()["circuit_state"])

    def test_labels_can_be_chosen(self):
        circuit = Circuit.objects.get(cid="A-1")
        circuit._custom_field_data["team"] = (
            'North "1"\n'  # pylint: disable=protected-access  # the field is not defined: its value is what counts
        )
        Circuit.objects.filter(pk=circuit.pk).update(_custom_field_data=circuit._custom_field_data)
        with configured(circuit_metric_labels={"id": "cid", "team": "cf_team", "tenant": "tenant__name"}):
            states = self.samples()["circuit_state"]

        self.assertEqual(states["A-1", 'North "1"\n', ""], 1)
        self.assertEqual(states["A-2", "", ""], 1)

    def test_circuits_with_equal_labels_are_one_sample(self):
        """Prometheus refuses a page that has a sample twice."""
        self.maintenance("now", "B-2")
        with configured(circuit_metric_labels={"provider": "provider__name"}):
            self.assertEqual(self.samples()["circuit_state"], {("ISP 1",): 2})


class Numbers(MetricsCase):
    """Maintenances, risk, notifications, sources."""

    def test_maintenances_by_provider_and_status(self):
        self.maintenance("one")
        self.maintenance("two", status=Status.TENTATIVE)
        self.maintenance("three", start=-900, status=Status.COMPLETED)
        app.create_maintenance("none", None)
        counts = self.samples()["maintenances"]

        self.assertEqual(
            {key: value for key, value in counts.items() if value},
            {
                ("ISP 1", "CONFIRMED"): 1,
                ("ISP 1", "TENTATIVE"): 1,
                ("ISP 1", "COMPLETED"): 1,
                ("", "UNKNOWN"): 1,
            },
        )
        self.assertEqual(counts["ISP 1", "CANCELLED"], 0, "a status without any is there all the same")

    def test_maintenances_ahead_by_horizon_and_acknowledgement(self):
        self.maintenance("now")
        self.maintenance("tomorrow", start=20, ack=True)
        self.maintenance("next week", start=100)
        self.maintenance("far", start=24 * 40)
        self.maintenance("off", status=Status.CANCELLED)
        samples = self.samples()

        ahead = samples["maintenances_ahead"]
        self.assertEqual([ahead["false", each] for each in ("now", "24h", "7d", "30d")], [1, 1, 2, 2])
        self.assertEqual([ahead["true", each] for each in ("now", "24h", "7d", "30d")], [0, 1, 1, 1])
        self.assertEqual(samples["unacknowledged_maintenances"], {(): 3})

    def test_doubtful_maintenances(self):
        self.maintenance("doubtful", doubts=[{"kind": "open again", "sentence": "?", "fingerprint": "1"}])

        self.assertEqual(self.samples()["doubtful_maintenances"], {(): 1})

    def test_sites_at_risk_by_kind_and_horizon(self):
        self.maintenance("night one", "A-1", start=-1)
        self.maintenance("night two", "A-1", "A-2", start=30)
        self.maintenance("far", "C-1", start=24 * 20)
        risk = self.samples()["sites_at_risk"]

        self.assertEqual([risk[each, "one_left"] for each in ("now", "24h", "7d", "30d")], [1, 1, 0, 0])
        self.assertEqual([risk[each, "dark"] for each in ("now", "24h", "7d", "30d")], [0, 0, 1, 2])

    def test_settings_that_count_no_circuit_give_no_number_of_sites(self):
        """Zero would mean that no site is at risk."""
        with configured(risk_circuits={"cid": ["nothing"]}):
            samples = self.samples()

        self.assertEqual(samples["sites_at_risk"], {})
        self.assertEqual(set(samples["metrics_failed"].values()), {0})

    def test_notifications_by_outcome_and_those_that_wait(self):
        for state, error in ((State.PARSED, ""), (State.PARSED, "half"), (State.FAILED, "no"), (State.RECEIVED, "")):
            app.create_notification(self.isp, state=state, error=error)
        samples = self.samples()

        expected = {"parsed": 1, "partly_read": 1, "failed": 1, "refused": 0, "ignored": 0}
        self.assertEqual(samples["notifications"], {(state,): count for state, count in expected.items()})
        self.assertEqual(samples["notifications_waiting"], {(): 1})

    def test_sources(self):
        """One that was never read counts from when it is known; one that the settings no longer name has no age."""
        models.NotificationSource.objects.create(name="Good", last_fetched_at=self.now - HOUR)
        models.NotificationSource.objects.create(name="Never", last_error="IMAP-01: no")
        models.NotificationSource.objects.create(name="Gone")
        models.NotificationSource.objects.filter(name="Never").update(created=self.now - 2 * HOUR)
        entry = {"url": "imap://mail.example", "account": "noc", "secret": "x"}
        with configured(notification_sources=[{**entry, "name": "Good"}, {**entry, "name": "Never"}]):
            samples = self.samples()

        ages = samples["source_age_seconds"]
        self.assertAlmostEqual(ages[("Good",)], 3600, delta=60)
        self.assertAlmostEqual(ages[("Never",)], 7200, delta=60)
        self.assertEqual(samples["source_failing"], {("Good",): 0, ("Never",): 1})


class WhatGoesOut(MetricsCase):
    """Deliveries, channels, subscriptions."""

    def test_deliveries_by_state(self):
        subscription = app.create_subscription(self.user)
        thread = app.create_thread(subscription, self.maintenance("one"))
        for state in ("sent", "sent", "failed"):
            app.create_delivery(thread, state=state)

        expected = {"waiting": 0, "unsure": 0, "sent": 2, "superseded": 0, "failed": 1}
        self.assertEqual(self.samples()["deliveries"], {(state,): count for state, count in expected.items()})

    def test_channels(self):
        for name in ("down", "gone", "up"):
            models.ChannelState.objects.create(name=name, down_since=None if name == "up" else self.now)
        hook = {"kind": "webhook", "url": "https://hooks.example/1", "secret": "x"}
        channels = [{**hook, "name": "down"}, {**hook, "name": "up"}, {"kind": "webhook", "name": "wrong"}]
        with configured(instance="test", channels=channels):
            self.assertEqual(self.samples()["channel_up"], {("down",): 0, ("up",): 1, ("wrong",): 0})

    def test_subscriptions_that_send_nothing(self):
        app.create_subscription(self.user, "good")
        app.create_subscription(self.user, "bad", last_error="no")
        app.create_subscription(self.user, "off", last_error="no", enabled=False)

        self.assertEqual(self.samples()["subscriptions_failing"], {(): 1})


class Documentation(MetricsCase):
    """The guide has a row for each metric, with its labels."""

    def test_each_metric_has_its_row(self):
        page = (Path(__file__).parents[2] / "docs" / "user" / "monitoring.md").read_text(encoding="utf-8")
        rows = dict(re.findall(r"^\| `circuit_maintenance_(\w+)` \| ([^|]*)", page, re.MULTILINE))
        emitted = {each.name.removeprefix(PREFIX): {*each._labelnames} for each in metrics.collect()}
        chosen = emitted.pop("circuit_state")

        self.assertEqual(chosen, {"circuit", "provider", "type", "location_a", "location_z"})
        self.assertIn("chosen", rows.pop("circuit_state"))
        self.assertEqual({name: set(re.findall(r"`(\w+)`", labels)) for name, labels in rows.items()}, emitted)


class Settings(SimpleTestCase):
    """Labels of circuits that cannot be used are reported before anything asks for them."""

    def problems(self, value) -> list[str]:
        """Return the IDs of what is wrong."""
        with configured(circuit_metric_labels=value):
            found = [*checks.check_settings(), *checks.check_metric_settings()]
        return [each.id.rpartition(".")[2] for each in found]

    def test_what_can_be_used(self):
        fields = ("cid", "tenant__name", "cf_team", "circuit_termination_z__location__parent__name", "install_date")
        self.assertEqual(self.problems({f"l{number}": field for number, field in enumerate(fields)}), [])

    def test_what_cannot(self):
        wrong = (
            (["cid"], "E070"),
            ({}, "E070"),
            ({"circuit-id": "cid"}, "E071"),
            ({"__name__": "cid"}, "E071"),
            ({"9": "cid"}, "E071"),
            ({"circuit": ""}, "E072"),
            ({"circuit": 5}, "E072"),
            ({"circuit": "no_such"}, "E073"),
            ({"circuit": "provider__no_such"}, "E073"),
            ({"circuit": "tags__name"}, "E073"),
            ({"circuit": "circuit_terminations__location__name"}, "E073"),
        )
        self.assertEqual([self.problems(value) for value, _ in wrong], [[code] for _, code in wrong])


class Failures(MetricsCase):
    """An error must cost Nautobot none of its metrics, and us none but those concerned."""

    def test_a_label_without_a_field_costs_the_states_of_circuits_only(self):
        with configured(circuit_metric_labels={"id": "no_such_field"}), self.assertLogs(metrics.__name__):
            samples = self.samples()

        self.assertNotIn("circuit_state", samples)
        self.assertIn("maintenances_ahead", samples)
        failed = {part for (part,), value in samples["metrics_failed"].items() if value}
        self.assertEqual(failed, {"circuits"})

    def test_a_part_that_the_database_refuses(self):
        with mock.patch.object(Circuit._meta, "db_table", "no_such_table"), self.assertLogs(metrics.__name__):
            samples = self.samples()

        self.assertEqual(samples["metrics_failed"]["circuits",], 1)
        self.assertEqual(samples["metrics_failed"]["notifications",], 0)


class Cost(MetricsCase):
    """Asked for every few seconds, by each web process that is asked."""

    def collect(self) -> bytes:
        """Return all of our metrics, as text."""
        registry = CollectorRegistry()
        registry.register(mock.Mock(spec=["collect"], collect=metrics.collect))
        return generate_latest(registry)

    def queries(self) -> int:
        """Return how many queries the metrics take when nothing is known about the risk."""
        cache.clear()
        with CaptureQueriesContext(connection) as recorded:
            self.collect()
        return len(recorded)

    def grow(self, circuits: int) -> None:
        """Add circuits with two ends each, and a maintenance now for each hundred."""
        status, kind = CoreStatus.objects.get(name="Active"), CircuitType.objects.first()
        new = [
            Circuit(cid=f"X-{circuits}-{number}", provider=self.isp, circuit_type=kind, status=status)
            for number in range(circuits)
        ]
        Circuit.objects.bulk_create(new)
        ends = [
            CircuitTermination(circuit=each, term_side=side, location=site)
            for number, each in enumerate(new)
            for side, site in (("A", self.athens), ("Z", (self.berlin, self.cork)[number % 2]))
        ]
        CircuitTermination.objects.bulk_create(ends)
        for number in range(0, circuits, 100):
            self.maintenance(f"of {circuits} {number}", f"X-{circuits}-{number}", start=-1 + number / 1000)
        app.create_notification(self.isp)
        models.NotificationSource.objects.create(name=f"Source {circuits}")

    def test_the_number_of_queries_does_not_depend_on_what_there_is(self):
        self.grow(100)
        self.queries()
        before = self.queries()
        self.grow(1000)

        self.assertEqual(self.queries(), before)
        self.assertLessEqual(before, MOST_QUERIES)

    def seconds(self, circuits: int) -> float:
        """Return the CPU time for so many circuits, the risk apart: jobs assess it, or the first who asks in five minutes."""
        self.grow(circuits)
        self.collect()
        taken = []
        for _ in range(3):
            started = time.process_time()
            page = self.collect()
            taken.append(time.process_time() - started)
        self.assertGreater(page.count(b"\ncircuit_maintenance_circuit_state{"), circuits)
        return min(taken)

    def test_two_thousand_circuits(self):
        self.assertLess(self.seconds(2_000), MOST_CPU_SECONDS / 5)

    @pytest.mark.nightly
    def test_ten_thousand_circuits(self):
        """Creating them takes longer."""
        self.assertLess(self.seconds(10_000), MOST_CPU_SECONDS)
