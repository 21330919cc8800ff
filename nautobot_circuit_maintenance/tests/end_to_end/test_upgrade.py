"""After an upgrade from the rules before migration 0004, reprocessing everything gives what reading it for the first time gives.

The demo's mails are read, then put on record as the old rules concluded them, which 0005 has frozen.
"""

from datetime import datetime, timezone
from importlib import import_module
from typing import Any

from django.apps import apps
from django.test import TestCase

from development import samples
from development.demo import world
from nautobot_circuit_maintenance.domain.baseline import Baseline
from nautobot_circuit_maintenance.mail.message import MailMessage
from nautobot_circuit_maintenance.models import (
    CircuitImpact,
    CircuitMaintenance,
    MaintenanceBaseline,
    MaintenanceKey,
    MaintenanceWindow,
    Notification,
    ParsedNotification,
)
from nautobot_circuit_maintenance.pipeline.record import record_messages
from nautobot_circuit_maintenance.pipeline.reprocess import requeue
from nautobot_circuit_maintenance.pipeline.run import RunOptions, drain_waiting
from nautobot_circuit_maintenance.pipeline.senders import SenderDirectory
from nautobot_circuit_maintenance.tests.cases import create_circuits, create_provider
from nautobot_circuit_maintenance.tests.end_to_end import corpus

MIGRATION = import_module("nautobot_circuit_maintenance.migrations.0005_baselines_and_keys")
NOW = datetime(2026, 11, 30, 9, tzinfo=timezone.utc)


def seed_demo() -> list[MailMessage]:
    """Create the demo's world and return its mails."""
    world.seed(samples.load_world(NOW))
    return [MailMessage.from_bytes(each.raw, received_at=each.received_at) for each in samples.load_samples(NOW)]


def seed_corpus() -> list[MailMessage]:
    """Create the providers of the corpus, with every second circuit, and return its mails."""
    found = corpus.samples()
    for parsers, addresses in corpus.addresses_by_parser().items():
        cids = {c["circuit_id"] for s in found if s.parser in parsers for i in s.expected for c in i["circuits"]}
        provider = create_provider(f"Carrier {parsers[0]}", ",".join(addresses), ",".join(parsers))
        create_circuits(provider, *sorted(cids)[::2])
    return [MailMessage.from_bytes(each.raw, received_at=each.received_at) for each in found]


def state() -> dict[str, dict[str, Any]]:
    """Return everything that is concluded of every maintenance, by its name with the provider."""
    found = CircuitMaintenance.objects.select_related("provider", "replaced_by")
    return {
        str(row): {
            "pk": row.pk,
            "fields": (row.status, row.description, row.provider_maintenance_id, row.issued_at, row.sequence, row.ack),
            "other": (row.other_ids, row.cancelled_windows, row.doubts, str(row.replaced_by)),
            "windows": list(row.windows.values_list("start_time", "end_time")),
            "impacts": {
                (each.cid, each.impact, each.circuit_id, each.in_all_windows): [str(one) for one in each.windows.all()]
                for each in row.impacts.all()
            },
            "keys": set(row.keys.values_list("provider", "kind", "value")),
            "evidence": set(row.parsed_notifications.values_list("pk", "outdated")),
        }
        for row in found.prefetch_related("windows", "impacts__windows")
    }


class Upgrade(TestCase):
    """The state of a database when the old version was running, as far as its readers agree with today's."""

    def digest(self) -> None:
        """Digest whatever waits."""
        drain_waiting(RunOptions(now=NOW))
        self.assertFalse(Notification.objects.filter(state="received").exists())

    def put_as_old_rules_concluded(self) -> set[str]:
        """Write what the old rules concluded; return the maintenances of which that is something else."""
        different = set()
        MaintenanceKey.objects.all().delete()
        MaintenanceBaseline.objects.all().delete()
        for row in CircuitMaintenance.objects.all():
            old = Baseline.from_json(MIGRATION.baseline(ParsedNotification.objects.filter(maintenance=row)))
            different |= {str(row)} if self.put(row, old) else set()
        return different

    def put(self, row: CircuitMaintenance, old: Baseline) -> bool:
        """Write what the old rules concluded of a maintenance; return whether that is something else."""
        impacts = {(each.cid, each.impact) for each in old.impacts.values()}
        was = row.status, row.description, set(row.windows.values_list("start_time", "end_time"))
        is_different = was != (old.status, old.description, set(old.windows)) or impacts != set(
            row.impacts.values_list("cid", "impact")
        )
        CircuitMaintenance.objects.filter(pk=row.pk).update(
            status=old.status,
            description=old.description,
            start_time=min((start for start, _ in old.windows), default=None),
            end_time=max((end for _, end in old.windows), default=None),
            provider_maintenance_id=row.name,
            other_ids=[],
            cancelled_windows=[],
            doubts=[],
            replaced_by=None,
        )
        row.windows.all().delete()
        MaintenanceWindow.objects.bulk_create(
            MaintenanceWindow(maintenance=row, start_time=start, end_time=end) for start, end in old.windows
        )
        circuits = dict(row.impacts.values_list("cid", "circuit"))
        row.impacts.all().delete()
        CircuitImpact.objects.bulk_create(
            CircuitImpact(maintenance=row, cid=cid, impact=impact, circuit_id=circuits.get(cid))
            for cid, impact in impacts
        )
        return is_different

    def assert_upgraded(self, mails: list[MailMessage], different: set[str]) -> None:
        """Read these mails, go back to the old rules, upgrade, reprocess, and expect what was read at first.

        ``different``: the maintenances of which the old rules concluded something else, and no others.
        """
        record_messages(SenderDirectory.of_all_providers(), mails)
        self.digest()
        today = state()
        self.assertEqual(self.put_as_old_rules_concluded(), different)
        MIGRATION.forwards(apps, None)

        for _ in range(2):
            requeue(Notification.objects.all())
            self.digest()
            self.assertEqual(state(), today)


class DemoUpgrade(Upgrade):
    """The demo: a completion does not change the impact any more."""

    def test_reprocessing_changes_what_the_rules_of_the_data_say(self):
        self.assert_upgraded(seed_demo(), {"Lumen 30117990"})


if corpus.FOLDER.exists():

    class CorpusUpgrade(Upgrade):
        """The corpus: its reasons are in docs/dev/reading.md."""

        def test_reprocessing_changes_what_the_rules_of_the_data_say(self):
            self.assert_upgraded(
                seed_corpus(),
                {
                    "Carrier crowncastle CM20231201000",
                    "Carrier genericprovider WorkOrder-31415",
                    "Carrier pccw INC0123456789AB",
                    "Carrier tata CHGP0123456",
                },
            )
