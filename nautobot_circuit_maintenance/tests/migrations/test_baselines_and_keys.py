"""After an upgrade from the code before 0004, notifications find every maintenance, and its baseline is what that code concluded.

``own_evidence_rows.json`` has its conclusions, see ``test_own_evidence``.
"""

from importlib import import_module
from types import SimpleNamespace

from django.apps import apps
from django.test import TestCase

from nautobot_circuit_maintenance.domain.baseline import Baseline
from nautobot_circuit_maintenance.models import (
    CircuitImpact,
    CircuitMaintenance,
    MaintenanceBaseline,
    MaintenanceKey,
    Notification,
    ParsedNotification,
)
from nautobot_circuit_maintenance.pipeline.reprocess import requeue
from nautobot_circuit_maintenance.pipeline.run import RunOptions, drain_waiting
from nautobot_circuit_maintenance.tests.cases import PipelineTestCase, create_provider
from nautobot_circuit_maintenance.tests.factories.mail import NOON, START, Bcop, mail
from nautobot_circuit_maintenance.tests.migrations.test_own_evidence import ROWS, STORIES, expected, migrated, moment

MIGRATION = import_module("nautobot_circuit_maintenance.migrations.0005_baselines_and_keys")
OWN_EVIDENCE = import_module("nautobot_circuit_maintenance.migrations.0003_own_evidence")


def concluded(rows):
    """Return the frozen conclusion from rows of the code before, as ``expected`` has it."""
    found = Baseline.from_json(MIGRATION.baseline(map(as_row, rows)))
    impacts = [(state.cid, state.impact) for state in found.impacts.values()]
    return found.status, found.description, tuple(sorted(found.windows)), impacts


def as_row(row):
    """Return a row of evidence as the migration gets it."""
    times = {name: moment(row[name]) for name in ("received_at", "sent_at")}
    return SimpleNamespace(
        json=OWN_EVIDENCE.own_evidence(SimpleNamespace(json=row["json"], **times)),
        fingerprint=row["fingerprint"],
        **times,
    )


class FrozenRulesTest(TestCase):
    """The rules of the code before."""

    def test_each_row_has_the_conclusion_on_record(self):
        for row in ROWS:
            with self.subTest(row["fingerprint"]):
                self.assertEqual(concluded([row]), expected(row["alone"]))

    def test_the_rows_of_a_maintenance_have_the_conclusion_on_record(self):
        for story in STORIES:
            with self.subTest(story["rows"][0]["json"][0]["maintenance_id"]):
                self.assertEqual(concluded(story["rows"]), expected(story["together"]))

    def test_the_order_of_rows_does_not_matter(self):
        for story in STORIES:
            self.assertEqual(concluded(story["rows"][::-1]), expected(story["together"]))

    def test_the_keys_are_those_of_the_updates(self):
        from nautobot_circuit_maintenance.pipeline.apply.keys import keys_of

        for row in ROWS:
            provider = create_provider(row["fingerprint"], "").pk
            self.assertEqual(set(MIGRATION.keys_of(as_row(row), provider)), keys_of(provider, migrated(row)))


class UpgradeTest(PipelineTestCase):
    """Maintenances as the code before left them: no keys, no baseline, no way of matching, the name as the ID."""

    def setUp(self):
        """Announce two of them."""
        super().setUp()
        self.receive(
            mail(Bcop("M-1", uid="1")), mail(Bcop("M-2", uid="2", circuits=(("c-1", "OUTAGE"), ("C2", "OUTAGE"))))
        )
        MaintenanceKey.objects.all().delete()
        MaintenanceBaseline.objects.all().delete()
        CircuitImpact.objects.filter(cid="C2").update(circuit=self.circuits[1])
        CircuitImpact.objects.update(matched_by="")

    def upgrade(self):
        """Run the migration, with the IDs that 0004 sets."""
        for row in CircuitMaintenance.objects.all():
            CircuitMaintenance.objects.filter(pk=row.pk).update(provider_maintenance_id=row.name)
        MIGRATION.forwards(apps, None)

    def rename(self, name):
        """Rename M-1 as a person did before the upgrade."""
        CircuitMaintenance.objects.filter(name="M-1").update(name=name)

    def reprocess(self):
        """Read everything again."""
        requeue(Notification.objects.all())
        drain_waiting(RunOptions(now=NOON, user=self.user))

    def test_every_maintenance_is_found_by_its_ids_and_uids(self):
        self.upgrade()

        keys = set(MaintenanceKey.objects.values_list("provider", "kind", "value", "maintenance__name"))
        provider = self.provider.pk
        wanted = [("id", "m-1", "M-1"), ("uid", "1", "M-1"), ("id", "m-2", "M-2"), ("uid", "2", "M-2")]
        self.assertEqual(keys, {(provider, *each) for each in wanted})
        self.receive(mail(Bcop("N-1", uid="1", sequence=1, start=START, issued=NOON.replace(hour=14))))
        self.assertEqual(self.maintenance("M-1").replaced_by, self.maintenance("N-1"))

    def test_one_that_was_renamed_before_is_found_and_kept(self):
        self.rename("Our change 7")
        pk = self.maintenance("Our change 7").pk
        self.upgrade()

        self.reprocess()
        self.receive(mail(Bcop("M-1", uid="1", sequence=1, status="CANCELLED", issued=NOON.replace(hour=15))))

        row = CircuitMaintenance.objects.get(provider_maintenance_id="M-1")
        self.assertEqual((row.pk, row.name, row.status), (pk, "Our change 7", "CANCELLED"))
        self.assertEqual(CircuitMaintenance.objects.count(), 2)

    def test_one_that_was_given_to_another_provider_before_is_found_and_kept(self):
        other = create_provider("Other", "noc@other.example")
        CircuitMaintenance.objects.filter(name="M-1").update(provider=other)
        self.upgrade()

        self.reprocess()

        self.assertEqual(CircuitMaintenance.objects.get(name="M-1").provider, other)
        self.assertEqual(CircuitMaintenance.objects.count(), 2)

    def test_reprocessing_everything_changes_nothing_that_the_rules_do_not(self):
        self.upgrade()
        before = list(CircuitMaintenance.objects.order_by("pk").values())
        evidence = list(ParsedNotification.objects.order_by("pk").values())

        self.reprocess()

        self.assertEqual(list(CircuitMaintenance.objects.order_by("pk").values()), before)
        self.assertEqual(list(ParsedNotification.objects.order_by("pk").values()), evidence)

    def test_how_circuits_were_found_is_set_where_it_can_be_known(self):
        [by_hand] = [row for row in CircuitImpact.objects.all() if row.cid == "C-1"]  # MySQL also gets c-1
        by_hand.cid = "Dark fibre"
        by_hand.save()
        CircuitImpact.objects.update(matched_by="")
        self.upgrade()

        found = dict(CircuitImpact.objects.values_list("cid", "matched_by"))
        self.assertEqual(found, {"Dark fibre": "", "c-1": "case", "C2": "separators"})

    def test_a_second_run_changes_nothing(self):
        self.upgrade()
        before = [list(model.objects.order_by("pk").values()) for model in (MaintenanceKey, MaintenanceBaseline)]

        MIGRATION.forwards(apps, None)

        after = [list(model.objects.order_by("pk").values()) for model in (MaintenanceKey, MaintenanceBaseline)]
        self.assertEqual(after, before)
