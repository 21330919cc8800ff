"""The validators: well-formed addresses, each of one provider; parsers that exist; aliases of one circuit each."""

from django.core.exceptions import ValidationError

from nautobot_circuit_maintenance.domain.custom_fields import ALIASES, ZONE
from nautobot_circuit_maintenance.models.providers import EMAILS_FIELD, PARSERS_FIELD, provider_facts
from nautobot_circuit_maintenance.tests.cases import PipelineTestCase, create_circuits, create_provider


class ProviderValidation(PipelineTestCase):
    """Values of the two custom fields."""

    def refusal(self, key: str, value: str) -> str:
        """Return the error for a provider with this value."""
        self.provider.cf[key] = value
        with self.assertRaises(ValidationError) as caught:
            self.provider.validated_save()
        return " ".join(caught.exception.messages)

    def test_malformed_address_is_named(self):
        """With the field's label."""
        for value in (
            "noc",
            "noc@isp.example, hello",
            "NOC <noc@isp.example>",
            "noc@@isp.example",
            "@",
            "@isp",
            "*@",
            "@@isp.example",
            "@isp.example.",
        ):
            with self.subTest(value=value):
                message = self.refusal(EMAILS_FIELD, value)
                self.assertIn("is not a valid email address", message)
                self.assertIn("Emails for Circuit Maintenance plugin", message)

    def test_an_unknown_time_zone_is_rejected(self):
        self.assertIn("is not a time zone of the zone database", self.refusal(ZONE.key, "Central Europe"))

        self.provider.cf[ZONE.key] = "Europe/Berlin"
        self.provider.validated_save()
        self.assertEqual(provider_facts(self.provider).zone, "Europe/Berlin")

    def test_address_of_another_provider_is_rejected_ignoring_case_and_blanks(self):
        """The error names the other provider."""
        create_provider("Carrier", "Change@Carrier.example")

        message = self.refusal(EMAILS_FIELD, "noc@isp.example ,  CHANGE@carrier.example ")

        self.assertIn("change@carrier.example", message)
        self.assertIn("Carrier", message)

    def test_provider_can_be_saved_again_with_its_own_addresses(self):
        """Also with a duplicate address."""
        self.provider.cf[EMAILS_FIELD] = "noc@isp.example, NOC@isp.example, change@isp.example"
        self.provider.validated_save()

    def test_a_domain_is_accepted_and_belongs_to_one_provider(self):
        """An address of it may belong to another provider: it goes before the domain."""
        self.provider.cf[EMAILS_FIELD] = "noc@isp.example, @Maint.isp.example"
        self.provider.validated_save()

        create_provider("Carrier", "carrier@maint.isp.example")
        other = create_provider("Other", "")
        other.cf[EMAILS_FIELD] = "@maint.ISP.example"
        with self.assertRaisesRegex(ValidationError, "'@maint.isp.example' is already used by provider ISP"):
            other.validated_save()

    def test_unknown_parser_is_named_and_the_available_ones_are_listed(self):
        """Also after a known one."""
        message = self.refusal(PARSERS_FIELD, "ntt, mystery")

        self.assertIn("mystery", message)
        self.assertIn("genericprovider", message)
        self.assertNotIn("no parser 'ntt'", message)

    def test_known_parsers_are_accepted_in_any_spelling(self):
        """The library ignores case and blanks."""
        for value in ("", "ntt", " NTT ,genericprovider", "Crown Castle"):
            self.provider.cf[PARSERS_FIELD] = value
            self.provider.validated_save()

    def test_empty_fields_are_valid(self):
        """Most providers send no notifications."""
        self.provider.cf[EMAILS_FIELD] = self.provider.cf[PARSERS_FIELD] = None
        self.provider.validated_save()


class CircuitValidation(PipelineTestCase):
    """Values of the custom field with aliases."""

    def save(self, number: int, aliases: str | None) -> None:
        """Save a circuit with these aliases."""
        circuit = self.circuits[number]
        circuit.cf[ALIASES.key] = aliases
        circuit.validated_save()

    def test_aliases_are_unique_within_the_provider(self):
        """Ignoring case and the form of dashes and blanks; the error names the other circuit and the label."""
        self.save(0, "Alpha-1, Beta 2")

        for aliases in ("ALPHA-1", "x, beta\u00a02", "alpha\u20111"):
            with self.subTest(aliases), self.assertRaises(ValidationError) as caught:
                self.save(1, aliases)
            message = " ".join(caught.exception.messages)
            self.assertIn("already means circuit C-1", message)
            self.assertIn("Also known to the provider as", message)

    def test_the_id_of_another_circuit_is_no_alias(self):
        """It would never be looked at: IDs go before aliases."""
        with self.assertRaisesRegex(ValidationError, "'c-3' already means circuit C-3"):
            self.save(1, "D-1, c-3")

    def test_what_means_no_other_circuit_is_accepted(self):
        """Also its own ID, a part of another alias, and what means a circuit of another provider."""
        [theirs] = create_circuits(create_provider("Carrier", ""), "Z-9")
        self.save(0, "Alpha-1, Alpha-1, , C-1")

        self.save(1, "Alpha, Z-9, C 1")
        self.save(1, "Alpha, Z-9, C 1")
        self.save(2, None)

        theirs.cf[ALIASES.key] = "Alpha-1"
        theirs.validated_save()
