"""Commands in other versions: finding a Python, recreating an environment, messages of failures."""

import io
import os
import sys
from pathlib import Path

import pytest
from invoke import Collection, Context, Exit

import tasks
from development import bootstrap, environments
from development.bootstrap import Environment, InstallationError

PRESENT = f"{sys.version_info[0]}.{sys.version_info[1]}"
COMMANDS_OF_THE_SPECIFICATION = (
    *("build", "debug", "destroy", "restart", "start", "stop"),
    *("cli", "create-user", "makemigrations", "nbshell"),
    *("bandit", "black", "flake8", "pydocstyle", "pylint", "tests", "unittest"),
)


def script(path: Path, text: str) -> Path:
    """Write a program."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{text}\n", encoding="utf-8")
    path.chmod(0o755)
    return path


@pytest.fixture(name="environment")
def environment_that_writes_down_its_words(tmp_path, monkeypatch):
    """Put an installed environment into an empty clone; its Python writes its words to the file `words`."""
    monkeypatch.setattr(environments, "ROOT", tmp_path)
    monkeypatch.setattr(sys, "stdin", io.StringIO())  # pytest refuses to have its own read
    made = environments.environment(nautobot="3.1")
    script(made.python, f'echo "$@" > "{tmp_path / "words"}"; exit "${{WANTED_CODE:-0}}"')
    (made.folder / "installed.sha256").write_text(made.fingerprint(), encoding="ascii")
    return made


@pytest.mark.parametrize("name", COMMANDS_OF_THE_SPECIFICATION)
def test_each_command_of_the_specification_is_there(name):
    assert name in Collection.from_module(tasks).task_names


def test_every_command_and_every_option_has_a_text_and_the_versions_can_be_chosen():
    for name, task in Collection.from_module(tasks).tasks.items():
        assert task.__doc__, name
        for argument in task.get_arguments():
            assert argument.help, (name, argument.name)
        assert {"nautobot_ver", "python_ver"} <= {argument.name for argument in task.get_arguments()}, name


def test_a_command_is_repeated_in_the_environment_with_the_options_it_was_given(environment, tmp_path):
    tasks.unittest(Context(), label="tests/x y.py", failfast=True, workers=2, nautobot_ver="3.1")
    words = (tmp_path / "words").read_text("utf-8").split(maxsplit=3)
    assert environment.folder.name == f".venv-py{PRESENT}-nautobot3.1"
    assert words == ["-m", "invoke", "unittest", "--label=tests/x y.py --workers=2 --failfast\n"]


def test_a_failure_in_the_environment_is_a_failure_of_the_command(environment, monkeypatch):
    assert environment.is_installed()
    monkeypatch.setenv("WANTED_CODE", "7")
    with pytest.raises(Exit) as failed:
        tasks.check_migrations(Context(), nautobot_ver="3.1")
    assert failed.value.code == 7


def test_an_installation_is_repeated_only_when_something_changed(environment, monkeypatch, tmp_path):
    assert environment.is_installed()
    assert not Environment(environment.folder, environment.base_python, "3.2").is_installed()
    monkeypatch.setattr(bootstrap, "PINS", tmp_path)
    assert not environment.is_installed()


def test_only_the_tested_releases_have_pins():
    pinned = {Environment(Path("x"), nautobot=version).pins.exists() for version in ("3.1", "3.2")}
    assert pinned == {True}
    assert not Environment(Path("x"), nautobot="3.1.4").pins.exists()


def test_a_python_that_pyenv_hides_is_found(monkeypatch, tmp_path):
    script(tmp_path / "path" / "python3.99", "echo 'pyenv: python3.99: command not found' >&2; exit 127")
    wanted = script(tmp_path / "versions" / "3.99.4" / "bin" / "python", "echo 3.99.4")
    monkeypatch.setenv("PATH", str(tmp_path / "path") + os.pathsep + os.environ["PATH"])
    monkeypatch.setenv("PYENV_ROOT", str(tmp_path))
    assert environments.find_python("3.99") == str(wanted)


def test_a_python_that_is_not_there_is_named_with_what_to_do(monkeypatch, tmp_path):
    monkeypatch.setenv("PYENV_ROOT", str(tmp_path))
    with pytest.raises(InstallationError, match=r"Python 3\.99 was not found\. Put python3\.99 on the PATH"):
        environments.find_python("3.99")


@pytest.mark.parametrize(
    "versions", [{"nautobot": "latest"}, {"python": "3"}, {"python": "3.9"}, {"python": "../3.12"}]
)
def test_what_is_no_version_is_refused(versions):
    with pytest.raises(InstallationError, match="is not a version of"):
        environments.environment(**versions)


@pytest.mark.parametrize(
    "complaint",
    [
        "ERROR: No matching distribution found for pymap==0.36.7",
        "ERROR: Failed building wheel for pymap",
        "error: subprocess-exited-with-error\nERROR: Failed to build 'pymap' when getting requirements to build wheel",
    ],
)
def test_a_package_that_is_not_to_be_had_is_named(complaint):
    with pytest.raises(
        InstallationError, match="pip found no suitable version or wheel of pymap.* choose another version"
    ):
        bootstrap.run([sys.executable, "-c", f"raise SystemExit({complaint!r})"])


def test_an_old_python_is_refused_with_a_sentence(monkeypatch):
    monkeypatch.setattr(bootstrap, "OLDEST", (99, 0))
    with pytest.raises(SystemExit, match="Python 99.0 or newer is needed"):
        bootstrap.main([])


def test_help_installs_nothing(monkeypatch, capsys):
    monkeypatch.setattr(Environment, "prepare", lambda self: pytest.fail("it installs"))
    bootstrap.main(["--help"])
    assert "bootstrap.py demo" in capsys.readouterr().out
