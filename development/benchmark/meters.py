"""Meters: CPU of this process and of its PostgreSQL sessions, statements, wall time, memory."""

import os
import re
import resource
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any
from unittest import mock

from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper

ALIASES = ("default", "job_logs")
"""Nautobot writes job logs on a separate connection."""
_OURS = re.compile(r'"nautobot_circuit_maintenance_\w+"')


@dataclass
class Usage:
    """The cost of something: CPU and wall time in seconds, statements, committed transactions."""

    app: float = 0.0
    database: float = 0.0
    wall: float = 0.0
    statements: int = 0
    ours: int = 0
    """Statements that name one of the app's tables."""
    commits: int = 0

    def __add__(self, other: "Usage") -> "Usage":
        """Add up."""
        return Usage(*(getattr(self, each.name) + getattr(other, each.name) for each in fields(self)))

    def by_name(self) -> dict[str, float]:
        """Return the figures by their names in the table; CPU in milliseconds."""
        app, postgres = 1000 * self.app, 1000 * self.database
        cpu = {"app CPU ms": app, "database CPU ms": postgres, "CPU ms": app + postgres}
        return {**cpu, "statements": self.statements, "transactions": self.commits}

    def __sub__(self, other: "Usage") -> "Usage":
        """Return what was used since an earlier reading."""
        return Usage(*(getattr(self, each.name) - getattr(other, each.name) for each in fields(self)))


@dataclass
class Meters:
    """Reads this process's usage; counts statements only within `counting()`."""

    statements: int = 0
    ours: int = 0
    commits: int = 0
    phases: dict[str, Usage] = field(default_factory=dict)

    def read(self) -> Usage:
        """Return what was used since the process began."""
        return Usage(time.process_time(), database_cpu(), time.monotonic(), self.statements, self.ours, self.commits)

    @contextmanager
    def counting(self) -> Iterator[None]:
        """Count on both connections, which costs a microsecond per statement."""
        commit = BaseDatabaseWrapper._commit  # pylint: disable=protected-access  # Django has no other interface

        def committed(wrapper: Any) -> Any:
            self.commits += 1
            return commit(wrapper)

        with ExitStack() as stack:
            for alias in ALIASES:
                stack.enter_context(connections[alias].execute_wrapper(self._note))
            stack.enter_context(mock.patch.object(BaseDatabaseWrapper, "_commit", committed))
            yield

    def _note(self, execute: Any, sql: Any, params: Any, many: bool, context: Any) -> Any:
        self.statements += 1
        self.ours += bool(_OURS.search(str(sql)))
        return execute(sql, params, many, context)

    @contextmanager
    def phase(self, name: str) -> Iterator[None]:
        """Add what the block uses to a phase."""
        before = self.read()
        try:
            yield
        finally:
            self.phases[name] = self.phases.get(name, Usage()) + (self.read() - before)

    def metered(self, name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        """Return the function with its calls metered as a phase."""

        def call(*args: Any, **others: Any) -> Any:
            with self.phase(name):
                return function(*args, **others)

        return call


def database_cpu() -> float:
    """Return the CPU seconds of the PostgreSQL sessions of this process; 0 if they run on another machine."""
    return sum(cpu_of(backend) for backend in backends())


def backends() -> list[int]:
    """Return the process IDs of the sessions; connects if necessary."""
    for alias in ALIASES:
        connections[alias].ensure_connection()
    return [connections[alias].connection.info.backend_pid for alias in ALIASES]


def cpu_of(process: int) -> float:
    """Return the CPU seconds of a process on this machine; 0 if they are unavailable."""
    try:
        words = Path(f"/proc/{process}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    except OSError:  # PostgreSQL runs on another machine, or the system is not Linux
        return 0.0
    return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")


def peak_memory() -> int:
    """Return the peak memory of this process in bytes."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024
