"""The summary on the page of a provider: a piece of HTML that the browser asks for once the page stands."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.template.defaultfilters import pluralize
from django.utils import timezone
from nautobot.circuits.models import Provider

from nautobot_circuit_maintenance.analysis.provider_summary import ProviderSummary, read_summary
from nautobot_circuit_maintenance.analysis.visibility import Visibility
from nautobot_circuit_maintenance.models.providers import PARSERS_FIELD, parser_names, sender_addresses
from nautobot_circuit_maintenance.ui import formatting
from nautobot_circuit_maintenance.ui.links import doubtful_url, list_url
from nautobot_circuit_maintenance.views.page import PermittedView

_VIEW_PROBLEMS = [f"nautobot_circuit_maintenance.view_{model}" for model in ("notification", "circuitimpact")]
"""Permissions without which "nothing" would be a false zero."""


class ProviderSummaryView(PermittedView):
    """Figures of the year, the newest email, addresses and parsers."""

    def get(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        """Render the summary."""
        visibility, now = Visibility.of(request.user), timezone.now()
        provider = get_object_or_404(visibility.providers, pk=pk)
        return render(
            request,
            "nautobot_circuit_maintenance/inc/provider_summary.html",
            _context(provider, visibility, now),
        )


def _context(provider: Provider, visibility: Visibility, now: datetime) -> dict[str, Any]:
    summary = read_summary(provider, visibility, now)
    user, figures = visibility.user, summary.figures
    sees_impacts = user.has_perm("nautobot_circuit_maintenance.view_circuitimpact")
    notice, newest = figures.average_notice, summary.newest
    return {
        "provider": provider,
        "summary": summary,
        "figures": figures,
        "planned": _minutes(figures.minutes_planned),
        "outage": _minutes(figures.outage_minutes) if sees_impacts else formatting.HIDDEN,
        "notice": formatting.duration(notice) if notice else "",
        "sees_emails": user.has_perm("nautobot_circuit_maintenance.view_notification"),
        "newest_at": formatting.relative(newest.received_at, now) if newest else "",
        "sees_problems": user.has_perms(_VIEW_PROBLEMS),
        "attention": _attention(provider, summary),
        "addresses": sender_addresses(provider),
        "parsers": parser_names(provider),
        "may_choose": user.has_perm("circuits.change_provider", provider),
        "is_default": not provider.cf.get(PARSERS_FIELD),
    }


def _attention(provider: Provider, summary: ProviderSummary) -> list[tuple[str, str]]:
    """Return what of the provider needs a person, in the words of the dashboard, with the lists that show it."""
    of_provider = {"provider": provider.pk}
    unread = list_url("notification", needs_attention=True, **of_provider)
    unknown = list_url("circuitimpact", has_circuit=False, ended=False, **of_provider)
    found = (
        (summary.attention, f"email{pluralize(summary.attention)} not or only partly read", unread),
        (summary.doubtful, f"doubtful maintenance{pluralize(summary.doubtful)}", doubtful_url(**of_provider)),
        (summary.unmatched, f"unknown circuit ID{pluralize(summary.unmatched)}", unknown),
    )
    return [(f"{count:,} {label}", url) for count, label, url in found if count]


def _minutes(count: int) -> str:
    return formatting.duration(timedelta(minutes=count))
