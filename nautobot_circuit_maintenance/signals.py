"""Signal receivers: set up the database after a migration, link new providers and circuits."""

import logging
from typing import Any

from celery.signals import celeryd_after_setup
from django.db import OperationalError, ProgrammingError, transaction
from django.db.models.signals import post_save, pre_delete, pre_save

logger = logging.getLogger(__name__)


_POOLS_WITH_LIMITS = ("celery.concurrency.prefork", "celery.concurrency.solo")


def connect_signals() -> None:
    """Connect the receivers of core's models and ours, and of Celery."""
    # pylint: disable=import-outside-toplevel  # need apps
    from nautobot.circuits.models import Circuit, CircuitTermination, Provider

    from nautobot_circuit_maintenance.models import CircuitMaintenance, change_receivers, detail_changes, sort_figures
    from nautobot_circuit_maintenance.models.changes import published_changes, send_deletion

    sort_figures.connect()
    change_receivers.connect()
    detail_changes.connect()
    published_changes.connect(publish_changes, dispatch_uid="circuit_maintenance_publish_changes")

    celeryd_after_setup.connect(warn_about_pool, dispatch_uid="circuit_maintenance_warn_about_pool")
    post_save.connect(attach_new_provider, sender=Provider, dispatch_uid="circuit_maintenance_attach_provider")
    pre_save.connect(note_removed_aliases, sender=Circuit, dispatch_uid="circuit_maintenance_removed_aliases")
    post_save.connect(link_impacts_of_circuit, sender=Circuit, dispatch_uid="circuit_maintenance_link_impacts")
    post_save.connect(link_impacts_of_port, sender=CircuitTermination, dispatch_uid="circuit_maintenance_link_port")
    pre_delete.connect(forget_circuit, sender=Circuit, dispatch_uid="circuit_maintenance_forget_circuit")
    pre_delete.connect(send_deletion, sender=CircuitMaintenance, dispatch_uid="circuit_maintenance_send_deletion")


def publish_changes(**kwargs: Any) -> None:
    """Publish changes of maintenances on Nautobot's event brokers."""
    from nautobot_circuit_maintenance.outbound import events  # pylint: disable=import-outside-toplevel  # need apps

    events.publish_changes(**kwargs)


def warn_about_pool(instance: Any, **_kwargs) -> None:
    """Warn when a worker starts whose pool cannot limit the time and memory of a parse."""
    pool = getattr(instance, "pool_cls", None)
    if pool is not None and pool.__module__ not in _POOLS_WITH_LIMITS:
        logger.warning(
            "The worker pool %s has no limits of time and memory for reading an email. Use the pool prefork or solo.",
            pool.__module__.rpartition(".")[2],
        )


def prepare_database(**_kwargs) -> None:
    """Create the custom fields and the rows of the configured sources, once the tables exist.

    Uses the real models: historical ones leave core's cache of custom fields stale.
    """
    from nautobot_circuit_maintenance.pipeline import sources  # pylint: disable=import-outside-toplevel  # need apps

    try:
        with transaction.atomic():
            _create_custom_fields()
            sources.synchronize_sources()
    except (ProgrammingError, OperationalError) as error:  # after a migration backwards our tables are gone
        logger.warning("Could not create custom fields and notification sources: %s", error)


def _create_custom_fields() -> None:
    """Create missing custom fields; labels and descriptions that a user changed are kept."""
    # pylint: disable=import-outside-toplevel  # need apps
    from django.apps import apps
    from django.contrib.contenttypes.models import ContentType
    from nautobot.extras.models import CustomField, CustomFieldChoice

    from nautobot_circuit_maintenance.models.providers import CUSTOM_FIELDS

    for field in CUSTOM_FIELDS:
        custom_field, _ = CustomField.objects.get_or_create(
            key=field.key,
            defaults={
                "label": field.label,
                "description": field.description,
                "type": field.type,
            },
        )
        for value in field.choices:
            CustomFieldChoice.objects.get_or_create(custom_field=custom_field, value=value)
        # content_types.add() would enqueue a job that writes the default into every object: there is no default, and
        # a migration has no user to enqueue it for.
        links = CustomField.content_types.through.objects
        content_type = ContentType.objects.get_for_model(apps.get_model(field.model))
        links.get_or_create(customfield=custom_field, contenttype=content_type)


def attach_new_provider(*, instance, created, raw=False, **_kwargs) -> None:
    """Link a new provider to every source with ``attach_all_providers``."""
    from nautobot_circuit_maintenance import models  # pylint: disable=import-outside-toplevel  # need apps

    if created and not raw:
        for source in models.NotificationSource.objects.filter(attach_all_providers=True):
            source.providers.add(instance)


def note_removed_aliases(*, instance, raw=False, update_fields=None, **_kwargs) -> None:
    """Keep the aliases that a circuit is about to lose, until it is saved; none if only other fields are saved."""
    from nautobot_circuit_maintenance.models import unlinking  # pylint: disable=import-outside-toplevel  # need apps

    keeps = raw or not instance.present_in_database or (update_fields and "_custom_field_data" not in update_fields)
    instance.circuit_maintenance_removed_aliases = () if keeps else unlinking.removed_aliases(instance)


def link_impacts_of_circuit(*, instance, raw=False, **_kwargs) -> None:
    """Link the impacts that were announced for a circuit before it was added, or before it had an alias.

    Those that an alias linked which it no longer has are unlinked.
    """
    # pylint: disable=import-outside-toplevel  # need apps
    from nautobot_circuit_maintenance.domain.circuit_ids import Kind
    from nautobot_circuit_maintenance.models import matching, providers, unlinking

    if not raw:
        unlinking.unlink_removed(instance, instance.circuit_maintenance_removed_aliases)
        aliases = [(alias, Kind.ALIAS) for alias in providers.circuit_aliases(instance)]
        matching.link_unmatched_to(instance.provider_id, [(instance.cid, Kind.CID), *aliases])


def link_impacts_of_port(*, instance, raw=False, **_kwargs) -> None:
    """Link the impacts that were announced for a cross-connect or port before it was entered."""
    # pylint: disable=import-outside-toplevel  # need apps
    from nautobot_circuit_maintenance.domain.circuit_ids import Kind
    from nautobot_circuit_maintenance.models import matching

    ports = [(port, Kind.PORT) for port in (instance.xconnect_id, instance.pp_info) if port]
    if ports and not raw:
        matching.link_unmatched_to(instance.circuit.provider_id, ports)


def forget_circuit(*, instance, **_kwargs) -> None:
    """Forget how impacts were linked to a circuit that is deleted: another may take its place."""
    # pylint: disable=import-outside-toplevel  # need apps
    from nautobot_circuit_maintenance import models
    from nautobot_circuit_maintenance.models.change_receivers import record_details

    linked = models.CircuitImpact.objects.filter(circuit=instance).order_by()
    record_details(linked.values_list("maintenance", flat=True))
    linked.update(matched_by="")
