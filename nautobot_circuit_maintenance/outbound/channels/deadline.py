"""A limit for the whole of an operation: a server that sends a byte now and then keeps within every time-out of a socket."""

import threading
from collections.abc import Callable
from concurrent import futures
from contextvars import copy_context
from typing import TypeVar

Result = TypeVar("Result")


def within(seconds: float, work: Callable[[], Result], late: Exception) -> Result:
    """Return what the work returns or raises; raises ``late`` after that many seconds, and leaves it alone then.

    The work happens in a thread that Python does not wait for at its end, so it must not touch the database: web processes
    and workers may have no main thread to interrupt.
    """
    outcome: futures.Future[Result] = futures.Future()
    context = copy_context()
    threading.Thread(target=context.run, args=(_run, work, outcome), daemon=True).start()
    if not futures.wait([outcome], seconds).done:
        raise late
    return outcome.result()


def _run(work: Callable[[], Result], outcome: "futures.Future[Result]") -> None:
    try:
        outcome.set_result(work())
    except BaseException as error:  # pylint: disable=broad-exception-caught  # it is raised by the thread that waits
        outcome.set_exception(error)
