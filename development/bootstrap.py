"""From a fresh clone to any command: `python3 development/bootstrap.py demo` or `... tests`.

Creates `.venv`, installs the app with all development dependencies, and runs `invoke` with the arguments. The
installation is skipped while nothing relevant has changed. Standard library only.
"""

import hashlib
import os
import re
import subprocess  # nosec B404 # Python and pip are commands
import sys
import time
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PINS = ROOT / "development"
OLDEST = (3, 10)
NAUTOBOT = "3.2"
# pip's errors for unavailable packages: no version for this Python, or no wheel and no way to build one.
_MISSING = re.compile(r"(?:No matching distribution found for|Failed building wheel for|Failed to build) '?([\w.-]+)")


class InstallationError(Exception):
    """An environment could not be created; the message contains the reason and what to do."""


@dataclass(frozen=True)
class Environment:
    """A virtual environment with the app, its development dependencies and one version of Nautobot."""

    folder: Path
    base_python: str = sys.executable
    nautobot: str = NAUTOBOT

    @property
    def python(self) -> Path:
        """Path of the environment's Python."""
        return self.folder / "bin" / "python"

    @property
    def pins(self) -> Path:
        """Path of the file with exact versions; only tested versions of Nautobot have one."""
        return PINS / f"constraints-nautobot{self.nautobot}.txt"

    @property
    def _stamp(self) -> Path:
        return self.folder / "installed.sha256"

    def fingerprint(self) -> str:
        """Return a digest of the interpreter, pyproject.toml and the pinned versions."""
        command = [self.base_python, "-c", "import sys; print(sys.version)"]
        digest = hashlib.sha256(subprocess.check_output(command))  # nosec B603 # a Python that is known to run
        for path in (ROOT / "pyproject.toml", PINS / "constraints.txt", self.pins):
            digest.update(path.read_bytes() if path.exists() else b"")
        return digest.hexdigest()

    def is_installed(self) -> bool:
        """Return whether the environment is complete and up to date."""
        stamp = self._stamp
        return self.python.exists() and stamp.exists() and stamp.read_text(encoding="ascii") == self.fingerprint()

    def prepare(self) -> None:
        """Create or update the environment if necessary."""
        if self.is_installed():
            return
        started = time.monotonic()
        say(f"Installing into {self.folder}; this takes some minutes, once.")
        self._install()
        say(f"--- installation: {time.monotonic() - started:.1f} s")

    def _install(self) -> None:
        """Recreate the folder and install into it; the stamp is written last."""
        run([self.base_python, "-m", "venv", "--clear", str(self.folder)])
        wanted = ["--editable", f"{ROOT}[dev]"]
        # Without pins, the newest versions that this Nautobot allows.
        wanted += ["--constraint", str(self.pins)] if self.pins.exists() else [f"nautobot=={self.nautobot}.*"]
        if not self._install_with_uv(wanted):
            run([*self._pip, "install", "--quiet", *wanted])
        self._stamp.write_text(self.fingerprint(), encoding="ascii")

    @property
    def _pip(self) -> list[str]:
        return [str(self.python), "-m", "pip", "--disable-pip-version-check", "--no-input"]

    def _install_with_uv(self, wanted: list[str]) -> bool:
        """Install with uv, which takes a fraction of pip's time; return False if pip has to do it."""
        configured = subprocess.run(  # nosec B603 # our own command, no shell
            [*self._pip, "config", "list"], check=False, capture_output=True, text=True
        )
        # uv does not read the configuration of pip: an index of the user's own is for pip.
        if re.search(r"\.index-url=", configured.stdout) or not succeeds([*self._pip, "install", "--quiet", "uv"]):
            return False
        command = [str(self.folder / "bin" / "uv"), "pip", "install", "--quiet", "--python", str(self.python)]
        # As pip does: where PYTHONDONTWRITEBYTECODE is set, each process would spend seconds on compiling Nautobot.
        return succeeds([*command, "--compile-bytecode", *wanted])


def succeeds(command: list[str]) -> bool:
    """Run a step that may fail, without output; return whether it succeeded."""
    return not subprocess.run(command, check=False, capture_output=True).returncode  # nosec B603 # our own, no shell


def run(command: list[str]) -> None:
    """Run a step of an installation; print its errors, and raise InstallationError if it fails."""
    done = subprocess.run(command, check=False, stderr=subprocess.PIPE, text=True)  # nosec B603 # our own, no shell
    if done.stderr:
        say(done.stderr.rstrip())
    if not done.returncode:
        return
    if found := _MISSING.search(done.stderr):
        raise InstallationError(
            f"pip found no suitable version or wheel of {found[1]} for this Python; choose another version of Python"
            " or of Nautobot."
        )
    raise InstallationError("The installation failed; the reason is above.")


def say(line: str) -> None:
    """Print progress to standard error; standard output belongs to the command."""
    print(line, file=sys.stderr, flush=True)


def main(words: list[str]) -> None:
    """Install if necessary, then run `invoke`; with -h or --help instead of a command, print the help."""
    if words[:1] in (["-h"], ["--help"]):
        print(__doc__)
        return
    if sys.version_info < OLDEST:
        sys.exit(f"Python {OLDEST[0]}.{OLDEST[1]} or newer is needed; this is {sys.version.split()[0]}.")
    environment = Environment(ROOT / ".venv")
    try:
        environment.prepare()
    except InstallationError as error:
        sys.exit(str(error))
    os.chdir(ROOT)
    python = str(environment.python)
    os.execv(python, [python, "-m", "invoke", *(words or ["--list"])])  # nosec B606 # our own command


if __name__ == "__main__":
    main(sys.argv[1:])
