"""Pages of the notification sources."""

from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template import Context
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from nautobot.apps.ui import (
    Button,
    KeyValueTablePanel,
    ObjectDetailContent,
    ObjectFieldsPanel,
    ObjectsTablePanel,
    SectionChoices,
)
from nautobot.apps.views import (
    ObjectChangeLogViewMixin,
    ObjectDataComplianceViewMixin,
    ObjectDetailViewMixin,
    ObjectEditViewMixin,
    ObjectListViewMixin,
    ObjectNotesViewMixin,
)
from rest_framework.decorators import action

from nautobot_circuit_maintenance import filters, forms, models, tables
from nautobot_circuit_maintenance.api import serializers
from nautobot_circuit_maintenance.app_settings import get_app_settings
from nautobot_circuit_maintenance.choices import NotificationStateChoices as State
from nautobot_circuit_maintenance.domain.errors import MailboxError
from nautobot_circuit_maintenance.domain.text import storable
from nautobot_circuit_maintenance.pipeline.sources import synchronize_sources
from nautobot_circuit_maintenance.pipeline.validate import VALIDATION_SECONDS, validate
from nautobot_circuit_maintenance.ui import formatting
from nautobot_circuit_maintenance.ui.links import list_url
from nautobot_circuit_maintenance.ui.panels import VerbatimLabelsMixin, counts_by_state
from nautobot_circuit_maintenance.views.buttons import ChangeButton
from nautobot_circuit_maintenance.views.consents import AuthorizeButton, ConsentMixin, RevokeButton
from nautobot_circuit_maintenance.views.viewset import POST_ONLY, UUID_REGEX, StorableQueryMixin

VALIDATION_PAUSE = 10
"""Seconds between two connection tests of a source: servers lock accounts that log in too often."""

PERIOD = timedelta(days=30)
_ROUTE = "plugins:nautobot_circuit_maintenance:{}"
_JOB = "nautobot_circuit_maintenance.jobs.HandleCircuitMaintenanceNotifications"


class ConfigurationPanel(VerbatimLabelsMixin, KeyValueTablePanel):
    """The settings of a source in PLUGINS_CONFIG, without its secrets."""

    label = "Configuration"
    context_data_key = "configuration"

    def get_data(self, context: Context) -> dict[str, Any]:
        """Read the settings of this source."""
        name = context["object"].name
        settings = get_app_settings()
        mistakes = [f"{problem.message} {problem.hint}" for problem in settings.problems if problem.source == name]
        if mistakes:
            return {"Configuration Error": " ".join(mistakes)}
        for source in settings.sources:
            if source.name == name:
                return source.describe()
        return {"Not Configured": "This source is no longer in PLUGINS_CONFIG. Its notifications are kept."}


class NotificationsPanel(VerbatimLabelsMixin, KeyValueTablePanel):
    """The recent notifications of a source by state, each count as a link to them."""

    label = "Notifications (last 30 days)"
    context_data_key = "notifications"

    def get_data(self, context: Context) -> dict[str, Any]:
        """Count the notifications that the user may view."""
        source, since = context["object"], timezone.now() - PERIOD
        visible = models.Notification.objects.restrict(context["request"].user, "view").filter(source=source)
        recent = visible.filter(received_at__gte=since)
        rows = counts_by_state(
            recent,
            State.CHOICES,
            lambda state: list_url("notification", source=source.pk, state=state, received_at__gte=since),
        )
        latest = visible.order_by("-received_at").values_list("received_at", flat=True).first()
        return {"Latest Notification": formatting.datetime_badge(latest), **rows}


class RunButton(Button):
    """A link to the job's form with this source selected."""

    def get_link(self, context: Context) -> str:
        """Add the source to the query string."""
        form = reverse("extras:job_run_by_class_path", kwargs={"class_path": _JOB})
        return f"{form}?{urlencode({'sources': context['object'].pk})}"


class NotificationSourceUIViewSet(  # pylint: disable=abstract-method  # the form methods
    ConsentMixin,
    StorableQueryMixin,
    ObjectDetailViewMixin,
    ObjectListViewMixin,
    ObjectEditViewMixin,
    ObjectChangeLogViewMixin,
    ObjectNotesViewMixin,
    ObjectDataComplianceViewMixin,
):
    """Sources; PLUGINS_CONFIG adds and removes them, users choose their providers. See ``urls``."""

    lookup_value_regex = UUID_REGEX
    action_buttons = ("export",)
    queryset = models.NotificationSource.objects.all()
    serializer_class = serializers.NotificationSourceSerializer
    table_class = tables.NotificationSourceTable
    filterset_class = filters.NotificationSourceFilterSet
    filterset_form_class = forms.NotificationSourceFilterForm
    form_class = forms.NotificationSourceForm
    object_detail_content = ObjectDetailContent(
        extra_buttons=[
            ChangeButton(
                weight=100,
                label="Test Connection",
                icon="mdi-connection",
                link_name=_ROUTE.format("notificationsource_validate"),
            ),
            AuthorizeButton(
                weight=120,
                label="Authorize",
                icon="mdi-account-key",
                link_name=_ROUTE.format("notificationsource_authorize"),
            ),
            RevokeButton(
                weight=140,
                label="Revoke",
                icon="mdi-account-key-outline",
                link_name=_ROUTE.format("notificationsource_revoke"),
            ),
            RunButton(
                weight=200,
                label="Run Job",
                icon="mdi-play",
                required_permissions=["extras.run_job"],
            ),
        ],
        panels=[
            ObjectFieldsPanel(
                weight=100,
                section=SectionChoices.LEFT_HALF,
                label="Notification Source",
                fields=["name", "attach_all_providers", "last_fetched_at", "last_error"],
                value_transforms={"last_fetched_at": [formatting.datetime_badge]},
                key_transforms={"last_fetched_at": "Last Success"},
            ),
            NotificationsPanel(
                weight=200,
                section=SectionChoices.LEFT_HALF,
                required_permissions=["nautobot_circuit_maintenance.view_notification"],
            ),
            ConfigurationPanel(weight=100, section=SectionChoices.RIGHT_HALF),
            ObjectsTablePanel(
                weight=100,
                section=SectionChoices.FULL_WIDTH,
                table_class=tables.SourceProviderTable,
                table_attribute="providers",
                table_title="Providers",
                related_field_name="notification_sources",
                add_button_route=None,
                enable_related_link=False,
            ),
            ObjectsTablePanel(
                weight=200,
                section=SectionChoices.FULL_WIDTH,
                table_class=tables.NotificationTable,
                table_filter="source",
                exclude_columns=["source"],
                max_display_count=10,
                add_button_route=None,
            ),
        ],
    )

    def list(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Show a source as soon as the settings name it, before a job or a migration ran."""
        if get_app_settings().source_names - set(models.NotificationSource.objects.values_list("name", flat=True)):
            synchronize_sources()
        return super().list(request, *args, **kwargs)

    @action(detail=True, url_path="validate", url_name="validate", **POST_ONLY)
    def validate(self, request: HttpRequest, **_kwargs: Any) -> HttpResponse:
        """Log in and open the folder, and show the result on the page of the source."""
        source = self.get_object()
        lock = f"nautobot_circuit_maintenance.validate.{source.pk}"
        # Longer than a test takes, so that no process starts a second one.
        if not cache.add(lock, True, VALIDATION_SECONDS + VALIDATION_PAUSE):
            messages.warning(request, f"Please wait {VALIDATION_PAUSE} seconds before testing again.")
            return redirect(source.get_absolute_url())
        try:
            validate(source)
        except MailboxError as error:
            models.NotificationSource.objects.filter(pk=source.pk).update(last_error=storable(str(error)))
            messages.error(request, f"Connection failed: {error}")
        else:
            messages.success(request, "Connection successful.")
        finally:
            cache.set(lock, True, VALIDATION_PAUSE)
        return redirect(source.get_absolute_url())
