"""The web server of the containers: migrates, creates the demo's data in an empty Nautobot, then serves."""

import os
import subprocess  # nosec B404 # Nautobot's commands
from pathlib import Path

import nautobot

from development import samples
from development.containers.mail import since
from development.demo.runner import nautobot_server

ADDRESS = "0.0.0.0:8080"  # Compose publishes it on the loopback address only


def fill() -> None:
    """Create the locations, providers and circuits of the sample emails, unless there is a provider."""
    nautobot.setup(os.environ["NAUTOBOT_CONFIG"])
    # pylint: disable=import-outside-toplevel  # import models
    from nautobot.circuits.models import Provider

    from development.demo import world

    if not Provider.objects.exists():
        world.seed(samples.load_world(since(Path(os.environ["NCM_MAIL_FOLDER"]))))
        world.enable_job()


def main() -> None:
    """Prepare, then run the web server; --insecure serves style sheets and scripts without DEBUG."""
    subprocess.run([nautobot_server(), "migrate", "--no-input"], check=True)  # nosec B603 # our own command
    fill()
    program = nautobot_server()
    os.execv(program, [program, "runserver", "--insecure", ADDRESS])  # nosec B606 # our own command


if __name__ == "__main__":
    main()
