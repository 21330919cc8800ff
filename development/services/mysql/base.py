"""Django's engine for MySQL, with the lock clause that MariaDB understands."""

from django.db.backends.mysql import base, features, operations


class DatabaseFeatures(features.DatabaseFeatures):
    """Django refuses `select_for_update(of=...)` on MariaDB; here it becomes a lock on the rows of all tables that are joined."""

    has_select_for_update_of = True


class DatabaseOperations(operations.DatabaseOperations):
    """Leaves out what MariaDB's parser does not know."""

    def for_update_sql(
        self, nowait: bool = False, skip_locked: bool = False, of: tuple[str, ...] = (), no_key: bool = False
    ) -> str:
        """Return the lock clause without its tables, which MariaDB cannot name."""
        return str(super().for_update_sql(nowait=nowait, skip_locked=skip_locked, no_key=no_key))


class DatabaseWrapper(base.DatabaseWrapper):
    """A connection to MariaDB that is used as if it were MySQL."""

    features_class = DatabaseFeatures
    ops_class = DatabaseOperations
