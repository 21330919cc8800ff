"""Database triggers of chaos: they refuse rows of the workers on demand, and record attempts at notifications."""

from typing import NamedTuple

from django.db import connection

from development.chaos.services import WORKERS
from nautobot_circuit_maintenance.models import (
    CircuitImpact,
    CircuitMaintenance,
    MaintenanceWindow,
    Notification,
    NotificationSource,
    ParsedNotification,
)

CODES = {"deadlock": "40P01", "serialization-failure": "40001", "disk-full": "53100"}
"""SQLSTATE by kind of fault."""
REFUSE_ONE_OF = 20
"""One row of this many, on average."""

_REFUSING = (
    Notification,
    NotificationSource,
    ParsedNotification,
    CircuitMaintenance,
    MaintenanceWindow,
    CircuitImpact,
)
_NOTIFICATION = Notification._meta.db_table  # pylint: disable=protected-access  # documented by Django

# A sequence keeps its count when the transaction is rolled back.
_SETUP = f"""
CREATE TABLE chaos_refusal (code text NOT NULL);
INSERT INTO chaos_refusal VALUES ('');
CREATE SEQUENCE chaos_refused;
CREATE TABLE chaos_attempt (fingerprint text, worker text, at timestamptz DEFAULT clock_timestamp());
CREATE FUNCTION chaos_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE chosen text;
BEGIN
  SELECT code INTO chosen FROM chaos_refusal;
  IF chosen <> '' AND random() * {REFUSE_ONE_OF} < 1 AND current_setting('application_name') LIKE '{WORKERS[0][:-1]}%' THEN
    PERFORM nextval('chaos_refused');
    RAISE EXCEPTION 'refused by chaos' USING ERRCODE = chosen;
  END IF;
  RETURN NEW;
END $$;
CREATE FUNCTION chaos_note() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO chaos_attempt (fingerprint, worker) VALUES (NEW.fingerprint, current_setting('application_name'));
  RETURN NEW;
END $$;
CREATE TRIGGER chaos_note AFTER UPDATE OF attempts ON {_NOTIFICATION} FOR EACH ROW
  WHEN (NEW.attempts > OLD.attempts) EXECUTE FUNCTION chaos_note();
"""  # nosec B608 # no input


def install() -> None:
    """Create the triggers; they do not refuse anything yet."""
    with connection.cursor() as cursor:
        cursor.execute(_SETUP)
        for model in _REFUSING:
            table = model._meta.db_table  # pylint: disable=protected-access  # documented by Django
            cursor.execute(
                f"CREATE TRIGGER chaos_refuse BEFORE INSERT OR UPDATE ON {table} "
                "FOR EACH ROW EXECUTE FUNCTION chaos_refuse()"
            )


def refuse(code: str) -> None:
    """Refuse rows with this SQLSTATE from now on; an empty one stops that."""
    with connection.cursor() as cursor:
        cursor.execute("UPDATE chaos_refusal SET code = %s", [code])


def refused() -> int:
    """Return how many rows were refused so far."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM chaos_refused")
        return int(cursor.fetchone()[0])


def forget_attempts() -> None:
    """Forget the recorded attempts."""
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE chaos_attempt")


def attempts_of(fingerprint: str) -> list[tuple[str, float]]:
    """Return the processes that attempted a notification, by name, and when (seconds since the epoch).

    Not their sessions: pgbouncer gives each transaction any session, with the name of the process that has it.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT worker, extract(epoch FROM at)::float FROM chaos_attempt WHERE fingerprint = %s", [fingerprint]
        )
        return [(str(worker), float(at)) for worker, at in cursor.fetchall()]


class Session(NamedTuple):
    """A database session of a worker process."""

    name: str
    """Name of the worker, a slash and the process ID."""
    backend: int
    """Process of the database server."""
    state: str
    query: str
    """The last statement."""


def sessions(name: str = f"{WORKERS[0][:-1]}%") -> list[Session]:
    """Return the sessions whose name matches an SQL pattern; by default those of all workers."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT application_name, pid, coalesce(state, ''), query FROM pg_stat_activity "
            "WHERE application_name LIKE %s AND datname = current_database() ORDER BY pid",
            [name],
        )
        return [Session(*row) for row in cursor.fetchall()]


def terminate(backends: list[int]) -> None:
    """End sessions."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(pid) FROM unnest(%s) AS pid", [backends])
