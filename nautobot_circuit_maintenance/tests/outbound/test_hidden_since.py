"""What the owner of a subscription could view when it was sent, and may not view any more: later messages do not name it."""

import json

from django.db import connection
from django.test.utils import CaptureQueriesContext
from nautobot.circuits.models import Circuit, CircuitTermination
from nautobot.dcim.models import Location
from nautobot.tenancy.models import Tenant
from nautobot.users.models import ObjectPermission

from nautobot_circuit_maintenance.models import CircuitImpact, CircuitMaintenance
from nautobot_circuit_maintenance.outbound.messages import Message
from nautobot_circuit_maintenance.tests.factories import core
from nautobot_circuit_maintenance.tests.factories.app import create_impact
from nautobot_circuit_maintenance.tests.factories.users import viewer
from nautobot_circuit_maintenance.tests.outbound.post_office import SendingTestCase
from nautobot_circuit_maintenance.tests.statements import statements

_VIEWED = (CircuitMaintenance, CircuitImpact, Circuit, CircuitTermination, Location, Tenant)


class HiddenSince(SendingTestCase):
    """A maintenance of C-1 and C-2 that was announced; both circuits have a site and a tenant."""

    @classmethod
    def setUpTestData(cls):
        """Connect the circuits."""
        super().setUpTestData()
        cls.sites = core.create_sites("Athens", "Berlin")
        for circuit, site, tenant in zip(cls.circuits, cls.sites, ("Bank", "Hospital")):
            core.terminate(circuit, "A", site)
            circuit.tenant = Tenant.objects.create(name=tenant)
            circuit.save()

    def setUp(self):
        """Announce it."""
        super().setUp()
        self.subscribe(owner=viewer(*_VIEWED))
        self.maintenance = self.plan()
        self.other = create_impact(self.maintenance, self.circuits[1])
        self.send()
        self.assertIn("Berlin: C-2, OUTAGE, Hospital", self.office.arrived[0].text)

    def show(self, model: type, **constraints: str) -> None:
        """Let the owner view only these rows of a model."""
        of_model = ObjectPermission.objects.filter(name__contains=f" {model.__name__} ")
        self.assertEqual(of_model.update(constraints=constraints or {"pk": None}), 1)

    def next_message(self, **fields: object) -> Message:
        """Change the maintenance and return what is sent."""
        count = len(self.office.arrived)
        self.edit(self.maintenance, **fields)
        self.send()
        self.assertEqual(len(self.office.arrived), count + 1)
        return self.office.arrived[-1]

    def assert_unnamed(self, message: Message, *names: str) -> None:
        """Assert that neither the text nor what webhooks and templates are given has any of these names."""
        everything = f"{message.headline}{message.text}{message.html}{json.dumps(message.data, default=str)}"
        self.assertEqual([name for name in names if name in everything], [])

    def test_a_hidden_circuit_that_the_provider_drops(self):
        self.show(Circuit, cid="C-1")
        self.other.delete()
        self.send()
        self.assertEqual(self.office.events, ["new"])

        self.assert_unnamed(self.next_message(status="TENTATIVE"), "C-2", "Berlin", "Hospital")

    def test_a_hidden_circuit_that_the_provider_renames(self):
        self.show(Circuit, cid="C-1")
        CircuitImpact.objects.filter(pk=self.other.pk).update(cid="New-2")

        self.assert_unnamed(self.next_message(status="TENTATIVE"), "C-2", "New-2", "Berlin", "Hospital")

    def test_a_circuit_that_was_unknown_once_no_impact_may_be_viewed(self):
        unknown = CircuitImpact.objects.create(maintenance=self.maintenance, cid="Z-9")
        self.send()
        self.assertIn("Z-9", self.office.arrived[-1].text)
        ObjectPermission.objects.filter(name__contains=" CircuitImpact ").delete()
        unknown.delete()
        self.send()
        self.assertEqual(self.office.events, ["new", "changed"])

        self.assert_unnamed(self.next_message(status="TENTATIVE"), "Z-9", "C-1", "C-2")

    def test_sites_and_tenants_of_a_circuit_that_may_be_viewed(self):
        self.show(Location, name="Berlin")
        self.show(Tenant, name="Hospital")
        message = self.next_message(status="TENTATIVE")

        self.assert_unnamed(message, "Athens", "Bank")
        places = [(each["cid"], each["sites"], each["tenant"]) for each in message.data["before"]["circuits"]]
        self.assertEqual(places, [("C-1", [], ""), ("C-2", ["Berlin"], "Hospital")])

    def test_a_circuit_that_was_deleted_in_nautobot_is_named_as_it_was_sent(self):
        self.circuits[1].delete()
        self.send()
        self.assertEqual(self.office.events, ["new"])
        CircuitImpact.objects.get(cid="C-2").delete()
        self.send()

        self.assertIn("circuit C-2 (OUTAGE at Berlin) is no longer affected", self.office.arrived[-1].text)

    def test_deleted_maintenances_are_looked_up_at_once(self):
        def counted() -> list[int]:
            for maintenance in CircuitMaintenance.objects.all():
                maintenance.delete()
            with CaptureQueriesContext(connection) as captured:
                self.send()
            tables = ("circuits_circuit", "circuits_circuittermination", "tenancy_tenant")
            return [sum(f'FROM "{table}"' in sql for sql in statements(captured)) for table in tables]

        one = counted()
        for number in range(3):
            self.plan(f"M-{number + 2}")
        self.send()
        self.assertEqual((counted(), self.office.events[-3:]), (one, ["cancelled"] * 3))
        self.assertTrue(all(one))


class Replaced(SendingTestCase):
    """M-1 was replaced by M-2."""

    def setUp(self):
        """Announce it."""
        super().setUp()
        self.subscribe(owner=viewer(CircuitMaintenance), maintenance_filter={"name": ["M-1"]})
        self.permissions = ObjectPermission.objects.filter(name__contains=" CircuitMaintenance ")
        self.first, self.second = self.plan("M-1"), self.plan("M-2", days=3)
        self.send()
        self.assertEqual(self.office.events, ["new"])

    def test_a_permission_for_the_one_that_replaces_it_is_no_change(self):
        self.edit(self.first, replaced_by=self.second)
        self.send()
        self.assertIn("M-2", self.office.arrived[-1].text)
        for constraints in ({"name": "M-1"}, {}):
            self.permissions.update(constraints=constraints)
            self.edit(self.first, description=f"Looked at with {constraints}")
            self.send()
        self.assertEqual(self.office.events, ["new", "cancelled"])

    def test_a_message_does_not_name_the_one_that_is_hidden_since(self):
        self.edit(self.first, replaced_by=self.second)
        self.send()
        self.permissions.update(constraints={"name": "M-1"})
        self.edit(self.first, end_time=self.second.end_time)
        self.send()

        message = self.office.arrived[-1]
        self.assertEqual((message.event, message.data["before"]["replaced_by"]), ("changed", "another maintenance"))
        self.assertNotIn("M-2", message.text)

    def test_that_it_is_not_replaced_any_more_is_a_change(self):
        self.permissions.update(constraints={"name": "M-1"})
        self.edit(self.first, replaced_by=self.second)
        self.send()
        self.edit(self.first, replaced_by=None)
        self.send()

        self.assertEqual(self.office.events, ["new", "cancelled", "changed"])
