"""Django settings of `invoke pure`: no services, no Nautobot, no database, so that pytest starts in a second."""

SECRET_KEY = "pure"  # nosec B105 # nothing is signed with it
USE_TZ = True
TIME_ZONE = "UTC"
INSTALLED_APPS: list[str] = []
DATABASES: dict[str, dict[str, str]] = {}
PLUGINS_CONFIG = {"nautobot_circuit_maintenance": {}}
