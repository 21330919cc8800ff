"""The commands of a contributor: `invoke --list` shows them, `invoke --help <command>` explains one."""

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
        "domain mail mailboxes reading pipeline analysis tables graphql app_settings.py choices.py compat.py"
        " custom_validators.py jobs.py navigation.py template_content.py urls.py"
    ).split()
)
SOURCES = f"{PACKAGE} development tasks.py conftest.py"
# Folders of tests whose code imports no model.
PURE = ("domain", "mail", "reading")
# So that the linters are those of this environment.
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
    """Start the same in the foreground, with Django's error pages and all logs; Ctrl-C ends it."""
    compose(context, stack, stack.words("up", debug=True))


@container_command()
def restart(context: Context, stack: Stack) -> None:
    """Restart Nautobot and what it needs: the worker takes over changed code only then."""
    compose(context, stack, stack.words("restart"))


@container_command()
def stop(context: Context, stack: Stack) -> None:
    """Stop Nautobot and what it needs; the data are kept."""
    compose(context, stack, stack.words("down", "--remove-orphans"))


@container_command()
def destroy(context: Context, stack: Stack) -> None:
    """Remove the containers and their volumes: all data are lost."""
    compose(context, stack, stack.words("down", "--remove-orphans", "--volumes"))


@container_command()
def cli(context: Context, stack: Stack) -> None:
    """Open a bash shell in the running container of Nautobot."""
    compose(context, stack, stack.inside("bash"))


@container_command()
def nbshell(context: Context, stack: Stack) -> None:
    """Open Nautobot's Python shell in the running container: models are imported there."""
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


@command()
def core_schema(context: Context) -> None:
    """Write the dump of the installed Nautobot's schema that tests and demo start from (5 minutes)."""
    python_module(context, "development.core_schema", "write")


@command()
def verify_core_schema(context: Context) -> None:
    """Fail if that dump differs from what Nautobot's migrations make (5 minutes)."""
    python_module(context, "development.core_schema", "verify")


@command(texts={"once": "Stop after the table instead of serving the web UI.", "json": "Print the table as JSON."})
def demo(context: Context, once: bool = False, json: bool = False) -> None:
    """Deliver sample mails, run the real Job on a real worker, show what came out and serve the web UI."""
    chosen = [option for option, wanted in (("--once", once), ("--json", json)) if wanted]
    python_module(context, "development.demo.runner", *chosen)


@command(
    texts={
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
    words = options(only=only, mails=mails, sizes=sizes, seed=seed, json=json, compare=compare, profile=profile)
    python_module(context, "development.benchmark", *words)


@command(
    texts={
        "faults": "Number of faults; 40 take about a minute and a half.",
        "only": "Kinds of faults: the begins of their names, separated by commas.",
        "seed": "Other mails, other faults.",
        "json": "Keep the figures in this file.",
    }
)
def chaos(context: Context, faults: int = 500, only: str = "", seed: int = 1, json: str = "") -> None:
    """Let faults strike while workers are at it, and compare with what an undisturbed run leaves (10 minutes)."""
    python_module(context, "development.chaos", *options(seed=seed, faults=faults, only=only, json=json))


@command(texts={"only": "Words in the names of the mutants."})
def mutants(context: Context, only: str = "") -> None:
    """Break the product on purpose in a copy, and see the tests notice it (15 minutes)."""
    python_module(context, "development.mutants", *options(only=only))


@command(
    texts={
        "label": "File, folder or test id to run instead of everything.",
        "keyword": "Run only the tests whose names match (pytest -k).",
        "workers": "Number of processes.",
        "failfast": "Stop at the first failure.",
    },
    docker=True,
)
def unittest(context: Context, label: str = "", keyword: str = "", workers: int = 0, failfast: bool = False) -> None:
    """Run the tests on the embedded services, without those of `invoke nightly`."""
    chosen = ["-k", keyword] if keyword else []
    # A class stays together, so that its data is created once; conftest.py has the order.
    chosen += ["-n", str(workers), "--dist", "loadscope", "--no-loadscope-reorder"] if workers else []
    chosen += ["-x"] if failfast else []
    python_module(context, "pytest", *([label] if label else []), *chosen)


@command(texts={"keyword": "Run only the tests whose names match (pytest -k)."})
def pure(context: Context, keyword: str = "") -> None:
    """Run the tests that need no database, no Redis and no Nautobot: seconds, so before each commit."""
    words = ["--quiet", "--ds=development.pure_settings", "-m", "not slow", *(["-k", keyword] if keyword else [])]
    python_module(context, "pytest", *(f"{PACKAGE}/tests/{folder}" for folder in PURE), *words)


@command(texts={"keyword": "Run only the tests whose names match (pytest -k)."})
def e2e(context: Context, keyword: str = "") -> None:
    """Drive a browser through a whole Nautobot of its own (needs Chromium), and read mail from Dovecot (needs that)."""
    chosen = ["-k", keyword] if keyword else []
    with stage("e2e"):
        python_module(context, "pytest", "development/e2e", *chosen)
    if not keyword:
        dovecot = ["-c", "pyproject.toml", "--rootdir", ".", "development/e2e/test_dovecot.py"]
        python_module(context, "pytest", *dovecot)


@command()
def screenshots(context: Context) -> None:
    """Take the pictures in docs/images from the demo's data (needs Chromium)."""
    python_module(context, "development.docs.screenshots")


@command(
    texts={"serve": "Serve the site while you write (http://127.0.0.1:8000/) instead of building it into the package."}
)
def docs(context: Context, serve: bool = False) -> None:
    """Build the documentation site into the package; a dead link or a missing page is an error."""
    # Not --quiet: that hides warnings from the strict mode too. The variable silences what the theme thinks of MkDocs 2.
    with context.prefix("export NO_MKDOCS_2_WARNING=1"):
        python_module(context, "mkdocs", "serve" if serve else "build")


@command(texts={"install": "Install the wheel into an empty environment and try it there (10 minutes)."})
def package(context: Context, install: bool = False) -> None:
    """Build documentation, sdist and wheel into dist/, and check that the wheel is complete."""
    docs(context)
    python_module(context, "development.packaging", *(["--install"] if install else []))


@command(texts={"autoformat": "Rewrite the files instead of complaining about them."}, docker=True)
def black(context: Context, autoformat: bool = False) -> None:
    """Check that the code is formatted by Black."""
    run(context, f"black {'--quiet' if autoformat else '--check'} {SOURCES}")


@command(texts={"fix": "Correct what can be corrected."}, docker=True)
def ruff(context: Context, fix: bool = False) -> None:
    """Look for mistakes, old idioms and unsorted imports with Ruff (a second)."""
    run(context, f"ruff check --quiet {'--fix ' if fix else ''}{SOURCES}")


@command()
def autoformat(context: Context) -> None:
    """Sort the imports and format the code."""
    run(context, f"ruff check --quiet --select I --fix {SOURCES}")
    run(context, f"black --quiet {SOURCES}")


@command(texts={"counts": "Only count the words."}, docker=True)
def words(context: Context, counts: bool = False) -> None:
    """Look for misspelled words, British spelling and words that we avoid."""
    run(context, "codespell")
    python_module(context, "development.docs.words", *(["--counts"] if counts else []))


@command(texts={"base": "Branch that the change is for."}, docker=True)
def changes(context: Context, base: str = "origin/main") -> None:
    """Check that the change has a fragment in docs/changes/ and that all fragments are named as they should be."""
    run(context, "towncrier build --draft --version next > /dev/null")
    known = context.run(f"git rev-parse --quiet --verify {shlex.quote(base)}", hide=True, warn=True)
    if known:
        run(context, f"towncrier check --compare-with {shlex.quote(base)}")
    else:
        print(f"There is no branch {base} here to compare with.")


@command(docker=True)
def flake8(context: Context) -> None:
    """Look for mistakes and complexity with Flake8."""
    run(context, f"flake8 {SOURCES}")


@command(docker=True)
def pylint(context: Context) -> None:
    """Look deeper for mistakes with Pylint."""
    run(context, f"pylint {SOURCES}")


@command(docker=True)
def bandit(context: Context) -> None:
    """Look for insecure code with Bandit."""
    run(context, f"bandit --quiet --recursive --configfile pyproject.toml {SOURCES}")


@command(docker=True)
def pydocstyle(context: Context) -> None:
    """Check that what is public says what it is for."""
    run(context, f"pydocstyle {SOURCES}")


@command(docker=True)
def imports(context: Context) -> None:
    """Check that imports go down only (the contracts in .importlinter)."""
    run(context, "lint-imports")


@command(docker=True)
def mypy(context: Context) -> None:
    """Check the types where all of them are written down."""
    run(context, f"mypy --strict {TYPED}")


@command(texts={"name": "Name of the migration, for example schema."}, docker=True)
def makemigrations(context: Context, name: str = "") -> None:
    """Write the migration that the models need."""
    nautobot_server(context, f"makemigrations {PACKAGE}" + (f" --name {shlex.quote(name)}" if name else ""))


@command(docker=True)
def check_migrations(context: Context) -> None:
    """Fail if the models need a migration that nobody has written."""
    nautobot_server(context, f"makemigrations {PACKAGE} --check --dry-run")


CHECKS: dict[str, Callable[[Context], None]] = {
    "black": black,
    "ruff": ruff,
    "flake8": flake8,
    "pydocstyle": pydocstyle,
    "bandit": bandit,
    "pylint": pylint,
    "imports": imports,
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
    """Run one stage after the other, whatever becomes of those before it; return what failed."""
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
    """Run all linters and all tests, and print what each took."""
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


NIGHTLY: dict[str, Callable[[Context], None]] = {
    "migrations of Nautobot": verify_core_schema,
    "developer guide and examples": lambda context: python_module(context, "pytest", "-m", "nightly"),
    "tests of the tools": lambda context: python_module(context, "pytest", "development/tests"),
    "chaos": lambda context: chaos(context, faults=500),
    "mutants": mutants,
    **{f"Nautobot {version}": unittest_of(version) for version in ("3.1.0", "3.1")},
}


@command()
def nightly(context: Context) -> None:
    """Run what takes too long for each push: real migrations, examples, long chaos, mutants, other Nautobots (2 hours)."""
    if failed := failures(context, NIGHTLY):
        raise Exit("\n".join(failed), code=1)
    print("All passed.")
