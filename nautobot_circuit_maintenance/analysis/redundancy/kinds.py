"""How bad a finding is."""

from enum import Enum, IntEnum


class Kind(str, Enum):
    """How bad it is."""

    DARK = "dark"
    """A site that does not reach the core, or anything else all of whose circuits are down."""
    ONE_LEFT = "one left"
    """A site with two ways that hangs on a single link, or anything else of two or more circuits with one left."""


class Severity(IntEnum):
    """The same, to compare."""

    NOTHING = 0
    ONE_LEFT = 1
    DARK = 2


SEVERITIES = {Kind.ONE_LEFT: Severity.ONE_LEFT, Kind.DARK: Severity.DARK}
