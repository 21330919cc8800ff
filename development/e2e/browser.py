"""Debian's Chromium under Playwright, with a watch for hidden errors and requests to other machines."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from playwright.sync_api import Browser, ConsoleMessage, Page, Request, Response, sync_playwright

from development.services.embedded import ServiceError

PROGRAMS = ("chromium", "chromium-browser", "google-chrome")
ARGUMENTS = [
    "--no-sandbox",  # Chromium refuses to run as root otherwise, as in CI; it opens pages of this machine only
    "--headless",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
LOOPBACK = {"127.0.0.1", "localhost", "[::1]", "::1"}
WITHOUT_HOST = {"data", "blob", "about"}


@dataclass
class Watch:
    """Errors that the pages do not show."""

    problems: list[str] = field(default_factory=list)

    def attach(self, page: Page) -> None:
        """Watch a page and everything that it loads."""
        page.on("request", self.note_request)
        page.on("response", self.note_response)
        page.on("console", self.note_message)
        page.on("pageerror", lambda error: self.problems.append(f"script error on {page.url}: {error.stack or error}"))

    def note_request(self, request: Request) -> None:
        """Note a request to another machine."""
        address = urlsplit(request.url)
        if address.scheme not in WITHOUT_HOST and address.hostname not in LOOPBACK:
            self.problems.append(f"left this machine: {request.url}")

    def note_response(self, response: Response) -> None:
        """Note an error of the server."""
        if response.status >= 500:
            self.problems.append(f"HTTP {response.status}: {response.url}")

    def note_message(self, message: ConsoleMessage) -> None:
        """Note an error on the console."""
        if message.type == "error":
            self.problems.append(f"console: {message.text} ({message.location.get('url', '')})")


def program() -> str:
    """Return the path of Chromium."""
    wanted = os.environ.get("NCM_CHROMIUM")
    found = wanted or next(filter(None, map(shutil.which, PROGRAMS)), None)
    if not found:
        raise ServiceError("No Chromium: install it (apt-get install chromium), or let NCM_CHROMIUM name one.")
    return found


@contextmanager
def browser() -> Iterator[Browser]:
    """Run Chromium."""
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=program(), args=ARGUMENTS)
        try:
            yield chromium
        finally:
            chromium.close()


def log_in(page: Page, url: str, name: str) -> None:
    """Log in; the passwords of the demo's users are their names."""
    page.goto(f"{url}/login/")
    page.get_by_label("Username").fill(name)
    page.get_by_label("Password").fill(name)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(f"{url}/")
