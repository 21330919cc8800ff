"""Rows that know what they were when they were read, so that it is known what a copy changed."""

from collections.abc import Collection, Iterable
from copy import deepcopy
from functools import cache
from typing import Any

from django.db import models

_NOT_LOADED = object()


class RemembersMixin(models.Model):
    """A row that remembers the values that were read or saved last, field by field."""

    _read: dict[str, Any] | None = None
    """The values by attribute, without those that are not loaded; None for a row that is not stored yet."""

    class Meta:
        abstract = True

    @classmethod
    def from_db(cls, db: str | None, field_names: Collection[str], values: Collection[Any]) -> "RemembersMixin":
        """Keep the values that were read."""
        row = super().from_db(db, field_names, values)
        row._remember()  # pylint: disable=protected-access  # of this class
        return row

    def refresh_from_db(self, using: str | None = None, fields: Iterable[str] | None = None, **kwargs: Any) -> None:
        """Keep the values that were read this time; Django reads a deferred field by this, and no other one with it."""
        names = None if fields is None else list(fields)
        super().refresh_from_db(using=using, fields=names, **kwargs)
        self._remember(names)

    def _remember(self, fields: Iterable[str] | None = None) -> None:
        """Keep the values of these fields, or of all that are loaded: from now on, they count as stored."""
        names = _attributes(type(self)) if fields is None else _attributes_of(type(self), fields)
        own = self.__dict__
        # Of each row that is read: copying a UUID or a time, which nothing changes, would take longer than reading it.
        # Lists and dictionaries are edited in place.
        values = {
            name: deepcopy(own[name]) if isinstance(own[name], (dict, list)) else own[name]
            for name in names
            if name in own
        }
        self._read = values if fields is None else {**(self._read or {}), **values}

    def was(self, attribute: str) -> Any:
        """Return a value as it was read; None if it was not, or if the row is not stored yet."""
        return (self._read or {}).get(attribute)

    def has_changed(self, *attributes: str) -> bool:
        """Return whether this copy changed one of these since it was read; everything is new in a row that is not stored."""
        read, own = self._read, self.__dict__
        if read is None:
            return True
        return any(read.get(name, _NOT_LOADED) != own.get(name, _NOT_LOADED) for name in attributes)

    def changed_attributes(self) -> set[str]:
        """Return all attributes that this copy changed since it was read."""
        return {name for name in _attributes(type(self)) if self.has_changed(name)}


@cache
def _attributes(model: type[models.Model]) -> tuple[str, ...]:
    return tuple(field.attname for field in model._meta.concrete_fields)


def _attributes_of(model: type[models.Model], fields: Iterable[str]) -> list[str]:
    """Return the attributes of these fields; relations from elsewhere, which are not stored here, have none."""
    found = (getattr(model._meta.get_field(name), "attname", "") for name in fields)
    return [name for name in found if name]
