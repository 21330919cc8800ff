"""A layout as JSON: what a page shows, what is stored, and what teams share as YAML. It has no text of an email but labels."""

from collections.abc import Mapping, Sequence
from typing import Any, NoReturn
from zoneinfo import available_timezones

from nautobot_circuit_maintenance.domain.updates import IMPACTS, STATUSES
from nautobot_circuit_maintenance.reading.candidates.dates import DAY_FIRST, MONTH_FIRST
from nautobot_circuit_maintenance.reading.layouts.layout import (
    ALL,
    ZONE,
    AppliesTo,
    CircuitField,
    IdField,
    ImpactField,
    Kind,
    Layout,
    Places,
    StatusField,
    WindowField,
)
from nautobot_circuit_maintenance.reading.layouts.marks import PLACES, Mark

_MOST, _LONGEST = 500, 300
_FIELDS = ("maintenance_id", "windows", "circuits", "status", "impact")


class LayoutFormatError(ValueError):
    """JSON that is not a layout; the text is a sentence that names the key."""


def applies_to_json(layout: Layout) -> dict[str, Any]:
    """Return what a message must have."""
    each = layout.applies_to
    return {"senders": list(each.senders), "subjects": list(each.subjects), "words": list(each.words)}


def fields_json(layout: Layout) -> dict[str, Any]:
    """Return how the fields are found."""
    ids, windows, circuits, impact = layout.maintenance_id, layout.windows, layout.circuits, layout.impact
    return {
        "maintenance_id": {**_places_json(ids.places), "shapes": list(ids.shapes)},
        "windows": {
            **_places_json(windows.places),
            "zone": windows.zone,
            "order": windows.order,
            "has_backups": windows.has_backups,
        },
        "circuits": {
            **_places_json(circuits.places),
            "shapes": list(circuits.shapes),
            "may_be_missing": circuits.may_be_missing,
        },
        "status": {
            "kinds": [
                {"status": each.status, "subject": each.subject, "phrases": list(each.phrases)}
                for each in layout.status.kinds
            ],
            "harmless": list(layout.status.harmless),
        },
        "impact": {"from_words": impact.from_words, "otherwise": impact.otherwise},
        "examples": layout.examples,
    }


def layout_of(applies_to: Any, fields: Any) -> Layout:
    """Return the layout of this JSON; raises LayoutFormatError."""
    conditions = _Object(applies_to, "applies_to", ("senders", "subjects", "words"))
    every = _Object(fields, "fields", (*_FIELDS, "examples"))
    ids = every.object("maintenance_id", ("places", "dropped", "shapes"))
    circuits = every.object("circuits", ("places", "dropped", "shapes", "may_be_missing"))
    impact = every.object("impact", ("from_words", "otherwise"))
    return Layout(
        AppliesTo(conditions.texts("senders"), conditions.texts("subjects"), conditions.texts("words")),
        IdField(ids.places(PLACES), ids.texts("shapes")),
        _windows(every.object("windows", ("places", "dropped", "zone", "order", "has_backups"))),
        CircuitField(circuits.places(PLACES), circuits.texts("shapes"), circuits.flag("may_be_missing")),
        _status(every.object("status", ("kinds", "harmless"))),
        ImpactField(impact.flag("from_words"), impact.one_of("otherwise", ("", *IMPACTS))),
        every.number("examples"),
    )


def _windows(windows: "_Object") -> WindowField:
    zone = windows.text("zone")
    if zone and zone not in available_timezones():
        windows.fail("zone", f'"{zone}" is not a time zone')
    return WindowField(
        windows.places((*PLACES, ZONE, ALL.place)),
        zone,
        windows.one_of("order", ("", DAY_FIRST, MONTH_FIRST)),
        windows.flag("has_backups"),
    )


def _status(status: "_Object") -> StatusField:
    kinds = []
    for kind in status.objects("kinds", ("status", "subject", "phrases")):
        kinds.append(Kind(kind.one_of("status", STATUSES), kind.text("subject"), kind.texts("phrases")))
    return StatusField(tuple(kinds), status.texts("harmless"))


def _places_json(places: Places) -> dict[str, Any]:
    return {
        name: [mark._asdict() for mark in marks]
        for name, marks in (("places", places.kept), ("dropped", places.dropped))
    }


class _Object:
    """An object of JSON whose keys are read with their type."""

    def __init__(self, data: Any, name: str, keys: Sequence[str]) -> None:
        """Take what should be an object with exactly these keys."""
        self._data: Mapping[str, Any] = data if isinstance(data, Mapping) else {}
        self._name = name
        if not isinstance(data, Mapping):
            raise LayoutFormatError(f'"{name}" is not an object.')
        for key in data:
            if key not in keys:
                self.fail(str(key)[:50], "is unknown")
        for key in keys:
            if key not in data:
                self.fail(key, "is missing")

    def fail(self, key: str, problem: str) -> NoReturn:
        """Raise LayoutFormatError for a key."""
        raise LayoutFormatError(f'"{self._name}.{key}" {problem}.')

    def object(self, key: str, keys: Sequence[str]) -> "_Object":
        """Return an object."""
        return _Object(self._data[key], f"{self._name}.{key}", keys)

    def objects(self, key: str, keys: Sequence[str]) -> list["_Object"]:
        """Return a list of objects."""
        return [_Object(each, f"{self._name}.{key}", keys) for each in self._list(key)]

    def text(self, key: str) -> str:
        """Return a string."""
        value = self._data[key]
        if not isinstance(value, str) or len(value) > _LONGEST:
            self.fail(key, f"is not a string of at most {_LONGEST} characters")
        return value

    def texts(self, key: str) -> tuple[str, ...]:
        """Return a list of strings."""
        values = self._list(key)
        if not all(isinstance(value, str) and len(value) <= _LONGEST for value in values):
            self.fail(key, f"is not a list of strings of at most {_LONGEST} characters")
        return tuple(values)

    def flag(self, key: str) -> bool:
        """Return true or false."""
        if not isinstance(self._data[key], bool):
            self.fail(key, "is not true or false")
        return bool(self._data[key])

    def number(self, key: str) -> int:
        """Return a count."""
        value = self._data[key]
        if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < 1_000_000:
            self.fail(key, "is not a count")
        return value

    def one_of(self, key: str, values: Sequence[str]) -> str:
        """Return one of these strings."""
        if self._data[key] not in values:
            self.fail(key, f"is not one of {', '.join(values).lstrip(', ')}")
        return str(self._data[key])

    def places(self, names: Sequence[str]) -> Places:
        """Return the places of a field."""
        return Places(*(tuple(self._marks(key, names)) for key in ("places", "dropped")))

    def _marks(self, key: str, names: Sequence[str]) -> list[Mark]:
        found = self.objects(key, ("place", "words"))
        return [Mark(each.one_of("place", names), each.text("words")) for each in found]

    def _list(self, key: str) -> list[Any]:
        value = self._data[key]
        if not isinstance(value, list) or len(value) > _MOST:
            self.fail(key, f"is not a list of at most {_MOST} entries")
        return value
