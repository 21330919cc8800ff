"""Pages of the notification sources."""

from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.core.cache import cache
from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template import Context
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.http import urlencode
from nautobot.apps.ui import (
    Button,
    KeyValueTablePanel,
    ObjectDetailContent,
    ObjectFieldsPanel,
    ObjectsTablePanel,
    PostButton,
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
from nautobot_circuit_maintenance.mailboxes.kinds import MAILBOX_KINDS
from nautobot_circuit_maintenance.mailboxes.settings import SourceSettings
from nautobot_circuit_maintenance.pipeline.validate import VALIDATION_SECONDS, validate
from nautobot_circuit_maintenance.ui import formatting
from nautobot_circuit_maintenance.ui.panels import VerbatimLabelsMixin
from nautobot_circuit_maintenance.views.viewset import POST_ONLY, UUID_REGEX

VALIDATION_PAUSE = 10
"""Seconds between two validations of a source: each is a login, and servers lock accounts that log in too often."""

COUNTED = timedelta(days=30)
_ROUTE = "plugins:nautobot_circuit_maintenance:{}"
_JOB = "nautobot_circuit_maintenance.jobs.HandleCircuitMaintenanceNotifications"


class ConfigurationPanel(VerbatimLabelsMixin, KeyValueTablePanel):
    """What PLUGINS_CONFIG says of a source; never its secrets."""

    label = "Configuration"
    context_data_key = "configuration"

    def get_data(self, context: Context) -> dict[str, Any]:
        """Read the settings of this source."""
        name = context["object"].name
        settings = get_app_settings()
        mistakes = [f"{problem.message} {problem.hint}" for problem in settings.problems if problem.source == name]
        if mistakes:
            return {"Mistake in the Settings": " ".join(mistakes)}
        for source in settings.sources:
            if source.name == name:
                encryption = "STARTTLS" if source.starttls else "TLS" if source.tls else "none"
                connection = {"Port": source.port, "Encryption": encryption}
                return {
                    "Kind": source.kind,
                    "Account": source.account,
                    "Host": source.host,
                    **(connection if MAILBOX_KINDS[source.kind].has_tls_settings else {}),
                    "Folder": source.folder,
                    "Header with the Sender": source.source_header,
                    "Authentication": _authentication(source),
                }
        return {"Not Configured": "PLUGINS_CONFIG names this source no more; its notifications and links stay."}


def _authentication(source: SourceSettings) -> str:
    """Say whose word about the senders a source demands."""
    if not source.require_authentication:
        return "not required"
    return f"required, by the word of {', '.join(source.trusted_authserv_ids)}"


class MailPanel(VerbatimLabelsMixin, KeyValueTablePanel):
    """What became of the mail of a source lately, each count as a link to it."""

    label = "Mail of the last 30 days"
    context_data_key = "mail"

    def get_data(self, context: Context) -> dict[str, Any]:
        """Count what the user may see."""
        source, since = context["object"], timezone.now() - COUNTED
        visible = models.Notification.objects.restrict(context["request"].user, "view").filter(source=source)
        recent = visible.filter(received_at__gte=since).order_by().values_list("state")
        counts = dict(recent.annotate(Count("pk")))
        url = reverse(_ROUTE.format("notification_list"))
        rows: dict[str, Any] = {}
        for state, label in State.CHOICES:
            query = urlencode({"source": source.pk, "state": state, "received_at__gte": since.isoformat()})
            rows[label] = format_html('<a href="{}?{}">{}</a>', url, query, counts[state]) if state in counts else "0"
        last = visible.order_by("-received_at").values_list("received_at", flat=True).first()
        return {"Last Mail": formatting.datetime_badge(last) if last else "none yet", **rows}


class ValidateButton(PostButton):
    """Shown to those who may change this source."""

    def should_render(self, context: Context) -> bool:
        """Ask the permissions, their constraints included."""
        user = context["request"].user
        return models.NotificationSource.objects.restrict(user, "change").filter(pk=context["object"].pk).exists()


class RunButton(Button):
    """Leads to the job's form with this source chosen."""

    def get_link(self, context: Context) -> str:
        """Name the source in the query."""
        form = reverse("extras:job_run_by_class_path", kwargs={"class_path": _JOB})
        return f"{form}?{urlencode({'sources': context['object'].pk})}"


class NotificationSourceUIViewSet(  # pylint: disable=abstract-method  # of forms that it has not
    ObjectDetailViewMixin,
    ObjectListViewMixin,
    ObjectEditViewMixin,
    ObjectChangeLogViewMixin,
    ObjectNotesViewMixin,
    ObjectDataComplianceViewMixin,
):
    """Sources: they come and go with the settings, people choose their providers. See ``urls`` for what is left out."""

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
            ValidateButton(
                weight=100,
                label="Validate",
                icon="mdi-connection",
                link_name=_ROUTE.format("notificationsource_validate"),
            ),
            RunButton(
                weight=200,
                label="Run now",
                icon="mdi-play",
                required_permissions=["extras.run_job"],
            ),
        ],
        panels=[
            ObjectFieldsPanel(
                weight=100,
                section=SectionChoices.LEFT_HALF,
                label="Notification source",
                fields=["name", "attach_all_providers", "last_fetched_at", "last_error"],
                value_transforms={"last_fetched_at": [formatting.datetime_badge]},
                key_transforms={"last_fetched_at": "Last Success"},
            ),
            MailPanel(
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
                table_title="Providers whose mail it reads",
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

    @action(detail=True, url_path="validate", url_name="validate", **POST_ONLY)
    def validate(self, request: HttpRequest, **_kwargs: Any) -> HttpResponse:
        """Log in and open the folder, and say how it went; this page is the only one that it leads to."""
        source = self.get_object()
        under_way = f"nautobot_circuit_maintenance.validate.{source.pk}"
        # Longer than a validation takes, so that no second one begins meanwhile, whoever asks which process.
        if not cache.add(under_way, True, VALIDATION_SECONDS + VALIDATION_PAUSE):
            messages.warning(request, f"{source} was validated a moment ago; wait {VALIDATION_PAUSE} seconds.")
            return redirect(source.get_absolute_url())
        try:
            validate(source)
        except MailboxError as error:
            messages.error(request, f"{source} cannot be read. {error}")
        else:
            messages.success(request, f"{source} is fine: the login and the folder work.")
        finally:
            cache.set(under_way, True, VALIDATION_PAUSE)
        return redirect(source.get_absolute_url())
