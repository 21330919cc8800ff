"""The pages *Risk* and *What If*."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from nautobot.apps.ui import Breadcrumbs, Titles, ViewNameBreadcrumbItem
from nautobot.circuits.models import Circuit

from nautobot_circuit_maintenance.analysis.redundancy.kinds import Kind
from nautobot_circuit_maintenance.analysis.redundancy.values import Finding, Subject
from nautobot_circuit_maintenance.analysis.redundancy.what_if import Slot, Slots
from nautobot_circuit_maintenance.analysis.risk import asking
from nautobot_circuit_maintenance.analysis.risk.export import as_csv
from nautobot_circuit_maintenance.analysis.risk.hints import Hint, read_hints
from nautobot_circuit_maintenance.analysis.risk.report import Risk, count, read_risk
from nautobot_circuit_maintenance.analysis.risk.same_devices import fold_devices
from nautobot_circuit_maintenance.analysis.risk.scoping import Scope
from nautobot_circuit_maintenance.analysis.risk.words import read_names
from nautobot_circuit_maintenance.analysis.visibility import Visibility
from nautobot_circuit_maintenance.domain.errors import RiskError
from nautobot_circuit_maintenance.forms.risk import RiskFilterForm, WhatIfForm
from nautobot_circuit_maintenance.risk_settings import RISK_PERMISSIONS
from nautobot_circuit_maintenance.ui import formatting, risk as shown
from nautobot_circuit_maintenance.ui.periods import start_of_day
from nautobot_circuit_maintenance.views.page import Page

_LIST = "plugins:nautobot_circuit_maintenance:circuitmaintenance_list"
USUAL_SPAN = 14
"""Days."""
MOST_LISTED = 200
"""Rows, lanes, and locations or circuits that are not assessed; the CSV file has all findings."""


class _RiskPage(Page):
    """What both pages share."""

    breadcrumbs = Breadcrumbs(
        items={"generic": [ViewNameBreadcrumbItem(view_name=_LIST, label="Circuit Maintenances")]}
    )

    def risk_of(self, visibility: Visibility, now: datetime) -> tuple[Risk | None, str]:
        """Return the risk; without it, the reason."""
        if not visibility.user.has_perms(RISK_PERMISSIONS):
            return None, "Hidden by your permissions: circuits, locations, circuit maintenances and circuit impacts."
        try:
            return read_risk(visibility, now, with_devices=True), ""
        except RiskError as error:
            return None, str(error)


class RiskView(_RiskPage):
    """All findings on a time axis, what is not assessed and why."""

    view_titles = Titles(titles={"generic": "Risk"})
    template = "risk"

    def get(self, request: HttpRequest) -> HttpResponse:
        """Render the page, or the CSV file of the same findings."""
        now, visibility = timezone.now(), Visibility.of(request.user)
        form = RiskFilterForm(request.GET or None)
        chosen = form.cleaned_data if form.is_bound and form.is_valid() else {}
        risk, reason = self.risk_of(visibility, now)
        if risk is None:
            return self.page(request, reason=reason, form=form)
        span = timedelta(days=chosen.get("days") or USUAL_SPAN)
        scope = _scope(chosen, now + span)
        findings = scope.of(risk, risk.findings)
        if request.GET.get("export") == "csv":
            return _csv(findings, risk, visibility)
        sites = scope.keys(risk) if scope.locations else None
        hints = read_hints(risk, visibility, now, now + span, sites)
        query = request.GET.copy()
        query["export"] = "csv"
        context = {"csv_url": f"?{query.urlencode()}", **_context(findings, risk, visibility, now, span)}
        return self.page(request, form=form, hints=[_hint(each) for each in hints[:MOST_LISTED]], **context)


def _hint(hint: Hint) -> dict[str, Any]:
    return {
        "what": shown.link(Subject.SITE, hint.span.site, hint.site),
        "window": formatting.window(hint.span.start, hint.span.end),
        "left": len(hint.span.left),
        "provider": hint.provider,
    }


def _scope(chosen: dict[str, Any], until: datetime) -> Scope:
    return Scope(
        locations=frozenset(each.pk for each in (chosen.get("location"),) if each),
        providers=frozenset(each.pk for each in (chosen.get("provider"),) if each),
        kind=Kind(chosen["kind"]) if chosen.get("kind") else None,
        is_confirmed=chosen.get("confirmed"),
        single_homed=chosen.get("single_homed"),
        until=until,
    )


def _csv(findings: Iterable[Finding], risk: Risk, visibility: Visibility) -> HttpResponse:
    found = list(findings)
    names = read_names(visibility, risk.recorded, found)
    response = HttpResponse(as_csv(found, risk, names), content_type="text/csv; charset=UTF-8")
    response["Content-Disposition"] = 'attachment; filename="sites_at_risk.csv"'
    return response


def _context(
    findings: list[Finding], risk: Risk, visibility: Visibility, now: datetime, span: timedelta
) -> dict[str, Any]:
    folded = fold_devices(findings, risk, visibility)
    rows = risk.rows(folded.findings)
    shown_rows = rows[:MOST_LISTED]
    first = [row.first for row in shown_rows]
    names = read_names(visibility, risk.recorded, first)
    return {
        "counts": count(findings),
        "rows": [
            {**shown.row_of(row, risk, names, now), "devices": ", ".join(folded.of_all(row.findings))}
            for row in shown_rows
        ],
        "more": len(rows) - len(shown_rows),
        "lanes": shown.lanes(first, risk, now, span),
        "ticks": shown.ticks(now, span, start_of_day(now, 0) + timedelta(days=1)),
        "days": span.days,
        "is_partial": risk.is_partial,
        **_assumptions(risk, visibility),
    }


def _assumptions(risk: Risk, visibility: Visibility) -> dict[str, Any]:
    """Return what was measured from, what is not assessed and why, and what may be set up wrongly."""
    around, assessment = risk.recorded.surroundings, risk.assessment
    wanted = {*assessment.core.sites, *list(assessment.not_assessed)[:MOST_LISTED]}
    wanted |= {site for sites in around.separated for site in sites} | ({around.dominant} if around.dominant else set())
    locations = dict(visibility.locations.filter(pk__in=wanted).values_list("pk", "name"))
    incomplete = visibility.circuits.filter(pk__in=around.incomplete[:MOST_LISTED]).order_by("cid")
    separated = [
        ", ".join(sorted(locations[site] for site in sites if site in locations)) for sites in around.separated
    ]
    return {
        "measured_from": shown.measured_from(assessment.core, locations),
        "not_assessed": [
            (reverse("dcim:location", kwargs={"pk": site}), locations[site], reason.value)
            for site, reason in assessment.not_assessed.items()
            if site in locations
        ],
        "not_assessed_count": len(assessment.not_assessed),
        "assessed_count": len(assessment.sites),
        "outside_count": len(around.outside),
        "incomplete": [(each.get_absolute_url(), each.cid) for each in incomplete],
        "incomplete_count": len(around.incomplete),
        "separated": [each for each in separated if each][:10],
        "dominant": locations.get(around.dominant, "") if around.dominant else "",
    }


class WhatIfView(_RiskPage):
    """What taking circuits down would add, and when that may be done."""

    view_titles = Titles(titles={"generic": "What If"})
    template = "what_if"

    def get(self, request: HttpRequest) -> HttpResponse:
        """Render the form, and the answer to what it asks."""
        now, visibility = timezone.now(), Visibility.of(request.user)
        form = WhatIfForm(request.GET if "circuit" in request.GET or "start" in request.GET else None)
        form.fields["circuit"].queryset = Circuit.objects.restrict(request.user, "view")
        risk, reason = self.risk_of(visibility, now)
        if risk is None:
            return self.page(request, form=form, reason=reason)
        if not form.is_bound or not form.is_valid():
            return self.page(request, form=form, is_partial=risk.is_partial)
        circuits = frozenset(each.pk for each in form.cleaned_data["circuit"])
        question = asking.Question(circuits, form.cleaned_data["start"], form.cleaned_data["end"])
        try:
            asking.check(risk, visibility, circuits)
        except RiskError as error:
            return self.page(request, form=form, reason=str(error))
        context = _answer(risk, visibility, question, now)
        return self.page(request, form=form, is_partial=risk.is_partial, **context)


def _answer(risk: Risk, visibility: Visibility, question: asking.Question, now: datetime) -> dict[str, Any]:
    answer = asking.answer(risk, visibility, question)
    slots = asking.free_slots(risk, question, now)
    names = read_names(visibility, risk.recorded, [each.finding for each in answer.added])
    return {
        "answer": answer,
        "added": [
            {
                "what": shown.link_to(each.finding, answer.names[each.finding.key]),
                "kind": shown.kind_badge(each.finding),
                "window": formatting.window(each.start, each.end),
                "why": names.why(each.finding),
                "works": shown.works(each.finding, names),
            }
            for each in answer.added
        ],
        "unknown": answer.unknown,
        **_slots(slots, visibility),
    }


def _slots(slots: Slots, visibility: Visibility) -> dict[str, Any]:
    keys = {each.finding.key for slot in slots.slots for each in slot.added} | set(slots.alone)
    sites = dict(visibility.locations.filter(pk__in=keys).values_list("pk", "name"))
    return {
        "alone": ", ".join(sorted(sites[key] for key in slots.alone if key in sites)),
        "has_slots": not slots.alone,
        "slots": [
            {
                "window": formatting.window(slot.start, slot.end),
                "is_free": slot.is_free,
                "text": _slot_text(slot, sites),
            }
            for slot in slots.slots
        ],
        "gaps": [formatting.window(start, end) for start, end in slots.gaps],
    }


def _slot_text(slot: Slot, sites: dict[Any, str]) -> str:
    """Return "Free", "OSL1 keeps one link", or "SYD1 would go dark"."""
    dark = sorted({sites[each.finding.key] for each in slot.added if each.is_dark_site and each.finding.key in sites})
    left = {
        sites[each.finding.key]
        for each in slot.added
        if each.finding.kind == Kind.ONE_LEFT and each.finding.key in sites
    }
    texts = [f"{', '.join(dark)} would go dark"] if dark else []
    texts += [f"{', '.join(sorted(left - set(dark)))} keeps one way"] if left - set(dark) else []
    return "; ".join(texts) or ("Free" if slot.is_free else "A site that you may not view would go dark")
