"""Examples in Python: settings, which the app has to take without a word, and code, which has to run."""

import ast
import os

from django.conf import settings
from django.test import override_settings

from nautobot_circuit_maintenance import checks
from nautobot_circuit_maintenance.app_settings import PACKAGE


def run_python(text: str) -> None:
    """Execute an example; a dictionary alone is a notification source, or a channel if it has a kind."""
    body = ast.parse(text).body
    names: dict[str, object] = {"os": os}  # as at the top of every nautobot_config.py
    if len(body) == 1 and isinstance(body[0], ast.Expr) and isinstance(body[0].value, ast.Dict):
        is_channel = any(isinstance(key, ast.Constant) and key.value == "kind" for key in body[0].value.keys)
        where = "'instance': 'docs', 'channels'" if is_channel else "'notification_sources'"
        text = f"PLUGINS_CONFIG = {{{PACKAGE!r}: {{{where}: [{text.strip().rstrip(',')}]}}}}"
    exec(text, names)  # pylint: disable=exec-used  # nosec B102 # an example of our own pages
    written = {name: value for name, value in names.items() if name.isupper()}
    for name in written:
        assert hasattr(settings, name), f"Nautobot has no setting {name}"
    assert PACKAGE in written.get("PLUGINS", [PACKAGE])
    if "PLUGINS_CONFIG" in written:
        assert PACKAGE in written["PLUGINS_CONFIG"]  # type: ignore[operator]  # what an example assigns
    with override_settings(**written):
        found = [*checks.check_settings(), *checks.check_isolation()]
    assert not found, found
