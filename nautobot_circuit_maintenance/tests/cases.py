"""The world that most tests of the pipeline live in: one provider, one source, three circuits."""

from datetime import timedelta
from functools import cached_property

from django.contrib.auth import get_user_model
from django.db import connection
from django.test import TestCase
from nautobot.circuits.models import Circuit, CircuitType, Provider
from nautobot.extras.models import Status

from nautobot_circuit_maintenance.models import CircuitMaintenance, NotificationSource
from nautobot_circuit_maintenance.models.providers import EMAILS_FIELD, PARSERS_FIELD
from nautobot_circuit_maintenance.pipeline.report import SourceReport
from nautobot_circuit_maintenance.pipeline.run import RunOptions, drain_waiting, fetch_source
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


def refuse_inserts(table: str, *, where: str = "TRUE", error_code: str = "P0001", operation: str = "INSERT") -> None:
    """Let PostgreSQL refuse new rows of a table (SQL condition on NEW) with an SQLSTATE, until the test's rollback."""
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE FUNCTION cm_test_refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
            f"IF {where} THEN RAISE EXCEPTION 'refused by the test' USING ERRCODE = '{error_code}'; END IF; "
            "RETURN NEW; END $$"
        )
        cursor.execute(
            f"CREATE TRIGGER cm_test_refuse BEFORE {operation} ON {table} FOR EACH ROW EXECUTE FUNCTION cm_test_refuse()"
        )


def accept_inserts(table: str) -> None:
    """End what ``refuse_inserts`` began."""
    with connection.cursor() as cursor:
        cursor.execute(f"DROP TRIGGER cm_test_refuse ON {table}")
        cursor.execute("DROP FUNCTION cm_test_refuse()")


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
        """Return impact by circuit id."""
        return dict(self.maintenance(name).impacts.values_list("cid", "impact"))
