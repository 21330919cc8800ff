"""Pages of maintenances, impacts and maintenance notes."""

from collections.abc import Callable
from functools import partial
from typing import Any

from django.contrib import messages
from django.db.models import prefetch_related_objects
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.functional import SimpleLazyObject
from nautobot.apps.ui import (
    Button,
    ButtonColorChoices,
    ObjectDetailContent,
    ObjectFieldsPanel,
    ObjectsTablePanel,
    ObjectTextPanel,
    SectionChoices,
    Titles,
)
from nautobot.apps.views import NautobotUIViewSet
from rest_framework.decorators import action

from nautobot_circuit_maintenance import filters, forms, models, tables
from nautobot_circuit_maintenance.analysis.evidence import Evidence
from nautobot_circuit_maintenance.analysis.scope import count_affected
from nautobot_circuit_maintenance.analysis.visibility import Visibility
from nautobot_circuit_maintenance.api import serializers
from nautobot_circuit_maintenance.models.acknowledgement import unacknowledge
from nautobot_circuit_maintenance.models.settling import settle
from nautobot_circuit_maintenance.ui import formatting
from nautobot_circuit_maintenance.ui.links import maintenance_filters
from nautobot_circuit_maintenance.views.acknowledging import AcknowledgeButton, acknowledge_seen
from nautobot_circuit_maintenance.views.choosing import choose_reading
from nautobot_circuit_maintenance.views.doubt_panels import DoubtsPanel
from nautobot_circuit_maintenance.views.headline import gantt, headline
from nautobot_circuit_maintenance.views.linking import LinkButton, LinkMixin, LinkToAnotherButton
from nautobot_circuit_maintenance.views.maintenance_panels import (
    CircuitsPanel,
    FactsPanel,
    ScopePanel,
    TimelinePanel,
    badges,
)
from nautobot_circuit_maintenance.views.risk_panel import MaintenanceRiskPanel, risk_of
from nautobot_circuit_maintenance.views.viewset import (
    GET_ONLY,
    POST_ONLY,
    UUID_REGEX,
    StorableQueryMixin,
    back_to_list,
    chosen_rows,
    local_url,
)

_ROUTE = "plugins:nautobot_circuit_maintenance:circuitmaintenance_{}"


class CircuitMaintenanceUIViewSet(StorableQueryMixin, NautobotUIViewSet):
    """Maintenances."""

    lookup_value_regex = UUID_REGEX
    queryset = models.CircuitMaintenance.objects.select_related("provider").most_urgent_first()
    serializer_class = serializers.CircuitMaintenanceSerializer
    table_class = tables.CircuitMaintenanceListTable
    filterset_class = filters.CircuitMaintenanceFilterSet
    filterset_form_class = forms.CircuitMaintenanceFilterForm
    form_class = forms.CircuitMaintenanceForm
    bulk_update_form_class = forms.CircuitMaintenanceBulkEditForm
    view_titles = Titles(titles={"detail": "{{ object }}", "retrieve": "{{ object }}"})
    object_detail_content = ObjectDetailContent(
        extra_buttons=[
            AcknowledgeButton(
                weight=100,
                label="Acknowledge",
                color=ButtonColorChoices.GREEN,
                icon="mdi-check-bold",
                link_name=_ROUTE.format("acknowledge"),
            ),
            Button(
                weight=200,
                label=".ics",
                icon="mdi-calendar-export",
                link_name=_ROUTE.format("ics"),
            ),
            AcknowledgeButton(
                weight=100,
                label="Remove Acknowledgement",
                icon="mdi-undo",
                link_name=_ROUTE.format("unacknowledge"),
                shown_if_ack=True,
            ),
        ],
        panels=[
            FactsPanel(weight=100, section=SectionChoices.LEFT_HALF),
            DoubtsPanel(weight=50, section=SectionChoices.RIGHT_HALF),
            MaintenanceRiskPanel(weight=75, section=SectionChoices.RIGHT_HALF),
            ScopePanel(weight=100, section=SectionChoices.RIGHT_HALF),
            CircuitsPanel(
                weight=100,
                section=SectionChoices.FULL_WIDTH,
                table_class=tables.MaintenanceCircuitTable,
                table_filter="maintenance",
                table_title="Affected Circuits",
            ),
            TimelinePanel(weight=200, section=SectionChoices.FULL_WIDTH, label="Timeline", body_id="timeline"),
            ObjectsTablePanel(
                weight=300,
                section=SectionChoices.FULL_WIDTH,
                table_class=tables.CircuitMaintenanceNoteTable,
                table_filter="maintenance",
                table_title="Maintenance Notes",
                exclude_columns=["maintenance"],
                show_table_config_button=False,
            ),
        ],
    )

    @classmethod
    def get_extra_actions(cls) -> list[Callable]:
        """Remove bulk renaming: the name is the provider's ID."""
        return [each for each in super().get_extra_actions() if each.__name__ != "bulk_rename"]

    def get_extra_context(self, request: HttpRequest, instance: Any = None) -> dict[str, Any]:
        """Add the quick filters of the list, and what the panels of one maintenance share."""
        context = super().get_extra_context(request, instance)
        if self.action == "list":
            context["quick_filters"] = maintenance_filters(request.GET)
        if isinstance(instance, models.CircuitMaintenance):
            context["evidence"] = Evidence(instance.parsed_notifications.order_by(), instance.provider)
            visibility, now = Visibility.of(request.user), timezone.now()
            prefetch_related_objects([instance], "windows")  # shown in four places
            affected = count_affected(instance, visibility)
            context["affected"] = affected
            context["badges"] = badges(instance, affected, context["evidence"])
            # Both are evaluated where they are shown: the form to edit it needs neither.
            context["risk"] = SimpleLazyObject(partial(risk_of, instance, visibility, now))
            context["headline"] = partial(headline, instance, visibility, affected, context["risk"], now)
            context["gantt"] = gantt(instance, now)
        return context

    def _back(self, request: HttpRequest, maintenance: models.CircuitMaintenance) -> str:
        """Return the URL to go back to, if it is one of this site."""
        return local_url(self.get_return_url(request, maintenance), maintenance.get_absolute_url())

    @action(detail=True, url_path="ics", url_name="ics", **GET_ONLY)
    def ics(self, request: HttpRequest, **_kwargs: Any) -> HttpResponse:
        """Download the windows for a calendar."""
        # pylint: disable-next=import-outside-toplevel  # not at each start
        from nautobot_circuit_maintenance.ui.ics import as_ics

        maintenance = self.get_object()
        address = request.build_absolute_uri(maintenance.get_absolute_url())
        return HttpResponse(
            as_ics(maintenance, address),
            content_type="text/calendar; charset=UTF-8",
            headers={"Content-Disposition": f'attachment; filename="{maintenance.pk}.ics"'},
        )

    @action(detail=True, url_path="acknowledge", url_name="acknowledge", **POST_ONLY)
    def acknowledge(self, request: HttpRequest, **_kwargs: Any) -> HttpResponse:
        """Acknowledge the maintenance."""
        maintenance = self.get_object()
        acknowledge_seen(request, self.get_queryset().filter(pk=maintenance.pk))
        return HttpResponseRedirect(self._back(request, maintenance))

    @action(detail=True, url_path="unacknowledge", url_name="unacknowledge", **POST_ONLY)
    def unacknowledge(self, request: HttpRequest, **_kwargs: Any) -> HttpResponse:
        """Remove the acknowledgement."""
        maintenance = self.get_object()
        unacknowledge(self.get_queryset().filter(pk=maintenance.pk))
        messages.success(request, f"Removed acknowledgement from {maintenance}.")
        return HttpResponseRedirect(self._back(request, maintenance))

    @action(detail=True, url_path="settle", url_name="settle", **POST_ONLY)
    def settle(self, request: HttpRequest, **_kwargs: Any) -> HttpResponse:
        """Settle a doubt of the second opinion: the reading is right."""
        maintenance = self.get_object()
        rows = models.CircuitMaintenance.objects.filter(pk=maintenance.pk)
        doubt = {name: request.POST.get(name, "") for name in ("fingerprint", "sentence")}
        if "choice" in request.POST:
            return redirect(choose_reading(request, maintenance, **doubt))
        if settle(rows, user=request.user, now=timezone.now(), **doubt):
            messages.success(request, "The reading is recorded as right.")
        else:
            messages.warning(request, "This doubt no longer exists.")
        return HttpResponseRedirect(maintenance.get_absolute_url())

    @action(detail=False, url_path="acknowledge", url_name="bulk_acknowledge", **POST_ONLY)
    def bulk_acknowledge(self, request: HttpRequest, **_kwargs: Any) -> HttpResponse:
        """Acknowledge the selected maintenances, or all that the filters of the list match."""
        acknowledge_seen(request, chosen_rows(self))
        return HttpResponseRedirect(back_to_list(request, _ROUTE.format("list")))


class CircuitImpactUIViewSet(StorableQueryMixin, LinkMixin, NautobotUIViewSet):
    """Impacts."""

    lookup_value_regex = UUID_REGEX
    queryset = models.CircuitImpact.objects.select_related("maintenance__provider", "circuit")
    serializer_class = serializers.CircuitImpactSerializer
    table_class = tables.CircuitImpactTable
    filterset_class = filters.CircuitImpactFilterSet
    filterset_form_class = forms.CircuitImpactFilterForm
    form_class = forms.CircuitImpactForm
    bulk_update_form_class = forms.CircuitImpactBulkEditForm
    object_detail_content = ObjectDetailContent(
        extra_buttons=[
            LinkButton(
                weight=100,
                label="Link to a Circuit",
                icon="mdi-link-variant",
                link_name="plugins:nautobot_circuit_maintenance:circuitimpact_link",
            ),
            LinkToAnotherButton(
                weight=110,
                label="Link to Another Circuit",
                icon="mdi-link-variant",
                link_name="plugins:nautobot_circuit_maintenance:circuitimpact_link",
            ),
        ],
        panels=[
            ObjectFieldsPanel(
                weight=100,
                section=SectionChoices.LEFT_HALF,
                label="Circuit Impact",
                fields=["cid", "circuit", "matched_by", "impact", "maintenance", "own_windows"],
                value_transforms={
                    "impact": [formatting.badge],
                    "matched_by": [formatting.matched_by],
                    "own_windows": [formatting.own_windows],
                    "circuit": [formatting.circuit_link],
                },
                key_transforms={"matched_by": "Circuit Found By", "own_windows": "Affected In"},
            ),
        ],
    )


class NoteUIViewSet(StorableQueryMixin, NautobotUIViewSet):
    """Maintenance notes."""

    lookup_value_regex = UUID_REGEX
    queryset = models.Note.objects.select_related("maintenance__provider")
    serializer_class = serializers.CircuitMaintenanceNoteSerializer
    table_class = tables.CircuitMaintenanceNoteTable
    filterset_class = filters.NoteFilterSet
    filterset_form_class = forms.NoteFilterForm
    form_class = forms.NoteForm
    bulk_update_form_class = forms.NoteBulkEditForm
    view_titles = Titles(
        titles={
            "list": "Maintenance Notes",
            "create": "Add a new maintenance note",
            "update": "Editing maintenance note {{ object }}",
        }
    )
    object_detail_content = ObjectDetailContent(
        panels=[
            ObjectFieldsPanel(
                weight=100,
                section=SectionChoices.LEFT_HALF,
                label="Maintenance Note",
                fields=["title", "level", "maintenance"],
                value_transforms={"level": [formatting.badge]},
            ),
            ObjectTextPanel(
                weight=100,
                section=SectionChoices.RIGHT_HALF,
                label="Comment",
                object_field="comment",
                render_as=ObjectTextPanel.RenderOptions.MARKDOWN,
            ),
        ]
    )
