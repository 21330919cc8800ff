"""The cards of the dashboard: tables with a word for when they are empty, and charts that do not rely on colour."""

from typing import Any

from django.template import Context
from django.template.loader import render_to_string
from django.utils.html import format_html
from nautobot.apps.ui import EChartsBase, EChartsPanel, EChartsTypeChoices, Panel

from nautobot_circuit_maintenance.analysis import trends

_TEMPLATES = "nautobot_circuit_maintenance/inc/dashboard_{}.html"

# In the order of the impacts, mildest first, then "not told"; the same hues as the badges.
_IMPACT_COLORS = (
    {"light": "#83c766", "dark": "#83c766"},
    {"light": "#4db6ff", "dark": "#4db6ff"},
    {"light": "#f8b817", "dark": "#f8b817"},
    {"light": "#eb4752", "dark": "#f06570"},
    {"light": "#8292a2", "dark": "#8292a2"},
)
_ONE_COLOR = ({"light": "#0979c3", "dark": "#1a90dc"},)
_LOOK = {
    "aria": {"enabled": True},  # a description for those who cannot see the chart
    "grid": {"left": 8, "right": 16, "bottom": 8, "top": 40, "containLabel": True},
    "yAxis": {"minInterval": 1},
    "tooltip": {"trigger": "axis", "axisPointer": {"type": "shadow"}},
}
_STACKED = {
    **_LOOK,
    "aria": {"enabled": True, "decal": {"show": True}},  # and patterns for those who cannot tell the colours apart
    "grid": {**_LOOK["grid"], "top": 72},
}


class RowsPanel(Panel):
    """A table from rows that the view puts into the context under this name."""

    body_wrapper_template_path = "components/panel/body_wrapper_table.html"
    rows = ""
    is_ahead = False
    """Whether the rows are those of the days ahead, which the heading then names."""

    def __init__(self, **kwargs: Any) -> None:
        """Take the template and the id from the name of the rows."""
        super().__init__(**kwargs)
        self.body_id = self.rows
        self.body_content_template_path = self.body_content_template_path or _TEMPLATES.format(self.rows)

    def render_label(self, context: Context) -> str:
        """Name the span of the rows."""
        span = f", next {context['n_days']} days".upper() if self.is_ahead else ""
        return f"{super().render_label(context)}{span}"


class AffectedPanel(RowsPanel):
    """What is hit soonest: one template for locations and devices."""

    body_content_template_path = _TEMPLATES.format("affected")
    is_ahead = True
    noun = ""
    counted = ""
    """Which circuits count, for whoever wonders why there is nothing."""

    def get_extra_context(self, context: Context) -> dict[str, Any]:
        """Tell the template what it shows."""
        return {"affected": context[self.rows], "noun": self.noun, "counted": self.counted}


class StackedBars(EChartsBase):
    """Bars on top of each other."""

    def get_config(self, context: Context | None = None) -> dict[str, Any]:
        """Stack all series."""
        config = super().get_config(context=context)
        return {**config, "series": [{**series, "stack": "all"} for series in config["series"]]}


class LyingBars(EChartsBase):
    """Bars that lie on their side, so that long names stay readable; the first on top."""

    def get_config(self, context: Context | None = None) -> dict[str, Any]:
        """Swap the axes."""
        config = super().get_config(context=context)
        names = {**config["xAxis"], "inverse": True}
        return {**config, "xAxis": {"type": "value", "minInterval": 1}, "yAxis": names}


def has_numbers(chart: dict[str, Any]) -> bool:
    """Tell whether a chart would show anything."""
    return any(any(series["data"]) for series in chart["series"])


class ChartPanel(EChartsPanel):
    """A chart of what the view puts into the context's ``charts`` under this name, or a word on why there is none."""

    chart_height = "18rem"

    def __init__(
        self, *, label: str, data: str, empty: str, chart_class: type[EChartsBase] = EChartsBase, **kwargs: Any
    ) -> None:
        """Say where the numbers are, and what to say where all are zero."""
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
            "additional_config": _STACKED if is_stacked else _LOOK,
            "save_image_options": {"name": label},
        }
        super().__init__(
            label=label, chart_class=chart_class, chart_kwargs=chart, chart_container_id=f"chart-{data}", **kwargs
        )

    def render_body(self, context: Context) -> str:
        """Draw the chart where there is something to draw."""
        if has_numbers(context["charts"][self.data]):
            return super().render_body(context)
        content = format_html('<div class="text-center text-secondary">{}</div>', self.empty)
        return render_to_string(
            Panel.body_wrapper_template_path, {"body_id": self.body_id, "body_content": content, "collapsed": False}
        )


COMING = RowsPanel(weight=100, label="Coming up", rows="coming", is_ahead=True)
SOURCES = RowsPanel(
    weight=100,
    label="Sources",
    rows="sources",
    required_permissions=["nautobot_circuit_maintenance.view_notificationsource"],
)
LOCATIONS = AffectedPanel(
    weight=100,
    label="Affected locations",
    rows="locations",
    noun="location",
    counted="Circuits count where they are terminated.",
    required_permissions=["dcim.view_location"],
)
DEVICES = AffectedPanel(
    weight=100,
    label="Affected devices",
    rows="devices",
    noun="device",
    counted="Circuits count where they are cabled to an interface.",
    required_permissions=["dcim.view_device"],
)
_LAST_YEAR = f"last {trends.YEAR.days} days"
WEEKS = ChartPanel(
    weight=100,
    label=f"By week and worst impact, {trends.WEEKS_BACK} weeks back and {trends.WEEKS_AHEAD} ahead",
    data="weeks",
    empty="No maintenance begins in these weeks.",
    chart_class=StackedBars,
)
PROVIDERS = ChartPanel(
    weight=200,
    label=f"By provider, {_LAST_YEAR}",
    data="providers",
    empty=f"No maintenance of a provider has begun in the {_LAST_YEAR}.",
    chart_class=LyingBars,
)
NOTICE = ChartPanel(
    weight=100,
    label=f"Notice given before the start, {_LAST_YEAR}",
    data="notice",
    empty=f"No notification that you may see announced a maintenance that has begun in the {_LAST_YEAR}.",
)
HOURS = ChartPanel(
    weight=200,
    label=f"Planned hours per month, {trends.MONTHS_BACK} months back and {trends.MONTHS_AHEAD} ahead",
    data="hours",
    empty="No hours are planned in these months.",
)
