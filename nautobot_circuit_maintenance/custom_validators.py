"""Checks that Nautobot runs when a provider or a circuit is saved, in addition to its own."""

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from nautobot.apps.models import CustomValidator
from nautobot.circuits.models import Provider

from nautobot_circuit_maintenance.analysis.visibility import Visibility
from nautobot_circuit_maintenance.domain.custom_fields import ALIASES, EMAILS, PARSERS, ZONE, AppField
from nautobot_circuit_maintenance.domain.parser_names import normalized_name
from nautobot_circuit_maintenance.models.matching import known_elsewhere
from nautobot_circuit_maintenance.models.providers import (
    circuit_aliases,
    parser_names,
    provider_facts,
    sender_addresses,
)
from nautobot_circuit_maintenance.pipeline.senders import SenderDirectory


class ProviderValidator(CustomValidator):
    """Reject malformed addresses, addresses of another provider, unknown parser names and unknown time zones."""

    model = "circuits.provider"

    def clean(self) -> None:
        """Check the addresses, parsers and time zone."""
        provider = self.context["object"]
        addresses = sender_addresses(provider)
        if addresses:
            self._check_format(addresses)
            self._check_owners(provider, addresses)
        if provider.cf.get(PARSERS.key):
            self._check_parsers(provider)
        if zone := provider_facts(provider).zone:
            self._check_zone(zone)

    def _check_format(self, addresses: tuple[str, ...]) -> None:
        for address in addresses:
            try:
                validate_email(f"any{address}" if address.startswith("@") else address)
            except ValidationError:
                self._reject(EMAILS, f"'{address}' is not a valid email address or @domain. Separate them with commas.")

    def _check_owners(self, provider: Provider, addresses: tuple[str, ...]) -> None:
        others = SenderDirectory.of(Provider.objects.exclude(pk=provider.pk))
        for address in addresses:
            owner = others.by_address.get(address)
            if owner:
                is_visible = Visibility.of_reader().providers.filter(pk=owner.pk).exists()
                self._reject(
                    EMAILS,
                    f"'{address}' is already used by {f'provider {owner.name}' if is_visible else 'another provider'}.",
                )

    def _check_parsers(self, provider: Provider) -> None:
        # Loading the parser library takes 0.6 s of CPU time and 77 MB: only if a parser is named.
        from nautobot_circuit_maintenance.reading import library  # pylint: disable=import-outside-toplevel  # see above

        known = library.known_parser_names()
        for name in parser_names(provider):
            if normalized_name(name) not in known:
                self._reject(PARSERS, f"Unknown parser '{name}'. Available parsers: {', '.join(known)}.")

    def _check_zone(self, zone: str) -> None:
        # What reads messages is loaded on first use.
        from nautobot_circuit_maintenance.reading import zones  # pylint: disable=import-outside-toplevel  # see above

        if zones.of_database(zone) is None:
            self._reject(ZONE, f"'{zone}' is not a time zone of the zone database, for example Europe/Berlin.")

    def _reject(self, field: AppField, message: str) -> None:
        self.validation_error(_rejected(field, message))


class CircuitValidator(CustomValidator):
    """Reject an alias that already means another circuit of the provider."""

    model = "circuits.circuit"

    def clean(self) -> None:
        """Check the custom field of the app."""
        circuit = self.context["object"]
        aliases = circuit_aliases(circuit)
        if not aliases or not circuit.provider_id:
            return
        for alias, other in known_elsewhere(circuit, aliases).items():
            visible = Visibility.of_reader().circuits.filter(pk=other).first()
            named = f"circuit {visible.cid}" if visible else "another circuit"
            self.validation_error(_rejected(ALIASES, f"'{alias}' already means {named} of this provider."))


class MailLayoutValidator(CustomValidator):
    """Reject what is not a layout."""

    model = "nautobot_circuit_maintenance.maillayout"

    def clean(self) -> None:
        """Check the content."""
        # pylint: disable-next=import-outside-toplevel  # what reads email is loaded on first use
        from nautobot_circuit_maintenance.reading.layouts import stored

        layout = self.context["object"]
        try:
            stored.layout_of(layout.applies_to, layout.fields)
        except stored.LayoutFormatError as error:
            self.validation_error({"fields": str(error)})


def _rejected(field: AppField, message: str) -> dict[str, str]:
    # Core's forms name custom fields "cf_<key>"; the REST API has no such field.
    return {"__all__": f"{field.label}: {message}"}


custom_validators = [ProviderValidator, CircuitValidator, MailLayoutValidator]
