"""Pages of mail layouts: what they have learned, what they make of stored notifications, and what is done with them.

What reads email is imported when it is used, not at each start.
"""

# pylint: disable=import-outside-toplevel  # see above

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template import Context
from django.urls import reverse
from django.utils import timezone
from nautobot.apps.ui import (
    Button,
    ButtonColorChoices,
    ObjectDetailContent,
    ObjectFieldsPanel,
    ObjectsTablePanel,
    SectionChoices,
)
from nautobot.circuits.models import Provider
from rest_framework.decorators import action

from nautobot_circuit_maintenance import filters, forms, models, tables
from nautobot_circuit_maintenance.analysis.visibility import Visibility
from nautobot_circuit_maintenance.api import serializers
from nautobot_circuit_maintenance.choices import MailLayoutStateChoices as State
from nautobot_circuit_maintenance.models.layouts import SUSPENDED_BY, is_layout
from nautobot_circuit_maintenance.pipeline.enqueue import enqueue_replay
from nautobot_circuit_maintenance.ui import formatting
from nautobot_circuit_maintenance.views.asking import ASKING, answered, ask, back_to
from nautobot_circuit_maintenance.views.buttons import ChangeButton
from nautobot_circuit_maintenance.views.layout_panels import ContentPanel, ReplayPanel
from nautobot_circuit_maintenance.views.viewset import GET_ONLY, POST_ONLY, UUID_REGEX, EditOneByOneUIViewSet

_ROUTE = "plugins:nautobot_circuit_maintenance:maillayout_{}"
_NO_WORKER = (
    'There are too many notifications for a web request: enable the job "Replay Mail Layout" and start a worker.'
)
_NEXT = {
    State.DRAFT: (State.TRIAL, State.LIVE),
    State.TRIAL: (State.LIVE, State.SUSPENDED),
    State.LIVE: (State.SUSPENDED,),
    State.SUSPENDED: (State.TRIAL, State.LIVE),
}
"""What a layout can be put into from each state."""
_MESSAGES = {
    State.TRIAL: "{} is on trial: it reads new notifications and adds nothing.",
    State.LIVE: "{} is live: it reads new notifications that no parser reads. Reprocess older ones if they are wanted.",
    State.SUSPENDED: "{} is suspended and reads nothing.",
}


class StateButton(ChangeButton):
    """A button for users who may change the layout, if the layout can be put into its state."""

    def __init__(self, *, state: str, **kwargs: Any) -> None:
        """Take the state."""
        self._state = state
        super().__init__(**kwargs)

    def should_render(self, context: Context) -> bool:
        """Check the state, then the permission with its constraints."""
        layout = context["object"]
        if self._state not in _NEXT[layout.state] or (self._state == State.LIVE and not layout.may_go_live):
            return False
        return super().should_render(context)


class MailLayoutUIViewSet(EditOneByOneUIViewSet):  # pylint: disable=too-many-ancestors  # core's mixins
    """Mail layouts; they are added by teaching or by importing."""

    lookup_value_regex = UUID_REGEX
    action_buttons = ("export",)
    queryset = models.MailLayout.objects.select_related("provider")
    serializer_class = serializers.MailLayoutSerializer
    table_class = tables.MailLayoutTable
    filterset_class = filters.MailLayoutFilterSet
    filterset_form_class = forms.MailLayoutFilterForm
    form_class = forms.MailLayoutForm
    object_detail_content = ObjectDetailContent(
        extra_buttons=[
            StateButton(
                weight=100,
                label="Go Live",
                color=ButtonColorChoices.GREEN,
                icon="mdi-play",
                link_name=_ROUTE.format("live"),
                state=State.LIVE,
            ),
            StateButton(
                weight=110,
                label="Start Trial",
                icon="mdi-flask-outline",
                link_name=_ROUTE.format("trial"),
                state=State.TRIAL,
            ),
            StateButton(
                weight=120, label="Suspend", icon="mdi-pause", link_name=_ROUTE.format("suspend"), state=State.SUSPENDED
            ),
            ChangeButton(weight=130, label="Replay", icon="mdi-replay", link_name=_ROUTE.format("replay")),
            Button(weight=140, label="Export YAML", icon="mdi-download", link_name=_ROUTE.format("yaml")),
        ],
        panels=[
            ObjectFieldsPanel(
                weight=100,
                section=SectionChoices.LEFT_HALF,
                label="Mail Layout",
                fields=["provider", "name", "state", "version", "refusals", "suspended_because"],
                value_transforms={"state": [formatting.badge]},
                key_transforms={"refusals": "Refusals in a Row"},
                hide_if_unset=["suspended_because"],
            ),
            ContentPanel(weight=200, section=SectionChoices.LEFT_HALF),
            ReplayPanel(weight=100, section=SectionChoices.RIGHT_HALF),
            ObjectsTablePanel(
                weight=200,
                section=SectionChoices.FULL_WIDTH,
                table_class=tables.NotificationTable,
                table_attribute="examples",
                table_title="Taught With",
                related_field_name="taught_layouts",
                enable_related_link=False,
                add_button_route=None,
                show_table_config_button=False,
            ),
        ],
    )

    @action(detail=True, url_path="replay", url_name="replay", **POST_ONLY)
    def replay(self, request: HttpRequest, **_kwargs: Any) -> HttpResponse:
        """Try the layout on the stored notifications."""
        layout = self.get_object()
        start_replay(request, layout)
        return redirect(layout.get_absolute_url())

    @action(detail=True, url_path="trial", url_name="trial", **POST_ONLY)
    def trial(self, request: HttpRequest, **_kwargs: Any) -> HttpResponse:
        """Let the layout read without adding anything."""
        return self._change_state(request, State.TRIAL)

    @action(detail=True, url_path="live", url_name="live", **POST_ONLY)
    def live(self, request: HttpRequest, **_kwargs: Any) -> HttpResponse:
        """Let the layout add maintenances."""
        return self._change_state(request, State.LIVE)

    @action(detail=True, url_path="suspend", url_name="suspend", **POST_ONLY)
    def suspend(self, request: HttpRequest, **_kwargs: Any) -> HttpResponse:
        """Stop the layout."""
        return self._change_state(request, State.SUSPENDED)

    def _change_state(self, request: HttpRequest, state: str) -> HttpResponse:
        from nautobot_circuit_maintenance.pipeline.layouts.states import change_state

        layout = self.get_object()
        reason = f"{SUSPENDED_BY}{request.user.get_username()}." if state == State.SUSPENDED else ""
        try:
            change_state(layout, state, reason)
        except ValidationError as error:  # of change_state(): it was not replayed, or it is wrong
            messages.error(request, " ".join(error.messages))
        else:
            messages.success(request, _MESSAGES[state].format(layout))
        return redirect(layout.get_absolute_url())

    @action(detail=True, url_path="yaml", url_name="yaml", **GET_ONLY)
    def yaml(self, _request: HttpRequest, **_kwargs: Any) -> HttpResponse:
        """Download the layout as a file that can be imported."""
        from nautobot_circuit_maintenance.pipeline.layouts.files import as_yaml

        layout = self.get_object()
        headers = {"Content-Disposition": f'attachment; filename="layout-{layout.pk}.yaml"'}
        return HttpResponse(as_yaml([layout]), content_type="application/yaml; charset=utf-8", headers=headers)

    @action(
        detail=False, url_path="import-yaml", url_name="import_yaml", **{**ASKING, "custom_view_base_action": "add"}
    )
    def import_yaml(self, request: HttpRequest, **_kwargs: Any) -> HttpResponse:
        """Ask for the text of a file, then add its layouts as drafts."""
        from nautobot_circuit_maintenance.pipeline.layouts import files

        if not request.user.has_perm("nautobot_circuit_maintenance.add_maillayout"):
            raise PermissionDenied("You may not add mail layouts.")
        return_url = reverse(_ROUTE.format("list"))
        form = answered(request, forms.ImportLayoutsForm)
        if form.is_valid():
            providers = Provider.objects.restrict(request.user, "view")
            may_change = models.MailLayout.objects.restrict(request.user, "change")
            try:
                done = files.import_layouts(files.from_yaml(form.cleaned_data["text"]), providers, may_change)
            except files.LayoutFileError as error:
                form.add_error("text", str(error))
            else:
                messages.success(request, ", ".join(f"{len(each)} {result}" for result, each in done.items()) + ".")
                return redirect(return_url)
        return ask(request, form, title="Import mail layouts", button="Import", return_url=return_url)


def start_replay(request: HttpRequest, layout: models.MailLayout) -> None:
    """Try a layout now, or let a worker do it if there are many notifications."""
    from nautobot_circuit_maintenance.pipeline.layouts.states import is_for_job, replay_now

    if not is_for_job(layout):
        replay_now(layout, timezone.now())
    elif enqueue_replay(request.user, layout):
        messages.info(
            request, "A worker tries the layout on all stored notifications. Reload the page to see the result."
        )
    else:
        messages.warning(request, _NO_WORKER)


class TeachButton(Button):
    """A button for users who may add layouts, where one maintenance is on record that no layout read."""

    def should_render(self, context: Context) -> bool:
        """Check the permissions, then what is on record."""
        user, row = context["request"].user, context["object"]
        if not may_teach(user):
            return False
        evidence = Visibility.of(user).parsed_notifications.filter(notification=row)
        is_stored = models.Notification.objects.filter(pk=row.pk, raw__isnull=False)
        parsers = list(evidence.values_list("parser", flat=True)[:2])
        return len(parsers) == 1 and not is_layout(parsers[0]) and is_stored.exists()


def may_teach(user: Any) -> bool:
    """Return whether a user may add layouts or change any."""
    return any(user.has_perm(f"nautobot_circuit_maintenance.{right}_maillayout") for right in ("add", "change"))


class TeachMixin:
    """The page of notifications that teaches a layout."""

    get_object: Any

    @action(detail=True, url_path="teach", url_name="teach", **{**ASKING, "custom_view_base_action": "view"})
    def teach(self, request: HttpRequest, **_kwargs: Any) -> HttpResponse:
        """Ask which layout, then teach it and try it."""
        from nautobot_circuit_maintenance.pipeline.layouts import teaching
        from nautobot_circuit_maintenance.reading.layouts.examples import TeachingError

        row = self.get_object()
        if not may_teach(request.user):
            raise PermissionDenied("You may not teach mail layouts.")
        may_change = models.MailLayout.objects.restrict(request.user, "change")
        form = answered(request, forms.TeachForm, notification=row, layouts=may_change)
        if form.is_valid():
            layout = form.cleaned_data["layout"] or models.MailLayout(
                provider=row.provider, name=form.cleaned_data["name"]
            )
            if not layout.present_in_database and not request.user.has_perm(
                "nautobot_circuit_maintenance.add_maillayout"
            ):
                raise PermissionDenied("You may not add mail layouts.")
            try:
                layout = teaching.teach(row, layout)
            except (TeachingError, ValidationError) as error:
                form.add_error("layout", getattr(error, "messages", None) or str(error))
            else:
                hint = " It reads nothing until you click Go Live." if layout.state == State.DRAFT else ""
                messages.success(request, f"{layout} was taught with this email.{hint}")
                start_replay(request, layout)
                return redirect(layout.get_absolute_url())
        return_url = back_to(request, row.get_absolute_url())
        explanation = (
            "The layout learns where the fields stand in this email, and is tried on every stored notification of "
            f"{row.provider} before it can go live."
        )
        return ask(
            request,
            form,
            title=f"Teach the layout of {row}",
            button="Teach",
            return_url=return_url,
            explanation=explanation,
        )
