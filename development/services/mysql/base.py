"""Django's engine for MySQL, with the lock clause that MariaDB understands."""

from typing import Any

from django.db.backends.mysql import base, features, operations


class DatabaseFeatures(features.DatabaseFeatures):
    """Django refuses `select_for_update(of=...)` on MariaDB; here it becomes a lock on the rows of all tables that are joined."""

    has_select_for_update_of = True


class DatabaseOperations(operations.DatabaseOperations):
    """Leaves out what MariaDB's parser does not know."""

    def for_update_sql(self, *, of: tuple[str, ...] = (), **options: Any) -> str:
        """Return the lock clause without its tables, which MariaDB cannot name."""
        return str(super().for_update_sql(**options))


class DatabaseWrapper(base.DatabaseWrapper):
    """A connection to MariaDB that is used as if it were MySQL."""

    features_class = DatabaseFeatures
    ops_class = DatabaseOperations
