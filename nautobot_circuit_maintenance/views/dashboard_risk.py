"""Sites at risk on the dashboard and on the home page: a tile, and a panel that comes first if there are any."""

from datetime import datetime, timedelta
from typing import Any

from django.urls import reverse

from nautobot_circuit_maintenance.analysis.risk.report import Risk, count, is_for_dashboard, read_risk
from nautobot_circuit_maintenance.analysis.risk.words import read_names
from nautobot_circuit_maintenance.analysis.visibility import Visibility
from nautobot_circuit_maintenance.app_settings import get_app_settings
from nautobot_circuit_maintenance.domain.errors import RiskError
from nautobot_circuit_maintenance.risk_settings import RISK_PERMISSIONS
from nautobot_circuit_maintenance.ui import risk as shown
from nautobot_circuit_maintenance.ui.tiles import Tile

MOST_ROWS = 6


def risk_context(
    visibility: Visibility, now: datetime, span: timedelta, least: timedelta = timedelta()
) -> dict[str, Any]:
    """Return tile and rows of what begins within a span; the tile is left out where a number would mean nothing.

    ``risk`` is the assessment itself, for whatever else shows it, of the next ``least`` time if that is longer; None if there is none.
    """
    if not visibility.user.has_perms(RISK_PERMISSIONS):
        return {"risk": None, "risk_tiles": [], "risk_rows": []}
    try:
        risk = read_risk(visibility, now, now + max(span, least))
    except RiskError as error:
        return {"risk": None, "risk_tiles": [], "risk_rows": [], "risk_error": str(error)}
    return {"risk": risk, "risk_tiles": [risk_tile(risk, now, span)], **_rows(risk, visibility, now, span)}


def home_tiles(visibility: Visibility, now: datetime) -> list[Tile]:
    """Return the line of the home page; none where a number would mean nothing."""
    if not visibility.user.has_perms(RISK_PERMISSIONS):
        return []
    span = timedelta(days=get_app_settings().dashboard_n_days)
    try:
        risk = read_risk(visibility, now, now + span)
    except RiskError:  # of read_risk(): the settings are wrong, which the dashboard says
        return []
    return [risk_tile(risk, now, span)]


def risk_tile(risk: Risk, now: datetime, span: timedelta) -> Tile:
    """Return the tile: sites that go dark or keep one way within a span."""
    counts = count(risk.within(now + span))
    hint = f"{counts.dark} dark \u00b7 {counts.one_left} one left"
    return Tile(
        "Sites at risk",
        counts.total,
        risk_url(span),
        hint,
        tone="danger" if counts.dark else "warning",
        is_on_home=True,
    )


def risk_url(span: timedelta) -> str:
    """Return the address of the page *Risk*, for this span."""
    return f"{reverse('plugins:nautobot_circuit_maintenance:risk')}?days={span.days}"


def _rows(risk: Risk, visibility: Visibility, now: datetime, span: timedelta) -> dict[str, Any]:
    rows = risk.rows(filter(is_for_dashboard, risk.within(now + span)))
    first = rows[:MOST_ROWS]
    names = read_names(visibility, risk.recorded, [row.first for row in first]) if first else None
    return {
        "risk_rows": [shown.row_of(row, risk, names, now) for row in first] if names else [],
        "more_risks": len(rows) - len(first),
        "risk_url": risk_url(span),
        "is_risk_partial": risk.is_partial,
    }
