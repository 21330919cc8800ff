"""Forms of maintenance notes."""

from typing import Any

from django import forms
from nautobot.apps.forms import (
    DynamicModelChoiceField,
    NautobotBulkEditForm,
    NautobotFilterForm,
    NautobotModelForm,
    StaticSelect2,
)

from nautobot_circuit_maintenance.choices import NoteLevelChoices
from nautobot_circuit_maintenance.forms import fields
from nautobot_circuit_maintenance.models import CircuitMaintenance, Note


class NoteForm(NautobotModelForm):
    """Add or edit a note on a maintenance."""

    maintenance = DynamicModelChoiceField(queryset=CircuitMaintenance.objects.all())

    class Meta:
        model = Note
        fields = ["maintenance", "title", "level", "comment"]
        widgets = {"level": StaticSelect2()}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Remove core's field for a note on the note, which is easily mistaken for the comment."""
        super().__init__(*args, **kwargs)
        self.fields.pop("object_note", None)


class NoteBulkEditForm(NautobotBulkEditForm):
    """Edit several maintenance notes."""

    pk = forms.ModelMultipleChoiceField(queryset=Note.objects.all(), widget=forms.MultipleHiddenInput)
    level = fields.optional_choice(NoteLevelChoices)
    comment = forms.CharField(required=False, widget=forms.Textarea(attrs={"rows": 3}))

    class Meta:
        model = Note
        nullable_fields = ["comment"]


class NoteFilterForm(NautobotFilterForm):
    """Filter maintenance notes."""

    model = Note
    field_order = ["q", "level", "maintenance"]
    q = forms.CharField(required=False, label="Search")
    level = fields.multiple_choice(NoteLevelChoices)
    maintenance = fields.related(CircuitMaintenance)
