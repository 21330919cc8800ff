"""Signals: what happens beside a migration, and when somebody saves a provider or a circuit."""

from django.apps import apps
from django.contrib.contenttypes.models import ContentType
from django.test import override_settings
from nautobot.circuits.models import Provider
from nautobot.extras.models import CustomField

from nautobot_circuit_maintenance.models import CircuitImpact, NotificationSource
from nautobot_circuit_maintenance.pipeline.sources import synchronise_sources
from nautobot_circuit_maintenance.signals import prepare_database
from nautobot_circuit_maintenance.tests.cases import PipelineTestCase, create_circuits, create_provider
from nautobot_circuit_maintenance.tests.fakes import Bcop, mail


def configured(*sources: dict, **others) -> override_settings:
    """Configure these sources, each an IMAP account."""
    rest = {"url": "imap://mail.example", "account": "ops", "secret": "s3cret"}
    entries = [{**rest, **source} for source in sources]
    return override_settings(
        PLUGINS_CONFIG={"nautobot_circuit_maintenance": {"notification_sources": entries, **others}}
    )


class CustomFields(PipelineTestCase):
    """The two fields of a provider."""

    def test_the_custom_fields_of_the_spec_exist_for_providers(self):
        """Key, label and model."""
        fields = CustomField.objects.filter(content_types=ContentType.objects.get_for_model(Provider))
        expected = {
            ("emails_circuit_maintenances", "Emails for Circuit Maintenance plugin"),
            ("provider_parser_circuit_maintenances", "Parser for Circuit Maintenance plugin"),
        }
        self.assertLessEqual(expected, set(fields.values_list("key", "label")))

    def test_a_label_that_somebody_changed_stays_and_a_deleted_field_comes_back(self):
        """After the next migration; twice does no harm."""
        CustomField.objects.filter(key="emails_circuit_maintenances").update(label="Absender")
        CustomField.objects.filter(key="provider_parser_circuit_maintenances").delete()

        for _ in range(2):
            prepare_database(sender=apps.get_app_config("nautobot_circuit_maintenance"))

        field = CustomField.objects.get(key="emails_circuit_maintenances")
        self.assertEqual(field.label, "Absender")
        again = CustomField.objects.get(key="provider_parser_circuit_maintenances")
        self.assertEqual([each.model for each in again.content_types.all()], ["provider"])


class Sources(PipelineTestCase):
    """Rows follow the configuration, links are people's."""

    def test_a_source_of_the_configuration_gets_a_row(self):
        """Without a migration; also one whose settings are wrong, to have a place for the mistake."""
        with configured({"name": "New"}, {"name": "Wrong", "url": "pop3://mail.example"}):
            synchronise_sources()
            synchronise_sources()

            names = {source.name: source.is_configured for source in NotificationSource.objects.all()}
        self.assertEqual(names, {"Mail": False, "New": True, "Wrong": True})

    def test_a_source_that_leaves_the_configuration_keeps_its_links(self):
        """It is shown as not configured."""
        with configured():
            synchronise_sources()

            self.source.refresh_from_db()
            self.assertFalse(self.source.is_configured)
        self.assertEqual(list(self.source.providers.all()), [self.provider])

    def test_a_source_that_leaves_the_configuration_is_no_trouble_any_more(self):
        """Nobody could mend what its last run met; that of a source with a mistake in its settings stays."""
        NotificationSource.objects.update(last_error="The login was refused.")
        NotificationSource.objects.create(name="Wrong", last_error="The login was refused.")
        with configured({"name": "Wrong", "url": "pop3://mail.example"}):
            synchronise_sources()

        errors = dict(NotificationSource.objects.values_list("name", "last_error"))
        self.assertEqual(errors, {"Mail": "", "Wrong": "The login was refused."})

    def test_all_providers_of_today_and_tomorrow_are_attached_where_that_is_asked_for(self):
        """And none elsewhere."""
        with configured({"name": "All", "attach_all_providers": True}, {"name": "Some"}):
            synchronise_sources()
            carrier = create_provider("Carrier", "noc@carrier.example")

        self.assertEqual(set(NotificationSource.objects.get(name="All").providers.all()), {self.provider, carrier})
        self.assertFalse(NotificationSource.objects.get(name="Some").providers.exists())
        self.assertEqual(list(self.source.providers.all()), [self.provider])

    def test_a_provider_that_somebody_detached_stays_so_when_it_is_saved(self):
        """Only new providers are attached."""
        with configured({"name": "All", "attach_all_providers": True}):
            synchronise_sources()
            source = NotificationSource.objects.get(name="All")
            source.providers.clear()

            self.provider.validated_save()

            self.assertFalse(source.providers.exists())


class UnmatchedImpacts(PipelineTestCase):
    """What was said about a circuit before Nautobot knew it."""

    def test_saving_the_circuit_links_what_was_said_about_it(self):
        """Of its provider, in every maintenance."""
        self.receive(mail(Bcop("M-1", circuits=(("X-9", "OUTAGE"),))), mail(Bcop("M-2", circuits=(("x-9", "OUTAGE"),))))
        self.assertEqual(CircuitImpact.objects.filter(circuit=None).count(), 2)

        create_circuits(create_provider("Carrier", ""), "X-9")
        self.assertEqual(CircuitImpact.objects.filter(circuit=None).count(), 2)
        circuit = create_circuits(self.provider, "X-9")[0]

        self.assertEqual(set(CircuitImpact.objects.values_list("circuit", flat=True)), {circuit.pk})

    def test_a_circuit_that_is_renamed_to_the_id_is_linked_too(self):
        """The cure for a typing error."""
        self.receive(mail(Bcop(circuits=(("X-9", "OUTAGE"),))))

        self.circuits[2].cid = "X-9"
        self.circuits[2].validated_save()

        self.assertEqual(CircuitImpact.objects.get().circuit, self.circuits[2])

    def test_deleting_a_circuit_keeps_what_was_said_about_it(self):
        """The id is unknown again."""
        self.receive(mail(Bcop(circuits=(("C-1", "OUTAGE"),))))

        self.circuits[0].delete()

        impact = CircuitImpact.objects.get()
        self.assertEqual((impact.cid, impact.circuit), ("C-1", None))
