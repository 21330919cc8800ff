"""The directory of senders: address -> provider."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from nautobot.circuits.models import Provider

from nautobot_circuit_maintenance.models import NotificationSource
from nautobot_circuit_maintenance.models.providers import sender_addresses


@dataclass(frozen=True)
class SenderDirectory:
    """The addresses of some providers; one that two of them have belongs to the first by name."""

    by_address: dict[str, Provider] = field(default_factory=dict)
    """Addresses in lower case."""

    @classmethod
    def of(cls, providers: Iterable[Provider]) -> "SenderDirectory":
        """Read the custom fields of these providers."""
        by_address: dict[str, Provider] = {}
        for provider in sorted(providers, key=lambda each: each.name):
            for address in sender_addresses(provider):
                by_address.setdefault(address, provider)
        return cls(by_address)

    @classmethod
    def for_source(cls, source: NotificationSource) -> "SenderDirectory":
        """Return the directory of the providers assigned to a source."""
        return cls.of(source.providers.all())

    @classmethod
    def of_all_providers(cls) -> "SenderDirectory":
        """Return the directory of all providers, for messages that come without a source."""
        return cls.of(Provider.objects.all())

    @property
    def addresses(self) -> frozenset[str]:
        """Every address of a provider, in lower case."""
        return frozenset(self.by_address)

    def identify(self, sender: str) -> Provider | None:
        """Return the provider that an address belongs to, None for an unknown sender."""
        return self.by_address.get(sender)
