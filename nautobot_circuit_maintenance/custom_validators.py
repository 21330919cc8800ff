"""What Nautobot checks beyond its own rules when somebody saves a provider."""

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from nautobot.apps.models import CustomValidator
from nautobot.circuits.models import Provider

from nautobot_circuit_maintenance.models.providers import EMAILS_FIELD, PARSERS_FIELD, parser_names, sender_addresses
from nautobot_circuit_maintenance.pipeline.senders import SenderDirectory


class ProviderValidator(CustomValidator):
    """Refuses addresses that are none or belong to another provider, and parser names that do not exist."""

    model = "circuits.provider"

    def clean(self) -> None:
        """Raise a ValidationError that names the mistake and the cure."""
        provider = self.context["object"]
        self._check_addresses(provider)
        if provider.cf.get(PARSERS_FIELD):
            self._check_parsers(provider)

    def _check_addresses(self, provider: Provider) -> None:
        addresses = sender_addresses(provider)
        for address in addresses:
            try:
                validate_email(address)
            except ValidationError:
                self._refuse(EMAILS_FIELD, f"'{address}' is no e-mail address; separate addresses by commas.")
        if addresses:
            others = SenderDirectory.of(Provider.objects.exclude(pk=provider.pk))
            for address in addresses:
                owner = others.identify(address)
                if owner:
                    self._refuse(EMAILS_FIELD, f"'{address}' belongs to provider {owner.name} already.")

    def _check_parsers(self, provider: Provider) -> None:
        # Loading the parser library costs 0.6 s CPU and 77 MB: only whoever names a parser pays.
        from nautobot_circuit_maintenance.reading import library  # pylint: disable=import-outside-toplevel  # see above

        for name in parser_names(provider):
            if library.normalised_name(name) not in library.known_parser_names():
                known = ", ".join(library.known_parser_names())
                self._refuse(PARSERS_FIELD, f"There is no parser '{name}'. The parsers are: {known}.")

    def _refuse(self, key: str, message: str) -> None:
        # Core's provider form names custom fields "cf_<key>"; other ways in have no such field.
        self.validation_error({"__all__": f"{_LABELS[key]}: {message}"})


_LABELS = {
    EMAILS_FIELD: "Emails for Circuit Maintenance plugin",
    PARSERS_FIELD: "Parser for Circuit Maintenance plugin",
}

custom_validators = [ProviderValidator]
