"""Docker Compose for the containers of one pair of versions: which files, which project, which image."""

import os
import secrets
import shutil
import subprocess  # nosec B404 # docker is a command
import sys
from dataclasses import dataclass
from pathlib import Path

from development import environments
from development.bootstrap import NAUTOBOT, ROOT

FOLDER = ROOT / "development"
CREDENTIALS = FOLDER / "creds.env"
EXAMPLE = FOLDER / "creds.example.env"
DATABASES = ("postgres", "mysql")
PYTHON = "3.12"
PLACEHOLDER = "changeme"


class ContainerError(Exception):
    """Containers cannot be used; the message contains the reason and what to do."""


@dataclass(frozen=True)
class Stack:
    """The containers of one pair of versions with a database; each has its own volumes."""

    nautobot: str = NAUTOBOT
    python: str = PYTHON
    database: str = DATABASES[0]

    @property
    def project(self) -> str:
        """Compose's project name, part of the names of containers and volumes."""
        return f"ncm-py{self.python}-nautobot{self.nautobot}-{self.database}".replace(".", "-")

    def files(self, *, debug: bool = False) -> list[Path]:
        """Return the Compose files; later ones extend earlier ones."""
        names = ["docker-compose.yml", f"docker-compose.{self.database}.yml"]
        return [FOLDER / name for name in (*names, *(["docker-compose.debug.yml"] if debug else []))]

    def variables(self) -> dict[str, str]:
        """Return the environment variables of the Compose files."""
        return {"NAUTOBOT_VER": self.nautobot, "PYTHON_VER": self.python}

    def words(self, *words: str, debug: bool = False) -> list[str]:
        """Return the arguments of `docker compose` for a command on these containers."""
        files = [word for path in self.files(debug=debug) for word in ("--file", str(path))]
        return ["--project-name", self.project, "--env-file", str(CREDENTIALS), *files, *words]

    def once(self, *command: str) -> list[str]:
        """Return the arguments that run a command in a new container, as the current user."""
        owner = ["--user", f"{os.getuid()}:{os.getgid()}", "--env", "HOME=/tmp"]
        return self.words("run", "--rm", *_without_terminal(), *owner, "nautobot", *command)

    def inside(self, *command: str) -> list[str]:
        """Return the arguments that run a command in the running container of Nautobot."""
        return self.words("exec", *_without_terminal(), "nautobot", *command)


def stack(*, nautobot: str = "", python: str = "", database: str = "") -> Stack:
    """Return the containers of these versions, or of the default ones."""
    chosen = Stack(nautobot or NAUTOBOT, python or PYTHON, database or DATABASES[0])
    environments.check(nautobot=chosen.nautobot, python=chosen.python)
    if chosen.database not in DATABASES:
        raise ContainerError(f"There is no database {database!r}: choose {' or '.join(DATABASES)}.")
    return chosen


def compose() -> list[str]:
    """Return the command of Docker Compose; raise ContainerError without it or without a running engine."""
    docker = shutil.which("docker")
    if not docker or not _succeeds(docker, "info"):
        raise ContainerError(
            "No Docker engine answers `docker info`: start or install Docker. `invoke demo`, the tests and the linters"
            " do without it."
        )
    if _succeeds(docker, "compose", "version"):
        return [docker, "compose"]
    if standalone := shutil.which("docker-compose"):
        return [standalone]
    raise ContainerError("Docker has no Compose: install its plugin (docker-compose-plugin) or docker-compose.")


def prepare_credentials() -> None:
    """Create `creds.env` from the example if it is missing, with random passwords."""
    if CREDENTIALS.exists():
        return
    lines = EXAMPLE.read_text("utf-8").splitlines()
    lines = [line.replace(PLACEHOLDER, secrets.token_urlsafe(24)) if "=" in line else line for line in lines]
    with open(os.open(CREDENTIALS, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w", encoding="utf-8") as file:
        file.write("\n".join(lines) + "\n")


def _succeeds(*command: str) -> bool:
    return not subprocess.run(command, capture_output=True, check=False).returncode  # nosec B603 # docker, no shell


def _without_terminal() -> list[str]:
    return [] if sys.stdin.isatty() else ["-T"]
