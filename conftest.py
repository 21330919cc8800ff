"""pytest: a fresh clone of the migrated template for every run and every worker, and a mail server on demand."""

from __future__ import annotations

import fcntl
import gc
import os
import subprocess  # nosec B404 # MkDocs is a command
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING

import hypothesis
import pytest
from django.conf import settings

from development.services import embedded

if TYPE_CHECKING:
    from development.services.imap import ImapServer

TEST_PREFIX = "ncm_test_"
# Files with the longest tests: started last, one of them would leave the other worker idle.
LONGEST = (
    "test_imap_faults.py",
    "test_gmail_faults.py",
    "test_kill.py",
    "test_permission_walk.py",
    "test_query_counts.py",
    "test_imap_scale.py",
    "test_dashboard.py",
    "test_slow_server.py",
    "test_imap.py",
    "test_gmail.py",
)
# Without deadlines: machines may be busy.
WITHOUT_DEADLINES = {"deadline": None, "suppress_health_check": [hypothesis.HealthCheck.too_slow]}
hypothesis.settings.register_profile("all", **WITHOUT_DEADLINES)
hypothesis.settings.register_profile("pure", max_examples=5, **WITHOUT_DEADLINES)


def pytest_configure() -> None:
    """Choose how many examples Hypothesis tries: few in `invoke pure`, which has to be short."""
    hypothesis.settings.load_profile("all" if settings.DATABASES else "pure")


@pytest.hookimpl(tryfirst=True)  # pytest-django moves transaction tests, which empty tables, behind all others
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the longest files first, in the order of LONGEST."""
    places = {name: place for place, name in enumerate(LONGEST)}
    items.sort(key=lambda item: places.get(item.path.name, len(places)))


def pytest_collection_finish() -> None:
    """Spare the garbage collector what is imported by now: to walk it takes a second, which would count in some test."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session")
def django_db_modify_db_settings(pytestconfig: pytest.Config) -> Iterator[None]:
    """Replace the creation of the test database, which takes minutes, by a clone of the template; MariaDB starts with one."""
    # pylint: disable=import-outside-toplevel  # `invoke pure` needs no database
    if os.environ.get("NCM_DATABASE") == "mariadb":
        from development.services import mariadb
        from nautobot_circuit_maintenance.tests import refusals

        mariadb.execute(os.environ, refusals.mysql_triggers())
        yield
        return
    from development.services import database

    name = settings.DATABASES["default"]["TEST"]["NAME"]
    with pytestconfig.pluginmanager.getplugin("capturemanager").global_and_fixture_disabled():
        database.clone_template(name)  # the first time it takes minutes, so that its progress must be seen
    with database.server_connection() as server:
        database.drop_abandoned(server, TEST_PREFIX)
    yield
    with database.server_connection() as server:
        database.drop(server, name)


@pytest.fixture(scope="session")
def django_db_keepdb() -> bool:
    """Use the clone as it is."""
    return True


@pytest.fixture(scope="session", autouse=True)
def only_nautobots_test_host(request: pytest.FixtureRequest) -> None:
    """Remove the host that Django adds for its own test client: Nautobot compares the list in its tests."""
    request.getfixturevalue("django_test_environment")  # this fixture adds the host
    if "testserver" in settings.ALLOWED_HOSTS:
        settings.ALLOWED_HOSTS.remove("testserver")


@pytest.fixture(scope="session")
def imap_server() -> Iterator[ImapServer]:
    """Run a real IMAP server from its first use to the end of the run; empty the folders that you fill."""
    # pylint: disable-next=import-outside-toplevel  # `invoke pure` needs no server
    from development.services import imap

    with imap.imap_server() as server:  # pylint: disable=contextmanager-generator-missing-cleanup  # pytest resumes it
        yield server


@pytest.fixture(scope="session")
def documentation() -> None:
    """Build the documentation site into the package, unless it is there: Nautobot finds the pages of models in it."""
    site = embedded.ROOT / "nautobot_circuit_maintenance" / "docs"
    with embedded.locked(embedded.state_folder() / "docs.lock", fcntl.LOCK_EX):
        if not (site / "index.html").exists():
            command = [sys.executable, "-m", "mkdocs", "build"]
            subprocess.run(command, cwd=embedded.ROOT, check=True)  # nosec B603 # our own command, no shell


def pytest_report_header() -> str:
    """Name the services in the head of the report."""
    if not settings.DATABASES:
        return "without services (development.pure_settings)"
    database = "MariaDB" if os.environ.get("NCM_DATABASE") == "mariadb" else "PostgreSQL"
    return f"{database} at {os.environ['NAUTOBOT_DB_HOST']}, Redis at {os.environ['NAUTOBOT_REDIS_HOST']}"
