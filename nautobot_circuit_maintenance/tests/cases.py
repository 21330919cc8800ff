"""The world that most tests of the pipeline live in: one provider, one source, three circuits."""

from datetime import timedelta

from django.test import TestCase
from django.contrib.auth import get_user_model
from nautobot.circuits.models import Circuit, CircuitType, Provider
from nautobot.extras.models import Status

from nautobot_circuit_maintenance.inbound.identify import EMAILS_FIELD, PARSERS_FIELD
from nautobot_circuit_maintenance.inbound.pipeline import RunOptions, SourceReport, drain_waiting, fetch_source
from nautobot_circuit_maintenance.models import CircuitMaintenance, NotificationSource
from nautobot_circuit_maintenance.tests.fakes import NOON, FakeMailbox


def create_provider(name: str, emails: str, parsers: str = "genericprovider") -> Provider:
    """Create a provider that sends from these addresses."""
    provider = Provider(name=name)
    provider.cf[EMAILS_FIELD], provider.cf[PARSERS_FIELD] = emails, parsers
    provider.validated_save()
    return provider


def create_circuits(provider: Provider, *cids: str) -> list[Circuit]:
    """Create circuits of a provider."""
    circuit_type, _ = CircuitType.objects.get_or_create(name="Transit")
    status = Status.objects.get_for_model(Circuit).first()
    return [
        Circuit.objects.create(cid=cid, provider=provider, circuit_type=circuit_type, status=status) for cid in cids
    ]


class PipelineTestCase(TestCase):
    """A provider "ISP" that writes BCOP calendars, with circuits C-1 to C-3, and a source that knows it."""

    @classmethod
    def setUpTestData(cls):
        """Create the world."""
        cls.user = get_user_model().objects.create_superuser(username="operator")
        cls.provider = create_provider("ISP", "noc@isp.example")
        cls.circuits = create_circuits(cls.provider, "C-1", "C-2", "C-3")
        cls.source = NotificationSource.objects.create(name="Mail")
        cls.source.providers.add(cls.provider)

    def receive(self, *mails, **options) -> SourceReport:
        """Let the source deliver these mails and digest them, as one run does."""
        return self.read(FakeMailbox.of(mails), **options)

    def read(self, mailbox: FakeMailbox, **options) -> SourceReport:
        """Read this mailbox and digest what it has, as one run does."""
        self.source.refresh_from_db()
        report = SourceReport(self.source.name)
        run_options = RunOptions(**{"now": NOON + timedelta(days=1), "user": self.user, **options})
        fetch_source(self.source, mailbox, run_options, report)
        if not run_options.dry_run:
            for drained in drain_waiting(run_options).sources:
                report.outcomes += drained.outcomes
        return report

    def maintenance(self, name: str = "M-1") -> CircuitMaintenance:
        """Return a maintenance of the provider as the database has it."""
        return CircuitMaintenance.objects.get(provider=self.provider, name=name)

    def impacts(self, name: str = "M-1") -> dict[str, str]:
        """Return impact by circuit id."""
        return dict(self.maintenance(name).impacts.values_list("cid", "impact"))
