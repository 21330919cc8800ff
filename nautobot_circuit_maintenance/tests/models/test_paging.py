"""Pages of lists: each row on one page, in any order; and what the database has to read for a page, however far."""

from datetime import timedelta

import pytest
from django.db import connection
from django.http import QueryDict
from django.test import TestCase
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from nautobot.apps.utils import get_filterset_for_model, get_table_for_model

from nautobot_circuit_maintenance import models
from nautobot_circuit_maintenance.choices import CircuitImpactChoices as Impact
from nautobot_circuit_maintenance.models import CircuitImpact, CircuitMaintenance
from nautobot_circuit_maintenance.models.paging import in_stable_order, read_keys, rows_of_page
from nautobot_circuit_maintenance.tests.factories import app, core
from nautobot_circuit_maintenance.tests.factories.mail import NOON
from nautobot_circuit_maintenance.tests.page_case import HTMX, PageTestCase, url_of
from nautobot_circuit_maintenance.tests.two_providers import OF_THE_APP

ROWS, SIZE = 11, 3
MANY = 20_000
"""Impacts: enough for PostgreSQL to prefer an index to reading and sorting the table."""
OF_CORE = ("tags", "contacts", "teams")
"""Filters that core adds, some of which make rows distinct."""
IMPACTS, MAINTENANCES = CircuitImpact._meta.db_table, CircuitMaintenance._meta.db_table


class EachRowOnceTest(PageTestCase):
    """Many rows that no column distinguishes."""

    def setUp(self):
        """Create them; log in as a superuser."""
        super().setUp()
        self.become_superuser()
        provider = core.create_provider("ISP")
        source = models.NotificationSource.objects.create(name="Mail")
        for number in range(ROWS):
            maintenance = app.create_maintenance(f"WORK-{number}", provider)
            app.create_impact(maintenance, "SAME")
            models.Note.objects.create(maintenance=maintenance, title="Note")
            app.create_parsed(app.create_notification(provider, source), maintenance)

    def shown(self, model, sort: str) -> list[str]:
        """Return the rows of all pages of a list in this order."""
        keys = []
        for page in range(1, -(-model.objects.count() // SIZE) + 1):
            table = get_table_for_model(model)(model.objects.all(), user=self.user, order_by=sort)
            keys += [row.record.pk for row in table.paginate(per_page=SIZE, page=page).paginated_rows]
        return keys

    def test_pages_of_a_list_have_each_row_once_in_any_order(self):
        for model in OF_THE_APP:
            columns = get_table_for_model(model)(model.objects.none(), user=self.user).columns
            for column in (column.name for column in columns if column.orderable and column.name != "pk"):
                with self.subTest(model=model._meta.model_name, sort=column):
                    keys = model.objects.values_list("pk", flat=True)
                    self.assertCountEqual(self.shown(model, column), keys)
                    self.assertCountEqual(self.shown(model, f"-{column}"), keys)

    def test_both_ends_of_a_list_agree(self):
        """The second half is read from the end."""
        for rows in (
            CircuitMaintenance.objects.most_urgent_first(),
            CircuitMaintenance.objects.order_by("-ack"),
            CircuitMaintenance.objects.order_by_figure(CircuitImpact.objects.all(), "circuit_count", descending=True),
            CircuitImpact.objects.order_by("maintenance", "-impact"),
        ):
            wanted = list(in_stable_order(rows).values_list("pk", flat=True))
            for size in (1, 3, len(wanted)):
                pages = [read_keys(rows, first, size) for first in range(0, len(wanted), size)]
                self.assertEqual([pk for page in pages for pk in page.keys], wanted)
                self.assertEqual({page.count for page in pages}, {len(wanted)})

    def test_rows_come_in_the_order_of_their_keys(self):
        keys = list(CircuitImpact.objects.values_list("pk", flat=True))[::-1]
        self.assertEqual([row.pk for row in rows_of_page(CircuitImpact.objects.filter(cid="SAME"), keys)], keys)

    def test_filtered_pages_know_how_many_rows_match(self):
        rows = CircuitImpact.objects.filter(cid="SAME")
        self.assertEqual(read_keys(rows, 0, SIZE).count, ROWS)
        self.assertEqual((read_keys(rows, 99, SIZE).keys, read_keys(rows, 99, SIZE).count), ([], ROWS))
        self.assertEqual(read_keys(CircuitImpact.objects.filter(cid="none"), 0, SIZE).count, 0)

    def test_page_after_the_last_one_is_the_last_one(self):
        for query in ("", "&q=WORK"):
            url = f"{url_of('circuitmaintenance_list')}?per_page={SIZE}&page=99{query}"
            table = self.client.get(url, **HTMX).context["table"]
            self.assertEqual(table.page.number, table.paginator.num_pages)
            self.assertTrue(list(table.paginated_rows))

    def test_conditions_are_tested_once(self):
        """By the list and by the endpoint: not for the count, the keys and the rows."""
        endpoint = reverse("plugins-api:nautobot_circuit_maintenance-api:circuitmaintenance-list")
        for url, options in ((url_of("circuitmaintenance_list"), HTMX), (endpoint, {})):
            self.client.get(url, **options)
            with CaptureQueriesContext(connection) as queries:
                response = self.client.get(f"{url}?q=WORK", **options)
            self.assertEqual(response.status_code, 200)
            self.assertEqual(sum("%WORK%" in each["sql"] for each in queries), 1)

    def test_endpoint_pages_link_to_each_other(self):
        url = reverse("plugins-api:nautobot_circuit_maintenance-api:circuitimpact-list")
        keys, url = [], f"{url}?limit={SIZE}&cid=SAME"
        while url:
            answer = self.client.get(url).json()
            self.assertEqual(answer["count"], ROWS)
            keys += [each["id"] for each in answer["results"]]
            url = answer["next"]
        self.assertEqual(len(set(keys)), len(keys))
        self.assertEqual(len(keys), ROWS)


@pytest.mark.postgresql("reads PostgreSQL's plans")
class PlanTest(TestCase):
    """A statistically real table: which indexes serve a page."""

    @classmethod
    def setUpTestData(cls):
        """Create maintenances with impacts; every hundredth circuit ID, the last ones of the order, is unknown."""
        provider = core.create_provider("ISP")
        circuit = core.create_circuit(provider, "C-1")
        works = [
            CircuitMaintenance(
                name=f"WORK-{number}",
                provider=provider,
                start_time=NOON + timedelta(minutes=number),
                end_time=NOON + timedelta(minutes=number + 9),
                sort_severity=number % 5,
                sort_circuits=number % 7,
            )
            for number in range(MANY // 4)
        ]
        CircuitMaintenance.objects.bulk_create(works)
        CircuitImpact.objects.bulk_create(
            CircuitImpact(
                maintenance=works[number // 4],
                cid=f"C-{number}" if number % 100 else f"X-{number}",
                circuit=circuit if number % 100 else None,
                impact=Impact.values()[number % 4],
            )
            for number in range(MANY)
        )
        with connection.cursor() as cursor:
            cursor.execute(f"ANALYZE {IMPACTS}")
            cursor.execute(f"ANALYZE {MAINTENANCES}")

    def plans(self, rows, offset: int, testing: str = "") -> str:
        """Return the plans of the statements that read the keys of a page; of those that test a condition."""
        with CaptureQueriesContext(connection) as queries:
            read_keys(rows, offset, 50)
        with connection.cursor() as cursor:
            plans = []
            for query in (each for each in queries if testing in each["sql"]):
                cursor.execute(f"EXPLAIN {query['sql']}")
                plans.append("\n".join(row[0] for row in cursor.fetchall()))
        return "\n".join(plans)

    def test_indexes_have_the_order_of_the_lists(self):
        impacts = CircuitImpact.objects.all()
        works = CircuitMaintenance.objects.all()
        for rows, index in (
            (impacts, "cm_impact_cid"),
            (impacts.order_by("-impact"), "cm_impact_impact"),
            (works.order_by_figure(impacts, "worst_severity", descending=True), "cm_maintenance_severity"),
            (works.order_by_figure(impacts, "circuit_count", descending=False), "cm_maintenance_circuits"),
            (works.order_by("start_time", "name"), "cm_maintenance_order"),
        ):
            with self.subTest(index):
                plan = self.plans(rows, 100)
                self.assertIn(index, plan)
                self.assertNotIn("SubPlan", plan)

    def test_rare_rows_are_not_looked_for_along_the_order(self):
        """9 in 10 rows would be read before the first that matches."""
        plans = self.plans(CircuitImpact.objects.filter(circuit=None), 0, testing="IS NULL")
        self.assertIn("WindowAgg", plans)
        self.assertNotIn("using cm_impact_cid", plans)

    def test_where_most_rows_match_their_keys_are_not_kept_and_sorted_to_count_them(self):
        rows = CircuitImpact.objects.filter(circuit__isnull=False)
        found = read_keys(rows, 0, 50)

        self.assertEqual(found.keys, list(rows.order_by("cid", "id").values_list("pk", flat=True)[:50]))
        self.assertEqual(found.count, MANY - MANY // 100)
        self.assertNotIn("WindowAgg", self.plans(rows, 0))
        self.assertIn("WindowAgg", self.plans(rows, 50))

    def test_deep_slices_are_those_of_any_list_and_skip_nothing_but_keys(self):
        """GraphQL slices like that."""
        start = MANY // 2
        rows = (
            CircuitImpact.objects.select_related("maintenance")
            .prefetch_related("windows")
            .only("cid", "maintenance__name")
        )
        everything = list(rows.order_by("cid", "id"))
        with CaptureQueriesContext(connection) as queries:
            found = list(rows[start:][:5])
            names = [row.maintenance.name for row in found]
        self.assertEqual(found, everything[start : start + 5])
        self.assertEqual(names, [row.maintenance.name for row in everything[start : start + 5]])
        with self.assertNumQueries(2):  # no page: rows and windows, without a list of all keys
            self.assertEqual(list(rows[start:]), everything[start:])
        self.assertEqual(
            [row["cid"] for row in rows.values("cid")[start:][:2]], [row.cid for row in everything[start:]][:2]
        )
        self.assertEqual(len(queries), 3)  # keys, rows, and their windows once
        self.assertEqual([each["sql"].count("JOIN") for each in queries][:2], [0, 1])
        self.assertNotIn("OFFSET", queries[1]["sql"])

    def test_filters_of_ours_make_nothing_distinct(self):
        """Relations are not joined, except to labels; databases would compare all columns of all rows."""
        for model in OF_THE_APP:
            filterset = get_filterset_for_model(model)
            for name, each in filterset.base_filters.items():
                value = a_value_of(name, each)
                if value is None or name.startswith(OF_CORE):
                    continue
                with self.subTest(model=model._meta.model_name, filter=name):
                    asked = filterset(QueryDict(f"{name}={value}"), queryset=model.objects.all())
                    self.assertFalse(asked.errors)
                    self.assertFalse(asked.qs.query.distinct)

    def test_count_compares_keys(self):
        """What someone else made distinct."""
        rows = CircuitImpact.objects.filter(circuit__isnull=False).distinct()
        with CaptureQueriesContext(connection) as queries:
            self.assertEqual(read_keys(rows, 0, 50).count, MANY - MANY // 100)
        count = next(each["sql"] for each in queries if "COUNT" in each["sql"])
        self.assertNotIn("last_updated", count)

    def test_search_does_not_compare_ids_as_text(self):
        for name in ("circuitmaintenance", "circuitimpact", "notification", "parsednotification", "note"):
            with self.subTest(name):
                filterset = models_filterset(name)({"q": "7"}, queryset=models_of(name).objects.all())
                self.assertNotIn('"id"::text', str(filterset.qs.query))


def a_value_of(name: str, each) -> str | None:
    """Return a value of a filter on related rows; None for other filters, and if there is no row."""
    if name.endswith("isnull"):
        return "false"
    choices = each.extra.get("queryset", ())
    row = next(iter(choices() if callable(choices) else choices), None)
    return str(row.pk) if row else None


def models_of(name: str):
    """Return a model of the app."""
    return next(model for model in OF_THE_APP if model._meta.model_name == name)


def models_filterset(name: str):
    """Return its filter set."""
    return get_filterset_for_model(models_of(name))
