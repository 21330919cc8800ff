"""Signals: after a migration, and after a provider or a circuit is saved."""

from types import SimpleNamespace
from unittest import TestCase

from celery.concurrency import get_implementation
from celery.signals import celeryd_after_setup
from django.apps import apps
from django.contrib.contenttypes.models import ContentType
from django.test import override_settings
from nautobot.circuits.models import Provider
from nautobot.extras.models import CustomField

from nautobot_circuit_maintenance.models import CircuitImpact, NotificationSource
from nautobot_circuit_maintenance.pipeline.sources import synchronize_sources
from nautobot_circuit_maintenance.signals import prepare_database
from nautobot_circuit_maintenance.tests.cases import PipelineTestCase, create_circuits, create_provider
from nautobot_circuit_maintenance.tests.factories.mail import Bcop, mail


def configured(*sources: dict, **others) -> override_settings:
    """Configure sources with IMAP accounts."""
    rest = {"url": "imap://mail.example", "account": "ops", "secret": "s3cret"}
    entries = [{**rest, **source} for source in sources]
    return override_settings(
        PLUGINS_CONFIG={"nautobot_circuit_maintenance": {"notification_sources": entries, **others}}
    )


class CustomFields(PipelineTestCase):
    """The three fields of a provider and the one of a circuit."""

    def test_custom_fields_of_the_specification_exist_for_providers(self):
        """Key, label and model."""
        fields = CustomField.objects.filter(content_types=ContentType.objects.get_for_model(Provider))
        expected = {
            ("emails_circuit_maintenances", "Emails for Circuit Maintenance plugin"),
            ("provider_parser_circuit_maintenances", "Parser for Circuit Maintenance plugin"),
        }
        self.assertLessEqual(expected, set(fields.values_list("key", "label")))

    def test_providers_have_the_answer_about_uids(self):
        """Yes, no, or not answered, which is the default."""
        field = CustomField.objects.get(key="new_uids_circuit_maintenances")

        self.assertEqual((field.type, field.default), ("boolean", None))
        self.assertEqual([each.model for each in field.content_types.all()], ["provider"])

    def test_circuits_have_the_field_of_aliases(self):
        """Key, label and model."""
        field = CustomField.objects.get(key="circuit_maintenance_ids")

        self.assertEqual(field.label, "Also known to the provider as")
        self.assertEqual([each.model for each in field.content_types.all()], ["circuit"])

    def test_changed_label_is_kept_and_deleted_field_is_recreated(self):
        """After the next migration; repeating it changes nothing."""
        CustomField.objects.filter(key="emails_circuit_maintenances").update(label="Absender")
        CustomField.objects.filter(key="provider_parser_circuit_maintenances").delete()

        for _ in range(2):
            prepare_database(sender=apps.get_app_config("nautobot_circuit_maintenance"))

        field = CustomField.objects.get(key="emails_circuit_maintenances")
        self.assertEqual(field.label, "Absender")
        again = CustomField.objects.get(key="provider_parser_circuit_maintenances")
        self.assertEqual([each.model for each in again.content_types.all()], ["provider"])


class Sources(PipelineTestCase):
    """Rows are created from the configuration; users choose the providers."""

    def test_configured_source_gets_a_row(self):
        """Without a migration, and with invalid settings too, so that the page can show the error."""
        with configured({"name": "New"}, {"name": "Wrong", "url": "pop3://mail.example"}):
            synchronize_sources()
            synchronize_sources()

            names = {source.name: source.is_configured for source in NotificationSource.objects.all()}
        self.assertEqual(names, {"Mail": False, "New": True, "Wrong": True})

    def test_removed_source_keeps_its_providers(self):
        """It is shown as not configured."""
        with configured():
            synchronize_sources()

            self.source.refresh_from_db()
            self.assertFalse(self.source.is_configured)
        self.assertEqual(list(self.source.providers.all()), [self.provider])

    def test_removed_source_has_no_error(self):
        """Its last error can no longer be fixed; that of a source with invalid settings is kept."""
        NotificationSource.objects.update(last_error="The login was refused.")
        NotificationSource.objects.create(name="Wrong", last_error="The login was refused.")
        with configured({"name": "Wrong", "url": "pop3://mail.example"}):
            synchronize_sources()

        errors = dict(NotificationSource.objects.values_list("name", "last_error"))
        self.assertEqual(errors, {"Mail": "", "Wrong": "The login was refused."})

    def test_attach_all_providers_attaches_present_and_future_ones(self):
        """Other sources get none."""
        with configured({"name": "All", "attach_all_providers": True}, {"name": "Some"}):
            synchronize_sources()
            carrier = create_provider("Carrier", "noc@carrier.example")

        self.assertEqual(set(NotificationSource.objects.get(name="All").providers.all()), {self.provider, carrier})
        self.assertFalse(NotificationSource.objects.get(name="Some").providers.exists())
        self.assertEqual(list(self.source.providers.all()), [self.provider])

    def test_detached_provider_is_not_attached_again_when_saved(self):
        """Only new providers are attached."""
        with configured({"name": "All", "attach_all_providers": True}):
            synchronize_sources()
            source = NotificationSource.objects.get(name="All")
            source.providers.clear()

            self.provider.validated_save()

            self.assertFalse(source.providers.exists())


class UnmatchedImpacts(PipelineTestCase):
    """Impacts that were announced for a circuit before it was added."""

    def test_adding_the_circuit_links_its_impacts(self):
        """Those of its provider, in every maintenance."""
        self.receive(mail(Bcop("M-1", circuits=(("X-9", "OUTAGE"),))), mail(Bcop("M-2", circuits=(("x-9", "OUTAGE"),))))
        self.assertEqual(CircuitImpact.objects.filter(circuit=None).count(), 2)

        create_circuits(create_provider("Carrier", ""), "X-9")
        self.assertEqual(CircuitImpact.objects.filter(circuit=None).count(), 2)
        circuit = create_circuits(self.provider, "X-9")[0]

        self.assertEqual(set(CircuitImpact.objects.values_list("circuit", flat=True)), {circuit.pk})

    def test_renaming_a_circuit_links_its_impacts(self):
        """A typing error can be fixed this way."""
        self.receive(mail(Bcop(circuits=(("X-9", "OUTAGE"),))))

        self.circuits[2].cid = "X-9"
        self.circuits[2].validated_save()

        self.assertEqual(CircuitImpact.objects.get().circuit, self.circuits[2])

    def test_deleting_a_circuit_keeps_its_impacts(self):
        """The circuit ID is unknown again."""
        self.receive(mail(Bcop(circuits=(("C-1", "OUTAGE"),))))

        self.circuits[0].delete()

        impact = CircuitImpact.objects.get()
        self.assertEqual((impact.cid, impact.circuit), ("C-1", None))


class WorkerPools(TestCase):
    """A worker warns when it starts if its pool cannot limit what a parse takes."""

    def start(self, pool: str) -> None:
        """Notify the receivers that a worker with this pool has been set up."""
        worker = SimpleNamespace(pool_cls=get_implementation(pool))
        celeryd_after_setup.send(sender="worker", instance=worker, conf=None)

    def test_a_pool_without_limits_is_told(self):
        with self.assertLogs("nautobot_circuit_maintenance", "WARNING") as logs:
            self.start("threads")
        self.assertIn("The worker pool thread has no limits of time and memory", logs.output[0])

    def test_pools_with_limits_are_not(self):
        with self.assertNoLogs("nautobot_circuit_maintenance", "WARNING"):
            self.start("prefork")
            self.start("solo")
