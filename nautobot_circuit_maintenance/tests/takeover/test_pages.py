"""After the takeover, every page and endpoint answers: to an administrator, and to a user with the older object permissions."""

import pytest
from django.contrib.auth import get_user_model
from django.test import Client

from nautobot_circuit_maintenance.tests.takeover import crawling
from nautobot_circuit_maintenance.tests.takeover.databases import HAS_GIVEN

pytestmark = [
    pytest.mark.postgresql("the databases of the older package are PostgreSQL's"),
    pytest.mark.usefixtures("after"),
]


def browser(username: str) -> Client:
    """Return the browser of a user, who may be an administrator that is made for it."""
    user, _ = get_user_model().objects.get_or_create(
        username=username, defaults={"is_superuser": True, "is_staff": True}
    )
    client = Client(raise_request_exception=True)
    client.force_login(user)
    return client


@pytest.mark.parametrize("username", ["administrator", *(["ann"] if HAS_GIVEN else [])])
def test_what_refers_to_the_app_can_be_read(username):
    number, failed = crawling.crawl(browser(username), crawling.NEAR)

    assert number > 200
    assert failed == []


@pytest.mark.nightly
@pytest.mark.parametrize("username", ["administrator", *(["ann", "bob"] if HAS_GIVEN else [])])
def test_everything_can_be_read(username):
    number, failed = crawling.crawl(browser(username), ())

    assert number > 1_000
    assert failed == []
