"""Commands of `tasks.py` that can run in another environment or in a container."""

import contextlib
import functools
import inspect
import os
import shlex
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from invoke import Context, Exit, Task, task

from development import environments
from development.bootstrap import ROOT, InstallationError
from development.containers import stack

VERSIONS = {
    "nautobot-ver": "Version of Nautobot: 3.1 or 3.2 for the pinned release, 3.1.8 for another one.",
    "python-ver": "Version of Python, for example 3.12.",
}
DOCKER = {"docker": "Run in a container with these versions instead of an environment."}
DATABASE = {"database": "Database of the containers: postgres or mysql. Each command needs the option."}
Body = Callable[..., None]


def run(context: Context, line: str) -> None:
    """Run a command in the clone; a failure ends the task with its exit code."""
    with context.cd(str(ROOT)):
        done = context.run(line, pty=sys.stdout.isatty(), warn=True)
    if done is None or done.failed:
        raise Exit(f"Failed: {line}", code=1 if done is None else done.exited)


def python_module(context: Context, module: str, *words: str) -> None:
    """Run a module with the current Python."""
    run(context, shlex.join([sys.executable, "-m", module, *words]))


@contextlib.contextmanager
def stage(name: str) -> Iterator[None]:
    """Print how long a stage took."""
    started = time.monotonic()
    print(f"--- {name}", flush=True)
    try:
        yield
    finally:
        print(f"--- {name}: {time.monotonic() - started:.1f} s", flush=True)


@contextlib.contextmanager
def embedded_services() -> Iterator[None]:
    """Provide PostgreSQL and Redis to the commands that run inside the block."""
    from development.services import embedded  # pylint: disable=import-outside-toplevel  # keeps `invoke --list` fast

    before = dict(os.environ)
    try:
        with embedded.postgres() as database, embedded.redis() as redis:
            os.environ.update({**database, **redis})
            os.environ["NAUTOBOT_CONFIG"] = str(ROOT / "development" / "nautobot_config.py")
            # Some commands do not store anything, but Nautobot needs an existing database.
            os.environ.setdefault("NAUTOBOT_DB_NAME", "postgres")
            yield
    except embedded.ServiceError as error:
        raise Exit(str(error), code=1) from error
    finally:
        # Otherwise the next task would take a stopped server for one that the user provides.
        os.environ.clear()
        os.environ.update(before)


def options(**values: object) -> list[str]:
    """Return the non-empty values as options of a command line."""
    return [word for name, value in values.items() if value for word in (f"--{name}", str(value))]


def command(*, texts: dict[str, str] | None = None, docker: bool = False) -> Callable[[Body], Task]:
    """Make a task that also runs in another environment and, with `docker`, in a container; `texts` is help by option."""

    def decorate(body: Body) -> Task:
        @functools.wraps(body)
        def elsewhere_or_here(context: Context, *, nautobot_ver: str = "", python_ver: str = "", **values: Any) -> None:
            in_container = values.pop("docker", False)
            words = [body.__name__.replace("_", "-"), *_words(body, values)]
            if in_container:
                _in_container(context, _stack(nautobot_ver, python_ver), words)
            elif nautobot_ver or python_ver:
                _in_environment(context, nautobot_ver, python_ver, words)
            else:
                body(context, **values)

        extra = {"nautobot_ver": "", "python_ver": "", **({"docker": False} if docker else {})}
        return _task(elsewhere_or_here, body, extra, {**(texts or {}), **VERSIONS, **(DOCKER if docker else {})})

    return decorate


def container_command(*, texts: dict[str, str] | None = None) -> Callable[[Body], Task]:
    """Make a task that works on containers; it receives them as a `stack.Stack`."""

    def decorate(body: Body) -> Task:
        @functools.wraps(body)
        def with_stack(
            context: Context, *, nautobot_ver: str = "", python_ver: str = "", database: str = "", **values: Any
        ) -> None:
            body(context, _stack(nautobot_ver, python_ver, database), **values)

        extra = {"nautobot_ver": "", "python_ver": "", "database": ""}
        return _task(with_stack, body, extra, {**(texts or {}), **VERSIONS, **DATABASE}, leave_out=("stack",))

    return decorate


def _task(
    function: Body, body: Body, extra: dict[str, object], texts: dict[str, str], leave_out: Iterable[str] = ()
) -> Task:
    """Return an invoke task with the parameters of the body and the extra ones."""
    signature = inspect.signature(body)
    kept = [parameter for name, parameter in signature.parameters.items() if name not in leave_out]
    kept += [inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=value) for name, value in extra.items()]
    function.__signature__ = signature.replace(parameters=kept)  # type: ignore[attr-defined]  # where inspect looks first
    return task(help=texts)(function)


def _words(body: Body, values: dict[str, Any]) -> list[str]:
    """Return the options that differ from their defaults, as words of a command line."""
    words = []
    for name, parameter in inspect.signature(body).parameters.items():
        value = values.get(name, parameter.default)
        if value == parameter.default or parameter.default is parameter.empty:
            continue
        words += [f"--{name.replace('_', '-')}"] if value is True else [f"--{name.replace('_', '-')}={value}"]
    return words


def _stack(nautobot_ver: str, python_ver: str, database: str = "") -> stack.Stack:
    """Return the containers of these versions, or end the task with the reason."""
    try:
        return stack.stack(nautobot=nautobot_ver, python=python_ver, database=database)
    except (stack.ContainerError, InstallationError) as error:
        raise Exit(str(error), code=1) from error


def _in_environment(context: Context, nautobot_ver: str, python_ver: str, words: list[str]) -> None:
    try:
        environment = environments.environment(nautobot=nautobot_ver, python=python_ver)
        environment.prepare()
    except InstallationError as error:
        raise Exit(str(error), code=1) from error
    run(context, shlex.join([str(environment.python), "-m", "invoke", *words]))


def _in_container(context: Context, containers: stack.Stack, words: list[str]) -> None:
    compose(context, containers, containers.once("invoke", *words))


def compose(context: Context, containers: stack.Stack, words: list[str]) -> None:
    """Run Docker Compose; a missing engine ends the task with a message."""
    try:
        program = stack.compose()
    except stack.ContainerError as error:
        raise Exit(str(error), code=1) from error
    stack.prepare_credentials()
    os.environ.update(containers.variables())
    run(context, shlex.join([*program, *words]))
