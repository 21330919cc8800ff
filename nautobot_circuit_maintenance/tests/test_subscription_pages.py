"""Pages and endpoints of subscriptions and of the outbox: what they offer, whom they let do it, and what follows."""

from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

from django.contrib.auth import get_user_model
from django.db import connection
from django.test import override_settings
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from nautobot.circuits.models import Circuit, Provider
from nautobot.tenancy.models import Tenant

from nautobot_circuit_maintenance import models
from nautobot_circuit_maintenance.analysis import dashboard
from nautobot_circuit_maintenance.analysis.visibility import Visibility
from nautobot_circuit_maintenance.choices import (
    CircuitMaintenanceStatusChoices as Status,
    DeliveryStateChoices as State,
)
from nautobot_circuit_maintenance.outbound import feed_tokens
from nautobot_circuit_maintenance.tests.factories import app
from nautobot_circuit_maintenance.tests.page_case import PageTestCase, url_of
from nautobot_circuit_maintenance.tests.risk_case import configured

REST = "plugins-api:nautobot_circuit_maintenance-api"
CHANNELS = [
    {"name": "hook", "kind": "webhook", "url": "https://127.0.0.1:9/closed", "secret": "hush"},
    {"name": "mail", "kind": "email", "url": "smtp://127.0.0.1:9", "sender": "nautobot@example.com", "tls": False},
    {"name": "feeds", "kind": "calendar"},
]


@override_settings(PLUGINS_CONFIG={"nautobot_circuit_maintenance": {"instance": "test", "channels": CHANNELS}})
class OutboundCase(PageTestCase):
    """Three channels are configured."""

    def form(self, **values):
        """Return what the form sends."""
        usual = {
            "name": "Mine",
            "enabled": "on",
            "channel": "hook",
            "events": ["new", "changed"],
            "lead_time": 24,
            "lead_minutes": 20,
            "audience": "chosen",
            "rhythm": "at-once",
            "digest_day": 0,
        }
        return {**usual, **values}

    def posted(self, route, instance=None, data=None):
        """Send a form and return the answer."""
        return self.client.post(url_of(route, instance), data or {})

    def add(self, **values) -> models.Subscription:
        """Add a subscription by the form."""
        answer = self.posted("subscription_add", data=self.form(**values))
        self.assertEqual(answer.status_code, 302, answer.content.decode()[:3000] if answer.status_code == 200 else "")
        return models.Subscription.objects.get(name=values.get("name", "Mine"))


class Form(OutboundCase):
    """Adding and editing."""

    def setUp(self):
        """Let the user add and change."""
        super().setUp()
        self.permit("add_subscription", "change_subscription", "view_subscription", "view_circuitmaintenance")
        self.add_permissions("circuits.view_provider", "circuits.view_circuit")

    def test_without_a_channel_the_form_says_who_adds_one(self):
        sentence = "No channel is configured."
        self.assertNotIn(sentence, self.page("subscription_add"))
        with override_settings(PLUGINS_CONFIG={"nautobot_circuit_maintenance": {}}):
            self.assertIn(sentence, self.page("subscription_add"))

    def test_channels_of_the_settings_are_offered_by_name_and_kind(self):
        page = self.page("subscription_add")

        for text in ("hook (webhook)", "mail (email)", "feeds (calendar)"):
            self.assertIn(text, page)
        self.assertNotIn("hush", page)

    def test_a_filter_is_stored_as_the_list_of_maintenances_takes_it(self):
        more = "name__ic=M-&per_page=5&table_changes_pending=true&export=csv"
        row = self.add(
            **{"filter-provider": ["ISP 1"], "filter-status": ["CONFIRMED", "TENTATIVE"], "more_filters": more}
        )

        expected = {"provider": ["ISP 1"], "status": ["CONFIRMED", "TENTATIVE"], "name__ic": ["M-"]}
        self.assertEqual(row.maintenance_filter, expected)
        self.assertEqual((row.owner, row.events), (self.user, ["new", "changed"]))

    def test_a_filter_that_the_list_would_refuse_is_refused(self):
        for more in ("no_such=1", "status=NEVER", "provider=Unknown", "start_time__gte=yesterday"):
            answer = self.posted("subscription_add", data=self.form(more_filters=more))
            self.assertContains(answer, more.partition("=")[0])
        self.assertFalse(models.Subscription.objects.filter(name="Mine").exists())

    def test_a_stored_filter_is_shown_again(self):
        row = self.add(**{"filter-provider": ["ISP 1"], "more_filters": "name__ic=M-"})
        page = self.page("subscription_edit", row)

        self.assertIn('value="name__ic=M-"', page)
        self.assertRegex(page, r'<option value="ISP 1"\s+selected')
        stored = row.maintenance_filter
        self.posted(
            "subscription_edit", row, self.form(**{"filter-provider": ["ISP 1"], "more_filters": "name__ic=M-"})
        )
        row.refresh_from_db()
        self.assertEqual(row.maintenance_filter, stored)

    def test_the_list_hands_its_filter_over(self):
        answer = self.client.get(url_of("circuitmaintenance_list") + "?status=CONFIRMED&name__ic=M%26M&sort=name")
        link = answer.content.decode().partition(url_of("subscription_add"))[2].partition('"')[0].replace("&amp;", "&")
        page = self.client.get(url_of("subscription_add") + link).content.decode()

        self.assertRegex(page, r'<option value="CONFIRMED"\s+selected')
        self.assertIn('value="name__ic=M%26M"', page)

    def test_a_lead_of_less_than_ten_minutes_is_refused(self):
        answer = self.posted("subscription_add", data=self.form(lead_minutes=5))

        self.assertContains(answer, "greater than or equal to 10")

    def test_a_channel_that_runs_a_job_offers_what_the_user_may_run(self):
        """Nautobot's own jobs do not take the variables; without such a channel no job is asked for."""
        self.assertNotIn('name="job"', self.page("subscription_add"))
        channels = [*CHANNELS, {"name": "drain", "kind": "job"}]
        with configured(instance="test", channels=channels):
            page = self.page("subscription_add")
            answer = self.posted("subscription_add", data=self.form(channel="drain"))

        self.assertIn('name="job"', page)
        self.assertNotIn("Export Object List", page)
        self.assertContains(answer, "Select the job that this channel runs")

    def test_a_digest_needs_its_time(self):
        self.assertContains(
            self.posted("subscription_add", data=self.form(rhythm="daily")), "A digest needs a time of day"
        )

    def test_editing_begins_anew(self):
        """What changed before is not sent, whatever the filter is now."""
        row = self.add()
        models.Subscription.objects.filter(pk=row.pk).update(begun=timezone.now() - timedelta(days=9))
        self.posted("subscription_edit", row, self.form(**{"filter-status": ["CANCELLED"]}))
        row.refresh_from_db()

        self.assertLess(timezone.now() - row.begun, timedelta(minutes=5))

    def test_who_changes_a_subscription_becomes_its_owner(self):
        """Or its messages, of what only the owner may view, could be sent to someone else."""
        boss = get_user_model().objects.create_superuser("boss")
        row = app.create_subscription(boss, "Of the boss", channel="hook")
        self.posted("subscription_edit", row, self.form(name="Of the boss", owner=boss.pk))
        row.refresh_from_db()
        self.assertEqual(row.owner, self.user)

        other = app.create_subscription(boss, "Another", channel="hook")
        url = reverse(f"{REST}:subscription-detail", kwargs={"pk": other.pk})
        self.client.patch(url, {"name": "Renamed", "owner": str(boss.pk)}, content_type="application/json")
        other.refresh_from_db()
        self.assertEqual((other.name, other.owner), ("Renamed", self.user))

    def test_a_superuser_names_another_owner(self):
        self.become_superuser()
        someone = get_user_model().objects.get(username="owner-1")

        self.assertEqual(self.add(owner=someone.pk).owner, someone)
        self.assertEqual(self.add(name="Other", owner="").owner, self.user)


class Preview(OutboundCase):
    """What would have been sent."""

    def setUp(self):
        """Let the user add."""
        super().setUp()
        self.permit("add_subscription", "view_subscription", "view_circuitmaintenance")
        self.add_permissions("circuits.view_provider")
        models.MaintenanceChange.objects.all().delete()
        self.provider = Provider.objects.get(name="ISP 1")

    def preview(self, **values) -> str:
        """Return the fragment."""
        answer = self.posted("subscription_preview", data=self.form(**values))
        self.assertEqual(answer.status_code, 200)
        return " ".join(answer.content.decode().split())

    def test_changes_and_windows_of_the_last_seven_days(self):
        maintenance = app.create_maintenance("NEW-1", self.provider, start=timezone.now() - timedelta(hours=3))
        maintenance.status = Status.CONFIRMED
        maintenance.save()
        maintenance.ticket = "CHG-1"
        maintenance.save()
        app.create_maintenance("OTHER", Provider.objects.get(name="ISP 2"), start=timezone.now() + timedelta(days=9))
        wanted = {"events": ["new", "changed", "started"], "filter-provider": ["ISP 1"]}

        self.assertIn("would have sent 3 messages", self.preview(**wanted))
        self.assertIn("Started: ISP 1 NEW-1", self.preview(**wanted))
        self.assertIn("would have sent 1 message:", self.preview(**{**wanted, "events": ["new"]}))
        self.assertIn("would have sent 2 messages", self.preview(events=["new"]))

    def test_a_maintenance_of_two_nights_is_overdue_once_and_one_that_was_replaced_never(self):
        start = timezone.now() - timedelta(hours=40)
        maintenance = app.create_maintenance("NIGHTS", self.provider, start=start)
        app.add_window(maintenance, start + timedelta(hours=24))
        app.create_maintenance("OLD", self.provider, start=start, replaced_by=maintenance)

        self.assertIn("would have sent 1 message:", self.preview(events=["overdue"], **{"filter-provider": ["ISP 1"]}))
        self.assertIn("would have sent 2 messages", self.preview(events=["ended"], **{"filter-provider": ["ISP 1"]}))

    def test_what_the_owner_may_not_view_is_not_counted(self):
        app.create_maintenance("NEW-1", self.provider, start=timezone.now())
        self.assertIn("1 message:", self.preview(events=["new"]))
        self.remove_permissions("nautobot_circuit_maintenance.view_circuitmaintenance")

        self.assertIn("may not view maintenances", self.preview(events=["new"]))

    def test_a_wrong_filter_is_named(self):
        self.assertIn("no_such", self.preview(more_filters="no_such=1"))

    def test_nothing_is_stored(self):
        count = models.Subscription.objects.count()
        self.preview()

        self.assertEqual(models.Subscription.objects.count(), count)


class Detail(OutboundCase):
    """The page of a subscription and its buttons."""

    def setUp(self):
        """Log in as someone who may do everything."""
        super().setUp()
        self.become_superuser()

    def test_what_it_sends_in_words(self):
        values = {"events": ["new", "starts-soon"], "lead_time": 48, "maintenance_filter": {"provider": ["ISP 1"]}}
        row = app.create_subscription(self.user, "Words", channel="mail", last_error="SUB-03: Wrong", **values)
        page = self.page("subscription", row)

        for text in ("New, Starts Soon", "48 hours", "mail (email)", "provider = ISP 1", "SUB-03: Wrong"):
            self.assertIn(text, page)

    def test_its_deliveries_are_counted_by_state(self):
        row = models.Subscription.objects.get(name="Subscription 1")
        state = row.deliveries.first().state
        count = row.deliveries.filter(state=state).count()

        url = f"{url_of('delivery_list')}?subscription={row.pk}&amp;state={state}"
        self.assertIn(f'<a href="{url}">{count}</a>', self.page("subscription", row))

    def test_buttons_fit_the_channel(self):
        shown = {}
        for channel in ("mail", "feeds", "gone"):
            page = self.page("subscription", app.create_subscription(self.user, channel, channel=channel))
            shown[channel] = [each for each in ("Send a Test", "New Feed URL") if each in page]

        self.assertEqual(shown, {"mail": ["Send a Test"], "feeds": ["New Feed URL"], "gone": []})

    def test_a_channel_that_does_not_work_says_why(self):
        row = app.create_subscription(self.user, "Hook", channel="hook")
        for route in ("subscription_validate", "subscription_test"):
            answer = self.client.post(url_of(route, row), follow=True)
            self.assertRegex(answer.content.decode(), r"does not work|was not sent")
            self.assertNotContains(answer, "hush")

    def test_a_feed_url_is_shown_once_and_stored_as_a_digest(self):
        row = app.create_subscription(self.user, "Feed", channel="feeds")
        answer = self.posted("subscription_rotate", row)
        row.refresh_from_db()
        url = answer.content.decode().partition('value="http')[2].partition('"')[0]
        token = urlsplit(f"http{url}").path.rpartition("/")[2].removesuffix(".ics")

        self.assertEqual(row.token_hash, feed_tokens.digest(token))
        self.assertGreaterEqual(len(token), 43)
        self.assertEqual((answer["Cache-Control"], answer["Referrer-Policy"]), ("no-store", "no-referrer"))
        page = self.page("subscription", row)
        self.assertIn("Last Read", page)
        self.assertNotIn(token, page)
        self.posted("subscription_revoke", row)
        row.refresh_from_db()
        self.assertFalse(feed_tokens.has_feed(row))

    def test_the_same_by_rest(self):
        row = app.create_subscription(self.user, "Feed", channel="feeds")
        answer = self.client.post(reverse(f"{REST}:subscription-rotate", kwargs={"pk": row.pk}))
        token = urlsplit(answer.json()["url"]).path.rpartition("/")[2].removesuffix(".ics")
        row.refresh_from_db()
        self.assertEqual(row.token_hash, feed_tokens.digest(token))
        shown = self.client.get(reverse(f"{REST}:subscription-detail", kwargs={"pk": row.pk})).content.decode()
        self.assertNotIn(row.token_hash, shown)

        self.client.post(reverse(f"{REST}:subscription-revoke", kwargs={"pk": row.pk}))
        row.refresh_from_db()
        self.assertFalse(feed_tokens.has_feed(row))

    def test_buttons_need_the_permission_to_change(self):
        self.user.is_superuser = False
        self.user.save()
        self.permit("view_subscription")
        row = app.create_subscription(self.user, "Feed", channel="feeds")

        self.assertNotIn("New Feed URL", self.page("subscription", row))
        statuses = {
            self.posted(f"subscription_{each}", row).status_code for each in ("rotate", "revoke", "test", "validate")
        }
        self.assertEqual(statuses, {403})


class CorePages(OutboundCase):
    """The button on pages of core."""

    def test_the_object_is_the_filter(self):
        self.become_superuser()
        circuit = Circuit.objects.get(cid="C-1")
        location = circuit.circuit_terminations.get(term_side="A").location
        for name, row in (
            ("circuit", circuit),
            ("provider", circuit.provider),
            ("location", location),
            ("tenant", Tenant.objects.first()),
        ):
            page = self.client.get(row.get_absolute_url()).content.decode()
            query = page.partition(f'{url_of("subscription_add")}?')[2].partition('"')[0]
            self.assertEqual(parse_qs(parse_qs(query)["filter"][0]), {name: [str(row.pk)]})

    def test_the_filter_finds_the_maintenances_of_the_object(self):
        self.become_superuser()
        circuit = Circuit.objects.get(cid="C-1")
        row = self.add(**{"more_filters": f"circuit={circuit.pk}"})
        listed = self.client.get(reverse(f"{REST}:circuitmaintenance-list"), row.maintenance_filter)

        self.assertEqual([each["name"] for each in listed.json()["results"]], ["M-1"])


class Outbox(OutboundCase):
    """Retry and drop."""

    def setUp(self):
        """Log in as someone who may do everything."""
        super().setUp()
        self.become_superuser()
        self.thread = models.Thread.objects.get(subscription__name="Subscription 1")
        models.Delivery.objects.filter(thread=self.thread).delete()

    def delivery(self, state, **values) -> models.Delivery:
        """Create a delivery of the conversation."""
        keys = {str(self.thread.pk): {}}
        return app.create_delivery(self.thread, state=state, states=keys, attempts=5, error="SMTP-09: no", **values)

    def test_a_failed_delivery_is_sent_by_the_next_run(self):
        row = self.delivery(State.FAILED)
        self.posted("delivery_retry", row)
        row.refresh_from_db()
        self.thread.refresh_from_db()

        self.assertEqual((row.state, row.attempts, row.error), (State.WAITING, 0, ""))
        self.assertLessEqual(row.next_attempt, timezone.now())
        self.assertEqual(self.thread.open, row, "a conversation has at most one that waits")

    def test_an_unsure_delivery_stays_unsure(self):
        """It is sent again as it is, under the same key."""
        row = self.delivery(State.UNSURE, next_attempt=timezone.now() + timedelta(hours=1))
        self.posted("delivery_retry", row)
        row.refresh_from_db()

        self.assertEqual((row.state, row.attempts), (State.UNSURE, 5))
        self.assertLessEqual(row.next_attempt, timezone.now())

    def test_not_while_a_newer_message_waits(self):
        old, new = self.delivery(State.FAILED), self.delivery(State.WAITING)
        models.Thread.objects.filter(pk=self.thread.pk).update(open=new)
        answer = self.client.post(url_of("delivery_retry", old), follow=True)
        old.refresh_from_db()

        self.assertContains(answer, "A newer message of this conversation waits")
        self.assertEqual(old.state, State.FAILED)

    def test_a_dropped_delivery_is_not_sent_and_its_conversation_goes_on(self):
        row = self.delivery(State.WAITING)
        models.Thread.objects.filter(pk=self.thread.pk).update(open=row)
        self.posted("delivery_drop", row)
        row.refresh_from_db()
        self.thread.refresh_from_db()

        self.assertEqual((row.state, self.thread.open), (State.SUPERSEDED, None))
        self.assertIn(f"Dropped by {self.user}", row.error)

    def test_what_was_sent_is_neither_retried_nor_dropped(self):
        row = self.delivery(State.SENT)
        for each in ("retry", "drop"):
            self.posted(f"delivery_{each}", row)
            answer = self.client.post(reverse(f"{REST}:delivery-{each}", kwargs={"pk": row.pk}))
            self.assertEqual(answer.status_code, 409)
        row.refresh_from_db()

        self.assertEqual((row.state, row.attempts), (State.SENT, 5))

    def test_several_at_once(self):
        rows = [self.delivery(State.FAILED), self.delivery(State.SENT)]
        self.posted("delivery_bulk_drop", data={"pk": [row.pk for row in rows]})

        states = [models.Delivery.objects.get(pk=row.pk).state for row in rows]
        self.assertEqual(states, [State.SUPERSEDED, State.SENT])


class Elsewhere(OutboundCase):
    """The timeline of a maintenance, and what needs attention."""

    def setUp(self):
        """Log in as someone who may do everything."""
        super().setUp()
        self.become_superuser()

    def test_the_timeline_has_what_was_sent(self):
        maintenance = models.CircuitMaintenance.objects.get(name="M-1")
        page = self.page("circuitmaintenance", maintenance)

        self.assertIn("mail-1 to NOC 1", page)
        self.user.is_superuser = False
        self.user.save()
        self.permit("view_circuitmaintenance")
        self.assertNotIn("NOC 1", self.page("circuitmaintenance", maintenance))

    def test_needs_attention_counts_what_does_not_go_out(self):
        models.ChannelState.objects.create(name="mail", down_since=timezone.now())
        models.ChannelState.objects.create(name="gone", down_since=timezone.now())

        def counted(visibility):
            found = dashboard.count_problems(visibility, timezone.now(), [])
            return found.failing_subscriptions, found.failed_deliveries, found.channels_down

        self.assertEqual(counted(Visibility.of(self.user)), (2, 1, 1))
        viewer = get_user_model().objects.create_user("viewer")
        self.assertEqual(counted(Visibility.of(viewer)), (0, 0, 0))
        page = self.page("health")
        for text in ("failing subscriptions", "failed delivery"):
            self.assertIn(text, page)

    def test_the_timeline_takes_as_many_queries_for_ten_times_the_deliveries(self):
        counts = []
        for number in (2, 20):
            for each in range(number):
                row = app.create_subscription(self.user, f"S {number} {each}")
                maintenance = models.CircuitMaintenance.objects.get(name="M-1")
                app.create_delivery(app.create_thread(row, maintenance), maintenance=maintenance)
            self.page("circuitmaintenance", maintenance)
            with CaptureQueriesContext(connection) as recorded:
                self.page("circuitmaintenance", maintenance)
            counts.append(len(recorded))

        self.assertEqual(counts[0], counts[1])
