"""A takeover that is killed anywhere, and then run again, ends as one that was not."""

from importlib import import_module
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction

from development.services import database
from nautobot_circuit_maintenance.takeover import aside, report
from nautobot_circuit_maintenance.takeover.copying import take_over
from nautobot_circuit_maintenance.takeover.tables import APP, LEDGER_TABLE, NAMES
from nautobot_circuit_maintenance.tests.takeover import databases

pytestmark = pytest.mark.postgresql("the databases of the older package are PostgreSQL's")

NAME = next(each for each in databases.migration_names() if each.endswith("_take_over"))
MIGRATION = import_module(f"{APP}.migrations.{NAME}").Migration
KILLS = 10


class Killer:
    """Ends the database's side of the connection before a statement, as a kill of the process or of the server does."""

    def __init__(self, at: int = 0) -> None:
        """Kill before this statement; never, if it is 0."""
        self.at, self.seen = at, 0

    def __call__(self, execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        """Count, and kill."""
        self.seen += 1
        if self.seen == self.at:
            with database.server_connection() as server:
                pid = connection.connection.info.backend_pid
                database.execute(server, f"SELECT pg_terminate_backend({pid}, 10000)")
        return execute(sql, params, many, context)


@pytest.fixture(scope="module")
def prepared(older):
    """Yield a database in which only the rows are still to be copied, and the models of that moment."""
    with databases.removed("prepared") as name:
        databases.copy(older, name)
        with databases.inside(name):
            (_, parent), *_ = (each for each in MIGRATION.dependencies if each[0] == APP)
            state = databases.migrate(parent)
            copying = MIGRATION.operations[-1]
            with connection.schema_editor() as schema_editor:
                for each in MIGRATION.operations[:-1]:
                    before = state.clone()
                    each.state_forwards(APP, state)
                    each.database_forwards(APP, schema_editor, before, state)
            assert copying.code is take_over
        yield name, state.apps  # without a connection to it: it is cloned


def run(apps: Any, killer: Killer) -> None:
    """Copy the rows as the migration does, in one transaction."""
    with connection.execute_wrapper(killer), transaction.atomic():
        take_over(apps, None)


def everything(apps: Any) -> dict[str, list[str]]:
    """Return every row that the takeover writes, as text and in order."""
    labels = ("extras.savedview", "extras.job", "extras.scheduledjob", "auth.permission", "contenttypes.contenttype")
    tables = [apps.get_model(label)._meta.db_table for label in labels]
    tables += [each for each in connection.introspection.table_names() if each.startswith(f"{APP}_")]
    found = {}
    with connection.cursor() as cursor:
        for table in tables:
            # Numbers of sequences are not given back; nothing refers to those of links.
            row = "(notificationsource_id, provider_id)" if table.endswith("_providers") else "t"
            cursor.execute(f'SELECT {row}::text FROM "{table}" t ORDER BY 1')
            found[table] = [row[0] for row in cursor.fetchall()]
        cursor.execute(
            f'SELECT "table", "row", outcome, "into", reason, before::text FROM {LEDGER_TABLE} ORDER BY 1, 2, 3, 5'
        )
        found["ledger"] = cursor.fetchall()
    return found


def test_ten_kills_end_as_none(prepared):
    name, apps = prepared
    count = Killer()
    with databases.clone(name):
        run(apps, count)
        wanted = everything(apps)
    assert count.seen > 2 * KILLS
    for number in range(KILLS):
        with databases.clone(name):
            with pytest.raises(DatabaseError):
                run(apps, Killer(at=1 + number * count.seen // KILLS))
            connection.close()
            assert not report.Entry.objects.exists()

            run(apps, Killer())

            assert everything(apps) == wanted, number
            assert report.unaccounted() == 0
        connection.close()


def test_a_kill_while_the_tables_are_set_aside_leaves_them_where_they_were(older):
    with databases.clone(older):
        with connection.execute_wrapper(Killer(at=200)), pytest.raises(DatabaseError):
            databases.migrate()
        connection.close()
        names = set(connection.introspection.table_names())
        assert (f"{APP}_rawnotification" in names) != (f"older_{APP}_rawnotification" in names)

        databases.migrate()

        assert report.unaccounted() == 0


class Second(Exception):
    """An attempt ends before its second change of the schema."""


def one_change_at_most() -> Any:
    """Return a wrapper that lets one change of the schema pass."""
    changes: list[str] = []

    def wrapper(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if sql.startswith(("ALTER", "CREATE", "DROP")):
            changes.append(sql)
            if len(changes) > 1:
                raise Second
        return execute(sql, params, many, context)

    return wrapper


def attempt() -> bool:
    """Set the tables aside where each statement is committed at once, as on MySQL; return whether that ended."""
    try:
        with connection.execute_wrapper(one_change_at_most()), connection.schema_editor(atomic=False) as schema_editor:
            aside.set_aside(None, schema_editor)
    except Second:
        return False
    return True


def test_a_kill_between_any_two_changes_of_the_schema_is_made_good_without_transactions(older):
    with databases.clone(older):
        attempts = 1
        while not attempt():
            attempts += 1

        names = set(connection.introspection.table_names())
        assert attempts > 3 * len(NAMES)
        assert {aside.aside(each) for each in NAMES} | {LEDGER_TABLE} <= names
        assert not {aside.original(each) for each in NAMES} & names
        assert not report.Entry.objects.exists()
