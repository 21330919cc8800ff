"""Gives every class of this folder the mail server of the run."""

import pytest

from development.imap import ImapServer


@pytest.fixture(scope="class", autouse=True)
def mail_server(request: pytest.FixtureRequest, imap_server: ImapServer) -> None:
    """Make the server known before ``setUpTestData`` asks for it; every test fills a folder of its own."""
    if request.cls:
        request.cls.server = imap_server
