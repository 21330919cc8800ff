"""Concurrent saves of one row: people edit while the pipeline applies notifications."""

from collections.abc import Collection
from copy import deepcopy
from typing import Any

from django.db import models


class SaveChangedFieldsMixin(models.Model):
    """A row whose ``save()`` overwrites only the fields that this copy changed since it was read."""

    _read: dict[str, Any] | None = None
    """The values as they were read, by attribute; None for a row that is not stored yet."""

    class Meta:
        abstract = True

    @classmethod
    def from_db(cls, db: str | None, field_names: Collection[str], values: Collection[Any]) -> "SaveChangedFieldsMixin":
        """Keep the values that were read."""
        row = super().from_db(db, field_names, values)
        row._remember()  # pylint: disable=protected-access  # of this class
        return row

    def refresh_from_db(self, *args: Any, **kwargs: Any) -> None:
        """Keep the values that were read this time."""
        super().refresh_from_db(*args, **kwargs)
        self._remember()

    def _remember(self) -> None:
        loaded = {field.attname for field in self._meta.concrete_fields} - self.get_deferred_fields()
        # Lists and dictionaries are edited in place.
        self._read = {
            name: deepcopy(value) if isinstance(value, (dict, list)) else value
            for name, value in self.__dict__.items()
            if name in loaded
        }

    def has_changed(self, *attributes: str) -> bool:
        """Return whether this copy changed one of these since it was read; everything is new in a row that is not stored."""
        if self._read is None:
            return True
        return any(self._read.get(name) != self.__dict__.get(name) for name in attributes)

    def clean_fields(self, exclude: Collection[str] | None = None) -> None:
        """Do not ask for each row that this copy refers to as before: the database guarantees that it exists."""
        related = [field for field in self._meta.concrete_fields if field.is_relation]
        kept = {field.name for field in related if not self.has_changed(field.attname)}
        super().clean_fields(exclude=kept | set(exclude or ()))

    def merge(self) -> None:
        """Lock the row and adopt what others saved since it was read, in fields that this copy did not change.

        To be called in the transaction of the save.
        """
        if self._read is None:
            return
        names = {field.attname for field in self._meta.concrete_fields if not field.primary_key}
        manager = type(self)._base_manager  # pylint: disable=protected-access  # Django documents it as public
        stored = manager.select_for_update().filter(pk=self.pk).values(*names).first()
        if stored is None:
            return  # deleted in the meantime
        for name in names & self._read.keys():
            if getattr(self, name) == self._read[name]:
                setattr(self, name, stored[name])
