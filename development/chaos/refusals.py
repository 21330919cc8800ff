"""Triggers in the database of chaos: they refuse rows of the workers when told to, and note who tried which mail."""

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
"""Rows, on average."""

_REFUSING = (
    Notification,
    NotificationSource,
    ParsedNotification,
    CircuitMaintenance,
    MaintenanceWindow,
    CircuitImpact,
)
_NOTIFICATION = Notification._meta.db_table  # pylint: disable=protected-access  # documented by Django

# A sequence keeps its count when the transaction that raised is rolled back.
_SETUP = f"""
CREATE TABLE chaos_refusal (code text NOT NULL);
INSERT INTO chaos_refusal VALUES ('');
CREATE SEQUENCE chaos_refused;
CREATE TABLE chaos_attempt (fingerprint text, backend integer, at timestamptz DEFAULT clock_timestamp());
CREATE FUNCTION chaos_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE told text;
BEGIN
  SELECT code INTO told FROM chaos_refusal;
  IF told <> '' AND random() * {REFUSE_ONE_OF} < 1 AND current_setting('application_name') LIKE '{WORKERS[0][:-1]}%' THEN
    PERFORM nextval('chaos_refused');
    RAISE EXCEPTION 'refused by chaos' USING ERRCODE = told;
  END IF;
  RETURN NEW;
END $$;
CREATE FUNCTION chaos_note() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO chaos_attempt (fingerprint, backend) VALUES (NEW.fingerprint, pg_backend_pid());
  RETURN NEW;
END $$;
CREATE TRIGGER chaos_note AFTER UPDATE OF attempts ON {_NOTIFICATION} FOR EACH ROW
  WHEN (NEW.attempts > OLD.attempts) EXECUTE FUNCTION chaos_note();
"""  # nosec B608 # no input


def install() -> None:
    """Create the triggers; they refuse nothing yet."""
    with connection.cursor() as cursor:
        cursor.execute(_SETUP)
        for model in _REFUSING:
            table = model._meta.db_table  # pylint: disable=protected-access  # documented by Django
            cursor.execute(
                f"CREATE TRIGGER chaos_refuse BEFORE INSERT OR UPDATE ON {table} "
                "FOR EACH ROW EXECUTE FUNCTION chaos_refuse()"
            )


def refuse(code: str) -> None:
    """Begin to refuse rows with an SQLSTATE; empty: end it."""
    with connection.cursor() as cursor:
        cursor.execute("UPDATE chaos_refusal SET code = %s", [code])


def refused() -> int:
    """Return how many rows were refused so far."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM chaos_refused")
        return int(cursor.fetchone()[0])


def forget_attempts() -> None:
    """Begin to note attempts anew."""
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE chaos_attempt")


def attempts_of(fingerprint: str) -> list[tuple[int, float]]:
    """Return which sessions of the database tried a mail, and when (seconds since the epoch)."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT backend, extract(epoch FROM at)::float FROM chaos_attempt WHERE fingerprint = %s", [fingerprint]
        )
        return [(int(backend), float(at)) for backend, at in cursor.fetchall()]


class Session(NamedTuple):
    """A session of the database that a process of a worker has."""

    name: str
    """Name of the worker, a slash and the process."""
    backend: int
    """Process of the database server."""
    state: str
    query: str
    """The last statement."""


def sessions(name: str = f"{WORKERS[0][:-1]}%") -> list[Session]:
    """Return the sessions with a name (SQL pattern), those of all workers unless it is given."""
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
