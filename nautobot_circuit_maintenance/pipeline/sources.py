"""Keeps the rows of the notification sources in line with PLUGINS_CONFIG."""

from collections.abc import Mapping

from nautobot.circuits.models import Provider

from nautobot_circuit_maintenance.app_settings import get_app_settings
from nautobot_circuit_maintenance.models.notifications import NotificationSource


def synchronize_sources() -> None:
    """Create a row for each configured source and update its settings; other rows keep their links.

    A source with a configuration error gets a row too, which is where the error is shown.
    """
    settings = get_app_settings()
    attaches_all = {source.name: source.attach_all_providers for source in settings.sources}
    names = {*attaches_all, *(problem.source for problem in settings.problems if problem.source)}
    existing = {source.name: source for source in NotificationSource.objects.all()}
    for name in sorted(names):
        source = _get_or_create(name, existing)
        _update(source, name, attaches_all.get(name, source.attach_all_providers))
        _attach_providers(source)
    _clear_errors([source for source in existing.values() if source.name not in names])


def _get_or_create(name: str, existing: Mapping[str, NotificationSource]) -> NotificationSource:
    return existing.get(name) or NotificationSource.objects.get_or_create(name=name)[0]


def _update(source: NotificationSource, name: str, attach_all_providers: bool) -> None:
    """Save name and setting if they differ; MySQL may have found a row whose name differs in case."""
    if (source.name, source.attach_all_providers) != (name, attach_all_providers):
        source.name, source.attach_all_providers = name, attach_all_providers
        source.save()


def _attach_providers(source: NotificationSource) -> None:
    if source.attach_all_providers:
        source.providers.add(*Provider.objects.exclude(notification_sources=source))


def _clear_errors(removed: list[NotificationSource]) -> None:
    """Clear the last error of sources that left the settings: they are not read any more, so it could never go away."""
    keys = [source.pk for source in removed if source.last_error]
    if keys:
        NotificationSource.objects.filter(pk__in=keys).update(last_error="", failing_since=None, failed_runs=0)
