"""Fills in the templates of a channel: by which labels Alertmanager knows the alerts of a circuit.

The templates are in PLUGINS_CONFIG and so the administrator's own; what they are given are strings.
"""

from collections.abc import Mapping
from typing import Any

from jinja2 import StrictUndefined, Template, TemplateError
from jinja2.sandbox import ImmutableSandboxedEnvironment

from nautobot_circuit_maintenance.outbound.channels.alertmanager.silences import Matchers
from nautobot_circuit_maintenance.outbound.channels.errors import MessageRefused

_LONGEST = 1_000
"""Characters of a value."""


class Labels:
    """The labels of a channel, compiled."""

    def __init__(self, templates: Mapping[str, str]) -> None:
        """Compile the templates; raises MessageRefused for one that is not valid."""
        # Values of labels are plain text: nothing of them is shown as HTML.
        environment = ImmutableSandboxedEnvironment(autoescape=False, undefined=StrictUndefined)
        self._templates: dict[str, Template] = {}
        for name, template in templates.items():
            try:
                self._templates[name] = environment.from_string(template)
            except TemplateError as error:  # from_string
                raise _failed(name, error) from None

    def matchers(self, values: Mapping[str, str]) -> Matchers:
        """Return the matchers for these values; raises MessageRefused if a template fails, or says nothing.

        A matcher with an empty value would match all alerts that lack the label.
        """
        found = {name: self._value(name, template, values) for name, template in self._templates.items()}
        empty = sorted(name for name, value in found.items() if not value.strip())
        if empty:
            who = values.get("cid", "")
            raise MessageRefused(
                "ALERT-07", f"No value of {', '.join(empty)} for the circuit {who}: it has no silence."
            )
        return frozenset(found.items())

    def _value(self, name: str, template: Template, values: Mapping[str, Any]) -> str:
        try:
            return template.render(values)[:_LONGEST]
        except (TemplateError, TypeError, ValueError, ArithmeticError) as error:  # template.render
            raise _failed(name, error) from None


def _failed(label: str, error: Exception) -> MessageRefused:
    return MessageRefused("ALERT-06", f"The template of the label '{label}' fails: {error}")
