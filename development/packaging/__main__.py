"""Build wheel and sdist into `dist/`, and check that the wheel is complete and works. Run by `invoke package`.

`--install` installs the wheel and Nautobot into an empty environment. The services, the mail server and the delivery of
the sample emails belong to this process, so that the installed app does not depend on the clone.
"""

import argparse
import fcntl
import json
import os
import shutil
import subprocess  # nosec B404 # pip, build and nautobot-server are commands
import sys
import venv
import zipfile
from contextlib import ExitStack
from datetime import datetime, timezone
from importlib.metadata import version
from pathlib import Path

from development import samples
from development.commands import stage
from development.demo import runner
from development.services import database, embedded
from development.services.database import say
from development.services.embedded import ROOT, ServiceError
from development.services.imap import imap_server

PACKAGE = "nautobot_circuit_maintenance"
# The version in this environment, so that --nautobot-ver tests the wheel with another one.
NAUTOBOT = ".".join(version("nautobot").split(".")[:2])
CONSTRAINTS = ROOT / "development" / f"constraints-nautobot{NAUTOBOT}.txt"
DIST = ROOT / "dist"
DATABASE = "ncm_package"
LARGEST_BYTES = 6_000_000


def run(*command: str | Path, cwd: Path = ROOT, **environment: str) -> None:
    """Run a command; exit if it fails."""
    done = subprocess.run(  # nosec B603 # our own command, no shell
        [str(word) for word in command], cwd=cwd, env={**os.environ, **environment}, check=False
    )
    if done.returncode:
        raise ServiceError(f"Failed: {' '.join(map(str, command))}")


def build() -> Path:
    """Build both archives, the wheel from the sdist; return the wheel."""
    shutil.rmtree(DIST, ignore_errors=True)
    run(sys.executable, "-m", "build", "--outdir", DIST, ROOT, PIP_CONSTRAINT=str(CONSTRAINTS))
    (wheel,) = DIST.glob("*.whl")
    return wheel


def tracked_files() -> set[str]:
    """Return the files of the repository that belong in the wheel."""
    command = ["git", "ls-files", PACKAGE]
    listed = subprocess.run(  # nosec B603 # our own command, no shell
        command, cwd=ROOT, check=True, capture_output=True, text=True
    )
    return {
        name
        for name in listed.stdout.splitlines()
        if not name.startswith(f"{PACKAGE}/tests/") and (ROOT / name).exists()
    }


def documentation_files() -> set[str]:
    """Return the pages that the wheel must contain."""
    models = (f"models/{page.stem}.html" for page in (ROOT / "docs" / "models").glob("*.md"))
    pages = ("index.html", "faq.html", "release-notes.html", "search/search_index.json", *models)
    return {f"{PACKAGE}/docs/{page}" for page in pages}


def check_content(wheel: Path) -> list[str]:
    """Return the errors in the content of a wheel: it must contain exactly the package and the documentation."""
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    site = {name for name in names if name.startswith(f"{PACKAGE}/docs/")}
    about = {name for name in names if name.split("/")[0].endswith(".dist-info")}
    code, wanted = names - site - about, tracked_files()
    problems = [f"not in the wheel: {name}" for name in sorted(wanted - code | documentation_files() - site)]
    problems += [f"does not belong in the wheel: {name}" for name in sorted(code - wanted)]
    if not any(name.endswith("/licenses/LICENSE") for name in about):
        problems.append("not in the wheel: LICENSE")
    if wheel.stat().st_size > LARGEST_BYTES:
        problems.append(f"larger than {LARGEST_BYTES / 1e6:.0f} MB")
    say(f"{wheel.name}: {wheel.stat().st_size / 1e6:.1f} MB, {len(code)} files of code, {len(site)} of documentation.")
    return problems


def install(wheel: Path, folder: Path) -> Path:
    """Install the wheel into an empty environment; return the folder of its programs."""
    venv.create(folder / "venv", with_pip=True)
    programs = folder / "venv" / "bin"
    pip = (programs / "python", "-m", "pip")
    run(*pip, "install", "--quiet", "--disable-pip-version-check", "--constraint", CONSTRAINTS, wheel, cwd=folder)
    run(*pip, "check", cwd=folder)
    return programs


def prepare(folder: Path, stack: ExitStack) -> datetime:
    """Start services, an empty database and a mailbox with the sample emails; return the start of their world."""
    mailbox = stack.enter_context(imap_server())
    os.environ.update(stack.enter_context(embedded.postgres()))
    os.environ.update(stack.enter_context(embedded.redis()))
    os.environ["NAUTOBOT_DB_NAME"] = DATABASE
    os.environ["NAUTOBOT_CONFIG"] = str(folder / "development" / "nautobot_config.py")
    os.environ["NCM_STATE"] = str(folder / "state")
    # Otherwise nautobot-server uses ~/.nautobot before it reads the configuration.
    os.environ["NAUTOBOT_ROOT"] = str(folder / "nautobot")
    os.environ["NCM_PLUGIN_CONFIG"] = json.dumps({"notification_sources": runner.notification_sources(mailbox)})
    with database.server_connection() as server:
        database.drop(server, DATABASE)
        database.execute(server, f"CREATE DATABASE {DATABASE} TEMPLATE template0")
    now = datetime.now(timezone.utc)
    runner.deliver(mailbox, samples.load_samples(now))
    return now


def check_installed(wheel: Path, folder: Path) -> None:
    """Install the wheel and test it as an operator would."""
    # The tools without the clone's package, which would shadow the installed one.
    shutil.copytree(ROOT / "development", folder / "development", ignore=shutil.ignore_patterns("__pycache__"))
    with stage("install"):
        programs = install(wheel, folder)
    with ExitStack() as stack:
        now = prepare(folder, stack)
        stack.callback(drop_database)
        for words in (("check",), ("migrate", "--verbosity", "0"), ("collectstatic", "--noinput", "--verbosity", "1")):
            with stage(words[0]):
                run(programs / "nautobot-server", *words, cwd=folder)
        with stage("demo and documentation"):
            run(programs / "python", "-m", "development.packaging.inside", now.isoformat(), cwd=folder)


def drop_database() -> None:
    """Remove the database, even while it is in use."""
    with database.server_connection() as server:
        database.drop(server, DATABASE)


def main() -> None:
    """Build and check the archives, and install the wheel if requested."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--install", action="store_true", help="install the wheel and test it")
    options = parser.parse_args()
    with stage("build"):
        wheel = build()
    if problems := check_content(wheel):
        raise ServiceError("\n".join(problems))
    if options.install:
        folder = embedded.state_folder() / "package"
        with embedded.locked(embedded.state_folder() / "package.lock", fcntl.LOCK_EX):
            shutil.rmtree(folder, ignore_errors=True)
            check_installed(wheel, folder)
            shutil.rmtree(folder)
    say("The package is complete." + (" Installed, it works." if options.install else ""))


if __name__ == "__main__":
    try:
        main()
    except ServiceError as reason:
        sys.exit(str(reason))
