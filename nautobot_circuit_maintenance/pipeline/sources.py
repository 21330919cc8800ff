"""Keeps the rows of the notification sources in step with PLUGINS_CONFIG."""

from nautobot.circuits.models import Provider

from nautobot_circuit_maintenance.app_settings import get_app_settings
from nautobot_circuit_maintenance.models.notifications import NotificationSource


def synchronise_sources() -> None:
    """Create a row for each configured source; rows of sources that left the configuration keep their links.

    They lose their last error: nobody reads them any more, so nobody could mend it.
    A source with a mistake in its settings gets a row too, so that there is a place to show the mistake.
    """
    settings = get_app_settings()
    attach_all = {source.name: source.attach_all_providers for source in settings.sources}
    names = {*attach_all, *(problem.source for problem in settings.problems if problem.source)}
    existing = {source.name: source for source in NotificationSource.objects.all()}
    for name in sorted(names):
        source = existing.get(name) or NotificationSource.objects.get_or_create(name=name)[0]
        wanted = attach_all.get(name, source.attach_all_providers)
        if (wanted, name) != (source.attach_all_providers, source.name):  # MySQL may find one in other capitals
            source.attach_all_providers, source.name = wanted, name
            source.save()
        if wanted:
            source.providers.add(*Provider.objects.exclude(notification_sources=source))
    gone = [source.pk for source in existing.values() if source.last_error and source.name not in names]
    if gone:
        NotificationSource.objects.filter(pk__in=gone).update(last_error="")
