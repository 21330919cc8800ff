"""Forms: Nautobot's generic tests, and optional and required fields."""

from datetime import timedelta

from nautobot.apps.testing import TestCase
from nautobot.circuits.models import Circuit, Provider

from nautobot_circuit_maintenance import forms, models
from nautobot_circuit_maintenance.choices import (
    CircuitImpactChoices as Impact,
    CircuitMaintenanceStatusChoices as Status,
)
from nautobot_circuit_maintenance.tests import inherited
from nautobot_circuit_maintenance.tests.factories import app, core
from nautobot_circuit_maintenance.tests.factories.mail import NOON


class CircuitMaintenanceFormGenericTest(inherited.FormTestCase):
    """Nautobot's tests."""

    form_class = forms.CircuitMaintenanceForm


class CircuitImpactFormGenericTest(inherited.FormTestCase):
    """Nautobot's tests."""

    form_class = forms.CircuitImpactForm


class NoteFormGenericTest(inherited.FormTestCase):
    """Nautobot's tests."""

    form_class = forms.NoteForm


class NotificationSourceFormGenericTest(inherited.FormTestCase):
    """Nautobot's tests."""

    form_class = forms.NotificationSourceForm


class CircuitMaintenanceFormTest(TestCase):
    """Adding and editing a maintenance."""

    def form(self, **data):
        """Return a form with this data."""
        return forms.CircuitMaintenanceForm(data={"name": "M", "status": Status.CONFIRMED, **data})

    def test_start_and_end_create_a_window(self):
        form = self.form(start_time="2026-11-20 12:00:00", end_time="2026-11-20 14:00:00")

        maintenance = form.save()

        windows = maintenance.windows.values_list("start_time", "end_time")
        self.assertEqual(list(windows), [(maintenance.start_time, maintenance.end_time)])

    def test_end_must_be_after_start(self):
        form = self.form(start_time="2026-11-20 12:00:00", end_time="2026-11-20 12:00:00")

        self.assertIn("end_time", form.errors)

    def test_provider_and_times_are_optional(self):
        self.assertTrue(self.form().is_valid())

    def test_duplicate_name_is_rejected(self):
        provider = core.create_provider("ISP")
        app.create_maintenance("M", provider)
        app.create_maintenance("M")

        self.assertFalse(self.form(provider=provider.pk).is_valid())
        self.assertFalse(self.form().is_valid())


class CircuitImpactFormTest(TestCase):
    """Adding and editing an impact."""

    @classmethod
    def setUpTestData(cls):
        app.create_world()

    def form(self, **data):
        """Return a form with this data."""
        maintenance = app.create_maintenance("NEW", Provider.objects.get(name="ISP 1"))
        return forms.CircuitImpactForm(data={"maintenance": maintenance.pk, "impact": Impact.OUTAGE, **data})

    def test_circuit_id_defaults_to_the_circuits(self):
        self.assertEqual(self.form(circuit=Circuit.objects.get(cid="C-1").pk).save().cid, "C-1")

    def test_circuit_id_may_be_unknown(self):
        self.assertIsNone(self.form(cid="NOBODY-KNOWS").save().circuit)

    def test_circuit_or_circuit_id_is_required(self):
        self.assertIn("cid", self.form().errors)

    def test_circuits_are_affected_in_all_windows_by_default(self):
        self.assertTrue(self.form(cid="C-9").save().in_all_windows)

    def test_windows_can_be_chosen(self):
        impact = self.form(cid="C-9").save()
        second = app.add_window(impact.maintenance, NOON + timedelta(days=1))
        data = {"maintenance": impact.maintenance.pk, "cid": "C-9", "impact": Impact.OUTAGE}

        def saved(**chosen) -> tuple[bool, list]:
            form = forms.CircuitImpactForm(data={**data, **chosen}, instance=models.CircuitImpact.objects.get())
            row = form.save()
            return row.in_all_windows, list(row.windows.all())

        models.CircuitImpact.objects.exclude(pk=impact.pk).delete()
        self.assertEqual(saved(affected_in="selected", windows=[second.pk]), (False, [second]))
        self.assertEqual(saved(windows=[second.pk]), (False, [second]))  # what is stored, if a script does not send it
        self.assertEqual(saved(affected_in="none", windows=[second.pk]), (False, []))
        self.assertEqual(saved(affected_in="all"), (True, []))

    def test_windows_of_another_maintenance_are_rejected(self):
        other = app.create_maintenance("OTHER").windows.get()

        form = self.form(cid="C-9", affected_in="selected", windows=[other.pk])
        without = forms.CircuitImpactForm({**form.data, "windows": []})

        self.assertIn("windows", form.errors)
        self.assertEqual(without.errors["windows"], ["Select at least one window."])

    def test_several_impacts_are_added_at_once(self):
        provider = Provider.objects.get(name="ISP 1")
        known, more = core.create_circuit(provider, "K-1"), core.create_circuit(provider, "K-2")
        form = self.form(
            cid="FIRST", further_circuits=[known.pk], further_ids=" K-2 \n\nNEW\nNEW", impact=Impact.DEGRADED
        )

        form.save()

        rows = form.instance.maintenance.impacts.order_by("cid").values_list("cid", "circuit", "impact")
        found = {(cid, circuit) for cid, circuit, _ in rows}
        self.assertEqual(found, {("FIRST", None), ("K-1", known.pk), ("K-2", more.pk), ("NEW", None)})
        self.assertEqual({impact for *_, impact in rows}, {Impact.DEGRADED})

    def test_further_circuits_of_another_provider_and_ids_named_twice_are_rejected(self):
        other = Circuit.objects.get(cid="C-2").pk
        first = self.form(cid="FIRST", further_circuits=[other])
        again = forms.CircuitImpactForm({**first.data, "further_circuits": [], "further_ids": "FIRST"})

        self.assertIn("further_circuits", first.errors)
        self.assertIn("further_ids", again.errors)
        self.assertEqual(models.CircuitImpact.objects.filter(cid="FIRST").count(), 0)

    def test_further_impacts_are_in_the_same_windows(self):
        maintenance = app.create_maintenance("TWO", Provider.objects.get(name="ISP 1"))
        second = app.add_window(maintenance, NOON + timedelta(days=1))
        data = {"maintenance": maintenance.pk, "impact": Impact.OUTAGE, "cid": "A", "further_ids": "B"}
        forms.CircuitImpactForm({**data, "affected_in": "selected", "windows": [second.pk]}).save()

        self.assertEqual([list(row.windows.all()) for row in maintenance.impacts.all()], [[second], [second]])

    def test_circuit_of_another_provider_is_rejected(self):
        self.assertIn("circuit", self.form(circuit=Circuit.objects.get(cid="C-2").pk).errors)


class NotificationSourceFormTest(TestCase):
    """The providers of a source."""

    def test_only_providers_can_be_changed(self):
        source = models.NotificationSource.objects.create(name="Mail")
        form = forms.NotificationSourceForm(instance=source, data={"name": "Other", "providers": []})

        self.assertEqual(form.save().name, "Mail")
