"""What messages are about, as plain values: neither texts nor templates see a model.

Strings, booleans, aware times, and tuples of them. A thread keeps the ``to_json()`` of the state that was last sent.
"""

from dataclasses import asdict, dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any

from nautobot_circuit_maintenance.choices import CircuitMaintenanceStatusChoices as Status

Span = tuple[datetime, datetime]
"""Start and end of a window."""


@dataclass(frozen=True)
class CircuitState:
    """One circuit of a maintenance, as the owner of the subscription may see it."""

    cid: str
    """As the provider calls it."""
    impact: str
    windows: tuple[Span, ...] | None = None
    """In which it is affected; None: in all of the maintenance's."""
    sites: tuple[str, ...] = ()
    """Names of the locations of its ends that the owner may view."""
    tenant: str = ""
    url: str = ""
    """Address of the circuit in Nautobot; empty if Nautobot has no such circuit."""
    id: str = ""
    """Its primary key; empty if Nautobot has no such circuit."""


@dataclass(frozen=True)
class MaintenanceState:  # pylint: disable=too-many-instance-attributes  # a maintenance has as many
    """A maintenance at one moment, as the owner of the subscription may see it."""

    id: str
    name: str
    provider: str
    status: str
    windows: tuple[Span, ...] = ()
    """Windows in force, in time order."""
    circuits: tuple[CircuitState, ...] = ()
    """In the order of their IDs."""
    replaced_by: str = ""
    """Name of the maintenance that stands in its place."""
    description: str = ""
    ticket: str = ""
    acknowledged: bool = False
    revision: int = 0
    changed_at: datetime | None = None
    url: str = ""
    """Address of its page in Nautobot."""
    exists: bool = True
    """False once it was deleted; then everything else is as it was last sent."""
    matches: bool = True
    """Whether the filter of the subscription still matches."""

    @property
    def sites(self) -> tuple[str, ...]:
        """Names of all sites, each once, in the order of the circuits."""
        return tuple(dict.fromkeys(site for circuit in self.circuits for site in circuit.sites))

    @property
    def is_cancelled(self) -> bool:
        """Whether nothing comes of it: it was cancelled, replaced or deleted."""
        return self.status == Status.CANCELLED or bool(self.replaced_by) or not self.exists

    @property
    def is_over(self) -> bool:
        """Whether its status says that nothing is to come of it."""
        return self.is_cancelled or self.status == Status.COMPLETED

    @property
    def fact(self) -> str:
        """A digest of what counts as a change; order and letter case do not count."""
        if not self.exists or not self.matches:
            return digest_of("exists" if self.exists else "deleted", "matches" if self.matches else "not")
        circuits = sorted(
            repr((circuit.cid.casefold(), circuit.impact, _plain(circuit.windows))) for circuit in self.circuits
        )
        windows = sorted(repr(_plain((span,))) for span in self.windows)
        return digest_of(self.status, *windows, "", *circuits, "", self.replaced_by.casefold())


@dataclass(frozen=True)
class SiteState:
    """How well a site is connected while something is planned, as a finding of the risk assessment says it."""

    id: str
    name: str
    kind: str
    """Key of the kind of finding; empty: not at risk any more."""
    headline: str = ""
    """The finding in one sentence."""
    phases: tuple[tuple[str, datetime, datetime], ...] = ()
    """Kind, start and end of each phase, in time order."""
    url: str = ""


@dataclass(frozen=True)
class MailState:
    """A notification, or a source, that needs a person."""

    id: str
    name: str
    """Subject of the message, or name of the source."""
    state: str
    """State of the notification; "failing" or "ok" for a source."""
    sender: str = ""
    error: str = ""
    since: datetime | None = None
    url: str = ""


State = MaintenanceState | SiteState | MailState


@dataclass(frozen=True)
class Occasion:
    """Why a message is written: an event, with the state before and now."""

    event: str
    """One of ``EventChoices``."""
    now: State
    last_state: State | None = None
    """What was sent last to this recipient about this subject; None: nothing."""
    window: Span | None = None
    """The window that an event of the clock is about."""


def digest_of(*parts: str) -> str:
    """Return the hexadecimal SHA-256 of some strings, whose borders count."""
    return sha256("".join(f"{len(part)}:{part}" for part in parts).encode()).hexdigest()


def to_json(state: State) -> dict[str, Any]:
    """Return a state as it is stored."""
    return {"of": type(state).__name__, **_stored(asdict(state))}


def from_json(value: dict[str, Any]) -> State:
    """Return a stored state."""
    values = dict(value)
    kind = values.pop("of")
    if kind == "SiteState":
        phases = tuple((name, _time(start), _time(end)) for name, start, end in values["phases"])
        return SiteState(**{**values, "phases": phases})
    if kind == "MailState":
        return MailState(**{**values, "since": values["since"] and _time(values["since"])})
    circuits = tuple(
        CircuitState(**{**each, "windows": _spans(each["windows"]), "sites": tuple(each["sites"])})
        for each in values["circuits"]
    )
    changed_at = values["changed_at"] and _time(values["changed_at"])
    windows = _spans(values["windows"]) or ()
    return MaintenanceState(**{**values, "circuits": circuits, "windows": windows, "changed_at": changed_at})


def _stored(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _stored(each) for key, each in value.items()}
    if isinstance(value, (tuple, list)):
        return [_stored(each) for each in value]
    return value.isoformat() if isinstance(value, datetime) else value


def _plain(spans: tuple[Span, ...] | None) -> Any:
    """Return spans as numbers, which no time zone changes."""
    return None if spans is None else sorted((start.timestamp(), end.timestamp()) for start, end in spans)


def _spans(value: Any) -> tuple[Span, ...] | None:
    return None if value is None else tuple((_time(start), _time(end)) for start, end in value)


def _time(value: str) -> datetime:
    return datetime.fromisoformat(value)
