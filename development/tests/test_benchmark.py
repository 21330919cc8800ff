"""The parts of `invoke benchmark`: emails that parse as intended, meters that count, a correct table."""

import logging
from collections import Counter
from datetime import datetime, timezone
from itertools import groupby
from urllib.parse import parse_qs, urlsplit

import pytest
from django.contrib.auth import get_user_model
from django.db import connections, transaction
from django.test import Client, override_settings
from nautobot.apps.testing import TransactionTestCase
from nautobot.apps.utils import get_filterset_for_model

from development.benchmark import __main__ as benchmark, growth, mails, pages, walk
from development.benchmark.meters import Meters
from nautobot_circuit_maintenance.domain.updates import Provenance
from nautobot_circuit_maintenance.mail.message import MailMessage
from nautobot_circuit_maintenance.models import CircuitMaintenance, NotificationSource
from nautobot_circuit_maintenance.reading.parse import parse

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=timezone.utc)
MAILS = 90


def read(mails, parser):
    """Return what each mail says, mails in the order of arrival."""
    return [
        update for raw, arrived in mails for update in parse(raw, [parser], Provenance(arrived, arrived, "")).updates
    ]


@pytest.mark.parametrize("write", [mails.bcop_mails, mails.html_mails])
def test_the_same_seed_writes_the_same_mails_and_another_one_others(write):
    assert write(MAILS, 1, NOW) == write(MAILS, 1, NOW)
    assert write(MAILS, 1, NOW) != write(MAILS, 2, NOW)


@pytest.mark.parametrize(("write", "parser"), [(mails.bcop_mails, "genericprovider"), (mails.html_mails, "zayo")])
def test_each_of_three_mails_about_a_maintenance_changes_it(write, parser):
    updates = sorted(read(write(MAILS, 1, NOW), parser), key=lambda each: each.maintenance_id)
    stories = [list(of_one) for _, of_one in groupby(updates, key=lambda each: each.maintenance_id)]

    assert [len(of_one) for of_one in stories] == [3] * (MAILS // 3)
    for first, second, third in stories:
        assert (first.status, second.status) == ("CONFIRMED", "RE-SCHEDULED")
        assert third.status in ("COMPLETED", "CANCELLED")
        assert first.windows != second.windows == third.windows
        assert first.circuits != second.circuits == third.circuits


def test_providers_circuits_and_unknown_senders_are_spread_as_promised():
    delivered = mails.bcop_mails(900, 1, NOW)
    senders = Counter(MailMessage.from_bytes(raw, received_at=arrived).sender for raw, arrived in delivered)
    cids = [word.cid for update in read(delivered, "genericprovider") for word in update.circuits]
    known = {cid for number in range(mails.PROVIDERS) for cid in mails.circuits_of(number)}

    assert set(senders.values()) == {900 // mails.PROVIDERS}
    assert 4.5 < len(cids) / 900 < 5.5
    assert 0.03 < sum(cid not in known for cid in cids) / len(cids) < 0.07
    assert [arrived for _, arrived in delivered] == sorted(arrived for _, arrived in delivered)


def test_the_mail_that_a_worker_at_rest_has_read_is_one_of_cogents():
    [update] = parse(mails.COGENT, ["cogent"], Provenance(NOW, NOW, "")).updates
    assert update.maintenance_id == "SN88213"


def test_a_table_beside_an_earlier_run_shows_the_differences():
    before = {"mails": {"CPU ms": 20.0, "statements": 0.0}}
    lines = list(benchmark.table({"mails": {"CPU ms": 15.0, "statements": 3.0, "new": 1.0}}, before))
    words = {" ".join(line.split()) for line in lines}
    assert "CPU ms 20.0 -> 15.0 -25 %" in words
    assert "statements 0.0 -> 3.0" in words
    assert "new 1.0" in words


class TestPages(TransactionTestCase):
    """Every page that the benchmark measures answers, at each size."""

    @override_settings(ALLOWED_HOSTS=["localhost"])
    def test_every_page_is_measured_at_each_size(self):
        self.addCleanup(logging.disable, logging.NOTSET)
        figures = pages.figures_of([1, 2], seed=1, rounds=1)
        names = {name.removeprefix("1 ") for name in figures if name.startswith("1 ")}
        assert names == {name.removeprefix("2 ") for name in figures if name.startswith("2 ")}
        assert {"dashboard: queries", "REST list: Python CPU ms", "home page: database CPU ms"} <= names
        assert {"panel of a circuit, nothing to show: Python CPU ms", "CSV of all: Python CPU ms"} <= names
        assert figures["2 CSV: MB"] > figures["1 CSV: MB"] > 0
        assert figures["2 bulk edit: statements a row"] >= 0


class TestMeters(TransactionTestCase):
    """Meters on both connections of a worker."""

    def test_statements_of_both_connections_are_counted_and_transactions_that_end(self):
        """Three statements, two of them about a table of ours, one transaction; nothing outside of counting()."""
        meters = Meters()
        with meters.counting(), meters.phase("work"):
            with transaction.atomic():
                NotificationSource.objects.update(last_error="Counted")
            NotificationSource.objects.count()
            with connections["job_logs"].cursor() as cursor:
                cursor.execute("SELECT 1")
        NotificationSource.objects.count()
        work = meters.phases["work"]
        self.assertEqual((work.statements, work.ours, work.commits), (3, 2, 1))
        self.assertEqual(meters.statements, 3)


class TestGrowth(TransactionTestCase):
    """A small history made like the long one."""

    @override_settings(ALLOWED_HOSTS=["localhost"])
    def test_copies_belong_together_and_every_filter_is_walked(self):
        growth.fill(6, seed=1)  # two maintenances, and two copies of each
        maintenances = CircuitMaintenance.objects.prefetch_related("impacts", "parsed_notifications__notification")
        copies = [each for each in maintenances if each.name.startswith("CHG0000001")]

        self.assertEqual(sorted(each.name for each in copies), ["CHG0000001", "CHG0000001-1", "CHG0000001-2"])
        self.assertEqual(len({frozenset(impact.cid for impact in each.impacts.all()) for each in copies}), 1)
        self.assertEqual(len({each.start_time for each in copies}), 3)
        self.assertTrue(all(row.notification for each in copies for row in each.parsed_notifications.all()))

        requests = list(walk.requests())
        walked = {key for each in requests for key in parse_qs(urlsplit(each.url).query, keep_blank_values=True)}
        for model in walk.LISTED:
            filters = set(get_filterset_for_model(model).base_filters)
            left_out = {name.partition("__")[0] for name in filters - walked}
            self.assertLessEqual(left_out, {"contacts", "dynamic_groups", "teams"}, model)  # core's; the world has none

        client = Client(SERVER_NAME="localhost")
        client.force_login(get_user_model().objects.create_superuser("benchmark"))
        for each in [each for each in requests if each.query or each.name in ("dashboard", "note page 1")]:
            with self.subTest(each.name):
                self.assertGreater(
                    growth.measured(client, each, connections["default"].connection.info.backend_pid).python, 0
                )
