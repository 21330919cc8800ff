"""Limits: the process is unchanged afterwards, and Celery's signals are not lost."""

import os
import signal
import threading
import time
from contextlib import suppress
from unittest import TestCase

import pytest

from nautobot_circuit_maintenance.domain.errors import ParseError
from nautobot_circuit_maintenance.mail.limits import Limits, run_limited


class SoftTimeLimit(Exception):
    """Raised like Celery's from its handler of SIGUSR1."""


@pytest.mark.slow
class RunLimited(TestCase):
    """Interrupted work, and what it must not break."""

    def test_work_that_swallows_every_exception_is_stopped(self) -> None:
        with self.assertRaisesRegex(ParseError, "^READ-17: Parsing exceeded 0.1 CPU seconds.$"):
            run_limited(swallow_everything, Limits(cpu_seconds=0.1))

    def test_work_that_waits_forever_is_stopped(self) -> None:
        with self.assertRaisesRegex(ParseError, "^READ-17: Parsing exceeded 0.1 seconds.$"):
            run_limited(lambda: time.sleep(60), Limits(seconds=0.1))

    def test_waiting_for_the_processor_does_not_count(self) -> None:
        run_limited(lambda: time.sleep(0.5), Limits(cpu_seconds=0.1))

    def test_a_celery_soft_limit_is_raised_after_the_work_and_not_inside_it(self) -> None:
        def raise_limit(*_: object) -> None:
            raise SoftTimeLimit

        swallowed: list[Exception] = []

        def work() -> None:
            try:
                os.kill(os.getpid(), signal.SIGUSR1)
                time.sleep(0.05)
            except Exception as error:  # pylint: disable=broad-exception-caught  # what the parser library does
                swallowed.append(error)

        self.addCleanup(signal.signal, signal.SIGUSR1, signal.signal(signal.SIGUSR1, raise_limit))
        with self.assertRaises(SoftTimeLimit):
            run_limited(work, Limits())

        self.assertEqual(swallowed, [])
        self.assertIs(signal.getsignal(signal.SIGUSR1), raise_limit)

    def test_a_running_timer_continues(self) -> None:
        outer = signal.getitimer(signal.ITIMER_REAL)
        self.addCleanup(signal.setitimer, signal.ITIMER_REAL, *outer)
        signal.setitimer(signal.ITIMER_REAL, 1_000, 7)

        run_limited(lambda: time.sleep(0.1), Limits())

        delay, interval = signal.getitimer(signal.ITIMER_REAL)
        self.assertTrue(990 < delay < 999.95)
        self.assertEqual(interval, 7)

    def test_timers_and_handlers_are_as_before_afterwards(self) -> None:
        handlers = [signal.getsignal(number) for number in (signal.SIGALRM, signal.SIGPROF, signal.SIGUSR1)]
        for work in (lambda: None, swallow_everything):
            with suppress(ParseError):
                run_limited(work, Limits(cpu_seconds=0.1))

            for timer in (signal.ITIMER_REAL, signal.ITIMER_PROF):
                self.assertEqual(signal.getitimer(timer), (0, 0))
            self.assertEqual(
                [signal.getsignal(number) for number in (signal.SIGALRM, signal.SIGPROF, signal.SIGUSR1)], handlers
            )

    def test_other_threads_have_no_time_limit_but_work(self) -> None:
        results: list[int] = []
        thread = threading.Thread(target=lambda: results.append(run_limited(lambda: 1, Limits())))
        thread.start()
        thread.join()

        self.assertEqual(results, [1])


def swallow_everything() -> None:
    """Behave like the worst parser: busy for a minute, and swallowing every exception."""
    end = time.monotonic() + 60
    while time.monotonic() < end:
        try:
            sum(range(1_000))
        except Exception:  # pylint: disable=broad-exception-caught  # the purpose of this function
            pass
