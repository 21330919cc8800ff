"""An Alertmanager in memory, by the rules of its `silence` package (v0.25): what a posted silence does to the stored one.

`test_real.py` shows that Debian's program does the same.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import count
from typing import Any

from nautobot_circuit_maintenance.outbound.channels.alertmanager.plan import Plan, Post
from nautobot_circuit_maintenance.outbound.channels.alertmanager.silences import Matchers

OURS = "nautobot-circuit-maintenance live/am"


@dataclass
class Stored:
    """A silence as it is kept."""

    id: str
    start: datetime
    end: datetime
    matchers: Matchers
    created_by: str
    comment: str = ""

    def state(self, now: datetime) -> str:
        """Return its state."""
        if now >= self.end:
            return "expired"
        return "pending" if now < self.start else "active"

    def as_answer(self, now: datetime) -> dict[str, Any]:
        """Return it as the API does."""
        matchers = [{"name": name, "value": value, "isRegex": False, "isEqual": True} for name, value in self.matchers]
        return {
            "id": self.id,
            "startsAt": self.start.isoformat(),
            "endsAt": self.end.isoformat(),
            "createdBy": self.created_by,
            "comment": self.comment,
            "matchers": matchers,
            "status": {"state": self.state(now)},
        }


@dataclass
class Alertmanager:
    """Its silences, in the order of their making."""

    stored: dict[str, Stored] = field(default_factory=dict)
    numbers: "count[int]" = field(default_factory=lambda: count(1))

    def answer(self, now: datetime) -> list[dict[str, Any]]:
        """Return all silences, also those that are over."""
        return [each.as_answer(now) for each in self.stored.values()]

    def post(self, post: Post, now: datetime, created_by: str = OURS, comment: str = "") -> str:
        """Store a silence, as `Silences.Set` does, and return its ID."""
        if post.end <= now:
            return ""  # 400: end time can't be in the past
        before = self.stored.get(post.id)
        if post.id and before is None:
            return ""  # 404; the client posts it as a new one, which is another post
        if before and _can_update(before, post, now):
            before.start, before.end, before.comment = post.start, post.end, comment
            return before.id
        if before and before.state(now) != "expired":
            self.expire(before.id, now)
        name = f"{next(self.numbers):06}"
        self.stored[name] = Stored(name, max(post.start, now), post.end, post.matchers, created_by, comment)
        return name

    def expire(self, name: str, now: datetime) -> None:
        """End a silence; one that was not yet on never is."""
        silence = self.stored[name]
        if silence.state(now) == "pending":
            silence.start = now
        if silence.state(now) != "expired":
            silence.end = now

    def apply(self, plan: Plan, now: datetime, *, steps: int | None = None) -> None:
        """Do what a plan says, or only its first steps."""
        actions: Sequence[Any] = [*plan.posts, *plan.expire]
        for action in actions[:steps]:
            if isinstance(action, Post):
                self.post(action, now)
            elif action in self.stored:
                self.expire(action, now)

    def silenced(self, now: datetime, created_by: str = OURS) -> list[Matchers]:
        """Return what this creator's silences keep quiet at a moment, once for each silence."""
        live = (each for each in self.stored.values() if each.created_by == created_by)
        return [each.matchers for each in live if each.state(now) == "active"]


def _can_update(before: Stored, post: Post, now: datetime) -> bool:
    """Return whether the stored silence keeps its ID, as `canUpdate` decides."""
    if before.matchers != post.matchers:
        return False
    state = before.state(now)
    if state == "active":
        return before.start == post.start and post.end >= now
    return state == "pending" and post.start >= now
