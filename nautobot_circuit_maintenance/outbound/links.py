"""Links to Nautobot in messages: whole addresses, for a message is read elsewhere."""

from collections.abc import Callable

from nautobot_circuit_maintenance.app_settings import get_app_settings


def linking() -> Callable[[str], str]:
    """Return what turns a path of Nautobot into an address; into nothing if the settings do not name Nautobot's."""
    address = get_app_settings().channels.nautobot_url
    return lambda path: f"{address}{path}" if address else ""
