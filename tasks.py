"""Commands for contributors: `invoke --list` lists them, `invoke --help <command>` explains one."""

import os
import shlex
import subprocess  # nosec B404 # invoke is a command
import sys
from collections.abc import Callable
from pathlib import Path

from invoke import Context, Exit

from development.commands import (
    command,
    compose,
    container_command,
    embedded_services,
    options,
    python_module,
    run,
    stage,
)
from development.containers.stack import Stack

ROOT = Path(__file__).resolve().parent
PACKAGE = "nautobot_circuit_maintenance"
TYPED = " ".join(
    f"{PACKAGE}/{name}"
    for name in (
        "domain mail mailboxes channel_settings reading pipeline analysis outbound tables graphql app_settings.py choices.py"
        " compat.py custom_validators.py jobs.py navigation.py template_content.py urls.py"
    ).split()
)
SOURCES = f"{PACKAGE} development tasks.py conftest.py"
# Folders of tests whose code imports no model, and plugins of pytest that they do not need (the last imports Redis).
PURE = ("domain", "layouts", "mail", "outbound/alertmanager", "reading", "redundancy", "second_opinion")
NOT_PURE = ("xdist", "xdist.looponfail", "pytest_cov", "platformdirs", "pytest-django-constance")
# Use the linters of this environment.
os.environ["PATH"] = str(Path(sys.executable).parent) + os.pathsep + os.environ.get("PATH", "")


def nautobot_server(context: Context, words: str) -> None:
    """Run `nautobot-server` on the embedded services."""
    with embedded_services():
        run(context, f"nautobot-server {words}")


# Containers


@container_command()
def build(context: Context, stack: Stack) -> None:
    """Build the image that Nautobot, its worker, its scheduler and the mail server run in."""
    compose(context, stack, stack.words("build"))


@container_command()
def start(context: Context, stack: Stack) -> None:
    """Start Nautobot and what it needs in the background (five minutes the first time); http://localhost:8080/."""
    compose(context, stack, stack.words("up", "--detach", "--wait"))


@container_command()
def debug(context: Context, stack: Stack) -> None:
    """Start the same in the foreground, with Django's error pages and all logs; stop with Ctrl-C."""
    compose(context, stack, stack.words("up", debug=True))


@container_command()
def restart(context: Context, stack: Stack) -> None:
    """Restart Nautobot and what it needs; the worker only then loads changed code."""
    compose(context, stack, stack.words("restart"))


@container_command()
def stop(context: Context, stack: Stack) -> None:
    """Stop Nautobot and what it needs; the data is kept."""
    compose(context, stack, stack.words("down", "--remove-orphans"))


@container_command()
def destroy(context: Context, stack: Stack) -> None:
    """Remove the containers and their volumes; all data is lost."""
    compose(context, stack, stack.words("down", "--remove-orphans", "--volumes"))


@container_command()
def cli(context: Context, stack: Stack) -> None:
    """Open a bash shell in the running container of Nautobot."""
    compose(context, stack, stack.inside("bash"))


@container_command()
def nbshell(context: Context, stack: Stack) -> None:
    """Open Nautobot's Python shell in the running container, with all models imported."""
    compose(context, stack, stack.inside("nautobot-server", "nbshell"))


@container_command(texts={"user": "Name of the user."})
def create_user(context: Context, stack: Stack, user: str = "admin") -> None:
    """Create a superuser in the running container; it asks for the password, twice."""
    compose(context, stack, stack.inside("nautobot-server", "createsuperuser", "--username", user, "--email", ""))


# Without containers


@command()
def template(_context: Context) -> None:
    """Build the migrated database that demo and tests clone, unless there is one."""
    from development.services import database  # pylint: disable=import-outside-toplevel  # keeps `invoke --list` fast

    with embedded_services():
        print(database.template())


@command(texts={"mariadb": "Write the dump of `invoke mariadb` instead (20 minutes)."})
def core_schema(context: Context, mariadb: bool = False) -> None:
    """Write the dump of the installed Nautobot's schema that tests and demo start from (5 minutes)."""
    python_module(context, "development.core_schema", "write-mariadb" if mariadb else "write")


@command()
def verify_core_schema(context: Context) -> None:
    """Fail if that dump differs from what Nautobot's migrations make (5 minutes)."""
    python_module(context, "development.core_schema", "verify")


@command(texts={"once": "Stop after the table instead of serving the web UI.", "json": "Print the table as JSON."})
def demo(context: Context, once: bool = False, json: bool = False) -> None:
    """Deliver sample emails, run the job on a worker, print the results and serve the web UI."""
    chosen = [option for option, wanted in (("--once", once), ("--json", json)) if wanted]
    python_module(context, "development.demo.runner", *chosen)


@command(
    texts={
        "only": "Measure only one part: ingest, workers, poll, pages, startup or risk.",
        "mails": "Number of emails with a calendar; there is one HTML email per ten of them.",
        "sizes": "Numbers of maintenances to measure the pages at, ascending.",
        "seed": "Seed of the generated data.",
        "json": "Write the results to this file.",
        "compare": "Compare with the results in this file.",
        "profile": "Write a cProfile of digesting the emails with a calendar to this file.",
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
    """Measure CPU, statements, time and memory of ingesting, concurrent workers and pages (30 minutes)."""
    words = options(only=only, mails=mails, sizes=sizes, seed=seed, json=json, compare=compare, profile=profile)
    python_module(context, "development.benchmark", *words)


@command(texts={"verbose": "Name the messages of the sets that were tuned on."})
def second_opinion(context: Context, verbose: bool = False) -> None:
    """Print how the second opinion judges right and wrong readings, and its CPU time (a minute)."""
    python_module(context, "development.second_opinion", *(["--verbose"] if verbose else []))


@command(texts={"verbose": "Print why messages of the sets that were tuned on are not read."})
def teach_report(context: Context, verbose: bool = False) -> None:
    """Print how well taught layouts read, with the parser library hidden (half a minute)."""
    python_module(context, "development.teaching", *(["--verbose"] if verbose else []))


@command(
    texts={
        "faults": "Number of faults; 40 take about a minute and a half.",
        "only": "Kinds of faults: how their names start, separated by commas.",
        "seed": "Seed of the emails and faults.",
        "json": "Write the results to this file.",
    }
)
def chaos(context: Context, faults: int = 500, only: str = "", seed: int = 1, json: str = "") -> None:
    """Inject faults while workers run, and compare the result with an undisturbed run (10 minutes)."""
    python_module(context, "development.chaos", *options(seed=seed, faults=faults, only=only, json=json))


@command(
    texts={
        "faults": "Number of faults.",
        "cancellations": "How often each of the jobs that read and send is cancelled.",
        "seed": "Seed of the changes and faults.",
        "json": "Write the results to this file.",
    }
)
def sending_chaos(context: Context, faults: int = 500, cancellations: int = 20, seed: int = 1, json: str = "") -> None:
    """Inject faults while messages are sent, alerts silenced and jobs run, and cancel jobs (20 minutes; needs Alertmanager)."""
    words = options(seed=seed, faults=faults, cancellations=cancellations, json=json)
    python_module(context, "development.sending_chaos", *words)


@command(texts={"only": "Part of the names of the mutants."})
def mutants(context: Context, only: str = "") -> None:
    """Break the product on purpose in a copy, and check that the tests notice (15 minutes)."""
    python_module(context, "development.mutants", *options(only=only))


@command(
    texts={
        "label": "File, folder or test id to run instead of everything.",
        "keyword": "Run only the tests whose names match (pytest -k).",
        "workers": "Number of processes.",
        "failfast": "Stop at the first failure.",
        "coverage": "Measure line and branch coverage, and fail below the floor in pyproject.toml.",
    },
    docker=True,
)
def unittest(  # pylint: disable=too-many-arguments,too-many-positional-arguments  # each is an option of the command
    context: Context,
    label: str = "",
    keyword: str = "",
    workers: int = 0,
    failfast: bool = False,
    coverage: bool = False,
) -> None:
    """Run the tests on the embedded services, without those of `invoke nightly`."""
    chosen = ["-k", keyword] if keyword else []
    # A class stays together, so that its data is created once; conftest.py has the order.
    chosen += ["-n", str(workers), "--dist", "loadscope", "--no-loadscope-reorder"] if workers else []
    chosen += ["-x"] if failfast else []
    chosen += ["--cov", "--cov-report=term:skip-covered"] if coverage else []
    python_module(context, "pytest", *([label] if label else []), *chosen)


@command(
    texts={
        "label": "File, folder or test id to run instead of everything.",
        "keyword": "Run only the tests whose names match (pytest -k).",
    }
)
def mariadb(context: Context, label: str = "", keyword: str = "") -> None:
    """Run the tests that are not PostgreSQL's own on MariaDB (needs Debian's mariadb-server), the relative of MySQL."""
    chosen = ["-k", keyword] if keyword else []
    with context.prefix("export NCM_DATABASE=mariadb"):
        python_module(context, "pytest", *([label] if label else []), "-m", "not nightly and not postgresql", *chosen)


@command(texts={"keyword": "Run only the tests whose names match (pytest -k)."})
def pure(context: Context, keyword: str = "") -> None:
    """Run the tests that need no database, no Redis and no Nautobot: seconds, so before each commit."""
    words = ["--quiet", "--ds=development.pure_settings", "-m", "not slow", *(["-k", keyword] if keyword else [])]
    words += [f"-pno:{plugin}" for plugin in NOT_PURE]
    python_module(context, "pytest", *(f"{PACKAGE}/tests/{folder}" for folder in PURE), *words)


@command(texts={"keyword": "Run only the tests whose names match (pytest -k)."})
def e2e(context: Context, keyword: str = "") -> None:
    """Test a complete Nautobot in a browser (needs Chromium), and beside Dovecot, pgbouncer, Alertmanager (needs these)."""
    chosen = ["-k", keyword] if keyword else []
    with stage("e2e"):
        python_module(context, "pytest", "development/e2e", *chosen)
    if not keyword:
        dovecot = [
            "-c",
            "pyproject.toml",
            "--rootdir",
            ".",
            "development/e2e/test_alertmanager.py",
            "development/e2e/test_calendar_reader.py",
            "development/e2e/test_dovecot.py",
            "development/e2e/test_pgbouncer.py",
            "development/e2e/test_prometheus.py",
        ]
        python_module(context, "pytest", *dovecot)


@command()
def screenshots(context: Context) -> None:
    """Take the screenshots in docs/images of the demo's data (needs Chromium)."""
    python_module(context, "development.docs.screenshots")


@command(
    texts={
        "serve": "Serve the site at http://127.0.0.1:8000/ while you write, instead of building it into the package."
    }
)
def docs(context: Context, serve: bool = False) -> None:
    """Build the documentation site into the package; a dead link or a missing page is an error."""
    # Not --quiet: that hides warnings from the strict mode too. The variable silences the theme's notice about MkDocs 2.
    with context.prefix("export NO_MKDOCS_2_WARNING=1"):
        python_module(context, "mkdocs", "serve" if serve else "build")


@command(texts={"install": "Install the wheel into an empty environment and try it there (10 minutes)."})
def package(context: Context, install: bool = False) -> None:
    """Build documentation, sdist and wheel into dist/, and check that the wheel is complete."""
    docs(context)
    python_module(context, "development.packaging", *(["--install"] if install else []))


@command(texts={"autoformat": "Reformat the files."}, docker=True)
def black(context: Context, autoformat: bool = False) -> None:
    """Check the formatting with Black."""
    run(context, f"black {'--quiet' if autoformat else '--check'} {SOURCES}")


@command(texts={"fix": "Fix what can be fixed automatically."}, docker=True)
def ruff(context: Context, fix: bool = False) -> None:
    """Check for mistakes, outdated idioms and unsorted imports with Ruff (a second)."""
    run(context, f"ruff check --quiet {'--fix ' if fix else ''}{SOURCES}")


@command()
def autoformat(context: Context) -> None:
    """Sort the imports and format the code."""
    run(context, f"ruff check --quiet --select I --fix {SOURCES}")
    run(context, f"black --quiet {SOURCES}")


@command(texts={"counts": "Only print counts."}, docker=True)
def words(context: Context, counts: bool = False) -> None:
    """Check spelling (American) and words that the project avoids."""
    run(context, "codespell")
    python_module(context, "development.docs.words", *(["--counts"] if counts else []))


@command(texts={"base": "Branch that the change is for."}, docker=True)
def changes(context: Context, base: str = "origin/main") -> None:
    """Check that the change has a fragment in docs/changes/ and that the names of all fragments are valid."""
    run(context, "towncrier build --draft --version next > /dev/null")
    known = context.run(f"git rev-parse --quiet --verify {shlex.quote(base)}", hide=True, warn=True)
    if known:
        run(context, f"towncrier check --compare-with {shlex.quote(base)}")
    else:
        print(f"There is no branch {base} to compare with.")


@command(docker=True)
def flake8(context: Context) -> None:
    """Check for mistakes and complexity with Flake8."""
    run(context, f"flake8 {SOURCES}")


@command(docker=True)
def pylint(context: Context) -> None:
    """Check the code with Pylint (a minute; part of `invoke nightly`)."""
    run(context, f"pylint {SOURCES}")


@command(docker=True)
def bandit(context: Context) -> None:
    """Check for insecure code with Bandit."""
    run(context, f"bandit --quiet --recursive --configfile pyproject.toml {SOURCES}")


@command(docker=True)
def pydocstyle(context: Context) -> None:
    """Check that public names have docstrings."""
    run(context, f"pydocstyle {SOURCES}")


@command(docker=True)
def imports(context: Context) -> None:
    """Check that imports go down only (the contracts in .importlinter)."""
    run(context, "lint-imports")


@command(docker=True)
def mypy(context: Context) -> None:
    """Check the types of the modules that are fully annotated."""
    run(context, f"mypy --strict {TYPED}")


@command(texts={"name": "Name of the migration, for example schema."}, docker=True)
def makemigrations(context: Context, name: str = "") -> None:
    """Create the migration that the models need."""
    nautobot_server(context, f"makemigrations {PACKAGE}" + (f" --name {shlex.quote(name)}" if name else ""))


@command(docker=True)
def check_migrations(context: Context) -> None:
    """Check that no migration is missing."""
    nautobot_server(context, f"makemigrations {PACKAGE} --check --dry-run")


CHECKS: dict[str, Callable[[Context], None]] = {
    "black": black,
    "ruff": ruff,
    "flake8": flake8,
    "pydocstyle": pydocstyle,
    "bandit": bandit,
    "imports": imports,
    "words": words,
    "changes": changes,
    "mypy": mypy,
    "docs": docs,
    "check-migrations": check_migrations,
}
TESTS: dict[str, Callable[[Context], None]] = {
    "template database": template,
    "unittest": lambda context: unittest(context, workers=2),
}


def failures(context: Context, stages: dict[str, Callable[[Context], None]]) -> list[str]:
    """Run all stages, even after a failure; return the errors."""
    failed = []
    for name, check in stages.items():
        with stage(name):
            try:
                check(context)
            except Exit as error:
                failed.append(error.message or name)
    return failed


@command(docker=True)
def tests(context: Context) -> None:
    """Run all linters and all tests, and print how long each took."""
    # The template takes one core for minutes if there is no dump of this Nautobot: the checks have the other one.
    with subprocess.Popen([sys.executable, "-m", "invoke", "template"], cwd=ROOT):  # nosec B603 # our own, no shell
        failed = failures(context, CHECKS)
    failed += failures(context, TESTS)
    if failed:
        raise Exit("\n".join(failed), code=1)
    print("All passed.")


def unittest_of(nautobot: str) -> Callable[[Context], None]:
    """Return the stage that runs the tests with this Nautobot, in an environment of its own."""
    return lambda context: python_module(context, "invoke", "unittest", "--nautobot-ver", nautobot, "--workers", "2")


def scaling(context: Context) -> None:
    """Compare 5,000 with 10,000 circuits of one maintenance on every page and endpoint."""
    words = [sys.executable, "-m", "pytest", "-m", "nightly", f"{PACKAGE}/tests/attacks/test_scaling.py"]
    run(context, f"NCM_SCALE=10 {shlex.join(words)}")


NIGHTLY: dict[str, Callable[[Context], None]] = {
    "pylint": pylint,
    "coverage": lambda context: unittest(context, workers=2, coverage=True),
    "migrations of Nautobot": verify_core_schema,
    "MariaDB": mariadb,
    "developer guide and examples": lambda context: python_module(context, "pytest", "-m", "nightly"),
    "all links, and the dark theme": lambda context: python_module(
        context, "pytest", "-m", "nightly", "development/e2e"
    ),
    "tests of the tools": lambda context: python_module(context, "pytest", "development/tests"),
    "scaling": scaling,
    "chaos": lambda context: chaos(context, faults=500),
    "chaos over sending": lambda context: sending_chaos(context, faults=500),
    "mutants": mutants,
    **{f"Nautobot {version}": unittest_of(version) for version in ("3.1.5", "3.1")},
}


@command()
def nightly(context: Context) -> None:
    """Run what takes too long for each push: real migrations, examples, long chaos, mutants, MariaDB, other Nautobots (3 hours)."""
    if failed := failures(context, NIGHTLY):
        raise Exit("\n".join(failed), code=1)
    print("All passed.")
