"""The risk, of what is stored: which circuits count, what takes them down, and who sees it."""

from django.contrib.contenttypes.models import ContentType
from django.db import connection
from django.test.utils import CaptureQueriesContext
from nautobot.circuits.models import Circuit, CircuitTermination, CircuitType
from nautobot.cloud.models import CloudAccount, CloudNetwork, CloudResourceType
from nautobot.dcim.models import Location, LocationType, Manufacturer
from nautobot.extras.models import DynamicGroup, Status as CoreStatus, Tag

from nautobot_circuit_maintenance import models
from nautobot_circuit_maintenance.analysis.risk.topology import GROUP_TAG
from nautobot_circuit_maintenance.choices import (
    CircuitImpactChoices as Impact,
    CircuitMaintenanceStatusChoices as Status,
)
from nautobot_circuit_maintenance.domain.errors import RiskError
from nautobot_circuit_maintenance.tests.factories import app, core, users
from nautobot_circuit_maintenance.tests.factories.mail import NOON
from nautobot_circuit_maintenance.tests.risk_case import HOUR, RiskCase, configured

NOW = NOON


class Outages(RiskCase):
    """What takes a circuit down, and when."""

    def test_both_links_in_the_same_night(self):
        self.work("one", "A-1", start=1)
        self.work("two", "A-2", start=3)

        self.assertEqual(
            self.found(), [("Athens", "one left", 1, 3), ("Athens", "dark", 3, 5), ("Athens", "one left", 5, 7)]
        )

    def test_two_nights_of_one_maintenance_with_a_circuit_each(self):
        maintenance = self.work("nights", "A-1", "A-2")
        second = app.add_window(maintenance, NOW + 24 * HOUR)
        first = maintenance.windows.order_by("start_time").first()
        models.CircuitImpact.objects.get(cid="A-1").limit_to([first])
        models.CircuitImpact.objects.get(cid="A-2").limit_to([second])

        self.assertEqual(self.found(), [("Athens", "one left", 1, 5), ("Athens", "one left", 24, 28)])

    def test_cancelled_and_replaced_work_takes_nothing_down(self):
        self.work("off", "A-1", status=Status.CANCELLED)
        old = self.work("old", "A-2")
        models.CircuitMaintenance.objects.filter(pk=old.pk).update(replaced_by=self.work("new", start=50))

        self.assertEqual(self.found(), [])

    def test_a_cancelled_night_takes_nothing_down(self):
        maintenance = self.work("nights", "A-1")
        app.add_window(maintenance, NOW + 24 * HOUR)
        maintenance.windows.order_by("start_time").first().delete()

        self.assertEqual(self.found(), [("Athens", "one left", 24, 28)])

    def test_what_is_unconfirmed_counts_and_says_so(self):
        self.work("maybe", "A-1", status=Status.TENTATIVE)

        (finding,) = self.read().findings
        self.assertFalse(finding.is_confirmed)

    def test_mild_impacts_and_degraded(self):
        self.work("mild", "A-1", impact=Impact.REDUCED_REDUNDANCY)
        self.work("none", "B-1", impact=Impact.NO_IMPACT)
        self.work("slow", "C-1", impact=Impact.DEGRADED)

        self.assertEqual(self.found(), [])
        with configured(degraded_is_down=True):
            self.assertEqual(self.found(), [("Cork", "dark", 1, 5)])

    def test_what_begins_within_a_span_is_found_as_a_whole_and_nothing_later(self):
        """The second night begins at the end of the span, where the first one ends."""
        self.work("first", "A-1", start=1)
        self.work("second", "A-1", start=5)
        self.work("later", "B-1", start=20)
        whole = ("Athens", "one left", 1, 9)

        self.assertEqual(self.found(), [whole, ("Berlin", "one left", 20, 24)])
        for hours in (2, 5, 6, 20):
            with self.subTest(hours=hours):
                self.assertEqual(self.found(until=NOW + hours * HOUR), [whole])

    def test_of_a_span_only_what_begins_within_it_is_read(self):
        self.work("first", "A-1", start=1)
        self.work("later", "B-1", start=20)

        risk = self.read(until=NOW + 6 * HOUR)
        self.assertEqual([each.circuit for each in risk.outages], [self.circuits["A-1"].pk])

    def test_work_overruns_by_the_margin(self):
        self.work("late", "C-1")

        with configured(risk_margin=30):
            self.assertEqual(self.found(), [("Cork", "dark", 1, 5.5)])
            self.assertEqual(self.found(now=NOW + 5.25 * HOUR), [("Cork", "dark", 1, 5.5)])

    def test_work_that_is_completed_early_ends_the_finding_and_keeps_its_beginning(self):
        self.work("done", "C-1", status=Status.COMPLETED, issued_at=NOW + 3 * HOUR)

        self.assertEqual(self.found(now=NOW + 2 * HOUR), [("Cork", "dark", 1, 3)])
        self.assertEqual(self.found(now=NOW + 4 * HOUR), [])

    def test_a_finding_in_progress_keeps_its_true_beginning(self):
        self.work("one", "A-1", start=-30, hours=20)
        self.work("two", "A-2", start=-11, hours=20)

        self.assertEqual(self.found()[0], ("Athens", "one left", -10, 9))

    def test_a_finding_at_the_edge_of_a_month_is_the_same_in_the_next_run(self):
        self.work("far", "C-1", start=24 * 30 - 2)

        self.assertEqual(self.found(), self.found(now=NOW + 3 * HOUR))

    def test_two_locations_of_one_name_are_not_mixed_up(self):
        kind = LocationType.objects.get(name="Site")
        region = LocationType.objects.create(name="Region")
        kind.parent = region
        kind.save()
        status = core.status_for(Location)
        north, south = (Location.objects.create(name=name, location_type=region, status=status) for name in ("N", "S"))
        one, two = (
            Location.objects.create(name="DC", location_type=kind, parent=parent, status=status)
            for parent in (north, south)
        )
        for cid, site in (("D-1", one), ("D-2", two)):
            self.circuit(cid, site, self.network)
        self.work("one", "D-1")

        self.assertEqual([each.key for each in self.read().findings], [one.pk])


class Network(RiskCase):
    """Which circuits count, and what has to be reached."""

    def test_a_circuit_that_leaves_the_network(self):
        self.circuit("A-3", self.athens, self.network)
        self.work("one", "A-1", "A-2")
        self.assertEqual(self.found(), [("Athens", "one left", 1, 5)])

        Circuit.objects.filter(cid="A-3").update(status=CoreStatus.objects.get(name="Planned"))
        self.assertEqual(self.found(), [("Athens", "dark", 1, 5)])

    def test_a_network_of_its_own(self):
        CircuitType.objects.create(name="Backup")
        Circuit.objects.filter(cid="A-2").update(circuit_type=CircuitType.objects.get(name="Backup"))
        self.work("one", "A-1")

        with configured(risk_circuits={"circuit_type": ["Transit"]}):
            self.assertEqual(self.found(), [("Athens", "dark", 1, 5)])

    def test_hubs_by_key_path_and_name(self):
        self.work("one", "B-1")
        for name in (str(self.athens.pk), "Athens"):
            with self.subTest(name), configured(hub_locations=[name]):
                self.assertEqual(self.found(), [("Berlin", "dark", 1, 5)])

    def test_the_hub_is_counted(self):
        self.work("one", "A-1")

        with configured(hub_locations=["Athens"]):
            self.assertCountEqual(
                self.found(), [("Athens", "one left", 1, 5), ("Berlin", "dark", 1, 5), ("Cork", "dark", 1, 5)]
            )

    def test_exits(self):
        self.work("one", "A-1")
        exits = CircuitType.objects.create(name="Internet")
        Circuit.objects.filter(cid="B-2").update(circuit_type=exits)

        with configured(exit_circuit_types=["Internet"]):
            risk = self.read()
        self.assertEqual([risk.names[each.key] for each in risk.findings], ["Athens"])
        self.assertEqual(risk.findings[0].kind.value, "dark")
        self.assertEqual(risk.recorded.surroundings.incomplete, (self.circuits["A-2"].pk,))
        self.assertEqual(risk.recorded.surroundings.outside, (self.circuits["B-2"].pk,))

    def test_a_cloud_network_is_a_destination(self):
        cloud = self._cloud()
        self.circuit("X-1", self.athens, cloud)
        self.circuit("X-2", self.berlin, cloud)
        self.work("one", "X-1")

        self.assertEqual(self.found(), [("Cloud", "one left", 1, 5)])

    def _device(self):
        device = core.create_device("edge-1", self.athens)
        for number in (1, 2):
            circuit = self.circuit(f"E-{number}", None)
            core.terminate(circuit, "A", self.athens, device)

    def test_a_device_counts_its_circuits(self):
        self._device()
        self.work("one", "E-1", "E-2", "A-1")

        self.assertIn(("edge-1", "dark", 1, 5), self.found(with_devices=True))

    def test_a_device_is_found_as_a_whole_whether_its_site_is_at_risk_or_not(self):
        """The second work begins where the first one ends, at the end of the span."""
        self._device()
        for cids in ("E-1", "E-2"), ("E-1", "E-2", "A-1"):
            with self.subTest(cids):
                models.CircuitMaintenance.objects.all().delete()
                self.work("first", *cids, start=1)
                self.work("second", *cids, start=5)
                whole = self.found(with_devices=True)
                self.assertIn(("edge-1", "dark", 1, 9), whole)
                self.assertEqual(len(whole), len(cids) - 1)
                for hours in (2, 5, 6):
                    self.assertEqual(self.found(with_devices=True, until=NOW + hours * HOUR), whole)

    def test_a_redundancy_group(self):
        tag = Tag.objects.create(name=GROUP_TAG)
        tag.content_types.add(ContentType.objects.get_for_model(DynamicGroup))
        group = DynamicGroup.objects.create(
            name="Pair", content_type=ContentType.objects.get_for_model(Circuit), group_type="static"
        )
        group.tags.add(tag)
        group.add_members([self.circuits["A-2"], self.circuits["B-2"]])
        self.work("one", "A-2", "B-2")

        self.assertIn(("Pair", "dark", 1, 5), self.found())

    def _cloud(self):
        provider = Manufacturer.objects.create(name="Cloud Inc.")
        kind = CloudResourceType.objects.create(name="VPC", provider=provider)
        kind.content_types.add(ContentType.objects.get_for_model(CloudNetwork))
        account = CloudAccount.objects.create(name="account", provider=provider, account_number="1")
        return CloudNetwork.objects.create(name="Cloud", cloud_resource_type=kind, cloud_account=account)


class WrongSettings(RiskCase):
    """Nothing is assessed with settings that are wrong: a default might hide a risk."""

    def test_each_mistake_has_a_sentence(self):
        wrong = {
            "RISK-01": {"hub_locations": "Athens"},
            "RISK-02": {"risk_circuits": {"color": ["red"]}},
            "RISK-03": {"site_location_types": ["Site", "Planet"]},
            "RISK-04": {"hub_locations": ["Atlantis"]},
            "RISK-05": {"risk_circuits": {"cid": ["none"]}},
        }
        for code, settings in wrong.items():
            with self.subTest(code), configured(**settings), self.assertRaises(RiskError) as raised:
                self.read()
            self.assertEqual(raised.exception.code, code)

    def test_a_name_that_several_locations_have(self):
        core.create_locations("Region 1", "Athens")

        with configured(hub_locations=["Athens"]), self.assertRaisesRegex(RiskError, "any of 2 locations"):
            self.read()
        with configured(hub_locations=["Region 1/Athens"]):
            self.assertEqual(len(self.read().assessment.core.sites), 1)


class Seen(RiskCase):
    """What users with narrow permissions see."""

    def setUp(self):
        super().setUp()
        self.work("one", "A-1")
        self.work("two", "A-2")

    def test_an_outage_counts_if_maintenance_impact_and_circuit_may_be_viewed(self):
        every = (models.CircuitMaintenance, models.CircuitImpact, Circuit, Location)
        hidden = {
            models.CircuitMaintenance: {"name": "one"},
            models.CircuitImpact: {"cid": "A-1"},
            Circuit: {"cid": "A-1"},
        }
        for model, constraints in hidden.items():
            with self.subTest(model):
                user = users.viewer(*every, constraints={model: constraints})
                self.assertEqual(self.found(user), [("Athens", "one left", 1, 5)])
                self.assertTrue(self.read(user).is_partial)
        self.assertEqual(self.found(users.viewer(*every)), [("Athens", "dark", 1, 5)])
        self.assertFalse(self.read(users.viewer(*every)).is_partial)
        self.assertTrue(self.read(users.viewer(Location)).is_partial)

    def test_a_site_that_may_not_be_viewed_is_not_reported(self):
        self.work("three", "C-1")
        user = users.viewer(
            models.CircuitMaintenance, models.CircuitImpact, Circuit, Location, constraints={Location: {"name": "Cork"}}
        )

        self.assertEqual(self.found(user), [("Cork", "dark", 1, 5)])


class Costs(RiskCase):
    """Reading takes the same queries for more of everything, and nothing that is out of date is shown."""

    def queries(self):
        with CaptureQueriesContext(connection) as queries:
            self.read()
        return len(queries)

    def test_queries_do_not_grow(self):
        self.work("one", "A-1")
        self.queries()
        few = self.queries()
        for number in range(5):
            self.work(f"more {number}", "A-1", "B-1", "C-1", start=number)

        self.assertEqual(self.queries(), few)
        self.assertLessEqual(few, 9)

    def test_each_change_is_seen_at_once(self):
        maintenance = self.work("one", "C-1")
        self.assertEqual(self.found(), [("Cork", "dark", 1, 5)])

        models.CircuitImpact.objects.update(impact=Impact.NO_IMPACT)
        self.assertEqual(self.found(), [])
        models.CircuitImpact.objects.update(impact=Impact.OUTAGE)
        models.MaintenanceWindow.objects.update(end_time=NOW + 3 * HOUR)
        self.assertEqual(self.found(), [("Cork", "dark", 1, 3)])
        CircuitTermination.objects.filter(circuit__cid="C-1", term_side="A").update(location=self.berlin)
        self.assertEqual(self.found(), [])
        maintenance.delete()
        self.assertEqual(self.found(), [])
