"""Databases that are taken over once for all tests: the given one, or a small one of our own where that is absent."""

from collections.abc import Iterator

import pytest
from django.db import transaction

from nautobot_circuit_maintenance.tests.takeover import databases, own_database

# What expects rows of the given database does not exist without it.
collect_ignore = [] if databases.HAS_GIVEN else ["test_first_run.py", "test_given_rows.py"]


@pytest.fixture(scope="session")
def older(django_db_setup, django_db_blocker) -> Iterator[str]:
    """Yield the name of a database of the older package, as its operators have it."""
    with django_db_blocker.unblock(), databases.removed("before") as name:
        databases.create(name, databases.given() if databases.HAS_GIVEN else own_database.small())
        yield name


@pytest.fixture(scope="session")
def taken_over(older: str) -> Iterator[str]:
    """Yield the name of that database after the migrations."""
    with databases.removed("after") as name:
        databases.copy(older, name)
        with databases.inside(name):
            databases.migrate()
        yield name


@pytest.fixture
def after(taken_over: str) -> Iterator[None]:
    """Run a test in the database after the migrations; what it writes is rolled back."""
    with databases.inside(taken_over), transaction.atomic():
        yield
        transaction.set_rollback(True)


@pytest.fixture
def copy_after(taken_over: str) -> Iterator[None]:
    """Run a test that changes tables, or needs transactions of its own, in a copy of the database after the migrations."""
    with databases.clone(taken_over):
        yield
