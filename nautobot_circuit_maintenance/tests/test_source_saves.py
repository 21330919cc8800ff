"""A person saves a source while a run reads it: what the run stored since stays."""

from nautobot_circuit_maintenance.forms import NotificationSourceForm
from nautobot_circuit_maintenance.models import NotificationSource
from nautobot_circuit_maintenance.tests.cases import PipelineTestCase

STORED = {"cursor": {"count": 500}, "searched_senders": ["noc@isp.example"], "last_error": "broken"}


class SourceSaves(PipelineTestCase):
    """A copy that was read before a run moved the cursor is saved after it."""

    def setUp(self):
        """Read a copy, then let a run store what it does."""
        NotificationSource.objects.filter(pk=self.source.pk).update(cursor={"count": 100}, last_error="")
        self.copy = NotificationSource.objects.get(pk=self.source.pk)
        NotificationSource.objects.filter(pk=self.source.pk).update(**STORED)

    def stored(self) -> dict:
        """Return what the run stored, as it is now."""
        return NotificationSource.objects.values(*STORED).get(pk=self.source.pk)

    def test_a_form_writes_back_neither_cursor_nor_senders_nor_error(self):
        form = NotificationSourceForm({"providers": []}, instance=self.copy)
        self.assertTrue(form.is_valid(), form.errors)
        form.save()

        self.assertEqual(self.stored(), STORED)
        self.assertFalse(self.copy.providers.exists())

    def test_nor_does_a_save_after_validation_and_what_it_changes_is_stored(self):
        self.copy.attach_all_providers = True
        self.copy.validated_save()

        self.assertEqual(self.stored(), STORED)
        self.assertTrue(NotificationSource.objects.get(pk=self.source.pk).attach_all_providers)

    def test_what_a_copy_changed_itself_is_written_in_place_too(self):
        """Lists and dictionaries are edited in place."""
        self.copy.cursor["count"] = 7
        self.copy.save()

        self.assertEqual(self.stored(), {**STORED, "cursor": {"count": 7}})
