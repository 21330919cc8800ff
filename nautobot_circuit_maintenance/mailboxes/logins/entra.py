"""The way to the library for Microsoft's logins, which is an extra: imported when a source is opened that needs it."""

from importlib import import_module
from typing import TYPE_CHECKING

from nautobot_circuit_maintenance.domain.errors import MailboxError
from nautobot_circuit_maintenance.mailboxes.logins.settings import ApplicationSettings

if TYPE_CHECKING:  # the library may not be installed
    from nautobot_circuit_maintenance.mailboxes.logins.microsoft import ApplicationLogin

_MODULE = "nautobot_circuit_maintenance.mailboxes.logins.microsoft"


def application_login(settings: ApplicationSettings, scope: str) -> "ApplicationLogin":
    """Return the login of a source's application for one resource; raises MailboxError without the library."""
    try:
        module = import_module(_MODULE)
    except ImportError as error:  # import_module: msal, or what it needs
        sentence = (
            f"Microsoft's login library is not installed ({error.name}): install the app's extra 'microsoft' (pip install msal) "
            "for web server and workers, and restart both."
        )
        raise MailboxError("ENTRA-01", sentence, permanent=True) from None
    login: ApplicationLogin = module.ApplicationLogin(settings, scope)
    return login
