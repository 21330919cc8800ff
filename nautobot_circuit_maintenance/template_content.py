"""Panels on core's pages of circuits, providers, locations and devices: their maintenances."""

from dataclasses import dataclass
from typing import Any

from django.db.models import Model, prefetch_related_objects
from django.template import Context
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import SafeString
from nautobot.apps.templatetags import placeholder
from nautobot.apps.ui import DistinctViewTab, Panel, SectionChoices, TemplateExtension

from nautobot_circuit_maintenance.analysis.related import related_to
from nautobot_circuit_maintenance.analysis.visibility import Visibility
from nautobot_circuit_maintenance.models import CircuitImpact, CircuitMaintenance
from nautobot_circuit_maintenance.models.providers import sender_addresses
from nautobot_circuit_maintenance.models.querysets import count_up_to
from nautobot_circuit_maintenance.models.severity import worst_impact
from nautobot_circuit_maintenance.models.windows import Span
from nautobot_circuit_maintenance.risk_settings import RISK_PERMISSIONS
from nautobot_circuit_maintenance.ui import formatting
from nautobot_circuit_maintenance.ui.links import list_url
from nautobot_circuit_maintenance.views.subscribing import SubscribeButton

_VIEW, _CHANGE = (f"nautobot_circuit_maintenance.{action}_circuitmaintenance" for action in ("view", "change"))
_APP = "plugins:nautobot_circuit_maintenance"
_LATER = "nautobot_circuit_maintenance/inc/next_risk_later.html"
_MAX_ROWS = 5
_SUBSCRIBED = ("circuit", "provider", "location")
"""Of what core's pages have a button to subscribe; those of tenants have nothing else of ours."""
MOST_COUNTED = 1000
"""Of a provider with a long history, counting all would cost more than the rest of the page."""


@dataclass(frozen=True)
class _RelatedMaintenances:
    """The maintenances of the object that a page shows."""

    upcoming: list[CircuitMaintenance]
    """In progress or upcoming, at most ``_MAX_ROWS``."""
    count_upcoming: int
    """At most ``MOST_COUNTED + 1``, like those of the past."""
    count_past: int
    impacts: dict[Any, list[CircuitImpact]]
    changeable: frozenset[Any]
    """Primary keys of those that the user may acknowledge."""


class MaintenancesPanel(Panel):
    """Lists maintenances in progress and upcoming, and counts past ones."""

    label = "Circuit maintenances"
    section = SectionChoices.LEFT_HALF
    required_permissions = (_VIEW,)
    body_wrapper_template_path = "components/panel/body_wrapper_table.html"
    body_content_template_path = "nautobot_circuit_maintenance/inc/maintenances_panel.html"
    filter_name = ""
    """Filter of the lists that the panel links to."""

    def render(self, context: Context) -> str:
        """Render nothing if the object has no maintenances; its site may go dark, though, by work on other circuits."""
        if not self.should_render(context):
            return ""
        instance, visibility = context["object"], Visibility.of(context["request"].user)
        found = self._find(instance, visibility)
        is_empty = not found.upcoming and not found.count_past
        asks_for_risk = bool(found.upcoming and visibility.user.has_perms(RISK_PERMISSIONS))
        asks_for_others = not found.upcoming and _may_be_concerned(instance, visibility)
        asking = {
            "asks_for_risk": asks_for_risk,
            "asks_for_others": asks_for_others,
            "shape": "panel" if is_empty else "row",
            # Assessing it here would cost more than the panel: the browser asks for it afterwards.
            "next_risk_url": reverse(f"{_APP}:{self.filter_name}_risk", args=[instance.pk]),
        }
        if is_empty:
            return render_to_string(_LATER, asking) if asks_for_others else ""
        with context.update({**self._template_context(found, instance.pk), **asking}):
            return super().render(context)

    def _find(self, instance: Model, visibility: Visibility) -> _RelatedMaintenances:
        """Read no more than what is shown: every page of core pays for it."""
        now, related = timezone.now(), related_to(instance, visibility)
        upcoming = related.maintenances.not_over(now).soonest_first()
        shown = list(
            upcoming.select_related("provider", "acknowledged_by").prefetch_related("windows")[: _MAX_ROWS + 1]
        )
        count = len(shown) if len(shown) <= _MAX_ROWS else count_up_to(upcoming, MOST_COUNTED)
        impacts: dict[Any, list[CircuitImpact]] = {each.pk: [] for each in shown[:_MAX_ROWS]}
        found = list(related.impacts.filter(maintenance__in=list(impacts))) if impacts else []
        prefetch_related_objects([impact for impact in found if not impact.in_all_windows], "windows")
        for impact in found:
            impacts[impact.maintenance_id].append(impact)
        past = count_up_to(related.maintenances.over(now), MOST_COUNTED)
        pks = frozenset(impacts) if visibility.user.has_perm(_CHANGE) else frozenset()
        changeable = visibility.of_model(CircuitMaintenance, "change")
        if pks and changeable.query.where:
            pks = frozenset(changeable.filter(pk__in=list(impacts)).values_list("pk", flat=True))
        return _RelatedMaintenances(shown[:_MAX_ROWS], count, past, impacts, pks)

    def _template_context(self, found: _RelatedMaintenances, pk: Any) -> dict[str, Any]:
        """Return the context of the template."""
        now = timezone.now()
        spans = {each.pk: _spans(each, found.impacts[each.pk]) for each in found.upcoming}
        ends = [end for own in spans.values() for start, end in own if start <= now < end]
        rows = [
            {
                "maintenance": each,
                "window": formatting.which_window(spans[each.pk], now),
                "impact": _impact(found.impacts[each.pk]),
                "status": formatting.badge(each.status),
                "ack": _check_mark(each),
                "may_acknowledge": not each.ack and each.pk in found.changeable,
            }
            for each in found.upcoming
        ]
        return {
            "circuit_maintenances": rows,
            "active_until": formatting.inline_datetime(max(ends)) if ends else "",
            "more_upcoming": _shown_count(found.count_upcoming, without=len(rows)),
            "upcoming_url": list_url("circuitmaintenance", **{self.filter_name: pk}, ended=False),
            "count_past": _shown_count(found.count_past),
            "past_url": list_url("circuitmaintenance", **{self.filter_name: pk}, ended=True),
        }


class ProviderSummaryPanel(Panel):
    """Figures of the year, the newest email and what has to be fixed; the browser asks for them after the page."""

    label = "Maintenance emails and figures"
    section = SectionChoices.RIGHT_HALF
    required_permissions = (_VIEW,)
    body_content_template_path = "nautobot_circuit_maintenance/inc/provider_summary_later.html"

    def render(self, context: Context) -> str:
        """Render nothing if no email comes from the provider: it may be one of another kind."""
        return super().render(context) if sender_addresses(context["object"]) else ""


def _may_be_concerned(instance: Model, visibility: Visibility) -> bool:
    """Return whether to ask what work on other circuits does to an object that has none ahead itself.

    Where permissions hide something, always: that there is nothing to ask for is known from what everyone has to expect.
    """
    if not visibility.user.has_perms(RISK_PERMISSIONS):
        return False
    # pylint: disable=import-outside-toplevel  # not at each start
    from nautobot_circuit_maintenance.analysis.risk.report import may_be_partial
    from nautobot_circuit_maintenance.analysis.site_risks import may_concern

    return may_be_partial(visibility) or may_concern(instance, timezone.now())


def _shown_count(counted: int, without: int = 0) -> str:
    """Return a number in words, empty for none; what is not counted any further is "more than" that."""
    if counted > MOST_COUNTED:
        return f"More than {MOST_COUNTED - without:,}"
    return f"{counted - without:,}" if counted > without else ""


def _spans(maintenance: CircuitMaintenance, impacts: list[CircuitImpact]) -> set[Span]:
    """Return the windows of the object: its circuits may be affected in some windows of the maintenance only."""
    affected = [impact for impact in impacts if impact.is_affected]
    if not affected or any(impact.in_all_windows for impact in affected):
        windows = list(maintenance.windows.all())
    else:
        windows = [window for impact in affected for window in impact.windows.all()]
    return {(window.start_time, window.end_time) for window in windows}


def _impact(impacts: list[CircuitImpact]) -> SafeString:
    """Show the worst impact, or that the circuits of the object are only on record."""
    affected = [impact.impact for impact in impacts if impact.is_affected]
    return formatting.NOT_AFFECTED if impacts and not affected else formatting.badge(worst_impact(affected))


def _check_mark(maintenance: CircuitMaintenance) -> str:
    if not maintenance.ack:
        return placeholder(None)
    return formatting.check_mark(str(maintenance.acknowledged_by or ""), maintenance.acknowledged_at)


def _extension(
    model: str, filter_name: str, *further: Panel, section: SectionChoices = SectionChoices.LEFT_HALF
) -> type[TemplateExtension]:
    """Return the extension that puts the panel on the pages of a model."""
    # Core puts panels of apps last, in the left column too; a style shows it after the facts.
    panel = MaintenancesPanel(weight=910, filter_name=filter_name, section=section)
    tab = DistinctViewTab(
        weight=950,
        tab_id="circuit-maintenances",
        label="Maintenances",
        url_name=f"{_APP}:{filter_name}_maintenances",
        required_permissions=[_VIEW],
    )
    buttons = (SubscribeButton(filter_name),) if filter_name in _SUBSCRIBED else ()
    attributes = {
        "model": model,
        "object_detail_panels": (panel, *further),
        "object_detail_tabs": (tab,),
        "object_detail_buttons": buttons,
    }
    return type(f"{filter_name.title()}Maintenances", (TemplateExtension,), attributes)


class TenantSubscription(TemplateExtension):
    """The button on the pages of tenants."""

    model = "tenancy.tenant"
    object_detail_buttons = (SubscribeButton("tenant"),)


template_extensions = [
    _extension("circuits.circuit", "circuit"),
    # The right column of core's page of providers is empty.
    _extension("circuits.provider", "provider", ProviderSummaryPanel(weight=920), section=SectionChoices.RIGHT_HALF),
    _extension("dcim.location", "location"),
    _extension("dcim.device", "device"),
    TenantSubscription,
]
