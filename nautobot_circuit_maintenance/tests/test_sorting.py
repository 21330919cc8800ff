"""``?sort=`` of lists, pages and endpoints: whatever it says, the answer is not an error."""

from django.contrib.contenttypes.models import ContentType
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from nautobot.extras.models import ComputedField, CustomField

from nautobot_circuit_maintenance import models
from nautobot_circuit_maintenance.tests.page_case import HTMX, PageTestCase, url_of
from nautobot_circuit_maintenance.tests.two_providers import OF_THE_APP

STRANGE = (
    "actions",
    "pk",
    "nothing",
    "circuits__nothing",
    "",
    "-",
    "?",
    "name,-actions",
    "worst_impact,circuits",
    "' or 1",
)
"""Names of nothing, or of columns that cannot be sorted by."""


class SortingTest(PageTestCase):
    """Someone who sees everything."""

    def setUp(self):
        """Add the columns that an administrator can add."""
        super().setUp()
        self.become_superuser()
        for model in OF_THE_APP:
            kind = ContentType.objects.get_for_model(model)
            if hasattr(model, "_custom_field_data"):
                field, _ = CustomField.objects.get_or_create(key="team", defaults={"label": "Team", "type": "text"})
                field.content_types.add(kind)
                ComputedField.objects.create(
                    content_type=kind, key=f"computed_{kind.model}", label="Computed", template="{{ obj }}"
                )

    def test_lists_and_pages_sort_by_all_that_their_tables_have(self):
        for model in OF_THE_APP:
            name = model._meta.model_name
            columns = self.client.get(url_of(f"{name}_list"), **HTMX).context["table"].base_columns
            for column in (*columns, *STRANGE):
                for sort in (column, f"-{column}"):
                    with self.subTest(model=name, sort=sort):
                        self.assert_answers(url_of(f"{name}_list"), sort, **HTMX)

    def test_pages_with_tables_sort_by_all_that_any_table_has(self):
        for model in OF_THE_APP:
            row = model.objects.first()
            for sort in ("impact", "-cid", "subject", "title", "addresses", *STRANGE):
                with self.subTest(model=model._meta.model_name, sort=sort):
                    self.assert_answers(row.get_absolute_url(), sort)

    def test_endpoints_ignore_what_they_cannot_sort_by(self):
        for model in OF_THE_APP:
            name = model._meta.model_name
            url = reverse(f"plugins-api:nautobot_circuit_maintenance-api:{name}-list")
            for sort in ("worst_impact", "impacts", "windows", *STRANGE):
                with self.subTest(model=name, sort=sort):
                    self.assert_answers(url, sort)

    def test_endpoints_do_not_sort_by_what_they_do_not_show(self):
        """The original message, for example: the order would reveal its content, and take seconds."""
        hidden = (("notification", "raw"), ("notification", "dismissed_error"), ("parsednotification", "json"))
        for name, field in (*hidden, ("notificationsource", "cursor"), ("circuitmaintenance", "sort_severity")):
            url = reverse(f"plugins-api:nautobot_circuit_maintenance-api:{name}-list")
            with CaptureQueriesContext(connection) as queries:
                self.assert_answers(url, field)
            orders = [each["sql"].partition("ORDER BY")[2] for each in queries]
            self.assertEqual([order for order in orders if f'"{field}"' in order], [], name)

    def test_parsed_notifications_are_sorted_as_their_notifications(self):
        rows = models.ParsedNotification.objects.exclude(notification=None)
        for sort in ("notification", "-notification"):
            table = self.client.get(url_of("parsednotification_list"), {"sort": sort}, **HTMX).context["table"]
            shown = [row.record.pk for row in table.paginated_rows if row.record.notification_id]
            self.assertEqual(shown, [row.pk for row in rows.order_by(sort)])
            url = reverse("plugins-api:nautobot_circuit_maintenance-api:parsednotification-list")
            with CaptureQueriesContext(connection) as queries:
                found = self.client.get(url, {"sort": sort}).json()["results"]
            self.assertEqual([row["id"] for row in found if row["notification"]], list(map(str, shown)))
            joined = f'"{models.Notification._meta.db_table}"."received_at"'
            self.assertEqual([each["sql"] for each in queries if joined in each["sql"].partition("ORDER BY")[2]], [])

    def assert_answers(self, url, sort, **options):
        """Check that a sort order gives no error."""
        response = self.client.get(url, {"sort": sort}, **options)
        self.assertEqual(response.status_code, 200, (url, sort))

    def test_no_heading_without_a_name_is_a_link(self):
        """The last column, that of the buttons."""
        for page in (url_of("circuitmaintenance_list"), models.CircuitMaintenance.objects.first().get_absolute_url()):
            self.assertNotContains(self.client.get(page, **HTMX), "sort=actions")
