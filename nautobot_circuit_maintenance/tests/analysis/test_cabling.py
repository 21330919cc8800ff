"""What circuits and power feeds are cabled to, with real cables."""

from unittest import skipUnless

from django.contrib.contenttypes.models import ContentType
from django.db import connection
from django.test import TestCase
from django.test.utils import CaptureQueriesContext
from nautobot.circuits.models import Circuit, CircuitTermination, ProviderNetwork
from nautobot.cloud.models import CloudAccount, CloudNetwork, CloudResourceType
from nautobot.dcim import models as dcim
from nautobot.dcim.models import (
    Cable,
    Device,
    FrontPort,
    Interface,
    Manufacturer,
    PowerFeed,
    PowerPanel,
    PowerPort,
    RearPort,
)

from nautobot_circuit_maintenance.analysis.cabling import (
    devices_cabled_to,
    far_ends,
    locations_of_feeds,
    terminations_cabled_to,
)
from nautobot_circuit_maintenance.analysis.endpoints import Connection, Endpoint, endpoints_of
from nautobot_circuit_maintenance.analysis.scope import scope_of
from nautobot_circuit_maintenance.analysis.visibility import Visibility
from nautobot_circuit_maintenance.tests.factories import app, core, users
from nautobot_circuit_maintenance.tests.factories.mail import NOON

HAS_BREAKOUTS = hasattr(dcim, "CableType")
"""Since Nautobot 3.2."""
ALL = Visibility.everything()


def create_interface(device: Device, name: str) -> Interface:
    """Create an interface that takes a cable."""
    status = core.status_for(Interface)
    return Interface.objects.create(device=device, name=name, type="10gbase-x-sfpp", status=status)


def connect(near, far, **fields) -> Cable:
    """Connect two terminations with a cable."""
    cable = Cable(termination_a=near, termination_b=far, status=core.status_for(Cable), **fields)
    cable.validated_save()
    return cable


class CablingCase(TestCase):
    """A circuit between two sites, each with a device."""

    @classmethod
    def setUpTestData(cls):
        cls.isp = core.create_provider("ISP 1")
        cls.athens, cls.berlin = core.create_sites("Athens", "Berlin")
        cls.edge, cls.core = core.create_device("edge-1", cls.athens), core.create_device("core-1", cls.berlin)
        cls.circuit = core.create_circuit(cls.isp, "C-1")

    def endpoint(self, side: str, visibility: Visibility = ALL) -> Endpoint | None:
        """Return one end of the circuit."""
        return endpoints_of([self.circuit.pk], visibility).get((self.circuit.pk, side))

    def terminate(self, side: str, **place) -> CircuitTermination:
        """Create an end of the circuit."""
        end = CircuitTermination(circuit=self.circuit, term_side=side, **place)
        end.validated_save()
        return end


class CircuitTest(CablingCase):
    """Circuits that are cabled to interfaces."""

    def test_each_end_has_its_own_device(self):
        for side, place, device in (("A", self.athens, self.edge), ("Z", self.berlin, self.core)):
            core.terminate(self.circuit, side, place, device)

        for side, place, device in (("A", self.athens, self.edge), ("Z", self.berlin, self.core)):
            connections = (Connection(device, device.interfaces.get()),)
            self.assertEqual(self.endpoint(side), Endpoint(place, connections))
            self.assertEqual(
                [end.circuit for end in terminations_cabled_to([device.pk]).filter(term_side=side)], [self.circuit]
            )

    def test_patch_panel_on_the_way_is_followed(self):
        end = self.terminate("A", location=self.athens)
        panel = core.create_device("panel-1", self.athens)
        rear = RearPort.objects.create(device=panel, name="rear", type="lc", positions=1)
        front = FrontPort.objects.create(device=panel, name="front", type="lc", rear_port=rear, rear_port_position=1)
        connect(end, front)
        self.assertEqual(far_ends(CircuitTermination, [end.pk], ALL), {})

        interface = create_interface(self.edge, "xe-0")
        connect(rear, interface)

        self.assertEqual(self.endpoint("A").connections, (Connection(self.edge, interface),))

    def test_circuit_that_continues_in_another_one_leads_to_its_far_end(self):
        end = self.terminate("A", location=self.athens)
        other = core.create_circuit(self.isp, "C-2")
        near = CircuitTermination.objects.create(circuit=other, term_side="A", location=self.athens)
        connect(end, near)

        (far,) = far_ends(CircuitTermination, [end.pk], ALL)[end.pk]
        self.assertEqual((far.termination, far.device, far.location), (near, None, self.athens.pk))

        core.terminate(other, "Z", self.berlin, self.core)
        self.assertEqual([each.device for each in self.endpoint("A").connections], [self.core])

    def test_devices_and_ports_are_restricted_by_permissions(self):
        core.terminate(self.circuit, "A", self.athens, self.edge)
        models = {Circuit, CircuitTermination, dcim.Location, Device, Interface}

        def endpoint_without(*hidden) -> Endpoint | None:
            return self.endpoint("A", Visibility.of(users.viewer(*models - set(hidden))))

        interface = self.edge.interfaces.get()
        self.assertEqual(endpoint_without(), Endpoint(self.athens, (Connection(self.edge, interface),)))
        self.assertEqual(endpoint_without(Device), Endpoint(self.athens, (Connection(None, interface),)))
        self.assertEqual(endpoint_without(Interface), Endpoint(self.athens, ()))
        self.assertEqual(endpoint_without(dcim.Location).place, None)
        self.assertEqual(endpoint_without(CircuitTermination), None)

    def test_five_queries_read_all_ends(self):
        for number in range(3):
            circuit = core.create_circuit(self.isp, f"MORE-{number}")
            core.terminate(circuit, "A", self.athens, self.edge)
            core.terminate(circuit, "Z", self.berlin, self.core)
        pks = list(Circuit.objects.values_list("pk", flat=True))
        endpoints_of(pks, ALL)  # fills the cache of content types
        with CaptureQueriesContext(connection) as queries:
            self.assertEqual(len(endpoints_of(pks, ALL)), 6)

        self.assertLessEqual(len(queries), 5)


class NetworkTest(CablingCase):
    """Circuits that end in a network instead of a location."""

    def test_end_in_a_network_of_the_provider(self):
        network = ProviderNetwork.objects.create(name="MPLS", provider=self.isp)
        self.terminate("Z", provider_network=network)

        self.assertEqual(self.endpoint("Z"), Endpoint(network))
        hidden = Visibility.of(users.viewer(Circuit, CircuitTermination))
        self.assertEqual(self.endpoint("Z", hidden), Endpoint(None))

    def test_end_in_a_network_of_a_cloud(self):
        maker = Manufacturer.objects.create(name="Cloud")
        kind = CloudResourceType.objects.create(name="VPC", provider=maker)
        kind.content_types.add(ContentType.objects.get_for_model(CloudNetwork))
        account = CloudAccount.objects.create(name="Account", account_number="1", provider=maker)
        network = CloudNetwork.objects.create(name="Prod", cloud_resource_type=kind, cloud_account=account)
        self.terminate("A", location=self.athens)
        self.terminate("Z", cloud_network=network)

        self.assertEqual(self.endpoint("Z"), Endpoint(network))
        self.assertEqual(self.endpoint("A"), Endpoint(self.athens))
        hidden = Visibility.of(users.viewer(Circuit, CircuitTermination))
        self.assertEqual(self.endpoint("Z", hidden), Endpoint(None))


@skipUnless(HAS_BREAKOUTS, "Breakout cables came with Nautobot 3.2")
class BreakoutTest(CablingCase):
    """A circuit on the trunk of a breakout cable to two devices."""

    @classmethod
    def setUpTestData(cls):
        super().setUpTestData()
        kind = dcim.CableType(name="1x4", a_connectors=1, b_connectors=4, total_lanes=4)
        kind.validated_save()
        cls.end = CircuitTermination.objects.create(circuit=cls.circuit, term_side="A", location=cls.athens)
        cls.interfaces = [create_interface(cls.edge, "xe-0"), create_interface(cls.core, "xe-1")]
        cable = Cable(
            termination_a=cls.end,
            termination_b=cls.interfaces[0],
            cable_type=kind,
            status=core.status_for(Cable),
        )
        cable.save()
        cable.add_termination(cls.interfaces[1], "B", connector=2)

    def test_each_connector_has_a_far_end(self):
        connections = tuple(Connection(interface.device, interface) for interface in self.interfaces)

        self.assertEqual(self.endpoint("A"), Endpoint(self.athens, connections))

    def test_each_device_is_affected(self):
        maintenance = app.create_maintenance("M", self.isp, start=NOON)
        app.create_impact(maintenance, self.circuit)

        self.assertEqual(list(scope_of(maintenance, ALL).devices), [self.core, self.edge])

    def test_each_device_leads_to_the_circuit(self):
        for device in (self.edge, self.core):
            self.assertEqual(list(terminations_cabled_to([device.pk])), [self.end])


class PowerFeedTest(CablingCase):
    """A power feed of a panel in Athens, cabled to a power port of the device."""

    @classmethod
    def setUpTestData(cls):
        super().setUpTestData()
        panel = PowerPanel.objects.create(name="Panel", location=cls.athens)
        cls.feed = PowerFeed.objects.create(name="Feed A", power_panel=panel, status=core.status_for(PowerFeed))
        cls.port = PowerPort.objects.create(device=cls.edge, name="PSU 1")
        connect(cls.port, cls.feed)

    def test_feed_leads_to_the_device_and_to_the_location_of_its_panel(self):
        (far,) = far_ends(PowerFeed, [self.feed.pk], ALL)[self.feed.pk]
        self.assertEqual((far.termination, far.device), (self.port, self.edge.pk))

        feeds = PowerFeed.objects.all()
        self.assertEqual([row["owner"] for row in devices_cabled_to(feeds)], [self.edge.pk])
        self.assertEqual(list(dcim.Location.objects.filter(pk__in=locations_of_feeds(feeds))), [self.athens])

    def test_power_port_leads_to_the_feed(self):
        (far,) = far_ends(PowerPort, [self.port.pk], ALL)[self.port.pk]

        self.assertEqual((far.termination, far.device, far.location), (self.feed, None, self.athens.pk))
