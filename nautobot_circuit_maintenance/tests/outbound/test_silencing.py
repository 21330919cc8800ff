"""Silences for the maintenances of subscriptions: tests for the Alertmanager in memory and, in `development/e2e`, for Debian's."""

from contextlib import ExitStack
from datetime import datetime, timedelta, timezone
from typing import Any
from unittest import mock

import requests
from django.db import connection
from django.test import override_settings
from nautobot.apps.testing import TestCase
from nautobot.circuits.models import Circuit
from nautobot.tenancy.models import Tenant

from nautobot_circuit_maintenance.channel_settings.alertmanager import AlertmanagerSettings
from nautobot_circuit_maintenance.models import ChannelState, CircuitImpact, CircuitMaintenance, Subscription
from nautobot_circuit_maintenance.outbound.channels.alertmanager.client import Client
from nautobot_circuit_maintenance.outbound.channels.alertmanager.reconcile import Reconciled, reconcile
from nautobot_circuit_maintenance.outbound.machines import run_machines
from nautobot_circuit_maintenance.tests.factories.app import create_impact, create_maintenance, create_subscription
from nautobot_circuit_maintenance.tests.factories.core import (
    create_circuit,
    create_device,
    create_locations,
    create_provider,
    terminate,
)
from nautobot_circuit_maintenance.tests.factories.users import ALL, superuser, viewer
from nautobot_circuit_maintenance.tests.outbound.alertmanager.served import served

QUERIES = 12
CREATOR = "nautobot-circuit-maintenance live/Alerts"


class SilencingWorld:
    """A maintenance and a subscription; a subclass is a TestCase and has the address of an Alertmanager."""

    url: str

    def setUp(self) -> None:
        """Have a maintenance that is on, of two circuits, and a subscription to all maintenances."""
        super().setUp()  # type: ignore[misc]  # of the TestCase
        self.now = datetime.now(tz=timezone.utc)
        self.provider = create_provider("ISP", "noc@isp.example")
        self.circuits = [create_circuit(self.provider, f'C/{number} {{x}}, "y"') for number in (1, 2)]
        self.maintenance = self.announce("M-1", -10, 60)
        self.owner = superuser()
        self.subscription = create_subscription(self.owner, "Alerts", channel="Alerts", lead_minutes=10)

    def announce(self, name: str, start: float, end: float) -> CircuitMaintenance:
        found = create_maintenance(
            name,
            self.provider,
            start=self.now + timedelta(minutes=start),
            hours=(end - start) / 60,
            status="CONFIRMED",
        )
        for circuit in self.circuits:
            create_impact(found, circuit)
        return found

    def run_channel(self, later: float = 0, **changes: Any) -> Reconciled:
        entry = {"name": "Alerts", "instance": "live", "urls": [self.url], "matchers": {"cid": "{{ cid }}"}, **changes}
        found = reconcile(AlertmanagerSettings.from_entry(entry), now=self.now + timedelta(minutes=later))
        assert found is not None
        return found

    def live(self) -> list[dict[str, Any]]:
        found = requests.get(f"{self.url}/api/v2/silences", timeout=10).json()
        return [each for each in found if each["createdBy"] == CREATOR and each["status"]["state"] != "expired"]

    def silenced(self, label: str = "cid") -> list[str]:
        return sorted(each["value"] for silence in self.live() for each in silence["matchers"] if each["name"] == label)

    def error(self) -> str:
        return ChannelState.objects.get(name="Alerts").error

    def announce_later(self) -> CircuitMaintenance:
        return create_maintenance("M-9", self.provider, start=self.now + timedelta(hours=2), status="CONFIRMED")


class SilencingCases(SilencingWorld):
    """What every Alertmanager must show."""

    def test_the_circuits_of_a_maintenance_are_silent_once_and_until_it_ends(self) -> None:
        self.assertEqual(self.run_channel().posted, 2)
        self.assertEqual(self.silenced(), [circuit.cid for circuit in self.circuits])
        self.assertEqual(self.run_channel().posted, 0)
        self.assertTrue(all(str(self.maintenance.pk) in each["comment"] for each in self.live()))
        CircuitMaintenance.objects.update(status="COMPLETED")
        self.assertEqual(self.run_channel().expired, 2)
        self.assertEqual((self.live(), self.error()), ([], ""))

    def test_a_circuit_that_is_not_affected_is_loud(self) -> None:
        CircuitImpact.objects.filter(circuit=self.circuits[0]).update(impact="NO-IMPACT")
        other = create_circuit(self.provider, "C/3")
        create_impact(self.announce_later(), other)
        self.run_channel()
        self.assertEqual(self.silenced(), [self.circuits[1].cid])

    def test_two_maintenances_of_a_circuit_are_one_silence_until_the_last_one_ends(self) -> None:
        self.announce("M-2", 30, 120)
        self.run_channel()
        ends = {datetime.fromisoformat(each["endsAt"].replace("Z", "+00:00")) for each in self.live()}
        self.assertEqual(len(self.live()), 2)
        self.assertTrue(all(abs(end - self.now - timedelta(minutes=120)) < timedelta(seconds=1) for end in ends))

    def test_only_what_the_owner_may_see_is_silent(self) -> None:
        cid = self.circuits[1].cid
        self.subscription.owner = viewer(
            CircuitMaintenance, CircuitImpact, Circuit, constraints={Circuit: {"cid": cid}}
        )
        self.subscription.save()
        self.run_channel()
        self.assertEqual(self.silenced(), [cid])
        self.subscription.owner = viewer(CircuitMaintenance, Circuit)
        self.subscription.save()
        self.run_channel()
        self.assertEqual(self.silenced(), [])

    def test_a_subscription_that_is_disabled_deleted_or_whose_owner_left_silences_nothing(self) -> None:
        changes: list[Any] = [
            lambda: Subscription.objects.update(enabled=False),
            lambda: Subscription.objects.update(channel="Email"),
            lambda: Subscription.objects.update(maintenance_filter={"nonsense": ["x"]}),
            lambda: type(self.owner).objects.update(is_active=False),
            lambda: Subscription.objects.all().delete(),
        ]
        for change in changes:
            Subscription.objects.update(enabled=True, channel="Alerts", maintenance_filter={})
            type(self.owner).objects.update(is_active=True)
            self.run_channel()
            self.assertEqual(len(self.silenced()), 2)
            change()
            self.run_channel()
            self.assertEqual(self.silenced(), [])

    def test_a_circuit_for_which_a_template_says_nothing_has_no_silence_and_an_error(self) -> None:
        Circuit.objects.filter(pk=self.circuits[0].pk).update(tenant=Tenant.objects.create(name="Bank"))
        found = self.run_channel(matchers={"cid": "{{ cid }}", "tenant": "{{ tenant }}"})
        self.assertEqual((self.silenced("tenant"), len(found.errors)), (["Bank"], 1))
        self.assertRegex(self.error(), "^ALERT-07: No value of tenant for the circuit C/2 ")

    def test_each_connected_end_has_a_silence_by_device_and_interface(self) -> None:
        here, there = create_locations("SYD", "NYC")
        circuit = self.circuits[0]
        terminate(circuit, "A", here, create_device("edge-1", here))
        terminate(circuit, "Z", there, create_device("edge-2", there))
        CircuitImpact.objects.exclude(circuit=circuit).delete()
        self.run_channel(
            matchers={"device": "{{ device }}", "ifName": "{{ interface }}", "site": "{{ location|lower }}"}
        )
        self.assertEqual((self.silenced("device"), self.silenced("site")), (["edge-1", "edge-2"], ["nyc", "syd"]))
        self.assertEqual(set(self.silenced("ifName")), {f"to {circuit.cid}"})

    def test_a_template_that_fails_changes_nothing(self) -> None:
        self.run_channel()
        for template in ("{{ cid", "{{ unheard_of }}"):
            self.run_channel(matchers={"cid": template})
            self.assertIn("ALERT-06", self.error())
        self.run_channel()
        self.assertEqual((len(self.silenced()), self.error()), (2, ""))

    def test_a_channel_that_does_not_answer_is_down_until_it_does(self) -> None:
        self.run_channel(urls=["http://127.0.0.1:9"])
        first = ChannelState.objects.get(name="Alerts").down_since
        self.run_channel(later=5, urls=["http://127.0.0.1:9"])
        state = ChannelState.objects.get(name="Alerts")
        self.assertEqual((state.down_since, state.error[:8]), (first, "ALERT-01"))
        self.run_channel()
        self.assertEqual((ChannelState.objects.get(name="Alerts").down_since, self.error()), (None, ""))

    def test_one_worker_at_a_time_and_what_a_killed_one_had_is_free_again_soon(self) -> None:
        settings = AlertmanagerSettings.from_entry(
            {"name": "Alerts", "instance": "live", "urls": [self.url], "matchers": {"cid": "{{ cid }}"}}
        )
        ChannelState.objects.create(name="Alerts", busy_until=self.now + timedelta(minutes=3))
        self.assertIsNone(reconcile(settings, now=self.now))
        self.assertEqual(self.run_channel(later=3).posted, 2)
        self.assertIsNone(ChannelState.objects.get(name="Alerts").busy_until)

    def test_a_worker_whose_clock_is_a_little_behind_leaves_a_channel_alone(self) -> None:
        settings = AlertmanagerSettings.from_entry(
            {"name": "Alerts", "instance": "live", "urls": [self.url], "matchers": {"cid": "{{ cid }}"}}
        )
        ChannelState.objects.create(name="Alerts", busy_until=self.now + timedelta(minutes=4))
        self.assertIsNone(reconcile(settings, now=self.now))

    def test_what_a_killed_worker_had_is_free_when_the_clock_is_set_back(self) -> None:
        ChannelState.objects.create(name="Alerts", busy_until=self.now + timedelta(hours=1))
        self.assertEqual(self.run_channel().posted, 2)

    def test_no_row_is_locked_while_alertmanager_is_asked(self) -> None:
        open_blocks = connection.savepoint_ids[:]

        def asked(*_arguments: Any, **_options: Any) -> list[Any]:
            self.assertEqual(connection.savepoint_ids, open_blocks)
            self.assertIsNotNone(ChannelState.objects.get(name="Alerts").busy_until)
            return []

        with mock.patch.object(Client, "silences", asked):
            self.run_channel()
        self.assertIsNone(ChannelState.objects.get(name="Alerts").busy_until)

    def test_a_bug_leaves_the_channel_free(self) -> None:
        with mock.patch.object(Client, "silences", side_effect=RuntimeError("bug")), self.assertRaises(RuntimeError):
            self.run_channel()
        self.assertEqual(self.run_channel().posted, 2)

    def test_the_password_is_in_no_error(self) -> None:
        password = "correct-horse-battery"  # nosec B105 # of the test
        self.run_channel(urls=[f"http://127.0.0.1:9/{password}"], account="noc", secret=password)
        self.assertIn("ALERT-01", self.error())
        self.assertNotIn("horse", self.error())

    def test_the_number_of_queries_does_not_depend_on_the_number_of_circuits(self) -> None:
        self.run_channel()
        with self.assertNumQueries(QUERIES):
            self.run_channel()
        for number in range(3, 20):
            self.circuits.append(create_circuit(self.provider, f"C/{number}"))
            create_impact(self.maintenance, self.circuits[-1])
        with self.assertNumQueries(QUERIES):
            self.run_channel()


class Silencing(SilencingCases, TestCase):
    """A server for each test."""

    def setUp(self) -> None:
        """Start it."""
        servers = ExitStack()
        self.addCleanup(servers.close)
        self.url = servers.enter_context(served()).url
        super().setUp()

    def test_the_page_lists_what_is_silent_as_far_as_the_viewer_may_see_it(self) -> None:
        channel = {"name": "Alerts", "kind": "alertmanager", "urls": [self.url], "matchers": {"cid": "{{ cid }}"}}
        first, second = ("C/1 {x}, &quot;y&quot;", "C/2 {x}, &quot;y&quot;")
        one = {Circuit: {"cid": self.circuits[0].cid}}
        narrow = viewer(*ALL, Subscription, constraints=one)
        blind = viewer(Subscription, CircuitMaintenance)

        def page(user: Any) -> str:
            self.client.force_login(user)
            return self.client.get(self.subscription.get_absolute_url()).content.decode()

        with override_settings(
            PLUGINS_CONFIG={"nautobot_circuit_maintenance": {"instance": "live", "channels": [channel]}}
        ):
            for user, shown in ((self.owner, (first, second)), (narrow, (first,)), (blind, ())):
                found = page(user)
                self.assertEqual([each for each in (first, second) if each in found], list(shown))
            self.assertIn("Nothing is silent now or soon.", page(blind))
            ChannelState.objects.create(name="Alerts", error="ALERT-02: no")
            found = page(self.owner)
            self.assertIn("The channel has an error: ALERT-02: no", found)
            self.assertIn("Silent from", found)
            Subscription.objects.update(enabled=False)
            self.assertNotIn(first, page(self.owner))
        with override_settings(PLUGINS_CONFIG={"nautobot_circuit_maintenance": {}}):
            self.assertNotIn("Silent from", page(self.owner))

    def test_a_run_brings_every_configured_channel_in_order(self) -> None:
        channel = {"name": "Alerts", "kind": "alertmanager", "urls": [self.url], "matchers": {"cid": "{{ cid }}"}}
        config = {"instance": "live", "channels": [channel, {"name": "Drain", "kind": "job"}]}
        with override_settings(PLUGINS_CONFIG={"nautobot_circuit_maintenance": config}):
            self.assertEqual(run_machines(self.now), ["Alerts: 2 silences made or changed, 0 ended."])
            self.assertEqual(run_machines(self.now), [])
            self.subscription.delete()
            self.assertEqual(run_machines(self.now), ["Alerts: 0 silences made or changed, 2 ended."])
            with self.assertNumQueries(10):
                self.assertEqual(run_machines(self.now), [])
