"""The commands of a contributor: `invoke --list` shows them, `invoke --help <command>` explains one."""

import contextlib
import os
import shlex
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from invoke import Context, Exit, task

ROOT = Path(__file__).resolve().parent
PACKAGE = "nautobot_circuit_maintenance"
SOURCES = f"{PACKAGE} development tasks.py conftest.py"
os.environ["PATH"] = str(Path(sys.executable).parent) + os.pathsep + os.environ.get("PATH", "")


@contextlib.contextmanager
def stage(name: str) -> Iterator[None]:
    """Print how long a stage took."""
    started = time.monotonic()
    print(f"--- {name}", flush=True)
    try:
        yield
    finally:
        print(f"--- {name}: {time.monotonic() - started:.1f} s", flush=True)


def run(context: Context, command: str) -> None:
    """Run a command in the clone; a failure ends the task with its exit code."""
    with context.cd(str(ROOT)):
        done = context.run(command, pty=sys.stdout.isatty(), warn=True)
    if done is None or done.failed:
        raise Exit(f"Failed: {command}", code=done.exited if done else 1)


def nautobot_server(context: Context, command: str) -> None:
    """Run `nautobot-server` on the embedded services."""
    from development import services  # pylint: disable=import-outside-toplevel  # keeps `invoke --list` fast

    with services.postgres() as database, services.redis() as redis:
        os.environ.update({**database, **redis, "NAUTOBOT_CONFIG": str(ROOT / "development" / "nautobot_config.py")})
        # Nothing is stored, but Nautobot wants a database that exists.
        os.environ.setdefault("NAUTOBOT_DB_NAME", "postgres")
        run(context, f"nautobot-server {command}")


@task(help={"once": "Stop after the table instead of serving the web UI.", "json": "Print the table as JSON."})
def demo(context: Context, once: bool = False, json: bool = False) -> None:
    """Deliver sample mails, run the real Job on a real worker, show what came out and serve the web UI."""
    options = [option for option, wanted in (("--once", once), ("--json", json)) if wanted]
    run(context, shlex.join([sys.executable, "-m", "development.demo", *options]))


@task(
    help={
        "label": "File, folder or test id to run instead of everything.",
        "keyword": "Run only the tests whose names match (pytest -k).",
        "workers": "Number of processes.",
        "failfast": "Stop at the first failure.",
    }
)
def unittest(
    context: Context, label: str = PACKAGE, keyword: str = "", workers: int = 0, failfast: bool = False
) -> None:
    """Run the tests on the embedded services."""
    command = [sys.executable, "-m", "pytest", label]
    command += ["-k", keyword] if keyword else []
    command += ["-n", str(workers)] if workers else []
    command += ["-x"] if failfast else []
    run(context, shlex.join(command))


@task(help={"autoformat": "Rewrite the files instead of complaining about them."})
def black(context: Context, autoformat: bool = False) -> None:
    """Check that the code is formatted by Black."""
    run(context, f"black {'--quiet' if autoformat else '--check'} {SOURCES}")


@task
def flake8(context: Context) -> None:
    """Look for mistakes and complexity with Flake8."""
    run(context, f"flake8 {SOURCES}")


@task
def pylint(context: Context) -> None:
    """Look deeper for mistakes with Pylint."""
    run(context, f"pylint {SOURCES}")


@task
def bandit(context: Context) -> None:
    """Look for insecure code with Bandit."""
    run(context, f"bandit --quiet --recursive --configfile pyproject.toml {SOURCES}")


@task
def pydocstyle(context: Context) -> None:
    """Check that what is public says what it is for."""
    run(context, f"pydocstyle {SOURCES}")


@task
def mypy(context: Context) -> None:
    """Check the types where all of them are written down."""
    run(context, f"mypy --strict {PACKAGE}/inbound {PACKAGE}/app_settings.py")


@task(help={"name": "Name of the migration, for example schema."})
def makemigrations(context: Context, name: str = "") -> None:
    """Write the migration that the models need."""
    nautobot_server(context, f"makemigrations {PACKAGE}" + (f" --name {shlex.quote(name)}" if name else ""))


@task
def check_migrations(context: Context) -> None:
    """Fail if the models need a migration that nobody has written."""
    nautobot_server(context, f"makemigrations {PACKAGE} --check --dry-run")


LINTERS = (black, flake8, pydocstyle, bandit, pylint, mypy)


@task
def tests(context: Context) -> None:
    """Run all linters and all tests, and print what each took."""
    failed = []
    for command in (*LINTERS, check_migrations, unittest):
        with stage(command.name):
            try:
                command(context)
            except Exit as error:
                failed.append(error.message)
    if failed:
        raise Exit("\n".join(failed), code=1)
    print("All passed.")
