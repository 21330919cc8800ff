"""The commands of a contributor: `invoke --list` shows them, `invoke --help <command>` explains one."""

import contextlib
import os
import shlex
import sys
import time
from collections.abc import Callable, Iterator
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


@contextlib.contextmanager
def embedded_services() -> Iterator[None]:
    """Provide PostgreSQL and Redis to the commands that are run meanwhile."""
    from development import services  # pylint: disable=import-outside-toplevel  # keeps `invoke --list` fast

    before = dict(os.environ)
    try:
        with services.postgres() as database, services.redis() as redis:
            os.environ.update({**database, **redis})
            os.environ["NAUTOBOT_CONFIG"] = str(ROOT / "development" / "nautobot_config.py")
            # For what stores nothing; Nautobot wants a database that exists.
            os.environ.setdefault("NAUTOBOT_DB_NAME", "postgres")
            yield
    except services.ServiceError as error:
        raise Exit(str(error), code=1) from error
    finally:
        # Or the next task would take a server that has ended for one of the user's own.
        os.environ.clear()
        os.environ.update(before)


def nautobot_server(context: Context, command: str) -> None:
    """Run `nautobot-server` on the embedded services."""
    with embedded_services():
        run(context, f"nautobot-server {command}")


@task
def template(_context: Context) -> None:
    """Build the migrated database that demo and tests clone, unless it is there (4 minutes the first time)."""
    from development import database  # pylint: disable=import-outside-toplevel  # keeps `invoke --list` fast

    with embedded_services():
        print(database.template())


@task(help={"once": "Stop after the table instead of serving the web UI.", "json": "Print the table as JSON."})
def demo(context: Context, once: bool = False, json: bool = False) -> None:
    """Deliver sample mails, run the real Job on a real worker, show what came out and serve the web UI."""
    options = [option for option, wanted in (("--once", once), ("--json", json)) if wanted]
    run(context, shlex.join([sys.executable, "-m", "development.demo", *options]))


@task(
    help={
        "only": "Measure one part alone: ingest, workers, poll or pages.",
        "mails": "Number of mails with a calendar; one HTML mail for ten of them.",
        "sizes": "Numbers of maintenances to measure the pages at, ascending.",
        "seed": "Another seed, other data.",
        "json": "Keep the figures in this file.",
        "compare": "Show what changed since the run that this file keeps.",
        "profile": "Write a cProfile of digesting the mails with a calendar to this file.",
    }
)
def benchmark(  # pylint: disable=too-many-arguments,too-many-positional-arguments  # each is an option of the command
    context: Context,
    only: str = "",
    mails: int = 0,
    sizes: str = "",
    seed: int = 1,
    json: str = "",
    compare: str = "",
    profile: str = "",
) -> None:
    """Print what mails, workers side by side and pages cost in CPU, statements, time and memory (30 minutes)."""
    options = {"only": only, "mails": mails, "sizes": sizes, "json": json, "compare": compare, "profile": profile}
    words = [word for name, value in options.items() if value for word in (f"--{name}", str(value))]
    run(context, shlex.join([sys.executable, "-m", "development.benchmark", "--seed", str(seed), *words]))


@task(
    help={
        "faults": "Number of faults; 40 take about a minute and a half.",
        "only": "Kinds of faults: the begins of their names, separated by commas.",
        "seed": "Other mails, other faults.",
        "json": "Keep the figures in this file.",
    }
)
def chaos(context: Context, faults: int = 500, only: str = "", seed: int = 1, json: str = "") -> None:
    """Let faults strike while workers are at it, and compare with what an undisturbed run leaves (10 minutes)."""
    options = {"seed": seed, "faults": faults, "only": only, "json": json}
    words = [word for name, value in options.items() if value for word in (f"--{name}", str(value))]
    run(context, shlex.join([sys.executable, "-m", "development.chaos", *words]))


@task(help={"only": "Words in the names of the mutants."})
def mutants(context: Context, only: str = "") -> None:
    """Break the product on purpose in a copy, and see the tests notice it (15 minutes)."""
    run(context, shlex.join([sys.executable, "-m", "development.mutants", "--only", only]))


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


@task(help={"keyword": "Run only the tests whose names match (pytest -k)."})
def e2e(context: Context, keyword: str = "") -> None:
    """Drive a browser through a whole Nautobot of its own (needs Chromium), and read mail from Dovecot (needs that)."""
    chosen = ["-k", keyword] if keyword else []
    with stage("e2e"):
        run(context, shlex.join([sys.executable, "-m", "pytest", "development/e2e", *chosen]))
    if not keyword:
        dovecot = ["-c", "pyproject.toml", "--rootdir", ".", "development/e2e/test_dovecot.py"]
        run(context, shlex.join([sys.executable, "-m", "pytest", *dovecot]))


@task
def screenshots(context: Context) -> None:
    """Take the pictures in docs/images from the demo's data (needs Chromium)."""
    run(context, shlex.join([sys.executable, "-m", "development.screenshots"]))


@task(
    help={"serve": "Serve the site while you write (http://127.0.0.1:8000/) instead of building it into the package."}
)
def docs(context: Context, serve: bool = False) -> None:
    """Build the documentation site into the package; a dead link or a missing page is an error."""
    # Not --quiet: that hides warnings from the strict mode too. The variable silences what the theme thinks of MkDocs 2.
    with context.prefix("export NO_MKDOCS_2_WARNING=1"):
        run(context, "mkdocs serve" if serve else "mkdocs build")


@task(help={"install": "Install the wheel into an empty environment and try it there (10 minutes)."})
def package(context: Context, install: bool = False) -> None:
    """Build documentation, sdist and wheel into dist/, and check that the wheel is complete."""
    docs(context)
    run(context, shlex.join([sys.executable, "-m", "development.package", *(["--install"] if install else [])]))


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
    run(context, f"mypy --strict {PACKAGE}/inbound {PACKAGE}/analysis {PACKAGE}/app_settings.py")


@task(help={"name": "Name of the migration, for example schema."})
def makemigrations(context: Context, name: str = "") -> None:
    """Write the migration that the models need."""
    nautobot_server(context, f"makemigrations {PACKAGE}" + (f" --name {shlex.quote(name)}" if name else ""))


@task
def check_migrations(context: Context) -> None:
    """Fail if the models need a migration that nobody has written."""
    nautobot_server(context, f"makemigrations {PACKAGE} --check --dry-run")


STAGES: dict[str, Callable[[Context], None]] = {
    "black": black,
    "flake8": flake8,
    "pydocstyle": pydocstyle,
    "bandit": bandit,
    "pylint": pylint,
    "mypy": mypy,
    "docs": docs,
    "check-migrations": check_migrations,
    "template database": template,
    "unittest": lambda context: unittest(context, workers=2),
}


@task
def tests(context: Context) -> None:
    """Run all linters and all tests, and print what each took."""
    failed = []
    for name, command in STAGES.items():
        with stage(name):
            try:
                command(context)
            except Exit as error:
                failed.append(error.message or name)
    if failed:
        raise Exit("\n".join(failed), code=1)
    print("All passed.")
