"""The validator of providers: well-formed addresses, each of one provider; parsers that exist."""

from django.core.exceptions import ValidationError

from nautobot_circuit_maintenance.models.providers import EMAILS_FIELD, PARSERS_FIELD
from nautobot_circuit_maintenance.tests.cases import PipelineTestCase, create_provider


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
        for value in ("noc", "noc@isp.example, hello", "NOC <noc@isp.example>", "noc@@isp.example"):
            with self.subTest(value=value):
                message = self.refusal(EMAILS_FIELD, value)
                self.assertIn("is not a valid email address", message)
                self.assertIn("Emails for Circuit Maintenance plugin", message)

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
