"""A layout as JSON: it comes back as it was, and whatever else it may be gives a sentence that names the key."""

import copy
import json
import unittest
from typing import Any

from development.teaching.figures import taught_by_all
from development.teaching.siblings import unseen
from nautobot_circuit_maintenance.reading.layouts.stored import (
    LayoutFormatError,
    applies_to_json,
    fields_json,
    layout_of,
)

LAYOUTS = taught_by_all(unseen())
APPLIES_TO, FIELDS = applies_to_json(LAYOUTS[0]), fields_json(LAYOUTS[0])


def changed(path: str, value: Any) -> Any:
    """Return the fields with another value at a path."""
    data = copy.deepcopy(FIELDS)
    *keys, last = path.split(".")
    target = data
    for key in keys:
        target = target[int(key)] if key.isdigit() else target[key]
    target[last] = value
    return data


class TestStored(unittest.TestCase):
    """The JSON of a layout."""

    def test_it_comes_back_as_it_was(self):
        for layout in LAYOUTS:
            data = json.loads(json.dumps([applies_to_json(layout), fields_json(layout)]))
            self.assertEqual(layout_of(*data), layout)

    def test_mistakes_are_named(self):
        cases = {
            '"fields" is not an object.': None,
            '"fields.extra" is unknown.': {**FIELDS, "extra": 1},
            '"fields.windows" is missing.': {key: value for key, value in FIELDS.items() if key != "windows"},
            '"fields.windows.zone" "Mars/Base" is not a time zone.': changed("windows.zone", "Mars/Base"),
            '"fields.windows.order" is not one of day first, month first.': changed("windows.order", "year first"),
            '"fields.windows.has_backups" is not true or false.': changed("windows.has_backups", "no"),
            '"fields.maintenance_id.shapes" is not a list of at most 500 entries.': changed(
                "maintenance_id.shapes", "A-0"
            ),
            '"fields.examples" is not a count.': changed("examples", True),
            '"fields.circuits.places" is not an object.': changed("circuits.places", ["x"]),
            '"fields.maintenance_id.places.place" is not one of subject, line, behind, row, column, under.': changed(
                "maintenance_id.places", [{"place": "regex", "words": ".*"}]
            ),
            '"fields.impact.otherwise" is not one of NO-IMPACT, REDUCED-REDUNDANCY, DEGRADED, OUTAGE.': changed(
                "impact.otherwise", "BAD"
            ),
            '"fields.status.harmless" is not a list of strings of at most 300 characters.': changed(
                "status.harmless", ["x" * 301]
            ),
        }
        for sentence, fields in cases.items():
            with self.subTest(sentence), self.assertRaises(LayoutFormatError) as caught:
                layout_of(APPLIES_TO, fields)
            self.assertEqual(str(caught.exception), sentence)

    def test_a_value_that_cannot_be_compared_is_named_too(self):
        for value in ([], {}, 1.5, None):
            with self.subTest(value=value), self.assertRaises(LayoutFormatError):
                layout_of(APPLIES_TO, changed("windows.zone", value))
            with self.subTest(value=value), self.assertRaises(LayoutFormatError):
                layout_of(APPLIES_TO, changed("windows.order", value))
