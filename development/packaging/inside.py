"""Test of an installed wheel, run by `development.packaging` with the Python of that environment.

The database is migrated and the emails are delivered: this creates the data, runs the job on a real worker and compares
its results with the expected ones; then it reads the documentation over HTTP as a logged-in user.
"""

import http.cookiejar
import os
import re
import sys
import urllib.parse
import urllib.request
from contextlib import ExitStack
from datetime import datetime
from pathlib import Path

import nautobot

import nautobot_circuit_maintenance
from development import samples
from development.demo import live, runner
from development.services.database import say
from development.services.embedded import ServiceError

APP_PAGE = "/apps/installed-apps/nautobot_circuit_maintenance/"
SITE = "/docs/circuit-maintenance"


class Browser:
    """An HTTP client that is logged in."""

    def __init__(self, url: str, user: str) -> None:
        """Log in; the demo's passwords are the names."""
        self.url = url
        self.opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar()))
        token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', self.read("/login/"))
        form = {"csrfmiddlewaretoken": token[1] if token else "", "username": user, "password": user}
        with self.opener.open(f"{url}/login/", urllib.parse.urlencode(form).encode()):
            pass

    def read(self, path: str) -> str:
        """Return the content of a path; raise if the response is not a success."""
        with self.opener.open(f"{self.url}{path}") as answer:
            return str(answer.read().decode())


def read_documentation(browser: Browser) -> None:
    """Open the documentation as users do: from the app's page, from a model's page, and by searching."""
    button = re.search(r'href="(/plugins/circuit-maintenance/[^"]+)"[^>]*btn', browser.read(APP_PAGE))
    if not button:
        raise ServiceError(f"No button for the documentation on {APP_PAGE}.")
    for path, word in (
        (button[1], "Circuit Maintenance"),
        (f"{SITE}/", "Circuit Maintenance"),
        (f"{SITE}/models/circuitmaintenance.html", "Windows"),
        (f"{SITE}/search/search_index.json", "circuitmaintenance.html"),
    ):
        if word not in browser.read(path):
            raise ServiceError(f"{path} does not contain {word!r}.")
        say(f"  {path}: ok")


def main(now: datetime) -> int:
    """Run the demo's check and read the documentation; return the number of differences."""
    if not Path(nautobot_circuit_maintenance.__file__).is_relative_to(sys.prefix):
        raise ServiceError(f"This is not the installed app: {nautobot_circuit_maintenance.__file__}")
    nautobot.setup(os.environ["NAUTOBOT_CONFIG"])
    from development.demo import world  # pylint: disable=import-outside-toplevel  # imports models

    world.create_admin()
    world.seed(samples.load_world(now))
    with ExitStack() as stack:
        runner.start_server(stack, "worker", "celery", "worker", "--concurrency", "1", "--loglevel", "INFO")
        url = f"http://127.0.0.1:{runner.free_port(0)}"
        runner.start_server(stack, "web", "runserver", "--insecure", "--noreload", url.removeprefix("http://"))
        differences = runner.show(now, samples.load_samples(now), as_json=False)
        live.wait_for(url)
        read_documentation(Browser(url, world.ADMIN))
    return differences


if __name__ == "__main__":
    try:
        sys.exit(1 if main(datetime.fromisoformat(sys.argv[1])) else 0)
    except ServiceError as reason:
        sys.exit(str(reason))
