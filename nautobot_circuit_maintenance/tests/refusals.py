"""A database that refuses rows for real, and a lock that is not waited for long: on PostgreSQL, MariaDB and MySQL.

PostgreSQL gets a trigger in the middle of the test, which its rollback removes. MySQL commits at every such statement: its
triggers are created before the tests (`conftest.py`), and look into a table whose rows the rollback removes.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from enum import Enum

from django.db import connection


class Refusal(Enum):
    """Why a row is refused: the SQLSTATE of PostgreSQL, and the error number of MySQL."""

    BUG = "P0001", 1406
    """Some value of the row: a DatabaseError, but not an OperationalError."""
    DEADLOCK = "40P01", 1213
    DISK_FULL = "53100", 1021
    DUPLICATE = "23505", 1062
    DEATH = "57P01", 0
    """The server ends the session."""


_REFUSED = "cm_test_refused"
_COLUMNS = {
    ("parsednotification", "INSERT"): ("fingerprint",),
    ("notification", "INSERT"): ("fingerprint", "subject"),
    ("notificationsource", "UPDATE"): ("name",),
}
"""The columns that may be compared, by table and operation."""


def mysql_triggers() -> str:
    """Return the statements that prepare a MariaDB or MySQL."""
    statements = [f"CREATE TABLE {_REFUSED} (place varchar(99), value varchar(255), error_number int) ENGINE = InnoDB"]
    for (model, operation), columns in _COLUMNS.items():
        table = f"nautobot_circuit_maintenance_{model}"
        values = ", ".join(("''", *(f"NEW.{column}" for column in columns)))
        statements.append(
            f"CREATE TRIGGER cm_test_{model} BEFORE {operation} ON {table} FOR EACH ROW BEGIN DECLARE found int; "
            f"SELECT max(error_number) INTO found FROM {_REFUSED} WHERE place = '{table}' AND value IN ({values}); "
            "IF found = 0 THEN KILL CONNECTION_ID(); END IF; "
            "IF found IS NOT NULL THEN "
            "SIGNAL SQLSTATE '45000' SET MYSQL_ERRNO = found, MESSAGE_TEXT = 'refused by the test'; END IF; END"
        )
    return ";\n".join(statements)


def refuse(
    table: str,
    *,
    column: str = "",
    value: str = "",
    error: Refusal = Refusal.BUG,
    operation: str = "INSERT",
    postgresql_condition: str = "TRUE",
) -> None:
    """Make the database refuse new rows of a table, those with this value only, until the test's rollback or `accept`."""
    if connection.vendor != "postgresql":
        _execute(f"INSERT INTO {_REFUSED} VALUES (%s, %s, %s)", table, value, error.value[1])
        return
    condition = f"NEW.{column} = '{value}'" if column else "TRUE"
    if error is Refusal.DEATH:
        postgresql_condition = "pg_terminate_backend(pg_backend_pid())"
    action = f"RAISE EXCEPTION 'refused by the test' USING ERRCODE = '{error.value[0]}'"
    _execute(
        "CREATE FUNCTION cm_test_refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        f"IF {condition} AND {postgresql_condition} THEN {action}; END IF; RETURN NEW; END $$"
    )
    _execute(
        f"CREATE TRIGGER cm_test_refuse BEFORE {operation} ON {table} FOR EACH ROW EXECUTE FUNCTION cm_test_refuse()"
    )


def accept(table: str) -> None:
    """Undo `refuse`."""
    if connection.vendor != "postgresql":
        _execute(f"DELETE FROM {_REFUSED} WHERE place = %s", table)
        return
    _execute(f"DROP TRIGGER cm_test_refuse ON {table}")
    _execute("DROP FUNCTION cm_test_refuse()")


@contextmanager
def lock_timeout(seconds: int) -> Iterator[None]:
    """Let this session wait no longer for a lock, as long as the block lasts."""
    if connection.vendor == "postgresql":
        first, last = f"SET lock_timeout = '{seconds}s'", "SET lock_timeout = 0"
    else:
        first, last = f"SET innodb_lock_wait_timeout = {seconds}", "SET innodb_lock_wait_timeout = DEFAULT"
    _execute(first)
    try:
        yield
    finally:
        _execute(last)


def _execute(statement: str, *parameters: object) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters or None)
