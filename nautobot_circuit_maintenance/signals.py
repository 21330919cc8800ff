"""What happens beside a save: custom fields and source rows after a migration, links of new providers and circuits."""

import logging

from django.db import OperationalError, ProgrammingError, transaction
from django.db.models.signals import post_save

logger = logging.getLogger(__name__)


def connect_signals() -> None:
    """Listen to core's models."""
    from nautobot.circuits.models import Circuit, Provider  # pylint: disable=import-outside-toplevel  # need apps

    post_save.connect(attach_new_provider, sender=Provider, dispatch_uid="circuit_maintenance_attach_provider")
    post_save.connect(link_impacts_of_circuit, sender=Circuit, dispatch_uid="circuit_maintenance_link_impacts")


def prepare_database(**_kwargs) -> None:
    """Create the custom fields of Provider and the rows of the configured sources, once the tables exist.

    Uses the real models: historical ones leave core's cache of custom fields stale.
    """
    from nautobot_circuit_maintenance.pipeline import sources  # pylint: disable=import-outside-toplevel  # need apps

    try:
        with transaction.atomic():
            _create_custom_fields()
            sources.synchronise_sources()
    except (ProgrammingError, OperationalError) as error:  # after a migration backwards our tables are gone
        logger.warning("Custom fields and notification sources were not prepared: %s", error)


def _create_custom_fields() -> None:
    """Create what is missing; a label or description that somebody changed stays."""
    # pylint: disable=import-outside-toplevel  # need apps
    from django.contrib.contenttypes.models import ContentType
    from nautobot.apps.choices import CustomFieldTypeChoices
    from nautobot.circuits.models import Provider
    from nautobot.extras.models import CustomField

    from nautobot_circuit_maintenance.models import providers

    provider_type = ContentType.objects.get_for_model(Provider)
    for key, label, description in (
        (
            providers.EMAILS_FIELD,
            "Emails for Circuit Maintenance plugin",
            "Addresses that this provider sends its maintenance notifications from, separated by commas.",
        ),
        (
            providers.PARSERS_FIELD,
            "Parser for Circuit Maintenance plugin",
            "Names of circuit-maintenance-parser parsers, separated by commas, tried in order. "
            "Empty means the provider's own name.",
        ),
    ):
        field, _ = CustomField.objects.get_or_create(
            key=key,
            defaults={"label": label, "description": description, "type": CustomFieldTypeChoices.TYPE_TEXT},
        )
        # Not content_types.add(): that enqueues a job which writes the default into every provider, there is none, and a
        # migration has no user to enqueue it for.
        CustomField.content_types.through.objects.get_or_create(customfield=field, contenttype=provider_type)


def attach_new_provider(*, instance, created, raw=False, **_kwargs) -> None:
    """Link a new provider to every source that wants all of them."""
    from nautobot_circuit_maintenance import models  # pylint: disable=import-outside-toplevel  # need apps

    if created and not raw:
        for source in models.NotificationSource.objects.filter(attach_all_providers=True):
            source.providers.add(instance)


def link_impacts_of_circuit(*, instance, raw=False, **_kwargs) -> None:
    """Link what was said about a circuit before Nautobot knew it."""
    from nautobot_circuit_maintenance.models import matching  # pylint: disable=import-outside-toplevel  # need apps

    if not raw:
        matching.link_unmatched(provider_id=instance.provider_id)
