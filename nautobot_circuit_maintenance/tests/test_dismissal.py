"""Dismissing what a notification ended with: it needs no attention until something new is known."""

from django.test import override_settings
from nautobot.extras.models import ObjectChange

from nautobot_circuit_maintenance.analysis import dashboard
from nautobot_circuit_maintenance.analysis.visibility import Visibility
from nautobot_circuit_maintenance.choices import NotificationStateChoices as State
from nautobot_circuit_maintenance.models import Notification
from nautobot_circuit_maintenance.models.dismissal import dismiss
from nautobot_circuit_maintenance.models.providers import PARSERS_FIELD
from nautobot_circuit_maintenance.pipeline.reprocess import requeue
from nautobot_circuit_maintenance.tests.cases import PipelineTestCase
from nautobot_circuit_maintenance.tests.factories import app
from nautobot_circuit_maintenance.tests.factories.mail import NOON, mail
from nautobot_circuit_maintenance.tests.page_case import HTMX, PageTestCase, url_of
from nautobot_circuit_maintenance.tests.test_api_content import ApiTestCase

REASON = "An invoice"


class Dismissed(PipelineTestCase):
    """What dismissing a result does, and when it is over."""

    def setUp(self):
        super().setUp()
        self.receive(mail(text="Dear customer, please find attached"))
        self.row = Notification.objects.get(state=State.FAILED)

    def dismiss(self, **options):
        """Dismiss everything."""
        return dismiss(Notification.objects.all(), self.user, reason=REASON, now=NOON, **options)

    def needs_attention(self) -> bool:
        """Return whether the list and the dashboard count it."""
        rows = Notification.objects.needing_attention()
        problems = dashboard.count_problems(Visibility.everything(), NOON, [])
        self.assertEqual(rows.count(), problems.failed + problems.refused + problems.partly_read)
        return rows.exists()

    def reprocess(self):
        """Process it again, as the job does."""
        requeue(Notification.objects.filter(pk=self.row.pk))
        self.receive()

    def test_it_is_not_counted_any_more_and_says_who_when_and_why(self):
        self.assertTrue(self.needs_attention())

        self.dismiss()

        self.assertFalse(self.needs_attention())
        self.row.refresh_from_db()
        stored = (self.row.dismissed_by, self.row.dismissed_at, self.row.dismissed_reason, self.row.state)
        self.assertEqual(stored, (self.user, NOON, REASON, State.FAILED))
        self.assertTrue(self.row.is_dismissed)

    def test_the_change_log_has_it(self):
        self.dismiss()

        change = ObjectChange.objects.get(changed_object_id=self.row.pk)
        self.assertEqual((change.user, change.user_name, change.action), (self.user, "operator", "update"))
        self.assertEqual(change.object_data["dismissed_reason"], REASON)

    def test_reprocessing_with_the_same_result_leaves_it_dismissed(self):
        self.dismiss()

        self.reprocess()

        self.row.refresh_from_db()
        self.assertEqual(self.row.state, State.FAILED)
        self.assertFalse(self.needs_attention())

    def test_reprocessing_with_another_result_brings_it_back(self):
        self.dismiss()
        self.provider.cf[PARSERS_FIELD] = "ntt"
        self.provider.validated_save()

        self.reprocess()

        before = self.row.error
        self.row.refresh_from_db()
        self.assertNotEqual((self.row.state, self.row.error), (State.FAILED, before))
        self.assertFalse(self.row.is_dismissed)
        self.assertTrue(self.needs_attention())

    def test_another_result_than_the_one_that_was_seen_is_not_dismissed(self):
        seen = self.row.result_key
        Notification.objects.update(error="Something else")

        result = self.dismiss(seen=seen)

        self.assertEqual((result.dismissed, result.changed), ([], [self.row]))
        self.assertTrue(self.needs_attention())

    def test_only_what_was_not_read_can_be_dismissed(self):
        Notification.objects.all().delete()
        for state, error in (
            (State.RECEIVED, ""),
            (State.PARSED, ""),
            (State.PARSED, "A part"),
            (State.IGNORED, "No maintenance"),
            (State.REFUSED, "Forged"),
            (State.FAILED, "No date"),
        ):
            app.create_notification(self.provider, state=state, error=error)

        self.dismiss()

        dismissed = Notification.objects.dismissed().order_by("error").values_list("error", flat=True)
        self.assertEqual(list(dismissed), ["A part", "Forged", "No date", "No maintenance"])
        self.assertFalse(self.needs_attention())
        with self.assertNumQueries(3):  # with the savepoint
            self.assertEqual(self.dismiss().dismissed, [])


class DismissPageTest(PageTestCase):
    """The form with the reason, for one and for several."""

    def setUp(self):
        super().setUp()
        self.row = Notification.objects.get(state=State.FAILED)

    def post(self, route="notification_dismiss", instance=None, **data):
        """Send a form."""
        return self.client.post(url_of(route, instance), data)

    def test_the_form_asks_for_a_reason_and_dismisses_what_it_showed(self):
        self.permit("view_notification", "change_notification")
        page = self.page("notification_dismiss", self.row)
        self.assertIn("Reason 2", page)
        self.assertIn(self.row.result_key, page)

        self.assertIn("This field is required", self.post(instance=self.row, reason="").content.decode())
        response = self.post(instance=self.row, reason=REASON, seen=self.row.result_key)

        self.assertRedirects(response, self.row.get_absolute_url())
        self.assertEqual(Notification.objects.dismissed().get(), self.row)
        page = self.page("notification", self.row)
        self.assertIn(f"by {self.user}: {REASON}", page)
        self.assertNotIn(url_of("notification_dismiss", self.row), page)

    def test_without_permission_to_change_there_is_no_button_and_no_form(self):
        self.permit("view_notification")

        self.assertNotIn(url_of("notification_dismiss", self.row), self.page("notification", self.row))
        self.assertHttpStatus(self.client.get(url_of("notification_dismiss", self.row)), 403)
        self.assertHttpStatus(self.post(instance=self.row, reason=REASON), 403)
        self.assertFalse(Notification.objects.dismissed().exists())

    def test_a_result_that_changed_in_the_meantime_is_not_dismissed(self):
        self.permit("view_notification", "change_notification")
        seen = self.row.result_key
        Notification.objects.update(error="Something else")

        self.post(instance=self.row, reason=REASON, seen=seen)

        self.assertFalse(Notification.objects.dismissed().exists())

    def test_several_are_dismissed_with_one_reason(self):
        self.permit("view_notification", "change_notification")
        chosen = [str(pk) for pk in Notification.objects.values_list("pk", flat=True)]

        form = self.post("notification_bulk_dismiss", pk=chosen).content.decode()
        self.assertIn("Dismiss 3 notifications", form)
        for pk in chosen:
            self.assertIn(f'name="pk" value="{pk}"', form)
        self.post("notification_bulk_dismiss", pk=chosen, reason=REASON)

        self.assertEqual(Notification.objects.dismissed().count(), 3)

    def test_all_that_the_filters_of_the_list_match_are_dismissed(self):
        self.permit("view_notification", "change_notification")

        self.client.post(f"{url_of('notification_bulk_dismiss')}?state=failed", {"_all": "1", "reason": REASON})

        self.assertEqual(Notification.objects.dismissed().get(), self.row)

    def test_a_bulk_dismissal_covers_only_what_may_be_changed(self):
        self.permit("view_notification")
        self.permit("change_notification", constraints={"state": State.IGNORED})

        self.client.post(url_of("notification_bulk_dismiss"), {"_all": "1", "reason": REASON})

        self.assertEqual(Notification.objects.dismissed().get().state, State.IGNORED)

    def test_the_return_url_stays_on_this_site(self):
        self.permit("view_notification", "change_notification")
        for url in ("https://elsewhere.example/", "//elsewhere.example/", "javascript:alert(1)"):
            with self.subTest(url):
                Notification.objects.update(dismissed_at=None)
                response = self.post(instance=self.row, reason=REASON, return_url=url)
                self.assertRedirects(response, self.row.get_absolute_url())

    def test_the_list_can_be_filtered(self):
        self.become_superuser()
        dismiss(Notification.objects.filter(pk=self.row.pk), self.user, reason=REASON, now=NOON)
        for query, shown in (("dismissed=true", True), ("dismissed=false", False), ("needs_attention=true", False)):
            with self.subTest(query):
                page = self.client.get(f"{url_of('notification_list')}?{query}", **HTMX).content.decode()
                self.assertEqual(self.row.get_absolute_url() in page, shown)


@override_settings(PAGINATE_COUNT=50)
class DismissApiTest(ApiTestCase):
    """POST notification/<id>/dismiss/."""

    def post(self, **data):
        """Send the request."""
        url = self.url("notification-dismiss", pk=Notification.objects.get(state=State.FAILED).pk)
        return self.client.post(url, data, format="json", **self.header)

    def test_it_answers_with_the_dismissed_notification(self):
        self.permit("change_notification")

        response = self.post(reason=REASON)

        self.assertHttpStatus(response, 200)
        self.assertEqual(response.json()["dismissed_reason"], REASON)
        self.assertEqual(response.json()["dismissed_by"]["id"], str(self.user.pk))
        self.assertHttpStatus(self.post(reason=REASON), 400)

    def test_it_needs_a_reason_and_the_permission_to_change(self):
        self.permit("view_notification")
        self.assertHttpStatus(self.post(reason=REASON), 403)
        self.permit("change_notification")
        self.assertHttpStatus(self.post(), 400)
        self.assertFalse(Notification.objects.dismissed().exists())
