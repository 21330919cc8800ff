"""Faults while runs send: each strikes at a random moment, and is counted only if it did."""

import signal
import time
from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from multiprocessing.process import BaseProcess
from random import Random

from development.sending_chaos import senders
from development.sending_chaos.hurry import SECONDS
from development.sending_chaos.services import Servers
from nautobot_circuit_maintenance.tests.outbound.mail_server import HANG, HANG_UP

REPLIES = {
    "SMTP: 421, 450, 451": (("MAIL", "421 closing"), ("MAIL", "450 later"), ("RCPT", "451 gray"), ("END", "451 later")),
    "SMTP: 550, 554": (("RCPT", "550 no such user"), ("DATA", "554 no")),
    "SMTP: hung up": (("MAIL", HANG_UP), ("RCPT", HANG_UP)),
    "SMTP: hung": (("MAIL", HANG), ("RCPT", HANG)),
    "SMTP: took it and hung up": (("END", HANG_UP),),
    "SMTP: took it and hung": (("END", HANG),),
}
"""By kind, at which stage the server says what instead."""
WEIGHTS = {
    **dict.fromkeys(REPLIES, 2),
    "run killed": 6,
    "run killed when a message was taken": 6,
    "Alertmanager killed": 3,
    "Alertmanager restarted": 2,
    "Alertmanager hung": 2,
    "job killed": 8,
    "worker killed": 1,
}
SKEWS = (0, 0, 0, -12, 12)
"""Minutes by which the clocks of two workers differ."""


class Faults:
    """Plans faults, lets them strike, and counts them."""

    def __init__(self, dice: Random, servers: Servers) -> None:
        """Begin without any."""
        self.dice = dice
        self.servers = servers
        self.struck: Counter[str] = Counter()
        self.runs = self.together = self.skewed = 0
        self.problems: list[str] = []
        self._senders: list[BaseProcess] = []
        self._planned: list[tuple[str, str, str]] = []
        self._strikes: dict[str, Callable[[], bool]] = {
            "run killed": self._kill_run,
            "run killed when a message was taken": self._kill_when_taken,
            "Alertmanager killed": lambda: self._restart_alerts(signal.SIGKILL),
            "Alertmanager restarted": lambda: self._restart_alerts(signal.SIGTERM),
            "Alertmanager hung": self._pause_alerts,
            "job killed": servers.kill_job,
            "worker killed": servers.kill_worker,
        }

    def run(self, now: datetime) -> None:
        """Let one to three runs work at once while up to six faults strike."""
        kinds = self.dice.choices(list(WEIGHTS), list(WEIGHTS.values()), k=self.dice.randint(2, 6))
        for kind in kinds:
            if kind in REPLIES:
                stage, reply = self.dice.choice(REPLIES[kind])
                self._planned.append((kind, stage, reply))
                self.servers.mail.replies.setdefault(stage, []).append(reply)
        self._start(now)
        for kind in kinds:
            if kind in self._strikes:
                time.sleep(self.dice.uniform(0.0, 0.3))
                self.struck[kind] += self._strikes[kind]()
        self._end()

    def run_alone(self, now: datetime) -> None:
        """Let one run work, without a fault but those of the mail server that are still to come."""
        self.servers.mail.after_taking = None
        self._senders = [senders.start(now)]
        self._end()

    def stop(self) -> None:
        """Let no fault strike any more."""
        self.servers.mail.after_taking = None
        self.servers.mail.replies.clear()

    def _start(self, now: datetime) -> None:
        skews = [0, *self.dice.choices(SKEWS, k=self.dice.choice((0, 0, 1, 2)))]
        self.together += len(skews) > 1
        self.skewed += any(skews)
        self._senders = [senders.start(now + timedelta(minutes=skew)) for skew in skews]

    def _end(self) -> None:
        self.runs += len(self._senders)
        self.problems += filter(None, map(senders.end, self._senders))
        self._count_replies()

    def _count_replies(self) -> None:
        """Count what the mail server has said since: of each stage, what was planned first."""
        for stage in ("MAIL", "RCPT", "DATA", "END"):
            planned = [each for each in self._planned if each[1] == stage]
            said = planned[: len(planned) - len(self.servers.mail.replies.get(stage, ()))]
            self.struck.update(kind for kind, _stage, _reply in said)
            for each in said:
                self._planned.remove(each)

    def _kill_run(self) -> bool:
        running = [each for each in self._senders if each.is_alive()]
        if running:
            self.dice.choice(running).kill()
        return bool(running)

    def _kill_when_taken(self) -> bool:
        """Kill all runs when the server has taken a message, before it says so: counted when it happens."""

        def kill() -> None:
            self.servers.mail.after_taking = None
            for each in self._senders:
                each.kill()
            self.struck["run killed when a message was taken"] += 1

        self.servers.mail.after_taking = kill
        return False

    def _restart_alerts(self, how: signal.Signals) -> bool:
        self.servers.restart_alerts(how, self.dice.uniform(0.0, 0.5))
        return True

    def _pause_alerts(self) -> bool:
        self.servers.pause_alerts(SECONDS * 1.5)
        return True
