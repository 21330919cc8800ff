"""Deleting what maintenances and notifications refer to is refused, without telling what the user may not view."""

from collections.abc import Iterable
from typing import Any

from django.db.models import ProtectedError

from nautobot_circuit_maintenance.compat import reading_user


def protect(_collector: Any, field: Any, rows: Iterable[Any], using: str) -> None:
    """Raise ProtectedError, as ``models.PROTECT`` does; it has those of the rows that the user may view.

    They are read with their provider, which is part of what they are called.
    """
    model = field.model
    named = model._default_manager.using(using).filter(pk__in=[row.pk for row in rows]).select_related("provider")
    user = reading_user()
    visible = named if user is None else named.restrict(user, "view")
    target = field.remote_field.model._meta.verbose_name
    message = f"Cannot delete this {target}: {model._meta.verbose_name_plural} refer to it."
    raise ProtectedError(message, set(visible))
