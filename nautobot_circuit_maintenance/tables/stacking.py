"""Tables whose rows are stacked where there is no room for their columns side by side."""

from __future__ import annotations

from typing import Any

from django_tables2.utils import AttributeDict

SIDE_BY_SIDE = {"td": {"class": "ncm-side"}}
"""Attributes of a column whose cells explain themselves: stacked, they share a line and do not repeat its name."""
_WITHOUT_LABEL = ("pk", "actions")


class StackedMixin:
    """A table whose cells know the name of their column, and keep their roles when they are stacked.

    The page has to include ``inc/stacked_style.html``; that of a list extends ``stacked_list.html``.
    """

    attrs: Any
    row_attrs: Any
    columns: Any
    base_columns: Any

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Add names and roles to the attributes."""
        # Core takes "pk" and "actions" out of the columns of the class for a moment, which other threads copy.
        self.base_columns = type(self).base_columns.copy()
        super().__init__(*args, **kwargs)
        self.attrs = AttributeDict(
            {**self.attrs, "class": f"{self.attrs.get('class', '')} ncm-stacked".strip(), "role": "table"}
        )
        self.row_attrs = AttributeDict({**(self.row_attrs or {}), "role": "row"})
        for name, bound in self.columns.items():
            cell = {**bound.column.attrs.get("td", {}), "role": "cell"}
            if name in _WITHOUT_LABEL:
                cell["class"] = f"{cell.get('class', '')} ncm-side".strip()
            else:
                cell["data-label"] = bound.header
            bound.column.attrs = {**bound.column.attrs, "td": cell}
