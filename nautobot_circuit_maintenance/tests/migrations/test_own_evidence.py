"""Evidence of the code before migration 0003 has the same conclusions in our schema, and can be converted back.

``own_evidence_rows.json`` was written by that code (commit ee73ec7): rows from the demo with its conclusions from each
row alone, and from the rows of a maintenance together.
"""

import json
from datetime import datetime
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace

from django.apps import apps
from django.test import TestCase

from nautobot_circuit_maintenance.domain.conclusion import Conclusion, conclude
from nautobot_circuit_maintenance.domain.evidence import from_json, to_json
from nautobot_circuit_maintenance.domain.updates import MaintenanceUpdate, Provenance, Window
from nautobot_circuit_maintenance.models import ParsedNotification
from nautobot_circuit_maintenance.tests.factories import app, core

MIGRATION = import_module("nautobot_circuit_maintenance.migrations.0003_own_evidence")
STORIES = json.loads((Path(__file__).parent / "own_evidence_rows.json").read_text(encoding="utf-8"))
ROWS = [row for story in STORIES for row in story["rows"]]


def moment(text):
    """Read a time."""
    return datetime.fromisoformat(text.replace("Z", "+00:00")) if text else None


def as_row(row):
    """Return a row as the migration gets it."""
    return SimpleNamespace(json=row["json"], received_at=moment(row["received_at"]), sent_at=moment(row["sent_at"]))


def migrated(row) -> MaintenanceUpdate:
    """Return the update of a migrated row."""
    provenance = Provenance(moment(row["received_at"]), moment(row["sent_at"]), row["fingerprint"])
    return from_json(MIGRATION.own_evidence(as_row(row)), provenance)


def expected(data):
    """Return a conclusion on record, without the order of events, which other rules have changed since."""
    windows = tuple(Window(moment(start), moment(end)) for start, end in data["windows"])
    return data["status"], data["description"], windows, [(cid, impact) for cid, impact in data["impacts"]]


def concluded(updates):
    """Return what follows from updates, as far as the code before knew it."""
    found: Conclusion = conclude(updates)
    return found.status, found.description, found.windows, [state[:2] for state in found.impacts]


class ConversionTest(TestCase):
    """Rows one by one."""

    maxDiff = None

    def test_each_row_has_the_same_conclusion(self):
        self.assertGreater(len(ROWS), 15)
        for row in ROWS:
            with self.subTest(row["fingerprint"]):
                self.assertEqual(concluded([migrated(row)]), expected(row["alone"]))

    def test_the_rows_of_a_maintenance_have_the_same_conclusion(self):
        for story in STORIES:
            with self.subTest(story["rows"][0]["json"][0]["maintenance_id"]):
                self.assertEqual(concluded(map(migrated, story["rows"])), expected(story["together"]))

    def test_our_schema_is_complete(self):
        for row in ROWS:
            with self.subTest(row["fingerprint"]):
                self.assertEqual(to_json(migrated(row)), MIGRATION.own_evidence(as_row(row)))

    def test_the_names_of_customer_provider_and_parser_are_kept(self):
        for row in ROWS:
            item, update = row["json"][-1], migrated(row)
            self.assertEqual((update.account, update.provider), (item["account"], item["provider"]))
            self.assertEqual(update.organizer, item["organizer"])
            self.assertEqual({"provider": update.parser.name, **update.parser.details}, item["metadata"])

    def test_events_have_only_what_messages_state(self):
        *_, made = STORIES
        calendar, text, cancellation = (migrated(row).events[0] for row in made["rows"])
        self.assertEqual((calendar.uid, calendar.sequence), ("", None))
        self.assertEqual((text.uid, text.sequence, text.issued_at), (None, None, moment("2026-11-26T21:00:00Z")))
        self.assertEqual((cancellation.issued_at, cancellation.windows), (None, ()))

    def test_the_conversion_back_restores_the_items(self):
        for row in ROWS:
            with self.subTest(row["fingerprint"]):
                converted = as_row(row)
                converted.json = MIGRATION.own_evidence(converted)
                self.assertEqual(MIGRATION.library_items(converted), row["json"])


class MigrationTest(TestCase):
    """All rows of a database."""

    def setUp(self):
        """Store the rows as the code before did, more of them than fit a page."""
        provider = core.create_provider("ISP 1")
        self.maintenances = [app.create_maintenance(f"M-{number}", provider) for number in range(3)]
        for maintenance in self.maintenances:
            for row in ROWS:
                app.create_parsed(
                    app.create_notification(provider, received_at=moment(row["received_at"])),
                    maintenance,
                    json=row["json"],
                    sent_at=moment(row["sent_at"]),
                    fingerprint=row["fingerprint"],
                )
        self.assertGreater(ParsedNotification.objects.count(), 2 * MIGRATION.PAGE_ROWS)

    def by_fingerprint(self, maintenance):
        """Return the JSON of a maintenance's rows."""
        return dict(maintenance.parsed_notifications.values_list("fingerprint", "json"))

    def test_forwards_converts_all_rows_and_backwards_restores_them(self):
        MIGRATION.forwards(apps, None)

        for maintenance in self.maintenances:
            found = {row.fingerprint: row.as_update() for row in maintenance.parsed_notifications.all()}
            self.assertEqual(found, {row["fingerprint"]: migrated(row) for row in ROWS})

        MIGRATION.backwards(apps, None)

        for maintenance in self.maintenances:
            self.assertEqual(self.by_fingerprint(maintenance), {row["fingerprint"]: row["json"] for row in ROWS})

    def test_an_interrupted_run_can_be_repeated(self):
        """Converted rows are left as they are."""
        done = ParsedNotification.objects.first()
        done.json = MIGRATION.own_evidence(done) | {"description": "Converted before"}
        done.save()

        MIGRATION.forwards(apps, None)
        self.assertEqual(MIGRATION.convert_all(ParsedNotification, list, MIGRATION.own_evidence), 0)

        self.assertEqual(ParsedNotification.objects.get(pk=done.pk).json["description"], "Converted before")
