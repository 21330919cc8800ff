"""Silences in Debian's Alertmanager: it ends and moves them by rules of its own, and forgets when it is killed."""

import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
import requests
from django.db import connections
from nautobot.apps.testing import TestCase, TransactionTestCase

from development.services.alertmanager import Alertmanager, alertmanager
from nautobot_circuit_maintenance.channel_settings.alertmanager import AlertmanagerSettings
from nautobot_circuit_maintenance.outbound.channels.alertmanager.client import Client
from nautobot_circuit_maintenance.outbound.channels.alertmanager.plan import Plan, Post, plan
from nautobot_circuit_maintenance.outbound.channels.alertmanager.reconcile import reconcile
from nautobot_circuit_maintenance.outbound.channels.alertmanager.silences import Matchers, author, ours
from nautobot_circuit_maintenance.outbound.channels.alertmanager.spans import QuietTime, wanted
from nautobot_circuit_maintenance.outbound.channels.errors import ChannelUnavailable, MessageRefused
from nautobot_circuit_maintenance.tests.outbound.test_silencing import SilencingCases, SilencingWorld

LIVE, TEST = author("live", "am"), author("test", "am")
ONE: Matchers = frozenset({("cid", "C-1"), ("provider", "ISP")})
LEAD = timedelta(minutes=10)


@pytest.fixture(scope="module")
def running() -> Iterator[Alertmanager]:
    """Run one Alertmanager for all tests."""
    with alertmanager() as found:  # pylint: disable=contextmanager-generator-missing-cleanup  # pytest resumes it
        yield found


@pytest.fixture
def server(running: Alertmanager) -> Alertmanager:  # pylint: disable=redefined-outer-name  # a fixture
    """Return it without silences that are on."""
    for each in requests.get(f"{running.url}/api/v2/silences", timeout=10).json():
        if each["status"]["state"] != "expired":
            requests.delete(f"{running.url}/api/v2/silence/{each['id']}", timeout=10)
    return running


def now() -> datetime:
    """Return the time."""
    return datetime.now(tz=timezone.utc)


def work(start: float, end: float, *, matchers: Matchers = ONE) -> QuietTime:
    """Return a window of work from and to so many minutes from now."""
    moment = now()
    return QuietTime(
        matchers, moment + timedelta(minutes=start) - LEAD, moment + timedelta(minutes=end), "https://nautobot/m/1"
    )


def planned(client: Client, *works: QuietTime, later: float = 0) -> Plan:
    """Return what a run would do, so many minutes from now by our clock."""
    moment = now() + timedelta(minutes=later)
    return plan(wanted(works, moment), ours(client.silences(), client.created_by), moment)


def apply(client: Client, todo: Plan) -> None:
    """Do what a plan says."""
    for post in todo.posts:
        client.post(post)
    for name in todo.expire:
        client.expire(name)


def run(server: Alertmanager, *works: QuietTime, created_by: str = LIVE) -> None:
    """Let a run bring the silences of one creator in order."""
    with Client([server.url], created_by=created_by) as client:
        apply(client, planned(client, *works))


def live(server: Alertmanager, created_by: str = LIVE) -> list[dict[str, Any]]:
    """Return the silences of a creator that are not over, as Alertmanager has them."""
    found = requests.get(f"{server.url}/api/v2/silences", timeout=10).json()
    return [each for each in found if each["createdBy"] == created_by and each["status"]["state"] != "expired"]


def ids(server: Alertmanager, created_by: str = LIVE) -> list[str]:
    """Return their IDs."""
    return sorted(each["id"] for each in live(server, created_by))


def alerts(server: Alertmanager, labels: dict[str, str]) -> str:
    """Send an alert and return its state: active, or suppressed."""
    requests.post(f"{server.url}/api/v2/alerts", json=[{"labels": labels}], timeout=10).raise_for_status()
    found = requests.get(f"{server.url}/api/v2/alerts", timeout=10).json()
    return str(next(each["status"]["state"] for each in found if each["labels"] == labels))


def test_an_alert_is_silent_during_the_work_and_no_other_one_is(server: Alertmanager) -> None:
    labels = {"alertname": "Down", "cid": "C-1", "provider": "ISP", "interface": "xe-0/0/0"}
    other = {**labels, "cid": "C-2"}

    run(server, work(-5, 60))
    assert (alerts(server, labels), alerts(server, other)) == ("suppressed", "active")

    run(server)
    assert alerts(server, labels) == "active"


def test_a_window_in_progress_has_one_id_over_twelve_runs(server: Alertmanager) -> None:
    window = work(-5, 60)
    seen = set()
    for _ in range(12):
        run(server, window)
        seen.update(ids(server))

    assert len(seen) == 1


def test_a_window_that_lasts_longer_or_shorter_keeps_its_silence(server: Alertmanager) -> None:
    window = work(-5, 60)
    run(server, window)
    before = ids(server)
    for minutes in (90, 30):
        changed = window._replace(end=window.end + timedelta(minutes=minutes - 60))
        run(server, changed)
        (silence,) = live(server)
        assert abs(datetime.fromisoformat(silence["endsAt"].replace("Z", "+00:00")) - changed.end) < timedelta(
            seconds=1
        )

    assert ids(server) == before


def test_a_silence_that_has_not_begun_is_moved_and_begins_by_itself(server: Alertmanager) -> None:
    run(server, work(30, 60))
    before = ids(server)
    run(server, work(35, 70))
    assert ids(server) == before
    assert live(server)[0]["status"]["state"] == "pending"

    run(server, work(5, 60))
    assert [each["status"]["state"] for each in live(server)] == ["active"]


def test_a_window_that_is_moved_to_later_while_it_is_silent_is_loud_until_then(server: Alertmanager) -> None:
    run(server, work(-5, 60))
    run(server, work(35, 60))

    assert [each["status"]["state"] for each in live(server)] == ["pending"]


def test_the_next_run_after_each_of_these_has_nothing_to_do(server: Alertmanager) -> None:
    for window in (work(-5, 60), work(5, 70), work(30, 60), work(-30, 10)):
        run(server, window)
        with Client([server.url], created_by=LIVE) as client:
            assert planned(client, window) == Plan((), ())


def test_a_window_that_is_over_meanwhile_is_no_error(server: Alertmanager) -> None:
    with Client([server.url], created_by=LIVE) as client:
        over = Post("", ONE, now() - timedelta(hours=2), now() - timedelta(hours=1), ())

        assert client.post(over) == ""


def test_what_was_removed_meanwhile_is_made_anew_and_ends_without_error(server: Alertmanager) -> None:
    with Client([server.url], created_by=LIVE) as client:
        unknown = "00000000-0000-4000-8000-000000000000"
        made = client.post(Post(unknown, ONE, now(), now() + timedelta(hours=1), ("x",)))
        client.expire(unknown)
        assert ids(server) == [made]
        client.expire(made)
        client.expire(made)

    assert not live(server)


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL])
def test_an_alertmanager_that_was_restarted_is_right_after_the_next_run(
    server: Alertmanager, how: signal.Signals
) -> None:
    window = work(-5, 60)
    run(server, window)
    before = ids(server)
    server.stop(how)
    with pytest.raises(ChannelUnavailable, match="ALERT-01"):
        run(server, window)
    server.start()
    run(server, window)

    assert len(live(server)) == 1
    if how == signal.SIGTERM:
        assert ids(server) == before


def test_two_nautobots_leave_each_other_s_silences_alone(server: Alertmanager) -> None:
    run(server, work(-5, 60))
    run(server, work(-5, 60), created_by=TEST)
    run(server, created_by=TEST)
    assert (len(live(server)), len(live(server, TEST))) == (1, 0)

    people = {"name": "cid", "value": "C-1", "isRegex": False, "isEqual": True}
    body = {"matchers": [people], "createdBy": "alice", "comment": "mine"}
    body |= {"startsAt": now().isoformat(), "endsAt": (now() + timedelta(hours=1)).isoformat()}
    requests.post(f"{server.url}/api/v2/silences", json=body, timeout=10).raise_for_status()
    run(server)
    assert (len(live(server)), len(live(server, "alice"))) == (0, 1)


def test_two_workers_at_once_leave_one_silence_after_the_next_run(server: Alertmanager) -> None:
    window = work(-5, 60)
    with Client([server.url], created_by=LIVE) as one, Client([server.url], created_by=LIVE) as other:
        plans = planned(one, window), planned(other, window)
        apply(one, plans[0])
        apply(other, plans[1])
        assert len(live(server)) == 2
        # Both see both, and keep the same one.
        plans = planned(one, window), planned(other, window)
        apply(one, plans[0])
        apply(other, plans[1])

    assert len(live(server)) == 1


def test_of_several_members_the_first_that_answers_is_asked(server: Alertmanager) -> None:
    with Client(["http://127.0.0.1:9", server.url], created_by=LIVE) as client:
        apply(client, planned(client, work(-5, 60)))

    assert len(live(server)) == 1


def test_without_any_member_that_answers_the_channel_is_unavailable() -> None:
    with (
        Client(["http://127.0.0.1:9", "http://127.0.0.1:10"], created_by=LIVE) as client,
        pytest.raises(ChannelUnavailable, match="ALERT-01.*127.0.0.1:9.*127.0.0.1:10"),
    ):
        client.silences()


@pytest.mark.parametrize(
    "value",
    [
        "a/b",
        'say "hi"',
        "back\\slash",
        "a, b",
        "{x}",
        "x=y",
        "a~b",
        "!x",
        "two\nlines",
        " blanks ",
        "Zürich ✓",
        "%s {{ x }}",
        ".*",
        "a" * 2000,
    ],
)
def test_every_value_of_a_label_comes_back_as_it_was_sent(server: Alertmanager, value: str) -> None:
    window = work(-5, 60, matchers=frozenset({("cid", value)}))
    run(server, window)

    with Client([server.url], created_by=LIVE) as client:
        assert planned(client, window) == Plan((), ())
    assert alerts(server, {"cid": value}) == "suppressed"
    assert alerts(server, {"cid": value + "x"}) == "active"


def test_what_alertmanager_refuses_is_an_error_of_that_silence(server: Alertmanager) -> None:
    """The settings and the templates never give such a one."""
    empty = Post("", frozenset({("cid", "")}), now(), now() + timedelta(hours=1), ("x",))
    with Client([server.url], created_by=LIVE) as client, pytest.raises(MessageRefused, match="ALERT-04.*cid=''"):
        client.post(empty)


def test_another_web_server_is_no_alertmanager(server: Alertmanager) -> None:
    with (
        Client([f"{server.url}/elsewhere"], created_by=LIVE) as client,
        pytest.raises(ChannelUnavailable, match="ALERT"),
    ):
        client.silences()


class Silencing(SilencingCases, TestCase):
    """The maintenances of subscriptions, with rows of Nautobot."""

    _server: ExitStack

    @classmethod
    def setUpClass(cls) -> None:
        """Start an Alertmanager for all of them."""
        super().setUpClass()
        cls._server = ExitStack()
        cls.url = cls._server.enter_context(alertmanager()).url

    @classmethod
    def tearDownClass(cls) -> None:
        """End it."""
        cls._server.close()
        super().tearDownClass()

    def setUp(self) -> None:
        """Begin without silences."""
        super().setUp()
        for silence in self.live():
            requests.delete(f"{self.url}/api/v2/silence/{silence['id']}", timeout=10)


class TwoWorkers(SilencingWorld, TransactionTestCase):
    """Two workers of one Nautobot at once."""

    def test_one_of_them_is_about_it(self) -> None:
        with alertmanager() as found:
            self.url = found.url
            with ThreadPoolExecutor(4) as pool:
                done = [pool.submit(self._run) for _ in range(4)]
                posted = [each.result(timeout=60) for each in done]

            self.assertEqual(sum(posted), 2)
            self.assertEqual(len(self.live()), 2)

    def _run(self) -> int:
        try:
            entry = {"name": "Alerts", "instance": "live", "urls": [self.url], "matchers": {"cid": "{{ cid }}"}}
            found = reconcile(AlertmanagerSettings.from_entry(entry), now=self.now)
            return found.posted if found else 0
        finally:
            connections.close_all()
