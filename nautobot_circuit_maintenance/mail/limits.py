"""Limits of time and memory for work on untrusted bytes."""

import resource
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from types import FrameType
from typing import NamedTuple, TypeVar

from nautobot_circuit_maintenance.domain.errors import ParseError

Result = TypeVar("Result")

# A task stops early enough to store its result; Celery's own limit would interrupt it.
_SHARE_OF_TIME_LIMIT = 0.8

# An exception raised by a signal handler is lost where Python cannot pass it on (a finalizer, a callback from C).
_REPEAT_SECONDS = 0.1


def time_left(soft_time_limit: float) -> Callable[[], bool]:
    """Return a function that returns whether a task with this soft time limit in seconds has time left; starts now."""
    deadline = time.monotonic() + soft_time_limit * _SHARE_OF_TIME_LIMIT
    return lambda: time.monotonic() < deadline


@dataclass(frozen=True)
class Limits:
    """What one parse may use."""

    cpu_seconds: float = 10.0
    """CPU time, so that a busy machine does not fail good messages."""
    seconds: float = 120.0
    """Wall-clock time: for a language model that does not answer, if the operator lets the library use one."""
    memory: int = 1024**3
    """Bytes of address space beyond what the process has already."""


DEFAULT_LIMITS = Limits()


class _TimeIsUp(BaseException):
    """Derives from BaseException because the parser library swallows every Exception."""


def run_limited(work: Callable[[], Result], limits: Limits) -> Result:
    """Return what the work returns; raises ParseError if it takes too much time or memory.

    Outside the main thread there are no limits: Python delivers no signals there, and the memory limit is that of the
    process, so that threads would undo each other's. Without /proc (macOS) there is no memory limit. Code that does not
    return to the interpreter is left to Celery's hard time limit.
    """
    with ExitStack() as stack:
        if threading.current_thread() is threading.main_thread():
            stack.enter_context(_soft_time_limit_deferred())
            work = _timed(work, _Timer(signal.ITIMER_PROF, signal.SIGPROF), limits.cpu_seconds)
            work = _timed(work, _Timer(signal.ITIMER_REAL, signal.SIGALRM), limits.seconds)
            stack.enter_context(_memory_limited(limits.memory))
        try:
            return work()
        except _TimeIsUp as error:
            raise ParseError("READ-17", f"Parsing exceeded {error}.") from error
        except MemoryError as error:
            raise ParseError("READ-18", f"Parsing exceeded {limits.memory // 1024**2} MiB of memory.") from error


class _Timer(NamedTuple):
    """A timer of the process (setitimer(2)) and the signal that it sends."""

    which: int
    signal: int


def _timed(work: Callable[[], Result], timer: _Timer, seconds: float) -> Callable[[], Result]:
    """Return the work, interrupted after that many seconds of a timer; the process's own timer is restored."""
    unit = "CPU seconds" if timer.which == signal.ITIMER_PROF else "seconds"

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        raise _TimeIsUp(f"{seconds:g} {unit}")

    def timed() -> Result:
        handler = signal.signal(timer.signal, interrupt)
        delay, interval = signal.setitimer(timer.which, seconds, _REPEAT_SECONDS)
        started = time.monotonic()
        try:
            try:
                return work()
            finally:
                signal.setitimer(timer.which, 0)
        finally:
            # Once more: the timer may have expired while it was being stopped.
            signal.setitimer(timer.which, 0)
            signal.signal(timer.signal, handler)
            if delay:
                rest = max(delay - (time.monotonic() - started), 0.001)
                signal.setitimer(timer.which, rest, interval)

    return timed


@contextmanager
def _soft_time_limit_deferred() -> Iterator[None]:
    """Defer SIGUSR1, Celery's soft time limit, until the work is done.

    The parser library would swallow the SoftTimeLimitExceeded that its handler raises, and the message would fail.
    A blocked signal would still reach the handler through the threads that NumPy starts, so the handler is replaced.
    """
    handler = signal.getsignal(signal.SIGUSR1)
    if handler is None:  # Installed by C code: Python could not put it back.
        yield
        return
    arrived: list[int] = []
    signal.signal(signal.SIGUSR1, lambda number, _frame: arrived.append(number))
    try:
        yield
    finally:
        signal.signal(signal.SIGUSR1, handler)
        if arrived:
            signal.raise_signal(signal.SIGUSR1)


@contextmanager
def _memory_limited(size: int) -> Iterator[None]:
    """Limit the growth of the process to this many bytes of address space."""
    used = _address_space()
    if used is None:
        yield
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    bounds = [bound for bound in (soft, hard) if bound != resource.RLIM_INFINITY]
    resource.setrlimit(resource.RLIMIT_AS, (min([used + size, *bounds]), hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))


def _address_space() -> int | None:
    """Return the bytes of address space of this process (proc(5), statm), or None without /proc."""
    try:
        with open("/proc/self/statm", encoding="ascii") as statm:
            return int(statm.read().split()[0]) * resource.getpagesize()
    except OSError:
        return None
