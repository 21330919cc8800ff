"""Concurrent saves of one row: people edit while the pipeline applies notifications."""

from collections.abc import Collection
from copy import deepcopy

from nautobot_circuit_maintenance.models.remembering import RemembersMixin


class SaveChangedFieldsMixin(RemembersMixin):
    """A row whose ``save()`` overwrites only the fields that this copy changed since it was read."""

    class Meta:
        abstract = True

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
            if not self.has_changed(name):
                setattr(self, name, stored[name])
                self._read[name] = deepcopy(stored[name])
