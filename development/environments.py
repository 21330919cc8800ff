"""Environments `.venv-py<version>-nautobot<version>`, to run the same commands with another Python or Nautobot."""

import os
import re
import shutil
import subprocess  # nosec B404 # queries the version of a Python
import sys
from collections.abc import Iterator
from pathlib import Path

from development.bootstrap import NAUTOBOT, OLDEST, ROOT, Environment, InstallationError

_PYTHON_VERSION = re.compile(r"3\.\d+(\.\d+)?")
_NAUTOBOT_VERSION = re.compile(r"\d+\.\d+(\.\d+)?")
_PRINT_VERSION = "import sys; print('.'.join(map(str, sys.version_info[:3])))"


def environment(*, nautobot: str = "", python: str = "") -> Environment:
    """Return the environment for these versions; the defaults are the newest Nautobot and the current Python."""
    nautobot = nautobot or NAUTOBOT
    python = python or f"{sys.version_info[0]}.{sys.version_info[1]}"
    check(nautobot=nautobot, python=python)
    return Environment(ROOT / f".venv-py{python}-nautobot{nautobot}", find_python(python), nautobot)


def check(*, nautobot: str, python: str) -> None:
    """Raise InstallationError for invalid versions: they become names of folders, images and projects."""
    if not _NAUTOBOT_VERSION.fullmatch(nautobot):
        raise InstallationError(f"{nautobot!r} is not a version of Nautobot. Use 3.1 or 3.2, or 3.1.8 for a release.")
    if not _PYTHON_VERSION.fullmatch(python) or int(python.split(".")[1]) < OLDEST[1]:
        raise InstallationError(
            f"{python!r} is not a version of Python from {OLDEST[0]}.{OLDEST[1]} on. Use, for example, 3.12."
        )


def find_python(version: str) -> str:
    """Return the path of a Python of this version: the current one, one on the PATH, or one of pyenv's."""
    for candidate in _candidates(version):
        if f"{_version_of(candidate)}.".startswith(f"{version}."):
            return candidate
    raise InstallationError(
        f"Python {version} was not found. Put python{version} on the PATH (for example with pyenv install {version}), or choose"
        " another --python-ver."
    )


def _candidates(version: str) -> Iterator[str]:
    yield sys.executable
    if on_path := shutil.which(f"python{version}"):
        yield on_path
    # pyenv puts a python3.12 on the PATH that only runs if that version is selected.
    pyenv = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
    yield from sorted(str(path) for path in pyenv.glob(f"versions/{version}*/bin/python"))


def _version_of(python: str) -> str:
    """Return the version of a Python, an empty string if it does not run."""
    done = subprocess.run(  # nosec B603 # a Python, no shell
        [python, "-c", _PRINT_VERSION], capture_output=True, text=True, check=False
    )
    return done.stdout.strip() if not done.returncode else ""
