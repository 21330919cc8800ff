"""The banner on every page while the tables are not migrated."""

from django.template import Context
from nautobot.apps.ui import Banner, BannerClassChoices

from nautobot_circuit_maintenance import unmigrated


def banner(context: Context) -> Banner | None:
    """Inform users that the app shows nothing yet, and what to run; costs no query once the tables are migrated."""
    request = context.get("request")
    if request is None or not request.user.is_authenticated or not unmigrated.is_hidden():
        return None
    return Banner(content=unmigrated.WHAT_TO_RUN, banner_class=BannerClassChoices.CLASS_WARNING)
