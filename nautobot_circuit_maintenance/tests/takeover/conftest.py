"""Databases that are taken over once for all tests: the given one, or a small one of our own where that is absent."""

from collections.abc import Iterator

import pytest

from development.services import database
from nautobot_circuit_maintenance.tests.takeover import databases, own_database


@pytest.fixture(scope="session")
def older(django_db_setup, django_db_blocker) -> Iterator[str]:
    """Yield the name of a database of the older package, as its operators have it."""
    name = databases.name_of("before")
    databases.create(name, databases.given() if databases.HAS_GIVEN else own_database.small())
    with django_db_blocker.unblock():
        yield name
    with database.server_connection() as server:
        database.drop(server, name)


@pytest.fixture(scope="session")
def taken_over(older: str) -> Iterator[str]:
    """Yield the name of that database after the migrations."""
    name = databases.name_of("after")
    with database.server_connection() as server:
        database.clone(server, name, source=older)
    with databases.inside(name):
        databases.migrate()
    yield name
    with database.server_connection() as server:
        database.drop(server, name)


@pytest.fixture
def after(taken_over: str) -> Iterator[None]:
    """Run a test in a copy of the database after the migrations."""
    with databases.clone(taken_over):
        yield
