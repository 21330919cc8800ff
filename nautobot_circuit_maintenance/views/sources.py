"""Pages of the notification sources."""

from typing import Any

from django.template import Context
from nautobot.apps.ui import (
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
from nautobot.circuits.tables import ProviderTable

from nautobot_circuit_maintenance import display, filters, forms, models, tables
from nautobot_circuit_maintenance.api import serializers
from nautobot_circuit_maintenance.app_settings import get_app_settings
from nautobot_circuit_maintenance.views.maintenances import UUID


class ConfigurationPanel(KeyValueTablePanel):
    """What PLUGINS_CONFIG says of a source; never its secrets."""

    label = "Configuration"
    context_data_key = "configuration"

    def get_data(self, context: Context) -> dict[str, Any]:
        """Read the settings of this source."""
        name = context["object"].name
        settings = get_app_settings()
        mistakes = [f"{problem.message} {problem.hint}" for problem in settings.problems if problem.source == name]
        if mistakes:
            return {"Mistake in the settings": " ".join(mistakes)}
        for source in settings.sources:
            if source.name == name:
                encryption = "STARTTLS" if source.starttls else "TLS" if source.tls else "none"
                imap = {"Port": source.port, "Encryption": encryption, "Folder": source.folder}
                return {
                    "Kind": source.kind,
                    "Account": source.account,
                    "Host": source.host,
                    **(imap if source.kind == "imap" else {}),
                    "Header with the sender": source.source_header,
                }
        return {"Not configured": "PLUGINS_CONFIG names this source no more; its notifications and links stay."}


class NotificationSourceUIViewSet(  # pylint: disable=abstract-method  # of forms that it has not
    ObjectDetailViewMixin,
    ObjectListViewMixin,
    ObjectEditViewMixin,
    ObjectChangeLogViewMixin,
    ObjectNotesViewMixin,
    ObjectDataComplianceViewMixin,
):
    """Sources: they come and go with the settings, people choose their providers. See ``urls`` for what is left out."""

    lookup_value_regex = UUID
    action_buttons = ("export",)
    queryset = models.NotificationSource.objects.all()
    serializer_class = serializers.NotificationSourceSerializer
    table_class = tables.NotificationSourceTable
    filterset_class = filters.NotificationSourceFilterSet
    filterset_form_class = forms.NotificationSourceFilterForm
    form_class = forms.NotificationSourceForm
    object_detail_content = ObjectDetailContent(
        panels=[
            ObjectFieldsPanel(
                weight=100,
                section=SectionChoices.LEFT_HALF,
                label="Notification source",
                fields=["name", "attach_all_providers", "last_fetched_at", "last_error"],
                value_transforms={"last_fetched_at": [display.moment]},
                key_transforms={"last_fetched_at": "Last success"},
            ),
            ConfigurationPanel(weight=100, section=SectionChoices.RIGHT_HALF),
            ObjectsTablePanel(
                weight=100,
                section=SectionChoices.FULL_WIDTH,
                table_class=ProviderTable,
                table_attribute="providers",
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
        ]
    )
