"""The app is installed over the older package's tables, and post_upgrade has not run yet."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from io import StringIO

import pytest
from django.apps import apps
from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.db import connection, transaction
from django.db.models import ProtectedError
from django.test import Client
from django.test.utils import CaptureQueriesContext
from nautobot.circuits.models import Circuit, Provider

from nautobot_circuit_maintenance import unmigrated
from nautobot_circuit_maintenance.models import CircuitMaintenance
from nautobot_circuit_maintenance.tests.takeover import databases

pytestmark = pytest.mark.postgresql("the databases of the older package are PostgreSQL's")


@contextmanager
def process_before(database: AbstractContextManager[None]) -> Iterator[None]:
    """Run a block in a database before the migrations, as a process that started there."""
    with database:
        unmigrated.hide()
        try:
            yield
        finally:
            unmigrated.show()


@pytest.fixture
def before(older):
    """Run a test in the database before the migrations; what it writes is rolled back."""
    with process_before(databases.inside(older)), transaction.atomic():
        yield
        transaction.set_rollback(True)


@pytest.fixture
def copy_before(older):
    """Run a test that migrates in a copy of the database before the migrations."""
    with process_before(databases.clone(older)):
        yield


def administrator() -> Client:
    """Return the browser of an administrator."""
    user = get_user_model().objects.create(username="admin", is_superuser=True, is_staff=True)
    browser = Client(SERVER_NAME="nautobot.example.com")
    browser.force_login(user)
    return browser


@pytest.fixture
def client(before) -> Client:
    """Return the browser of an administrator."""
    return administrator()


PAGES = (
    "/",
    "/circuits/providers/",
    "/circuits/circuits/",
    "/dcim/locations/",
    "/dcim/devices/",
    "/search/?q=net",
    "/extras/object-changes/",
    "/extras/notes/",
    "/extras/tags/",
    "/extras/jobs/",
    "/extras/relationship-associations/",
    "/extras/dynamic-groups/",
    "/api/extras/object-changes/?limit=1000",
    "/api/extras/notes/",
    "/api/extras/tags/",
    "/api/extras/contact-associations/",
    "/api/extras/static-group-associations/?limit=100",
    "/api/circuits/circuits/",
    "/api/circuits/providers/",
    "/plugins/circuit-maintenance/maintenances/",
    "/plugins/circuit-maintenance/notifications/",
    "/plugins/circuit-maintenance/dashboard/",
)


@pytest.mark.parametrize("path", PAGES)
def test_pages_of_core_and_ours_answer(client, path):
    assert client.get(path).status_code == 200


def test_each_provider_and_circuit_can_be_viewed_and_saved_but_not_deleted(copy_before):
    client = administrator()
    for model in (Provider, Circuit):
        for row in model.objects.all()[:3]:
            assert client.get(row.get_absolute_url()).status_code == 200
            row.comments = "edited"
            row.validated_save()
            with pytest.raises(ProtectedError):
                row.delete()
    assert Provider.objects.exists()


def test_every_page_says_what_to_run(client):
    assert "nautobot-server post_upgrade" in client.get("/circuits/providers/").content.decode()


def test_the_check_says_what_to_run(before):
    printed = StringIO()

    call_command("check", stderr=printed, stdout=printed)

    assert "W003" in printed.getvalue()
    assert "nautobot-server post_upgrade" in printed.getvalue()


def test_no_model_is_listed_twice(before):
    apps.clear_cache()  # as whatever registers a model does

    listed = list(apps.get_app_config("nautobot_circuit_maintenance").get_models())

    assert len(listed) == len(set(listed))
    assert apps.get_model("nautobot_circuit_maintenance", "rawnotification") in listed


def test_a_process_that_keeps_running_sees_everything_after_the_migrations(copy_before):
    assert CircuitMaintenance.objects.count() == 0

    databases.migrate()

    assert CircuitMaintenance.objects.count() > 0
    assert not unmigrated.is_hidden()


def test_once_migrated_it_costs_no_query(taken_over):
    with databases.inside(taken_over):
        CircuitMaintenance.objects.exists()
        with CaptureQueriesContext(connection) as queries:
            assert not unmigrated.is_hidden()
            CircuitMaintenance.objects.exists()
    assert len(queries) == 1


def test_a_database_without_any_of_our_tables_is_not_migrated_either(before):
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM django_migrations WHERE app = 'nautobot_circuit_maintenance'")

    assert not unmigrated.is_migrated()
