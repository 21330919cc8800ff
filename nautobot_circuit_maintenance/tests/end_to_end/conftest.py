"""Gives every class of this folder the mail server of the run; leaves out what needs a corpus or cases that are not there."""

import pytest

from development.services.imap import ImapServer
from nautobot_circuit_maintenance.tests.end_to_end import cases, corpus

collect_ignore = [
    test for folder, test in ((corpus.FOLDER, "test_corpus.py"), (cases.FOLDER, "test_cases.py")) if not folder.is_dir()
]


@pytest.fixture(scope="class", autouse=True)
def mail_server(request: pytest.FixtureRequest, imap_server: ImapServer) -> None:
    """Make the server known before ``setUpTestData`` asks for it; every test fills a folder of its own."""
    if request.cls:
        request.cls.server = imap_server
