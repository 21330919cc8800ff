"""The page Inbox: all that needs a person, with what fixes it."""

import re
from datetime import timedelta

from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from nautobot.circuits.models import Provider

from nautobot_circuit_maintenance import models
from nautobot_circuit_maintenance.analysis import inbox
from nautobot_circuit_maintenance.analysis.visibility import Visibility
from nautobot_circuit_maintenance.choices import NotificationStateChoices as State
from nautobot_circuit_maintenance.models.dismissal import dismiss
from nautobot_circuit_maintenance.tests.factories import app, core
from nautobot_circuit_maintenance.tests.page_case import PageTestCase, url_of

VIEWED = (models.Notification, models.CircuitMaintenance, models.CircuitImpact, models.UnknownSender)
DOUBT = {"kind": "no-circuit", "sentence": "No circuit is named.", "fingerprint": ""}


class InboxTest(PageTestCase):
    """Two providers with something to do, and an unknown sender."""

    def setUp(self):
        super().setUp()
        for model in VIEWED:
            model.objects.all().delete()
        self.now = timezone.now()
        for number in (1, 2):
            self.fill(Provider.objects.get(name=f"ISP {number}"), number)

    def fill(self, provider, number):
        """Give a provider one of everything that needs a person, and some that do not."""
        for state, error in (
            (State.FAILED, "No date"),
            (State.REFUSED, "Forged"),
            (State.PARSED, "A part"),
            (State.IGNORED, "No work"),
            (State.PARSED, ""),
            (State.RECEIVED, ""),
        ):
            app.create_notification(
                provider,
                models.NotificationSource.objects.get(name=f"Source {number}"),
                state=state,
                error=error,
                subject=f"{provider} {state} {error}",
                received_at=self.now - timedelta(hours=number),
            )
        start = self.now + timedelta(days=1)
        ahead = app.create_maintenance(f"AHEAD-{number}", provider, start=start, doubts=[DOUBT])
        app.create_impact(ahead, f"X-{number}")
        app.create_impact(app.create_maintenance(f"MORE-{number}", provider, start=start), f"X-{number}")
        over = app.create_maintenance(f"OVER-{number}", provider, start=self.now - timedelta(days=9))
        app.create_impact(over, f"OLD-{number}")
        app.create_unknown_sender(
            models.NotificationSource.objects.get(name=f"Source {number}"), f"who-{number}@elsewhere.example"
        )

    def found(self, **options):
        """Return what the inbox of the superuser lists: the texts of the rows by provider."""
        groups = inbox.read_inbox(Visibility.everything(), self.now, **options).groups
        return {str(group.provider): [str(entry.row) for entry in group.entries] for group in groups}

    def test_it_lists_what_needs_a_person_by_provider(self):
        found = self.found()

        for number in (1, 2):
            self.assertEqual(
                sorted(found[f"ISP {number}"]),
                sorted(
                    [
                        f"ISP {number} failed No date",
                        f"ISP {number} parsed A part",
                        f"ISP {number} refused Forged",
                        str(models.CircuitMaintenance.objects.get(name=f"AHEAD-{number}")),
                        f"X-{number}: OUTAGE",
                    ]
                ),
            )
        self.assertEqual(found["None"], ["who-1@elsewhere.example", "who-2@elsewhere.example"])
        self.assertEqual(len(found), 3)

    def test_the_newest_come_first(self):
        app.create_notification(
            Provider.objects.get(name="ISP 3"), state=State.FAILED, received_at=self.now + timedelta(hours=1)
        )

        groups = inbox.read_inbox(Visibility.everything(), self.now).groups

        self.assertEqual(str(groups[0].provider), "ISP 3")
        for group in groups:
            moments = [entry.since for entry in group.entries]
            self.assertEqual(moments, sorted(moments, reverse=True))

    def test_ignored_email_is_listed_on_request(self):
        self.assertNotIn("ISP 1 ignored No work", self.found()["ISP 1"])
        self.assertIn("ISP 1 ignored No work", self.found(with_ignored=True)["ISP 1"])

    def test_what_is_dismissed_is_gone(self):
        self.become_superuser()
        dismiss(models.Notification.objects.all(), self.user, reason="Spam", now=self.now)
        models.UnknownSender.objects.update(dismissed=True)

        self.assertEqual({len(rows) for rows in self.found(with_ignored=True).values()}, {2})

    def test_each_kind_needs_its_own_permission(self):
        for model, word in zip(VIEWED, ("No date", "AHEAD-1", ">X-1<", "who-1@"), strict=True):
            with self.subTest(model.__name__):
                self.permit("view_notification")
                user = self.user
                user.object_permissions.all().delete()
                self.permit("view_notification", f"view_{model._meta.model_name}")
                self.add_permissions("circuits.view_provider")
                self.assertIn(word, self.page("inbox"))
        self.assertNotIn(">X-1<", self.page("inbox"))

    def test_rows_of_a_provider_that_may_not_be_viewed_do_not_name_it(self):
        self.permit("view_notification")
        self.add_permissions("circuits.view_provider", constraints={"name": "ISP 1"})
        models.Notification.objects.update(subject="Work")

        page = self.page("inbox")

        self.assertIn("ISP 1", page)
        self.assertNotIn("ISP 2", page)
        self.assertIn("Without a provider", page)

    def test_mends_are_offered_only_for_what_may_be_changed(self):
        self.permit(*(f"view_{model._meta.model_name}" for model in VIEWED))
        self.add_permissions("circuits.view_provider")
        content = self.page("inbox").partition('aria-label="Ignored emails"')[2]
        for word in ("Reprocess", "Dismiss", "Assign", "Choose a parser", "Add the circuit"):
            self.assertNotIn(word, content)

        self.become_superuser()
        page = self.page("inbox")

        for word in ("Reprocess", "Dismiss", "Assign to a provider", "Choose a parser", "Add the circuit"):
            self.assertIn(word, page)

    def test_the_mends_come_back_to_the_inbox(self):
        self.become_superuser()
        sender = models.UnknownSender.objects.first()
        failed = models.Notification.objects.filter(state=State.FAILED).first()
        back = {"return_url": url_of("inbox")}

        for url, data in (
            (url_of("unknownsender_bulk_dismiss"), {"pk": sender.pk}),
            (url_of("notification_dismiss", failed), {"reason": "Spam"}),
            (url_of("notification_reprocess", failed), {}),
        ):
            with self.subTest(url):
                self.assertRedirects(self.client.post(url, {**data, **back}), url_of("inbox"))

    def test_an_empty_inbox_says_so(self):
        self.become_superuser()
        for model in VIEWED:
            model.objects.all().delete()

        self.assertIn("Nothing needs attention.", self.page("inbox"))

    def test_the_number_of_queries_does_not_grow_with_the_rows(self):
        self.become_superuser()
        self.page("inbox")
        few = self.queries()
        for number in range(4, 24):
            provider = core.create_provider(f"ISP {number}")
            models.NotificationSource.objects.create(name=f"Source {number}").providers.add(provider)
            self.fill(provider, number)

        self.assertEqual(self.queries(), few)
        self.assertEqual(len(self.found()), 23)
        with CaptureQueriesContext(connection) as queries:
            inbox.read_inbox(Visibility.of(self.user), self.now)
        self.assertLessEqual(len(queries), 10)

    def queries(self) -> int:
        """Return the number of queries of the page."""
        with CaptureQueriesContext(connection) as recorded:
            self.page("inbox")
        return len(recorded)

    def test_more_rows_than_are_shown_are_announced(self):
        self.become_superuser()
        self.assertNotIn("Only the newest", self.page("inbox"))
        provider = Provider.objects.get(name="ISP 1")
        for _ in range(inbox.MOST):
            app.create_notification(provider, state=State.FAILED)

        page = self.page("inbox")

        self.assertIn("Only the newest", page)
        self.assertLessEqual(len(re.findall("<tr>", page)), 2 * inbox.MOST)
