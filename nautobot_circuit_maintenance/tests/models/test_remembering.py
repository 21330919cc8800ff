"""A copy of a row knows what was edited in it, whatever else of it is read later."""

from datetime import timedelta

from django.db.models import Model
from django.test import TestCase

from nautobot_circuit_maintenance.models import CircuitImpact, CircuitMaintenance, MaintenanceChange, NotificationSource
from nautobot_circuit_maintenance.tests.factories.app import create_impact, create_maintenance
from nautobot_circuit_maintenance.tests.factories.core import create_circuit, create_provider

EDITS = {
    CircuitMaintenance: {"ticket": "CHG-1", "status": "IN-PROCESS", "doubts": [{"kind": "x"}], "description": "Words"},
    CircuitImpact: {"impact": "DEGRADED", "cid": "C-2", "in_all_windows": False},
    NotificationSource: {"attach_all_providers": True, "last_error": "broken", "cursor": {"count": 1}},
}
"""By model, another value for some of its fields."""


class Copies(TestCase):
    """Every model that remembers, each of its edits with each of its other fields."""

    @classmethod
    def setUpTestData(cls):
        """Create a row of each."""
        provider = create_provider("ISP")
        cls.maintenance = create_maintenance("M-1", provider, description="Long text")
        create_impact(cls.maintenance, create_circuit(provider, "C-1"))
        NotificationSource.objects.create(name="Mail")

    def pairs(self):
        """Yield model, what is edited, and another field."""
        for model, edits in EDITS.items():
            for name, value in edits.items():
                for other in edits:
                    if other != name:
                        with self.subTest(model=model.__name__, edited=name, read=other):
                            yield model, name, value, other

    def test_an_edit_is_not_forgotten_when_a_deferred_field_is_read_later(self):
        for model, name, value, other in self.pairs():
            row = model.objects.defer(other).get()
            setattr(row, name, value)
            getattr(row, other)
            self.assertTrue(row.has_changed(name))
            self.assertFalse(row.has_changed(other))

    def test_nor_when_some_fields_are_read_again_which_forgets_the_edits_of_those(self):
        for model, name, value, other in self.pairs():
            row = model.objects.get()
            setattr(row, name, value)
            setattr(row, other, EDITS[model][other])
            row.refresh_from_db(fields=[other])
            self.assertEqual((row.has_changed(name), row.has_changed(other)), (True, False))
            row.refresh_from_db()
            self.assertEqual(row.changed_attributes(), set())

    def test_nor_by_a_save_of_other_fields(self):
        for model, name, value, other in self.pairs():
            row = model.objects.get()
            before = getattr(row, other)
            setattr(row, other, EDITS[model][other])
            setattr(row, name, value)
            row.save(update_fields=[other])
            self.assertEqual((row.has_changed(name), row.has_changed(other)), (True, False))
            setattr(row, other, before)
            row.save(update_fields=[other])

    def test_a_value_for_a_field_that_was_not_read_is_an_edit(self):
        for model, name, value, other in self.pairs():
            row = model.objects.only(other).get()
            self.assertFalse(row.has_changed(name))
            setattr(row, name, value)
            self.assertTrue(row.has_changed(name))

    def test_relations_are_read_again_by_their_names(self):
        row = CircuitImpact.objects.prefetch_related("windows").get()
        row.circuit = None
        row.impact = "DEGRADED"
        row.refresh_from_db(fields=["circuit", "windows"])
        self.assertEqual(row.changed_attributes(), {"impact"})

    def test_what_was_edited_before_a_deferred_field_was_read_is_stored_and_recorded(self):
        rows: list[tuple[Model, str, str, str]] = [
            (CircuitMaintenance.objects.defer("description").get(), "status", "IN-PROCESS", "description"),
            (CircuitImpact.objects.defer("matched_by").get(), "impact", "DEGRADED", "matched_by"),
        ]
        for row, name, value, other in rows:
            setattr(row, name, value)
            getattr(row, other)
            MaintenanceChange.objects.all().delete()
            row.validated_save()
            self.assertEqual(getattr(type(row).objects.get(), name), value)
            self.assertEqual(MaintenanceChange.objects.count(), 1)

    def test_what_a_save_adopts_of_others_is_no_edit_of_this_copy(self):
        copy = CircuitMaintenance.objects.get()
        CircuitMaintenance.objects.update(description="Other words")
        copy.ticket = "CHG-9"
        copy.save(update_fields=["ticket"])
        self.assertFalse(copy.has_changed("description"))
        CircuitMaintenance.objects.update(description="Newer words")
        copy.save()
        self.assertEqual(CircuitMaintenance.objects.get().description, "Newer words")

    def test_a_stale_copy_keeps_what_others_saved_though_it_reads_a_deferred_field(self):
        copy = CircuitMaintenance.objects.defer("description").get()
        copy.start_time += timedelta(hours=1)
        CircuitMaintenance.objects.update(ticket="CHG-9", description="Other words")
        self.assertEqual(copy.description, "Other words")
        copy.save()
        stored = CircuitMaintenance.objects.get()
        self.assertEqual((stored.ticket, stored.start_time), ("CHG-9", copy.start_time))
