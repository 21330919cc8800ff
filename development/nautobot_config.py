"""Nautobot's configuration for development: services and notification sources come from the environment."""

import json
import os
import secrets
from pathlib import Path

STATE = Path(os.environ.get("NCM_STATE") or Path(__file__).resolve().parent.parent / ".development")
os.environ.setdefault(
    "NAUTOBOT_ROOT", str(STATE / "nautobot")
)  # git, jobs, media and static files; read by the next line

# pylint: disable=wildcard-import,unused-wildcard-import,wrong-import-position  # how Nautobot's settings are extended
from nautobot.core.settings import *  # noqa: E402,F401,F403 - see above


def kept_secret(path: Path) -> str:
    """Return the secret key, created the first time, so that sessions survive a restart of the demo."""
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    except FileExistsError:
        return path.read_text(encoding="ascii")
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        key = secrets.token_urlsafe(50)
        file.write(key)
    return key


# Nautobot's own settings have read the variables of the containers: key, host names, DEBUG.
if not SECRET_KEY:  # noqa: F405 - from Nautobot's settings
    SECRET_KEY = kept_secret(STATE / "secret_key")
ALLOWED_HOSTS = ALLOWED_HOSTS or ["localhost", "127.0.0.1", "[::1]"]  # noqa: F405 - from Nautobot's settings
INSTALLATION_METRICS_ENABLED = False  # nothing leaves this machine
# With metrics, Nautobot replaces the engine by one that is built on that of PostgreSQL or MySQL.
METRICS_ENABLED = not DATABASES["default"]["ENGINE"].startswith("development.")  # noqa: F405 - from Nautobot's settings

# The template of bare Nautobot is built without the app; see development/services/database.py.
PLUGINS = [] if os.environ.get("NCM_CORE_ONLY") else ["nautobot_circuit_maintenance"]
PLUGINS_CONFIG = {
    "nautobot_circuit_maintenance": json.loads(os.environ.get("NCM_PLUGIN_CONFIG") or "{}"),
}
