"""The charts of the dashboard; they do not rely on color alone."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.template import Context
from django.template.loader import render_to_string
from django.utils.html import format_html
from nautobot.apps.ui import EChartsBase, EChartsPanel, EChartsTypeChoices, Panel

from nautobot_circuit_maintenance.analysis import trends
from nautobot_circuit_maintenance.analysis.visibility import Visibility

_UNSPECIFIED = "Unspecified"

# In the order of the impacts, mildest first, then unspecified; the same hues as the badges.
_IMPACT_COLORS = (
    {"light": "#83c766", "dark": "#83c766"},
    {"light": "#4db6ff", "dark": "#4db6ff"},
    {"light": "#f8b817", "dark": "#f8b817"},
    {"light": "#eb4752", "dark": "#f06570"},
    {"light": "#8292a2", "dark": "#8292a2"},
)
_ONE_COLOR = ({"light": "#0979c3", "dark": "#1a90dc"},)
_LOOK = {
    "aria": {"enabled": True},  # a description for screen readers
    "grid": {"left": 8, "right": 16, "bottom": 8, "top": 40, "containLabel": True},
    "yAxis": {"minInterval": 1},
    "tooltip": {"trigger": "axis", "axisPointer": {"type": "shadow"}},
}
_STACKED = {
    **_LOOK,
    "aria": {"enabled": True, "decal": {"show": True}},  # and patterns that tell the series apart without color
    "grid": {**_LOOK["grid"], "top": 72},
}


def chart_data(visibility: Visibility, now: datetime) -> dict[str, Any]:
    """Return the numbers of all charts by name."""
    hours = ((f"{month:%b %Y}", round(count, 1)) for month, count in trends.hours_by_month(visibility, now))
    return {
        "weeks": _by_week(trends.by_week(visibility, now)),
        "providers": _single("Maintenances", trends.by_provider(visibility, now)),
        "notice": _single("Maintenances", trends.notice_given(visibility, now)),
        "hours": _single("Hours", hours),
    }


def has_numbers(chart: dict[str, Any]) -> bool:
    """Return whether a chart has anything to show."""
    return any(any(series["data"]) for series in chart["series"])


def _by_week(weeks: trends.Weeks) -> dict[str, Any]:
    """Return a series for each impact; the one without an impact only where it is needed."""
    labels = [f"{monday:%d %b}" for monday in weeks.mondays]
    labels[trends.WEEKS_BACK] = "this week"
    series = [
        {"name": impact or _UNSPECIFIED, "data": list(counts)}
        for impact, counts in weeks.counts.items()
        if impact or any(counts)
    ]
    return {"x": labels, "series": series}


def _single(name: str, pairs: Iterable[tuple[str, float]]) -> dict[str, Any]:
    """Return the numbers of a chart with one series."""
    pairs = list(pairs)
    return {"x": [label for label, _ in pairs], "series": [{"name": name, "data": [value for _, value in pairs]}]}


class StackedBars(EChartsBase):
    """Bars on top of each other."""

    def get_config(self, context: Context | None = None) -> dict[str, Any]:
        """Stack all series."""
        config = super().get_config(context=context)
        return {**config, "series": [{**series, "stack": "all"} for series in config["series"]]}


class HorizontalBars(EChartsBase):
    """Horizontal bars, so that long names stay readable; the first on top."""

    def get_config(self, context: Context | None = None) -> dict[str, Any]:
        """Swap the axes."""
        config = super().get_config(context=context)
        names = {**config["xAxis"], "inverse": True}
        return {**config, "xAxis": {"type": "value", "minInterval": 1}, "yAxis": names}


class ChartPanel(EChartsPanel):
    """A chart of what the view puts into the context's ``charts`` under this name, or a line in its place if all is zero."""

    chart_height = "18rem"

    def __init__(
        self, *, label: str, data: str, empty: str, chart_class: type[EChartsBase] = EChartsBase, **kwargs: Any
    ) -> None:
        """Take the name of the numbers, and the line to show if all of them are zero."""
        self.data, self.empty = data, empty
        is_stacked = issubclass(chart_class, StackedBars)
        chart = {
            "chart_type": EChartsTypeChoices.BAR,
            "data": lambda context: context["charts"][data],
            "x_label": "",
            "y_label": "",
            "theme_colors": _IMPACT_COLORS if is_stacked else _ONE_COLOR,
            # Not in the additional configuration: core would write it into a dictionary that all charts share.
            "legend": {"left": 0, "top": 0, "width": "75%"} if is_stacked else {"show": False},
            "additional_config": _described(_STACKED if is_stacked else _LOOK, label),
            "save_image_options": {"name": label},
        }
        super().__init__(
            label=label, chart_class=chart_class, chart_kwargs=chart, chart_container_id=f"chart-{data}", **kwargs
        )

    def render_body(self, context: Context) -> str:
        """Draw the chart if there is something to draw."""
        if has_numbers(context["charts"][self.data]):
            return super().render_body(context)
        content = format_html('<div class="text-center text-secondary">{}</div>', self.empty)
        return render_to_string(
            Panel.body_wrapper_template_path, {"body_id": self.body_id, "body_content": content, "collapsed": False}
        )


def _described(look: dict[str, Any], label: str) -> dict[str, Any]:
    """Return the look of a chart with what a screen reader says: by itself, ECharts reads numbers without saying of what."""
    description = f"{label}. The button Data View of the chart shows the numbers as text."
    return {**look, "aria": {**look["aria"], "label": {"description": description}}}


_LAST_YEAR = f"last {trends.YEAR.days} days"
_NO_DATA = f"No data for the {_LAST_YEAR}."
WEEKS = ChartPanel(
    weight=100,
    label=f"Maintenances per week by worst impact (past {trends.WEEKS_BACK}, next {trends.WEEKS_AHEAD} weeks)",
    data="weeks",
    empty="No data for these weeks.",
    chart_class=StackedBars,
)
PROVIDERS = ChartPanel(
    weight=200,
    label=f"Maintenances per provider ({_LAST_YEAR})",
    data="providers",
    empty=_NO_DATA,
    chart_class=HorizontalBars,
)
NOTICE = ChartPanel(weight=100, label=f"Advance notice ({_LAST_YEAR})", data="notice", empty=_NO_DATA)
HOURS = ChartPanel(
    weight=200, label="Planned maintenance hours per month", data="hours", empty="No data for these months."
)
