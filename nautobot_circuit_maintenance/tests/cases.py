"""The data of most tests of the pipeline: one provider, one source, three circuits."""

from datetime import timedelta
from functools import cached_property

from django.contrib.auth import get_user_model
from django.test import TestCase

from nautobot_circuit_maintenance.models import CircuitMaintenance, NotificationSource
from nautobot_circuit_maintenance.pipeline.report import SourceReport
from nautobot_circuit_maintenance.pipeline.run import RunOptions, drain_waiting, fetch_source
from nautobot_circuit_maintenance.tests.factories.core import create_circuits, create_provider
from nautobot_circuit_maintenance.tests.factories.figures import counted_figures, stored_figures
from nautobot_circuit_maintenance.tests.factories.mail import NOON, FakeMailbox


class PipelineTestCase(TestCase):
    """A provider "ISP" that writes BCOP calendars, with circuits C-1 to C-3, and a source that knows it."""

    @classmethod
    def setUpTestData(cls):
        """Create the data."""
        cls.user = get_user_model().objects.create_superuser(username="operator")
        cls.provider = create_provider("ISP", "noc@isp.example")
        cls.circuits = create_circuits(cls.provider, "C-1", "C-2", "C-3")
        cls.source = NotificationSource.objects.create(name="Mail")
        cls.source.providers.add(cls.provider)

    def tearDown(self):
        """Whatever the test did: what lists are sorted by is true."""
        self.assertEqual(stored_figures(), counted_figures())
        super().tearDown()

    @cached_property
    def folder(self) -> FakeMailbox:
        """The mailbox of the source, during one test."""
        return FakeMailbox()

    def receive(self, *mails, **options) -> SourceReport:
        """Deliver these mails to the source's mailbox, and read and digest them, as one run does."""
        self.folder.messages += FakeMailbox.of(mails).messages
        return self.read(self.folder, **options)

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
        """Return impact by circuit ID."""
        return dict(self.maintenance(name).impacts.values_list("cid", "impact"))
