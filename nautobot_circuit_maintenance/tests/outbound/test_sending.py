"""What goes out: every fact once, in time, to whom it concerns, whatever happens on the way."""

import re
from dataclasses import replace
from datetime import datetime, time, timedelta, timezone
from zoneinfo import ZoneInfo

from django.contrib.auth import get_user_model
from django.test import Client, override_settings

from nautobot_circuit_maintenance.models import (
    ChannelState,
    CircuitImpact,
    CircuitMaintenance,
    Delivery,
    MaintenanceChange,
    Subscription,
    Thread,
)
from nautobot_circuit_maintenance.outbound.channels.configured import MessageChannels
from nautobot_circuit_maintenance.outbound.channels.errors import ChannelUnavailable, MessageRefused, TryAgain, Unsure
from nautobot_circuit_maintenance.outbound.digests import next_moment
from nautobot_circuit_maintenance.tests.factories.mail import NOON, START, Bcop, mail
from nautobot_circuit_maintenance.tests.outbound.post_office import Killed, SendingTestCase

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
MINUTE = timedelta(minutes=1)


class Changes(SendingTestCase):
    """New, changed, cancelled."""

    def test_a_maintenance_and_what_becomes_of_it(self):
        self.subscribe()
        maintenance = self.plan()
        self.send()
        self.edit(maintenance, end_time=maintenance.end_time + HOUR)
        self.send()
        self.edit(maintenance, status="CANCELLED")
        self.send()
        self.send()

        first, second, third = self.office.arrived
        self.assertEqual([first.event, second.event, third.event], ["new", "changed", "cancelled"])
        self.assertEqual({first.subject}, {second.subject, third.subject})
        self.assertEqual((first.root_key, second.root_key, third.root_key), ("", first.key, first.key))
        self.assertEqual(len({first.key, second.key, third.key}), 3)

    def test_links_are_whole_addresses_or_left_out(self):
        self.subscribe()
        first, second = self.plan("M-1"), self.plan("M-2")
        first.delete()
        self.send()
        self.assertNotIn("/plugins/", self.office.arrived[0].text)

        settings = {"nautobot_circuit_maintenance": {"nautobot_url": "https://nautobot.example.com/"}}
        with override_settings(PLUGINS_CONFIG=settings):
            self.edit(second, status="TENTATIVE")
            self.send()
        path = second.get_absolute_url()
        self.assertIn(f"https://nautobot.example.com{path}", self.office.arrived[1].text)

    def test_an_attached_calendar_comes_with_the_way_to_one_that_follows_changes(self):
        wanted = {"status": ["CONFIRMED", "TENTATIVE"], "circuit": [str(self.circuits[0].pk)]}
        self.subscribe(maintenance_filter=wanted)
        self.plan("M-1")
        self.send()
        self.assertNotIn("Your calendar", self.office.arrived[0].text)

        calendars = [{"name": "Calendar", "kind": "calendar"}]
        config = {"instance": "test", "nautobot_url": "https://nautobot.example.com", "channels": calendars}
        self.channels = replace(self.channels, calendar="Calendar")
        with override_settings(PLUGINS_CONFIG={"nautobot_circuit_maintenance": config}):
            self.plan("M-2")
            self.send()
            text = self.office.arrived[1].text
            link = re.search(
                r"Your calendar follows changes if you subscribe:\n(https://nautobot.example.com/\S+)", text
            )[1]
            self.client = Client(SERVER_NAME="nautobot.example.com")
            self.client.force_login(self.user)
            form = self.client.get(link.removeprefix("https://nautobot.example.com")).context["form"]
        self.assertEqual((form["channel"].value(), form.filter_form["status"].value()), ("Calendar", wanted["status"]))
        self.assertEqual(form.filter_form["circuit"].value(), wanted["circuit"])
        self.assertEqual(MessageChannels.configured().calendar, "")

    def test_each_recipient_gets_one_message(self):
        self.subscribe("a@example.net", "b@example.net", "A@EXAMPLE.NET")
        self.plan()
        self.send()

        addresses = sorted(each.recipient.address.lower() for each in self.office.arrived)
        self.assertEqual(addresses, ["a@example.net", "b@example.net"])

    def test_what_changed_before_it_began_is_not_sent(self):
        maintenance = self.plan()
        MaintenanceChange.objects.update(at=NOON - MINUTE)
        self.subscribe()
        self.send()
        self.assertEqual(self.office.arrived, [])

        self.edit(maintenance, status="CANCELLED")
        self.send()

        self.assertEqual(len(self.office.arrived), 1)

    def test_description_ticket_and_acknowledgement_are_no_change(self):
        self.subscribe()
        maintenance = self.plan()
        self.send()
        self.edit(maintenance, description="Other words", ticket="CHG-1", ack=True, name="Renamed")
        self.send()

        self.assertEqual(self.office.events, ["new"])

    def test_order_and_letter_case_of_circuits_are_no_change(self):
        self.subscribe()
        maintenance = self.plan()
        self.send()
        CircuitImpact.objects.get().delete()
        CircuitImpact.objects.create(maintenance=maintenance, cid="c-1", circuit=self.circuits[0])
        self.send()

        self.assertEqual(self.office.events, ["new"])

    def test_changed_and_changed_back_before_a_run_is_nothing(self):
        self.subscribe()
        maintenance = self.plan()
        self.send()
        self.edit(maintenance, status="TENTATIVE")
        self.edit(maintenance, status="CONFIRMED")
        self.send()

        self.assertEqual(self.office.events, ["new"])

    def test_changed_and_changed_back_while_it_waits_is_nothing(self):
        self.subscribe()
        maintenance = self.plan()
        self.send()
        self.office.is_down = True
        self.edit(maintenance, status="TENTATIVE")
        self.send()
        self.edit(maintenance, status="CONFIRMED")
        self.send()
        self.office.is_down = False
        self.send(HOUR)

        self.assertEqual(self.office.events, ["new"])
        self.assertEqual(Delivery.objects.filter(state="superseded").count(), 1)

    def test_there_and_back_again_one_by_one_is_each_sent_once(self):
        self.subscribe()
        maintenance = self.plan()
        self.send()
        for status in ("TENTATIVE", "CONFIRMED", "TENTATIVE", "CONFIRMED"):
            self.edit(maintenance, status=status)
            self.send()

        self.assertEqual(self.office.events, ["new", *["changed"] * 4])
        self.assertEqual(len({each.key for each in self.office.arrived}), 5)

    def test_a_filter_by_status_does_not_swallow_the_cancellation(self):
        self.subscribe(maintenance_filter={"status": ["CONFIRMED"]})
        maintenance = self.plan()
        self.send()
        self.edit(maintenance, status="CANCELLED")
        self.send()
        self.send()

        self.assertEqual(self.office.events, ["new", "cancelled"])

    def test_a_maintenance_that_the_filter_matches_no_longer_says_so_once(self):
        self.subscribe(maintenance_filter={"status": ["CONFIRMED"]})
        maintenance = self.plan()
        self.send()
        self.edit(maintenance, status="TENTATIVE")
        self.send()
        self.edit(maintenance, end_time=maintenance.end_time + HOUR)
        self.send()
        self.assertEqual(self.office.events, ["new", "changed"])

        self.edit(maintenance, status="CONFIRMED")
        self.send()
        self.assertEqual(self.office.events, ["new", "changed", "changed"])

    def test_a_maintenance_that_is_deleted(self):
        self.subscribe()
        self.plan().delete()
        self.send()
        self.assertEqual(self.office.arrived, [])

        maintenance = self.plan("M-2")
        self.send()
        maintenance.delete()
        self.send()
        self.send()
        self.assertEqual(self.office.events, ["new", "cancelled"])

    def test_only_events_that_are_subscribed_to(self):
        self.subscribe(events=["cancelled"])
        maintenance = self.plan()
        self.send()
        self.edit(maintenance, status="TENTATIVE")
        self.send()
        self.assertEqual(self.office.arrived, [])

        self.edit(maintenance, status="CANCELLED")
        self.send()
        self.assertEqual(self.office.events, ["cancelled"])

    def test_email_that_is_received_before_and_digested_after_a_run(self):
        self.subscribe()
        self.send()
        self.receive(mail(Bcop(start=START + DAY, issued=NOON - DAY)))
        MaintenanceChange.objects.update(at=self.now)
        self.send()

        self.assertEqual(self.office.events, ["new"])

    def test_a_change_that_was_committed_after_a_later_one_was_observed(self):
        self.subscribe()
        slow = self.plan("Slow")
        MaintenanceChange.objects.all().delete()
        self.plan("Quick")
        self.send(HOUR)
        MaintenanceChange.objects.create(maintenance=slow, kind="created", at=NOON + MINUTE)
        self.send()

        self.assertEqual([each.data["now"]["name"] for each in self.office.arrived], ["Quick", "Slow"])


class Clock(SendingTestCase):
    """Events of the clock."""

    EVENTS = ["starts-soon", "not-acknowledged", "started", "ended", "overdue"]

    def pass_days(self, days: int) -> None:
        """Run the job every six hours."""
        for _ in range(days * 4):
            self.send(HOUR * 6)

    def test_each_moment_of_a_window_once(self):
        self.subscribe(events=self.EVENTS)
        self.plan()
        self.pass_days(5)

        self.assertEqual(sorted(self.office.events), sorted(self.EVENTS))

    def test_what_is_acknowledged_and_completed_is_not_reminded_of(self):
        self.subscribe(events=self.EVENTS)
        maintenance = self.plan(ack=True)
        self.pass_days(2)
        self.edit(maintenance, status="COMPLETED")
        self.pass_days(3)

        self.assertEqual(self.office.events, ["starts-soon", "started", "ended"])

    def test_an_acknowledgement_that_is_removed_after_the_moment_is_not_made_up_for(self):
        self.subscribe(events=["not-acknowledged"])
        late, early = self.plan("Late", days=1.5, ack=True), self.plan("Early", days=3, ack=True)
        self.send(DAY)
        for maintenance in (late, early):
            self.edit(maintenance, ack=False)
        CircuitMaintenance.objects.update(unacknowledged_at=self.now)  # by its clock
        self.send(MINUTE)
        self.assertEqual(self.office.arrived, [])

        late.refresh_from_db()
        self.edit(late, start_time=late.start_time + HOUR)
        self.send(MINUTE)
        self.assertEqual([each.data["now"]["name"] for each in self.office.arrived], ["Late"])

        self.pass_days(2)
        self.assertEqual([each.data["now"]["name"] for each in self.office.arrived], ["Late", "Early"])

    def test_windows_ahead_of_a_maintenance_that_was_announced_before(self):
        self.plan()
        MaintenanceChange.objects.update(at=NOON - DAY)
        self.subscribe(events=["starts-soon"])
        self.pass_days(3)

        self.assertEqual(self.office.events, ["starts-soon"])

    def test_announced_an_hour_before_its_start(self):
        self.subscribe(events=["starts-soon"])
        self.send()
        self.plan(days=1 / 24)
        self.send()
        self.send()

        self.assertEqual(self.office.events, ["starts-soon"])

    def test_a_window_that_moves_is_reminded_of_again_and_one_that_stays_is_not(self):
        self.subscribe(events=["starts-soon"])
        maintenance = self.plan(days=0.5)
        nights = [(maintenance.start_time + DAY * day, maintenance.end_time + DAY * day) for day in (0, 10)]
        maintenance.set_windows(nights)
        maintenance.validated_save()
        self.send()
        self.assertEqual(self.office.events, ["starts-soon"])

        maintenance.set_windows([nights[0], (nights[1][0] + HOUR, nights[1][1])])
        maintenance.validated_save()
        self.send()
        self.assertEqual(self.office.events, ["starts-soon"])

        maintenance.set_windows([(nights[0][0] + HOUR, nights[0][1]), (nights[1][0] + HOUR, nights[1][1])])
        maintenance.validated_save()
        self.send()
        self.assertEqual(self.office.events, ["starts-soon", "starts-soon"])

    def test_a_reminder_that_is_too_late_is_dropped(self):
        self.subscribe(events=["starts-soon"])
        self.plan(days=0.5)
        self.office.is_down = True
        self.send()
        self.assertEqual([each.event for each in Delivery.objects.filter(state="waiting")], ["starts-soon"])
        self.office.is_down = False
        self.send(DAY)

        self.assertEqual((self.office.arrived, Delivery.objects.get().state), ([], "superseded"))

    def test_what_waits_first_does_not_swallow_what_waits_behind_it(self):
        self.subscribe(events=["new", "starts-soon", "not-acknowledged"])
        self.plan(days=0.5)
        self.send()

        self.assertEqual(self.office.events, ["new", "not-acknowledged", "starts-soon"])

    def test_an_edit_of_the_subscription_sends_nothing_by_itself(self):
        subscription = self.subscribe(events=["new", "starts-soon"])
        self.plan(days=0.5)
        self.send()
        subscription.refresh_from_db()
        subscription.lead_time = 20
        subscription.validated_save()
        Subscription.objects.update(begun=self.now, clock=self.now)
        self.send()

        self.assertEqual(self.office.events, ["new", "starts-soon"])


class Faults(SendingTestCase):
    """Whose fault it is decides what happens to a message."""

    def delivery(self) -> Delivery:
        """Return the only delivery."""
        return Delivery.objects.get()

    def test_killed_after_sending_it_is_sent_again_under_the_same_key(self):
        self.subscribe()
        maintenance = self.plan()
        self.office.script.append((Killed(), True))
        with self.assertRaises(Killed):
            self.send()
        self.assertEqual(self.delivery().state, "unsure")
        self.edit(maintenance, status="CANCELLED")
        self.send(HOUR)

        first, again, last = self.office.arrived
        self.assertEqual((first.key, first.text), (again.key, again.text))
        self.assertEqual((again.event, last.event), ("new", "cancelled"))

    def test_accepted_and_dropped_then_refused(self):
        """An earlier attempt may have arrived: what is refused now has failed, and the next change is compared with nothing."""
        self.subscribe()
        maintenance = self.plan()
        self.office.script += [(Unsure("T", "cut"), True), (ChannelUnavailable("T", "closed"), False)]
        self.send()
        self.send()
        self.assertEqual(self.delivery().state, "unsure")
        self.office.script.append((MessageRefused("T", "no such user"), False))
        self.send(HOUR)
        self.assertEqual((self.delivery().state, Thread.objects.get().open), ("failed", None))

        self.edit(maintenance, status="TENTATIVE")
        self.send(HOUR)
        self.assertEqual(self.office.events, ["new", "new"])

    def test_a_refused_message_has_failed_and_is_not_tried_again(self):
        self.subscribe()
        self.plan()
        self.office.script.append((MessageRefused("T", "no such user"), False))
        for _ in range(3):
            self.send(HOUR)

        self.assertEqual((self.office.attempts, self.delivery().state), (1, "failed"))
        self.assertIn("no such user", self.delivery().error)

    def test_what_is_put_off_is_tried_six_times(self):
        self.subscribe()
        self.plan(days=5)
        self.office.script += [(TryAgain("T", "greylisted"), False)] * 10
        attempts = []
        for _ in range(200):
            before = self.office.attempts
            self.send(MINUTE * 5)
            if self.office.attempts > before:
                attempts.append((self.now - NOON) // MINUTE)

        self.assertEqual(attempts, [5, 10, 15, 45, 165, 885])
        self.assertEqual(self.delivery().state, "failed")

    def test_a_channel_that_is_down_costs_its_messages_no_attempt(self):
        self.subscribe()
        self.plan()
        self.office.is_down = True
        for _ in range(12):
            self.send()
        state = ChannelState.objects.get()
        self.assertEqual((state.down_since, state.error), (NOON + MINUTE * 5, "TEST-01: Refused the connection"))
        self.assertEqual((self.delivery().state, self.delivery().attempts), ("waiting", 0))

        self.office.is_down = False
        self.send(HOUR)
        self.assertEqual((self.office.events, ChannelState.objects.get().down_since), (["new"], None))

    def test_a_message_that_the_channel_always_fails_with_does_not_keep_the_others_back(self):
        """A receiver of webhooks with a bug answers 500 to one message, which is the channel's fault, not the message's."""
        self.subscribe("a@example.net", "b@example.net", "c@example.net")
        self.plan()
        self.office.is_down = True
        self.send()
        Delivery.objects.filter(recipient="a@example.net").update(created=NOON)  # the oldest
        self.office.is_down, self.office.fails_with = False, "a@example.net"
        for _ in range(4):
            self.send(HOUR)

        self.assertEqual({each.recipient.address for each in self.office.arrived}, {"b@example.net", "c@example.net"})
        (waiting,) = Delivery.objects.exclude(state="sent")
        self.assertEqual((waiting.recipient, waiting.state, waiting.attempts), ("a@example.net", "waiting", 0))

    def test_what_waited_for_long_says_what_is_true_now(self):
        self.subscribe()
        maintenance = self.plan()
        self.office.is_down = True
        self.send()
        self.edit(maintenance, ticket="CHG-77")
        self.office.is_down = False
        self.send(HOUR)

        (message,) = self.office.arrived
        self.assertIn("CHG-77", message.text)

    def test_one_recipient_who_is_refused_does_not_stop_the_others(self):
        self.subscribe("a@example.net", "b@example.net")
        self.plan()
        self.office.script.append((ValueError("bug"), False))
        self.send()

        self.assertEqual(len(self.office.arrived), 1)
        self.assertEqual(Delivery.objects.filter(state="unsure").count(), 1)


class Owners(SendingTestCase):
    """What goes out is what the owner may see."""

    def test_an_inactive_superuser_sends_nothing(self):
        subscription = self.subscribe()
        get_user_model().objects.update(is_active=False)
        self.plan()
        self.send()
        subscription.refresh_from_db()
        self.assertEqual((self.office.arrived, subscription.last_error), ([], "SUB-01: The owner is not active."))

        get_user_model().objects.update(is_active=True)
        self.send()
        subscription.refresh_from_db()
        self.assertEqual(subscription.last_error, "")

    def test_an_owner_who_is_deactivated_while_a_message_waits(self):
        self.subscribe()
        self.plan()
        self.office.is_down = True
        self.send()
        get_user_model().objects.update(is_active=False)
        self.office.is_down = False
        self.send(HOUR)

        self.assertEqual((self.office.arrived, Delivery.objects.get().state), ([], "superseded"))

    def test_a_user_without_permission_sends_nothing(self):
        owner = get_user_model().objects.create_user(username="narrow")
        subscription = self.subscribe(owner=owner)
        self.plan()
        self.send()
        subscription.refresh_from_db()

        self.assertEqual((self.office.arrived, subscription.last_error[:6]), ([], "SUB-02"))

    def test_a_filter_that_is_not_valid_any_more(self):
        subscription = self.subscribe(maintenance_filter={"color": ["red"]})
        self.plan()
        self.send()
        subscription.refresh_from_db()

        self.assertEqual((self.office.arrived, subscription.last_error[:6]), ([], "SUB-03"))

    def test_a_channel_that_left_the_settings(self):
        subscription = self.subscribe(channel="gone")
        self.plan()
        self.send()
        subscription.refresh_from_db()

        self.assertEqual(subscription.last_error[:6], "SUB-04")

    def test_a_disabled_subscription_sends_nothing_that_waits(self):
        subscription = self.subscribe()
        self.plan()
        self.office.is_down = True
        self.send()
        Subscription.objects.filter(pk=subscription.pk).update(enabled=False)
        self.office.is_down = False
        self.send(HOUR)

        self.assertEqual((self.office.arrived, Delivery.objects.get().state), ([], "superseded"))

    def test_a_recipient_who_was_removed_gets_nothing_more(self):
        subscription = self.subscribe("a@example.net", "b@example.net")
        maintenance = self.plan()
        self.send()
        subscription.contacts.remove(subscription.contacts.get(email="a@example.net"))
        self.edit(maintenance, status="CANCELLED")
        self.send()

        self.assertEqual(
            [(each.event, each.recipient.address) for each in self.office.arrived[2:]], [("cancelled", "b@example.net")]
        )


class NeverAFlood(SendingTestCase):
    """Counted."""

    def test_a_first_run_over_a_year_of_email(self):
        """What is past is not announced; what lies ahead is one digest."""
        self.subscribe()
        for number in range(300):
            self.plan(f"Past {number}", days=-1 - number)
        for number in range(30):
            self.plan(f"Ahead {number}", days=1 + number)
        self.send()

        self.assertEqual(self.office.events, ["digest"])
        self.assertEqual(len(self.office.arrived[0].data["updates"]), 30)
        self.send()
        self.assertEqual(len(self.office.arrived), 1)

    def test_two_days_of_refused_connections_with_300_changes_of_40_maintenances(self):
        self.subscribe("a@example.net", "b@example.net")
        rows = [self.plan(f"M-{number}", days=10 + number) for number in range(40)]
        self.office.is_down = True
        for number in range(260):
            self.edit(rows[number % 40], status=("TENTATIVE", "CONFIRMED", "RE-SCHEDULED")[number % 3])
            if number % 26 == 0:
                self.send(timedelta(hours=4.8))
        self.office.is_down = False
        self.send(HOUR)
        self.send(HOUR)

        self.assertEqual(self.office.events, ["digest", "digest"])
        names = sorted(each["now"]["name"] for each in self.office.arrived[0].data["updates"])
        self.assertEqual(names, sorted(row.name for row in rows))

    def test_what_a_digest_said_is_not_said_again_and_later_changes_are(self):
        self.subscribe(events=["new", "changed", "cancelled", "starts-soon"])
        rows = [self.plan(f"M-{number}", days=0.9) for number in range(25)]
        self.send()
        count = len(self.office.arrived)
        self.edit(rows[0], status="CANCELLED")
        self.send()

        self.assertEqual(self.office.events[count:], ["cancelled"])
        self.assertEqual(self.office.events[:count], ["digest", "digest"])


class Digests(SendingTestCase):
    """Daily and weekly."""

    def test_a_day_in_one_message(self):
        self.subscribe("a@example.net", "b@example.net", rhythm="daily", digest_time=time(8), time_zone="UTC")
        self.send()
        first, second = self.plan("M-1", days=5), self.plan("M-2", days=6)
        self.send()
        self.edit(first, status="TENTATIVE")
        self.edit(second, status="TENTATIVE")
        self.edit(second, status="CONFIRMED")
        self.send(HOUR)
        self.assertEqual(self.office.arrived, [])

        self.send(HOUR * 19)
        self.send()
        self.assertEqual(
            sorted((each.event, each.recipient.address) for each in self.office.arrived),
            [("digest", "a@example.net"), ("digest", "b@example.net")],
        )
        self.send(DAY)
        self.assertEqual(len(self.office.arrived), 2)

        self.edit(first, status="CANCELLED")
        self.send(DAY)
        self.assertEqual(len(self.office.arrived), 4)
        self.assertEqual([each["event"] for each in self.office.arrived[3].data["updates"]], ["cancelled"])

    def test_reminders_in_a_digest_are_sent_once(self):
        self.subscribe(rhythm="daily", digest_time=time(8), time_zone="UTC", events=["starts-soon"])
        self.send()
        self.plan("M-1", days=1)
        for _ in range(8):
            self.send(HOUR * 3)

        self.assertEqual(self.office.events, ["digest"])

    def test_moments(self):
        berlin = ZoneInfo("Europe/Berlin")

        def moment(*after: int, at: time, weekday: int | None = None) -> str:
            return next_moment(datetime(*after, tzinfo=timezone.utc), at, berlin, weekday).isoformat()[:16]

        self.assertEqual(moment(2026, 11, 30, 12, at=time(8)), "2026-12-01T07:00")
        self.assertEqual(moment(2026, 11, 30, 12, at=time(8), weekday=0), "2026-12-07T07:00")
        self.assertEqual(moment(2026, 3, 28, 12, at=time(2, 30)), "2026-03-29T01:00")
        self.assertEqual(moment(2026, 10, 24, 12, at=time(2, 30)), "2026-10-25T00:30")
        self.assertEqual(moment(2026, 10, 25, 0, 30, at=time(2, 30)), "2026-10-26T01:30")


class Conversations(SendingTestCase):
    """What outlives deliveries."""

    def test_deliveries_that_were_deleted_are_not_missed(self):
        self.subscribe()
        maintenance = self.plan()
        self.send()
        Delivery.objects.all().delete()
        self.edit(maintenance, status="CANCELLED")
        self.send()

        first, last = self.office.arrived
        self.assertEqual((last.event, last.root_key, last.subject), ("cancelled", first.key, first.subject))

    def test_a_maintenance_with_its_row_only(self):
        self.subscribe()
        create = CircuitMaintenance(name="Bare", status="CONFIRMED")
        create.validated_save()
        self.send()

        self.assertEqual(self.office.events, ["new"])
