"""A small network with maintenances, for the tests of the risk."""

from datetime import timedelta

from django.test import TestCase, override_settings
from nautobot.circuits.models import Circuit, CircuitTermination, ProviderNetwork
from nautobot.cloud.models import CloudNetwork
from nautobot.dcim.models import Location
from nautobot.extras.models import Status as CoreStatus

from nautobot_circuit_maintenance.analysis.risk import report
from nautobot_circuit_maintenance.analysis.visibility import Visibility
from nautobot_circuit_maintenance.choices import (
    CircuitImpactChoices as Impact,
    CircuitMaintenanceStatusChoices as Status,
)
from nautobot_circuit_maintenance.tests.factories import app, core, users
from nautobot_circuit_maintenance.tests.factories.mail import NOON

HOUR = timedelta(hours=1)


def configured(**settings):
    """Use these settings of the app."""
    return override_settings(PLUGINS_CONFIG={"nautobot_circuit_maintenance": settings})


class RiskCase(TestCase):
    """Two sites with two providers each, and a third with one."""

    now = NOON

    @classmethod
    def setUpTestData(cls):
        cls.user = users.superuser()
        cls.isp = core.create_provider("ISP 1")
        cls.network = ProviderNetwork.objects.create(name="MPLS", provider=cls.isp)
        cls.athens, cls.berlin, cls.cork = core.create_sites("Athens", "Berlin", "Cork")
        cls.circuits = {}
        for cid, site, network in (
            ("A-1", cls.athens, cls.network),
            ("A-2", cls.athens, None),
            ("B-1", cls.berlin, cls.network),
            ("B-2", cls.berlin, None),
            ("C-1", cls.cork, cls.network),
        ):
            cls.circuit(cid, site, network)

    @classmethod
    def circuit(cls, cid, site, network=None, *, status="Active"):
        """Create a circuit between a site and a network, or with one end only."""
        circuit = core.create_circuit(cls.isp, cid)
        if site:
            core.terminate(circuit, "A", site)
        if isinstance(network, ProviderNetwork):
            CircuitTermination.objects.create(circuit=circuit, term_side="Z", provider_network=network)
        if isinstance(network, CloudNetwork):
            CircuitTermination.objects.create(circuit=circuit, term_side="Z", cloud_network=network)
        if isinstance(network, Location):
            core.terminate(circuit, "Z", network)
        # Afterwards: a termination saves its circuit.
        Circuit.objects.filter(pk=circuit.pk).update(status=CoreStatus.objects.get(name=status))
        cls.circuits[cid] = circuit
        return circuit

    def work(self, name, *cids, start=1, hours=4, status=Status.CONFIRMED, impact=Impact.OUTAGE, **fields):
        """Create a maintenance that takes these circuits down, so many hours from now."""
        maintenance = app.create_maintenance(
            name, self.isp, start=self.now + start * HOUR, hours=hours, status=status, **fields
        )
        for cid in cids:
            app.create_impact(maintenance, self.circuits[cid], impact)
        return maintenance

    def read(self, user=None, now=None, **options):
        """Return the risk."""
        return report.read_risk(Visibility.of(user or self.user), now or self.now, **options)

    def found(self, user=None, now=None, **options):
        """Return the findings in words: who, how, from and to in hours from now."""
        risk = self.read(user, now, **options)
        return [
            (risk.names[each.key], each.kind.value, (each.start - self.now) / HOUR, (each.end - self.now) / HOUR)
            for each in risk.findings
        ]
