"""The directory of senders: address or domain -> provider."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from nautobot.circuits.models import Provider

from nautobot_circuit_maintenance.mail.senders import entry_for
from nautobot_circuit_maintenance.models import NotificationSource
from nautobot_circuit_maintenance.models.providers import sender_addresses


@dataclass(frozen=True)
class SenderDirectory:
    """The addresses of some providers; one that two of them have belongs to the first by name."""

    by_address: dict[str, Provider] = field(default_factory=dict)
    """Addresses in lower case; "@domain" stands for every address of that domain."""
    elsewhere: frozenset[str] = frozenset()
    """Addresses of other providers: they are theirs, even if a domain of this directory covers them."""

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
        directory = cls.of(source.providers.all())
        if not any(address.startswith("@") for address in directory.by_address):
            return directory
        others = cls.of(Provider.objects.exclude(pk__in={each.pk for each in directory.by_address.values()}))
        return replace(directory, elsewhere=others.addresses)

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
        entry = entry_for(sender, self.by_address)
        if entry is None or (entry != sender and sender in self.elsewhere):
            return None
        return self.by_address[entry]


def explain_unknown(sender: str) -> str:
    """Return why a message that comes without a source belongs to no provider."""
    return f"No provider uses the address '{sender}'." if sender else "It has no From header with exactly one address."
