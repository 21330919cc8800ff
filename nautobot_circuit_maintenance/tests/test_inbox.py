"""The page Inbox: all that needs a person, with what fixes it."""

import re
from datetime import timedelta
from html import unescape

from django.contrib.auth import get_user_model
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from nautobot.circuits.models import Provider

from nautobot_circuit_maintenance import models
from nautobot_circuit_maintenance.analysis import dashboard, inbox
from nautobot_circuit_maintenance.analysis.visibility import Visibility
from nautobot_circuit_maintenance.choices import NotificationStateChoices as State
from nautobot_circuit_maintenance.models.dismissal import dismiss
from nautobot_circuit_maintenance.tests.factories import app, core
from nautobot_circuit_maintenance.tests.page_case import HTMX, PageTestCase, url_of

VIEWED = (models.Notification, models.CircuitMaintenance, models.CircuitImpact, models.UnknownSender)
OF_RUNS = (models.Notification, models.UnknownSender)
DOUBT = {"kind": "second-window", "sentence": "A second night, or a new date?", "fingerprint": ""}


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

    def test_failed_email_comes_first_then_the_newest(self):
        app.create_notification(
            Provider.objects.get(name="ISP 3"), state=State.FAILED, received_at=self.now + timedelta(hours=1)
        )

        groups = inbox.read_inbox(Visibility.everything(), self.now).groups

        self.assertEqual(str(groups[0].provider), "ISP 3")
        for group in groups:
            order = [(getattr(entry.row, "state", "") == State.FAILED, entry.since) for entry in group.entries]
            self.assertEqual(order, sorted(order, reverse=True))
        models.UnknownSender.objects.update(last_seen=self.now + timedelta(hours=2))
        self.assertEqual(next(iter(self.found())), "ISP 3")

    def test_it_says_since_when_by_the_email_and_not_by_the_run_that_read_it(self):
        written = self.now - timedelta(days=3)
        models.CircuitMaintenance.objects.update(issued_at=written)

        groups = inbox.read_inbox(Visibility.everything(), self.now).groups

        since = {entry.since for group in groups for entry in group.entries if not isinstance(entry.row, OF_RUNS)}
        self.assertEqual(since, {written})

    def test_an_id_whose_circuit_a_person_removed_says_so_and_offers_no_new_circuit(self):
        circuit = core.create_circuit(Provider.objects.get(name="ISP 1"), "OURS-1")
        for impact in models.CircuitImpact.objects.filter(cid="X-1"):
            for each in (circuit, None):
                impact.circuit = each
                impact.save()
        self.become_superuser()

        row = self.page("inbox").partition(">X-1<")[2].partition("</tr>")[0]

        self.assertIn("A person removed its circuit", row)
        self.assertIn("Link to a circuit", row)
        self.assertNotIn("Add the circuit", row)
        self.assertIn("Add the circuit", self.page("inbox").partition(">X-2<")[2].partition("</tr>")[0])

    def test_a_maintenance_that_the_user_may_not_view_is_not_named_beside_its_circuit_id(self):
        self.permit("view_notification", "view_circuitimpact")
        self.permit("view_circuitmaintenance", constraints={"name__in": ["AHEAD-1", "MORE-1"]})
        models.CircuitImpact.objects.filter(cid="X-1").exclude(maintenance__name="AHEAD-1").delete()
        models.CircuitImpact.objects.filter(cid="X-2").exclude(maintenance__name="AHEAD-2").delete()
        page = self.page("inbox")
        seen, hidden = (page.partition(f">X-{number}<")[2].partition("</tr>")[0] for number in (1, 2))

        self.assertIn(">AHEAD-1</a> names this circuit ID, which is not in Nautobot.", seen)
        self.assertIn("A maintenance names this circuit ID, which is not in Nautobot.", hidden)
        models.CircuitImpact.objects.filter(cid="X-2").update(matched_by="manual")
        page = self.page("inbox")
        self.assertIn("A maintenance names this circuit ID. A person removed its circuit", page)
        self.assertNotIn("AHEAD-2", page)
        self.assertNotIn(str(models.CircuitMaintenance.objects.get(name="AHEAD-2").pk), page)

    def test_adding_the_circuit_comes_back_to_the_inbox_without_the_row(self):
        self.become_superuser()
        row = self.page("inbox").partition(">X-1<")[2].partition("</tr>")[0]
        link = unescape(re.search(r'href="(/circuits/circuits/add/[^"]*)"', row)[1])
        like = core.create_circuit(Provider.objects.get(name="ISP 1"), "OURS-1")
        form = {"cid": "X-1", "provider": like.provider.pk, "circuit_type": like.circuit_type.pk}

        response = self.client.post(link, {**form, "status": like.status.pk})

        self.assertRedirects(response, url_of("inbox"))
        self.assertNotIn(">X-1<", self.page("inbox"))

    def test_a_maintenance_without_a_circuit_offers_to_add_one_in_the_inbox_and_on_its_page(self):
        doubt = {"kind": "no-circuit", "sentence": "No circuit is named.", "fingerprint": ""}
        provider = Provider.objects.get(name="ISP 1")
        empty = app.create_maintenance("EMPTY", provider, start=self.now + timedelta(days=1), doubts=[doubt])
        add = f"{url_of('circuitimpact_add')}?maintenance={empty.pk}"
        self.permit(*(f"view_{model._meta.model_name}" for model in VIEWED))
        for page in (self.page("inbox"), self.page("circuitmaintenance", empty)):
            self.assertIn("No circuit is named.", page)
            self.assertNotIn(add, page)

        self.become_superuser()

        for page in (self.page("inbox"), self.page("circuitmaintenance", empty)):
            self.assertIn(f"{add}&amp;return_url=", page)
        self.client.post(add, {"maintenance": empty.pk, "cid": "NEW-1", "impact": "OUTAGE", "in_all_windows": "on"})
        self.assertEqual(list(empty.impacts.values_list("cid", flat=True)), ["NEW-1"])
        self.assertNotIn("No circuit is named.", self.page("inbox"))

    def test_what_the_buttons_are_for_is_explained_once_to_who_has_them(self):
        text = "A parser knows how the emails of one provider are written."
        self.permit(*(f"view_{model._meta.model_name}" for model in VIEWED))
        self.assertNotIn(text, self.page("inbox"))

        self.become_superuser()

        self.assertEqual(self.page("inbox").count(text), 1)

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
        self.assertLessEqual(len(queries), 15)

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


class OverdueTest(PageTestCase):
    """What should have come by now, and the proposal of a parser."""

    def setUp(self):
        super().setUp()
        for model in VIEWED:
            model.objects.all().delete()
        self.now = timezone.now()
        self.provider = Provider.objects.get(name="ISP 1")
        self.become_superuser()

    def write(self, *days):
        """Receive a notification of the provider so many days ago each."""
        for number in days:
            app.create_notification(
                self.provider,
                models.NotificationSource.objects.get(name="Source 1"),
                state=State.PARSED,
                received_at=self.now - timedelta(days=number),
            )

    def inbox(self):
        """Return the page."""
        return self.page("inbox")

    def overdue(self):
        """Return how many overdue things need attention."""
        return dashboard.count_problems(Visibility.of(self.user), self.now, []).overdue

    def do(self, what, row):
        """Click on a button of an overdue row."""
        return self.client.post(f"{url_of('inbox')}?do={what}", {"pk": row.pk}, follow=True)

    def test_a_provider_that_used_to_write_is_listed_until_someone_says_that_it_writes_rarely(self):
        self.write(50, 52, 54, 56, 58)
        self.assertIn("No email from ISP 1", self.inbox())

        self.assertEqual(self.overdue(), 1)

        self.do("quiet", self.provider)

        self.assertEqual(self.overdue(), 0)
        self.assertNotIn("No email from ISP 1", self.inbox())
        self.provider.refresh_from_db()
        self.assertTrue(self.provider.cf["writes_rarely_circuit_maintenances"])

    def test_one_that_always_wrote_at_long_intervals_or_has_written_is_not_listed(self):
        self.write(50, 100, 150, 200, 250)
        self.assertNotIn("No email from", self.inbox())
        self.write(1, 2, 3, 4)
        self.assertNotIn("No email from", self.inbox())

    def maintenances(self, completed):
        """Create works that were completed, and one whose window is over for two days."""
        for number in range(completed):
            start = self.now - timedelta(days=20 + number)
            app.create_maintenance(f"DONE-{number}", self.provider, start=start, status="COMPLETED")
        return app.create_maintenance("OPEN-1", self.provider, start=self.now - timedelta(days=2, hours=6))

    def test_a_window_that_is_over_without_a_word_is_listed_until_it_is_completed(self):
        row = self.maintenances(completed=6)
        self.assertIn("OPEN-1", self.inbox())

        self.assertEqual(self.overdue(), 1)
        self.assertIn("overdue", self.page("health"))

        self.do("complete", row)

        self.assertEqual(self.overdue(), 0)
        self.assertNotIn("OPEN-1", self.inbox())
        row.refresh_from_db()
        self.assertEqual(row.status, "COMPLETED")

    def test_a_provider_that_never_says_so_owes_no_word(self):
        self.maintenances(completed=1)
        self.assertNotIn("OPEN-1", self.inbox())

    def test_without_permission_the_buttons_do_nothing(self):
        self.write(50, 52, 54, 56, 58)
        row = self.maintenances(completed=6)
        self.user.is_superuser = False
        self.user.save()
        self.permit("view_notification", "view_circuitmaintenance")
        self.add_permissions("circuits.view_provider")

        page = self.inbox()
        self.assertIn("No email from ISP 1", page)
        self.assertNotIn("Mark as completed", page)
        for what, target in (("quiet", self.provider), ("complete", row)):
            self.assertHttpStatus(self.do(what, target), 404)

    def test_a_parser_is_proposed_by_the_senders_address_and_reads_what_failed(self):
        source = models.NotificationSource.objects.get(name="Source 1")
        row = app.create_notification(self.provider, source, state=State.FAILED, sender="noc@mail.zayo.example")
        self.assertIn(url_of("notification_choose_parser", row), self.inbox())

        page = self.client.get(url_of("notification_choose_parser", row))
        self.assertContains(page, "in the sender&#x27;s address noc@mail.zayo.example")
        self.assertEqual(page.context["form"].initial["parser"], "zayo")
        self.client.post(url_of("notification_choose_parser", row), {"parser": "zayo"})

        self.provider.refresh_from_db()
        row.refresh_from_db()
        self.assertEqual((self.provider.cf["provider_parser_circuit_maintenances"], row.state), ("zayo", "received"))

    def test_the_parser_that_the_subject_names_is_proposed(self):
        row = app.create_notification(self.provider, state=State.FAILED, sender="a@b.example", subject="ZAYO TTN-1")

        page = self.client.get(url_of("notification_choose_parser", row))

        self.assertContains(page, "Its name stands in the subject of the email.")
        self.assertEqual(page.context["form"].initial["parser"], "zayo")

    def test_no_parser_is_chosen_beforehand_if_none_fits(self):
        source = models.NotificationSource.objects.get(name="Source 1")
        row = app.create_notification(self.provider, source, state=State.FAILED, sender="noc@elsewhere.example")

        page = self.client.get(url_of("notification_choose_parser", row))
        self.assertContains(page, "No parser has the name of the provider")
        self.assertEqual(page.context["form"].fields["parser"].choices[0][0], "")
        self.client.post(url_of("notification_choose_parser", row), {"parser": ""})

        row.refresh_from_db()
        self.assertEqual(row.state, State.FAILED)


class LayoutsTest(PageTestCase):
    """Layouts that suspended themselves, and providers whose emails are added manually."""

    def setUp(self):
        super().setUp()
        for model in (*VIEWED, models.MailLayout, models.ManualReading, models.Delivery, models.Subscription):
            model.objects.all().delete()
        self.now = timezone.now()
        self.provider = Provider.objects.get(name="ISP 1")
        self.become_superuser()

    def problems(self):
        """Return how many layouts need attention, and how many things are overdue."""
        user = get_user_model().objects.get(pk=self.user.pk)  # with the permissions of now
        found = dashboard.count_problems(Visibility.of(user), self.now, [])
        return found.suspended_layouts, found.overdue, found.total

    def add_by_hand(self, days=1, parser="person"):
        """Create a notification that a person filled in, or that a parser read."""
        received = self.now - timedelta(days=days)
        row = app.create_notification(self.provider, received_at=received)
        app.create_parsed(row, app.create_maintenance(f"WORK-{row.pk}", self.provider), parser=parser)
        if parser == "person":
            models.ManualReading.objects.create(
                fingerprint=row.fingerprint, updates=[], read_by_name="who", read_at=received
            )
        return row

    def test_a_layout_that_suspended_itself_is_listed_until_it_is_taught_or_live_again(self):
        layout = app.create_layout(self.provider, state="suspended", suspended_because="It refused three emails.")

        self.assertIn("It refused three emails.", self.page("inbox"))
        self.assertEqual(self.problems(), (1, 0, 1))
        self.assertIn("suspended layout", self.page("health"))
        listed = self.client.get(f"{url_of('maillayout_list')}?state=suspended", **HTMX).content.decode()
        self.assertIn(layout.name, listed)

        models.MailLayout.objects.update(state="draft")
        self.assertNotIn("Suspended Layout", self.page("inbox"))
        self.assertEqual(self.problems(), (0, 0, 0))

    def test_one_that_a_person_suspended_needs_no_attention(self):
        layout = app.create_layout(self.provider)
        self.client.post(url_of("maillayout_suspend", layout))
        app.create_layout(self.provider, "By REST", state="suspended")

        self.assertNotIn("Suspended Layout", self.page("inbox"))
        self.assertEqual(self.problems(), (0, 0, 0))

    def test_who_adds_emails_by_hand_twice_may_teach_a_layout(self):
        self.add_by_hand(days=2)
        self.assertNotIn("Teach a Layout", self.page("inbox"))

        newest = self.add_by_hand()
        self.add_by_hand(days=3, parser="bcop")  # its calendars are read

        page = self.page("inbox")
        self.assertIn("2 emails of this provider were added manually.", page)
        self.assertIn(url_of("notification_teach", newest), page)
        self.assertEqual(self.problems(), (0, 0, 0))
        app.create_layout(self.provider)
        self.assertNotIn("Teach a Layout", self.page("inbox"))

    def test_a_provider_with_a_parser_needs_no_layout(self):
        self.add_by_hand()
        self.add_by_hand()
        self.add_by_hand(parser="zayo")

        self.assertNotIn("Teach a Layout", self.page("inbox"))

    def test_what_was_added_long_ago_is_not_taught(self):
        self.add_by_hand(days=100)
        self.add_by_hand(days=100)

        self.assertNotIn("Teach a Layout", self.page("inbox"))

    def test_each_kind_needs_its_permission(self):
        app.create_layout(self.provider, state="suspended", suspended_because="It refused three emails.")
        other = self.provider
        self.provider = Provider.objects.get(name="ISP 2")
        self.add_by_hand()
        self.add_by_hand()
        self.user.is_superuser = False
        self.user.save()
        self.permit("view_notification")
        self.add_permissions("circuits.view_provider")

        page = self.page("inbox")
        self.assertIn("Teach a Layout", page)
        self.assertNotIn("Teach this layout", page)
        self.assertNotIn("Suspended Layout", page)
        self.assertEqual(self.problems()[0], 0)
        self.permit("view_maillayout", "add_maillayout")

        page = self.page("inbox")
        self.assertIn("Teach this layout", page)
        self.assertIn(str(other), page)
        self.assertEqual(self.problems()[0], 1)
