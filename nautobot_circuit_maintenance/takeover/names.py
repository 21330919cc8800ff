"""Takes the name of an older maintenance apart: "<provider>-<maintenance ID>", cut at 100 characters."""

from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple
from uuid import UUID

LONGEST_OLDER_NAME = 100

Announced = tuple[UUID, str]
"""The provider of a message, and the maintenance ID that it names."""


class Parts(NamedTuple):
    """What an older name means."""

    provider: UUID | None
    name: str
    """The maintenance ID; the older name as it was where that cannot be known."""
    maintenance_id: str = ""
    """The provider's ID, if its messages name it."""
    doubt: str = ""
    """Why it was left as it was; empty if there was no doubt."""


class Providers:
    """The providers by name, the longest first: that of "Delta-Net-7" is rather Delta-Net than Delta."""

    def __init__(self, names: Mapping[UUID, str]) -> None:
        """Sort the names."""
        self.names = names
        self._longest_first = sorted(names.items(), key=lambda item: (-len(item[1]), item[1], str(item[0])))

    def prefix_of(self, name: str) -> UUID | None:
        """Return the provider with the longest name that an older name starts with; equal case comes first."""
        for key, provider in self._longest_first:
            if name.startswith(f"{provider}-"):
                return key
        folded = name.casefold()
        return next((key for key, each in self._longest_first if folded.startswith(f"{each.casefold()}-")), None)


def take_apart(name: str, announced: Sequence[Announced], providers: Providers) -> Parts:
    """Return the parts of an older name, given what its messages say, oldest first."""
    fitting = [each for each in _distinct(announced) if _fits(name, *each, providers.names)]
    if len(fitting) == 1:
        [(provider, maintenance_id)] = fitting
        return Parts(provider, maintenance_id, maintenance_id)
    if fitting:
        return _ambiguous(name, fitting, providers)
    by_prefix = providers.prefix_of(name)
    senders = {provider for provider, _ in announced}
    if len(senders) == 1 and by_prefix in (None, *senders):
        [provider] = senders
        return Parts(provider, _without_prefix(name, providers.names.get(provider, "")), announced[0][1])
    if by_prefix is None:
        return Parts(None, name)
    return Parts(by_prefix, _without_prefix(name, providers.names[by_prefix]))


def _ambiguous(name: str, fitting: Collection[Announced], providers: Providers) -> Parts:
    """Return the parts of a name that several messages claim: whole, or without the one provider that they share."""
    listed = ", ".join(f"{providers.names[provider]} {maintenance_id}" for provider, maintenance_id in fitting)
    doubt = f"It may be any of these: {listed}."
    owners = {provider for provider, _ in fitting}
    if len(owners) > 1:
        return Parts(None, name, doubt=doubt)
    [provider] = owners
    return Parts(provider, _without_prefix(name, providers.names[provider]), doubt=doubt)


def _distinct(announced: Sequence[Announced]) -> list[Announced]:
    """Return each once, its oldest spelling."""
    found: dict[tuple[UUID, str], Announced] = {}
    for provider, maintenance_id in announced:
        found.setdefault((provider, maintenance_id.casefold()), (provider, maintenance_id))
    return list(found.values())


def _fits(name: str, provider: UUID, maintenance_id: str, names: Mapping[UUID, str]) -> bool:
    """Return whether the older package called a maintenance so; the provider may have had another name then."""
    whole = f"{names.get(provider, '')}-{maintenance_id}"
    if name.casefold() in (whole.casefold(), whole[:LONGEST_OLDER_NAME].casefold()):
        return True
    ending = f"-{maintenance_id}".casefold()
    folded = name.casefold()
    if any(folded.startswith(f"{each.casefold()}-") for key, each in names.items() if key != provider):
        return False  # of a provider that is there by this name
    if len(name) < LONGEST_OLDER_NAME:
        return folded.endswith(ending)
    return any(folded.endswith(ending[:length]) for length in range(len(ending), 1, -1))


def _without_prefix(name: str, provider: str) -> str:
    """Return a name without its provider, and without blanks around it; as it was if nothing is left."""
    if provider and name.casefold().startswith(f"{provider.casefold()}-"):
        return name[len(provider) + 1 :].strip() or name
    return name.strip() or name
