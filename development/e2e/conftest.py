"""Fixtures: one live site and one browser for all tests, and a fresh, watched page for each."""

import os
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from development.demo.live import LiveSite, live_site
from development.e2e.browser import Watch, browser as run_browser, log_in

APP = "/plugins/circuit-maintenance"
SECONDS = 1000
# They use the settings of the unit tests, so that `invoke e2e` runs them separately.
collect_ignore = (
    []
    if "DJANGO_SETTINGS_MODULE" in os.environ
    else [
        "test_alertmanager.py",
        "test_calendar_reader.py",
        "test_dovecot.py",
        "test_pgbouncer.py",
        "test_prometheus.py",
    ]
)
expect.set_options(timeout=20 * SECONDS)


@pytest.fixture(scope="session")
def site() -> Iterator[LiveSite]:
    """Run a complete Nautobot."""
    with live_site("e2e") as running:  # pylint: disable=contextmanager-generator-missing-cleanup  # pytest resumes it
        yield running


@pytest.fixture(scope="session")
def chromium(site: LiveSite) -> Iterator[Browser]:  # pylint: disable=unused-argument,redefined-outer-name  # the order
    """Run the browser, after the site: Django refuses to create it beside Playwright's event loop."""
    with run_browser() as running:  # pylint: disable=contextmanager-generator-missing-cleanup  # pytest resumes it
        yield running


@pytest.fixture(scope="session")
def logged_in(chromium: Browser, site: LiveSite) -> Any:  # pylint: disable=redefined-outer-name  # fixtures
    """Return the administrator's cookies."""
    first = chromium.new_page()
    log_in(first, site.url, "admin")
    return first.context.storage_state()


@pytest.fixture
def watch() -> Iterator[Watch]:
    """Fail a test whose pages have hidden errors."""
    watching = Watch()
    yield watching
    assert not watching.problems


@pytest.fixture
def page(
    chromium: Browser, site: LiveSite, logged_in: Any, watch: Watch  # pylint: disable=redefined-outer-name  # fixtures
) -> Iterator[Page]:
    """Open a page as the administrator."""
    context = chromium.new_context(
        base_url=site.url, storage_state=logged_in, viewport={"width": 1440, "height": 1000}, timezone_id="UTC"
    )
    context.set_default_timeout(20 * SECONDS)
    opened = context.new_page()
    watch.attach(opened)
    yield opened
    context.close()
