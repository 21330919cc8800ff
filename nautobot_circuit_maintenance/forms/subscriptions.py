"""Forms of subscriptions and deliveries."""

from typing import Any
from zoneinfo import available_timezones

from django import forms
from django.contrib.auth import get_user_model
from django.http import QueryDict
from nautobot.apps.forms import (
    DynamicModelMultipleChoiceField,
    NautobotFilterForm,
    NautobotModelForm,
    StaticSelect2,
    StaticSelect2Multiple,
    TagFilterField,
    add_blank_choice,
)
from nautobot.extras.models import Contact, Job, Role, Team

from nautobot_circuit_maintenance.app_settings import get_app_settings
from nautobot_circuit_maintenance.channel_settings.job import JobSettings
from nautobot_circuit_maintenance.choices import DeliveryStateChoices, EventChoices, RhythmChoices
from nautobot_circuit_maintenance.compat import acting_user
from nautobot_circuit_maintenance.forms import fields
from nautobot_circuit_maintenance.forms.maintenances import CircuitMaintenanceFilterForm
from nautobot_circuit_maintenance.models import Delivery, Subscription
from nautobot_circuit_maintenance.outbound.channels.job.eligible import jobs_for
from nautobot_circuit_maintenance.outbound.stored_filters import problems_of
from nautobot_circuit_maintenance.ui.links import NOT_FILTERS
from nautobot_circuit_maintenance.ui.outbound import filter_query, kind_of_channel

NOT_CHOSEN = (EventChoices.DIGEST, EventChoices.JOB)
"""Events that follow from the rhythm and from the channel."""
_EVENTS = [choice for choice in EventChoices.CHOICES if choice[0] not in NOT_CHOSEN]
_NO_CHANNEL = "No channel is configured. An administrator adds one to 'channels' in PLUGINS_CONFIG."
_PREFIX = "filter"
_USUAL = ("status", "impact", "provider", "circuit", "location", "tenant", "device")


class SubscriptionForm(NautobotModelForm):
    """Add or edit a subscription; its filter has the fields of the list of maintenances."""

    events = forms.MultipleChoiceField(choices=_EVENTS, widget=StaticSelect2Multiple())
    channel = forms.ChoiceField(widget=StaticSelect2(), help_text="A channel in PLUGINS_CONFIG.")
    contacts = DynamicModelMultipleChoiceField(queryset=Contact.objects.all(), required=False)
    teams = DynamicModelMultipleChoiceField(queryset=Team.objects.all(), required=False)
    roles = DynamicModelMultipleChoiceField(
        queryset=Role.objects.all(),
        required=False,
        query_params={"content_types": "extras.contactassociation"},
        help_text="Of the contacts of what is affected; none: all roles.",
    )
    job = forms.ModelChoiceField(
        queryset=Job.objects.none(),
        required=False,
        widget=StaticSelect2(),
        help_text="For a channel that runs a job before and after each window: those that you may run, and that take its variables.",
    )
    time_zone = forms.ChoiceField(required=False, widget=StaticSelect2())
    more_filters = forms.CharField(
        required=False, help_text="Other filters of the list, as in its address: ticket__ic=CHG&name__isw=A"
    )

    class Meta:
        model = Subscription
        fields = [
            *("name", "enabled", "channel", "events", "lead_time", "lead_minutes", "job"),
            *("audience", "contacts", "teams", "roles"),
            *("rhythm", "digest_time", "digest_day", "time_zone"),
            *("one_thread", "subject_template", "body_template", "owner", "tags"),
        ]
        widgets = {
            "rhythm": StaticSelect2(),
            "audience": StaticSelect2(),
            "digest_day": StaticSelect2(),
            "owner": StaticSelect2(),
            "digest_time": forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
            "subject_template": forms.TextInput(),
            "body_template": forms.Textarea(attrs={"rows": 6, "class": "font-monospace"}),
        }

    cards = (
        ("What", ("name", "enabled", "events", "lead_time")),
        ("How", ("channel", "job", "lead_minutes", "rhythm", "digest_time", "digest_day", "time_zone", "one_thread")),
        ("Whom", ("audience", "contacts", "teams", "roles", "owner")),
        ("Text", ("subject_template", "body_template")),
    )
    """The cards of the page; that of the filter comes after the first."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Offer the channels of the settings, and the filter that is stored or that a list hands over."""
        super().__init__(*args, **kwargs)
        self._user = acting_user()
        self.fields["channel"].choices = self._channels()
        if not get_app_settings().channels.entries:
            self.fields["channel"].help_text = _NO_CHANNEL
        self.fields["time_zone"].choices = add_blank_choice(
            tuple((each, each) for each in sorted(available_timezones()))
        )
        self.fields["events"].initial = self.instance.events
        if self._user is None or not self._user.is_superuser:
            del self.fields["owner"]
        else:
            self.fields["owner"].required = False
            self.fields["owner"].help_text = "Only what the owner may view is sent. Empty: you."
        if any(each.kind == JobSettings.kind for each in get_app_settings().channels.entries):
            self.fields["job"].queryset = Job.objects.filter(pk__in=[each.pk for each in self._jobs()])
        else:
            del self.fields["job"]
        self.filter_form = self._filter_form()

    @property
    def shown_cards(self) -> list[tuple[str, list[forms.BoundField]]]:
        """The cards with their fields, for the template."""
        return [(title, [self[name] for name in names if name in self.fields]) for title, names in self.cards]

    @property
    def filters(self) -> list[forms.BoundField]:
        """The fields of the filter that most subscriptions need."""
        return [self.filter_form[name] for name in _USUAL]

    @property
    def further_filters(self) -> list[forms.BoundField]:
        """The other fields of the filter."""
        return [field for field in self.filter_form.visible_fields() if field.name not in _USUAL]

    @property
    def has_further_filter(self) -> bool:
        """Whether one of the other fields is set."""
        return any(field.value() for field in [*self.further_filters, self["more_filters"]])

    def _jobs(self) -> list[Job]:
        jobs = jobs_for(self._user) if self._user else []
        return [*jobs, *([self.instance.job] if self.instance.job else [])]

    def _channels(self) -> list[tuple[str, str]]:
        known = [(each.name, f"{each.name} ({each.kind})") for each in get_app_settings().channels.entries]
        current = self.instance.channel
        if current and current not in dict(known):
            known.append((current, f"{current} (not configured)"))
        return [("", "---------"), *sorted(known)]

    def _filter_form(self) -> CircuitMaintenanceFilterForm:
        """Return the form of the list with the stored filter; what it has no field for is in ``more_filters``."""
        if self.is_bound:
            return CircuitMaintenanceFilterForm(self.data, prefix=_PREFIX)
        stored = QueryDict(self.initial.get("filter") or filter_query(self.instance.maintenance_filter), mutable=True)
        known = CircuitMaintenanceFilterForm.base_fields
        others = QueryDict(mutable=True)
        for name in list(stored):
            if name not in known:
                others.setlist(name, stored.pop(name))
        for name in NOT_FILTERS:
            others.pop(name, None)
        self.fields["more_filters"].initial = others.urlencode()
        data = QueryDict(mutable=True)
        for name, values in stored.lists():
            data.setlist(f"{_PREFIX}-{name}", values)
        return CircuitMaintenanceFilterForm(data, prefix=_PREFIX)

    def clean_events(self) -> list[str]:
        """Store the events in the order of the vocabulary, which is how they are compared."""
        return [event for event, _ in _EVENTS if event in self.cleaned_data["events"]]

    def clean(self) -> None:
        """Take the filter together, and refuse one that the list of maintenances would refuse."""
        super().clean()
        if kind_of_channel(self.cleaned_data.get("channel", "")) == JobSettings.kind and not self.cleaned_data.get(
            "job"
        ):
            self.add_error("job", "Select the job that this channel runs.")
        wanted = self._entered_filter()
        for problem in problems_of(wanted, self._user):
            self.add_error("more_filters", problem)
        self.instance.maintenance_filter = wanted
        owner = self.cleaned_data.get("owner") if "owner" in self.fields else None
        self.instance.owner = self.cleaned_data["owner"] = owner or self._user or self.instance.owner

    def _entered_filter(self) -> dict[str, list[str]]:
        entered = QueryDict(self.cleaned_data.get("more_filters", ""), mutable=True)
        for name in CircuitMaintenanceFilterForm.base_fields:
            values = self.data.getlist(f"{_PREFIX}-{name}") if hasattr(self.data, "getlist") else []
            if any(values):
                entered.setlist(name, [each for each in values if each])
        return {name: values for name, values in entered.lists() if any(values) and name not in NOT_FILTERS}


class SubscriptionFilterForm(NautobotFilterForm):
    """Filter subscriptions."""

    model = Subscription
    q = forms.CharField(required=False, label="Search")
    owner = fields.related(get_user_model(), to_field_name="username")
    enabled = fields.yes_no("Enabled")
    rhythm = fields.multiple_choice(RhythmChoices)
    has_error = fields.yes_no("Sends nothing because of an error")
    tags = TagFilterField(model)


class DeliveryFilterForm(NautobotFilterForm):
    """Filter deliveries."""

    model = Delivery
    q = forms.CharField(required=False, label="Search")
    state = fields.multiple_choice(DeliveryStateChoices)
    event = fields.multiple_choice(EventChoices)
    subscription = fields.related_by_name(Subscription)
    channel = forms.CharField(required=False)
