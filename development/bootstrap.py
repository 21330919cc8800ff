"""From a fresh clone to any command: `python3 development/bootstrap.py demo` or `... tests`.

Makes `.venv`, installs the app with everything its developers use, and runs `invoke` with the words that follow. The
installation is skipped while nothing that decides it has changed. Standard library only.
"""

import hashlib
import os
import subprocess  # nosec B404 # pip is a command
import sys
import time
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
STAMP = VENV / "installed.sha256"
CONSTRAINTS = ROOT / "development" / "constraints.txt"
OLDEST = (3, 10)


def fingerprint() -> str:
    """Return what decides the installation: the interpreter, our declarations and the pinned versions."""
    digest = hashlib.sha256(sys.version.encode())
    for path in (ROOT / "pyproject.toml", CONSTRAINTS):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def is_installed() -> bool:
    """Tell whether `.venv` is complete and up to date."""
    return PYTHON.exists() and STAMP.exists() and STAMP.read_text(encoding="ascii") == fingerprint()


def install() -> None:
    """Make `.venv` anew and install into it; the stamp is written last."""
    say(f"Installing into {VENV}; this takes some minutes, once.")
    venv.create(VENV, clear=True, with_pip=True)
    command = [str(PYTHON), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input"]
    command += ["--constraint", str(CONSTRAINTS), "--editable", f"{ROOT}[dev]"]
    if subprocess.run(command, check=False).returncode:  # nosec B603 # our own command, no shell
        sys.exit("The installation failed; pip's reason is above.")
    STAMP.write_text(fingerprint(), encoding="ascii")


def say(line: str) -> None:
    """Show progress; standard output belongs to the command."""
    print(line, file=sys.stderr, flush=True)


def main(words: list[str]) -> None:
    """Install if need be, then become `invoke`."""
    if sys.version_info < OLDEST:
        sys.exit(f"Python {OLDEST[0]}.{OLDEST[1]} or newer is needed; this is {sys.version.split()[0]}.")
    started = time.monotonic()
    if not is_installed():
        install()
        say(f"--- installation: {time.monotonic() - started:.1f} s")
    os.chdir(ROOT)
    os.execv(PYTHON, [str(PYTHON), "-m", "invoke", *(words or ["--list"])])  # nosec B606 # our own command


if __name__ == "__main__":
    main(sys.argv[1:])
