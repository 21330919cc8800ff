"""Content lines and components of an iCalendar stream (RFC 5545 section 3.1), read tolerantly, one component at a time."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

_FOLD = re.compile(r"\n[ \t]")
_PARAMETER_VALUE = r'(?:"[^"]*"|[^":;,]*)(?:,(?:"[^"]*"|[^":;,]*))*'
_LINE = re.compile(
    rf'(?P<name>[A-Za-z0-9-]+)[ \t]*(?P<parameters>(?:;[^=:;"]+={_PARAMETER_VALUE})*):(?P<value>.*)', re.DOTALL
)
_UNQUOTED_ZONE = re.compile(r'([A-Za-z-]+);TZID=([^";:]*:[^";]*)', re.IGNORECASE)
_TIMES = re.compile(r"\s*\d{8}T[\dTZ,]+\s*", re.IGNORECASE)
_PARAMETER = re.compile(rf';([^=:;"]+)=({_PARAMETER_VALUE})')
_DEEPEST = 20
"""Components are nested three deep: VCALENDAR, VTIMEZONE, STANDARD."""
_ESCAPED = re.compile(r"\\([\\;,nN])")
_LISTED = re.compile(r"((?:[^\\,]|\\.)*)(?:,|$)", re.DOTALL)


@dataclass(frozen=True)
class Property:
    """One content line."""

    name: str
    """In capitals."""
    value: str
    """As it is written, escapes included."""
    parameters: dict[str, str]
    """By name in capitals, without quotation marks."""

    @property
    def text(self) -> str:
        """The value as TEXT (RFC 5545 section 3.3.11), without blanks around it."""
        return unescaped(self.value).strip()

    @property
    def texts(self) -> list[str]:
        """The values of a list: split at commas that are not escaped, then unescaped."""
        pieces = [match[1] for match in _LISTED.finditer(self.value)]
        return [text for text in (unescaped(piece).strip() for piece in pieces) if text]


@dataclass
class Component:
    """A component with its properties and the components inside."""

    name: str
    properties: list[Property] = field(default_factory=list)
    components: list["Component"] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)
    """All its unfolded lines, BEGIN and END included."""
    is_cut: bool = False
    """Whether its END is missing."""

    def all(self, name: str) -> list[Property]:
        """Return the properties of this name, in their order."""
        return [each for each in self.properties if each.name == name]

    def first(self, name: str) -> Property | None:
        """Return the first property of this name."""
        return next((each for each in self.properties if each.name == name), None)

    def text(self, name: str) -> str:
        """Return the text of the first property of this name that has one; empty without one."""
        return next((each.text for each in self.all(name) if each.text), "")


def unescaped(value: str) -> str:
    r"""Undo the escapes of TEXT: ``\\``, ``\;``, ``\,`` and ``\n``."""
    return _ESCAPED.sub(lambda match: "\n" if match[1] in "nN" else match[1], value)


def read_property(line: str) -> Property | None:
    """Return a content line as a property; None if it is not one."""
    if found := _with_unquoted_zone(line):
        return found
    match = _LINE.fullmatch(line)
    if match is None:
        return None
    parameters = {
        name.strip().upper(): value.replace('"', "") for name, value in _PARAMETER.findall(match["parameters"])
    }
    return Property(match["name"].upper(), match["value"], parameters)


def _with_unquoted_zone(line: str) -> Property | None:
    """Return a time whose zone lacks its quotation marks, "(UTC+01:00) Berlin" in Exchange: its colon belongs to it."""
    start, _, value = line.rpartition(":")
    match = _UNQUOTED_ZONE.fullmatch(start)
    return Property(match[1].upper(), value, {"TZID": match[2]}) if match and _TIMES.fullmatch(value) else None


def joined_folds(text: str) -> str:
    """Return a string with its folded lines joined (RFC 5545 section 3.1)."""
    return _FOLD.sub("", text.replace("\r\n", "\n"))


def unfolded(text: str) -> list[str]:
    """Return the content lines of a stream; empty lines between them, which some gateways add, do not count."""
    plain = text.replace("\r\n", "\n").replace("\r", "\n")
    filled = "\n".join(line for line in plain.split("\n") if line.strip())
    return _FOLD.sub("", filled).split("\n")


def calendars(text: str) -> Iterator[Component]:
    """Yield each VCALENDAR of a stream, whatever surrounds it.

    A component that is not closed ends with the stream; a line that is not a content line is left out.
    """
    open_components: list[Component] = []
    for line in unfolded(text.replace("\ufeff", "")):
        kind, _, name = (part.strip().upper() for part in line.partition(":"))
        if kind == "BEGIN" and _may_open(open_components, name):
            open_components.append(Component(name))
        for each in open_components:
            each.lines.append(line)
        if kind == "END" and open_components:
            yield from _close(open_components, name)
        elif kind != "BEGIN" and open_components and (found := read_property(line)):
            open_components[-1].properties.append(found)
    while open_components:
        yield from _close(open_components, "")


def _may_open(open_components: list[Component], name: str) -> bool:
    """Return whether a component may start here: a VCALENDAR, or anything inside of one."""
    return len(open_components) < _DEEPEST if open_components else name == "VCALENDAR"


def _close(open_components: list[Component], name: str) -> Iterator[Component]:
    """Close the innermost component of this name and those inside of it, or just the innermost if none has this name.

    Each is added to the one around it; a calendar is yielded.
    """
    is_closed = name not in [each.name for each in open_components]
    is_first = True
    while is_first or not is_closed:
        closed = open_components.pop()
        closed.is_cut = closed.name != name
        is_closed, is_first = is_closed or closed.name == name, False
        if open_components:
            open_components[-1].components.append(closed)
        else:
            yield closed
