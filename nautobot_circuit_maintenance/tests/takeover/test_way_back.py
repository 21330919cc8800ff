"""The command: report, drop, and the way back."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from nautobot_circuit_maintenance.models import CircuitMaintenance
from nautobot_circuit_maintenance.takeover.tables import APP, NAMES, Entry
from nautobot_circuit_maintenance.tests.takeover import databases

pytestmark = pytest.mark.postgresql("the databases of the older package are PostgreSQL's")

# Everything that the older package made, whatever else a database has: tables with all their rows, constraints and indexes.
STRUCTURE = """
SELECT 'constraint', conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint
 WHERE conrelid::regclass::text LIKE 'nautobot_circuit_maintenance_%' AND contype <> 'n'
UNION SELECT 'index', tablename, indexname, indexdef FROM pg_indexes WHERE tablename LIKE 'nautobot_circuit_maintenance_%'
ORDER BY 1, 2, 3
"""
REFERENCES = (
    "SELECT model FROM django_content_type WHERE app_label = 'nautobot_circuit_maintenance' ORDER BY 1",
    "SELECT codename, name FROM auth_permission WHERE codename LIKE '%notification' ORDER BY 1",
    "SELECT id, view, config::text FROM extras_savedview ORDER BY 1",
    "SELECT id, module_name FROM extras_job ORDER BY 1",
    "SELECT id, task, enabled, description, kwargs::text FROM extras_scheduledjob ORDER BY 1",
    "SELECT id, constraints::text, enabled FROM users_objectpermission ORDER BY 1",
    "SELECT objectpermission_id, contenttype_id FROM users_objectpermission_object_types ORDER BY 1, 2",
    "SELECT id, query FROM extras_graphqlquery ORDER BY 1",
    "SELECT id, changed_object_id FROM extras_objectchange ORDER BY 1",
    "SELECT id, label, description FROM extras_customfield WHERE key LIKE '%circuit_maintenances' ORDER BY 1",
)


def command(*options: str) -> str:
    """Run the command; return what it prints."""
    out = StringIO()
    call_command("circuit_maintenance_takeover", *options, stdout=out)
    return out.getvalue()


def fetch(*statements: str) -> list[object]:
    """Return the rows of statements."""
    found: list[object] = []
    with connection.cursor() as cursor:
        for each in statements:
            cursor.execute(each)
            found += cursor.fetchall()
    return found


def rows() -> list[object]:
    """Return every row of the older tables."""
    return fetch(*(f"SELECT '{name}', t::text FROM {APP}_{name} t ORDER BY 2" for name in NAMES))


@pytest.mark.usefixtures("after")
def test_the_report_counts_each_table_and_lists_what_was_not_one_to_one():
    printed = command("--report")

    for name in NAMES:
        assert f"{name}: " in printed
    assert "0 unaccounted" in printed
    assert "authorize it again" in printed


@pytest.mark.usefixtures("copy_after")
def test_dropping_leaves_no_table_and_is_refused_while_anything_is_unaccounted():
    kept = CircuitMaintenance.objects.count()
    entry = Entry.objects.filter(table="note").first()
    entry.delete()
    with pytest.raises(CommandError, match="TAKE-06: 1 rows"):
        command("--drop", "--no-input")
    entry.save()

    command("--drop", "--no-input")

    assert not [each for each in connection.introspection.table_names() if each.startswith("older_")]
    assert CircuitMaintenance.objects.count() == kept
    for option in ("--report", "--drop", "--restore"):
        with pytest.raises(CommandError, match="TAKE-05"):
            command(option)


@pytest.mark.usefixtures("after")
@pytest.mark.parametrize("answer, sentence", [("no\n", "Nothing was changed"), ("", "use --no-input")])
def test_nothing_happens_without_confirmation(monkeypatch, answer, sentence):
    for option in ("--drop", "--restore"):
        monkeypatch.setattr("sys.stdin", StringIO(answer))
        with pytest.raises(CommandError, match=sentence):
            command(option)

    assert "0 unaccounted" in command("--report")


def test_the_way_back_restores_everything_and_leads_here_again(older, taken_over):
    with databases.clone(older):
        before = fetch(STRUCTURE), rows(), fetch(*REFERENCES)
    with databases.clone(taken_over):
        databases.migrate("zero")

        found = fetch(STRUCTURE), rows(), fetch(*REFERENCES)
        assert found == before
        assert not [each for each in connection.introspection.table_names() if each.startswith("older_")]

        databases.migrate()

        assert "0 unaccounted" in command("--report")
