"""The validator of providers: well-formed addresses, each of one provider; parsers that exist."""

from django.core.exceptions import ValidationError

from nautobot_circuit_maintenance.models.providers import EMAILS_FIELD, PARSERS_FIELD
from nautobot_circuit_maintenance.tests.cases import PipelineTestCase, create_provider


class ProviderValidation(PipelineTestCase):
    """What a person may write into the two fields."""

    def refusal(self, key: str, value: str) -> str:
        """Return what a provider with this value is refused with."""
        self.provider.cf[key] = value
        with self.assertRaises(ValidationError) as caught:
            self.provider.validated_save()
        return " ".join(caught.exception.messages)

    def test_what_is_no_address_is_named(self):
        """With the field's label."""
        for value in ("noc", "noc@isp.example, hello", "NOC <noc@isp.example>", "noc@@isp.example"):
            with self.subTest(value=value):
                message = self.refusal(EMAILS_FIELD, value)
                self.assertIn("is not a valid email address", message)
                self.assertIn("Emails for Circuit Maintenance plugin", message)

    def test_an_address_belongs_to_one_provider_whatever_its_case_and_blanks(self):
        """The message names the other one."""
        create_provider("Carrier", "Change@Carrier.example")

        message = self.refusal(EMAILS_FIELD, "noc@isp.example ,  CHANGE@carrier.example ")

        self.assertIn("change@carrier.example", message)
        self.assertIn("Carrier", message)

    def test_a_provider_may_be_saved_again_with_its_own_addresses(self):
        """And name one of them twice."""
        self.provider.cf[EMAILS_FIELD] = "noc@isp.example, NOC@isp.example, change@isp.example"
        self.provider.validated_save()

    def test_a_parser_that_does_not_exist_is_named_and_the_existing_ones_are_listed(self):
        """Also behind one that exists."""
        message = self.refusal(PARSERS_FIELD, "ntt, mystery")

        self.assertIn("mystery", message)
        self.assertIn("genericprovider", message)
        self.assertNotIn("no parser 'ntt'", message)

    def test_parsers_that_exist_are_accepted_however_they_are_spelt(self):
        """The library ignores case and blanks."""
        for value in ("", "ntt", " NTT ,genericprovider", "Crown Castle"):
            self.provider.cf[PARSERS_FIELD] = value
            self.provider.validated_save()

    def test_empty_fields_are_fine(self):
        """Most providers send no notifications."""
        self.provider.cf[EMAILS_FIELD] = self.provider.cf[PARSERS_FIELD] = None
        self.provider.validated_save()
