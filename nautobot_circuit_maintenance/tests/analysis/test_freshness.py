"""Stale and silent sources: whether email is still coming in."""

from datetime import timedelta

from django.core.cache import cache
from django.test import TestCase, override_settings
from nautobot.extras.models import Job, ScheduledJob

from nautobot_circuit_maintenance import models
from nautobot_circuit_maintenance.analysis.freshness import JOB, interval_of, longest_pause, read_sources
from nautobot_circuit_maintenance.analysis.visibility import Visibility
from nautobot_circuit_maintenance.choices import SourceHealthChoices as Health
from nautobot_circuit_maintenance.domain.custom_fields import QUIET
from nautobot_circuit_maintenance.tests.factories import app, core, users
from nautobot_circuit_maintenance.tests.factories.mail import NOON
from nautobot_circuit_maintenance.views.mail_line import MailLine, mail_line

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
CONFIG = {"notification_sources": [{"name": "Mail", "url": "imaps://mail.example", "account": "a", "secret": "s"}]}


@override_settings(PLUGINS_CONFIG={"nautobot_circuit_maintenance": CONFIG})
class FreshnessTest(TestCase):
    """One source, and a provider that wrote every week."""

    def setUp(self):
        cache.clear()
        self.addCleanup(cache.clear)
        self.everyone = users.superuser()
        self.isp = core.create_provider("ISP")
        self.source = models.NotificationSource.objects.create(name="Mail", last_fetched_at=NOON - HOUR)

    def state(self, now=NOON, user=None):
        """Return the state of the source."""
        (state,) = read_sources(Visibility.of(user or self.everyone), now)
        return state

    def line(self, now=NOON, user=None):
        """Return what the dashboard says."""
        visibility = Visibility.of(user or self.everyone)
        return mail_line(read_sources(visibility, now), visibility, now)

    def test_the_dashboard_says_in_words_whether_email_is_coming_in(self):
        self.assertEqual(self.line(), MailLine("No email has arrived yet", "last read 1 h ago", False))

        for weeks in range(6):
            app.create_notification(self.isp, self.source, received_at=NOON - 2 * HOUR - weeks * 7 * DAY)
        self.assertEqual(self.line(), MailLine("Email is coming in", "last arrived 2 h ago, last read 1 h ago", False))
        blind = users.viewer(models.NotificationSource)
        self.assertEqual(self.line(user=blind), MailLine("All mailboxes are read", "last read 1 h ago", False))

        cache.clear()
        later = self.line(NOON + 2 * DAY)
        self.assertEqual((later.says, later.is_warning), ("Stale: Mail was last read 2 d 1 h ago", True))
        models.NotificationSource.objects.update(last_fetched_at=NOON + 40 * DAY)
        cache.clear()
        silent = self.line(NOON + 40 * DAY)
        self.assertEqual((silent.says, silent.is_warning), ("Silent: last email of ISP 40 d 2 h ago", True))
        models.NotificationSource.objects.update(last_error="refused")
        self.assertEqual(self.line(NOON + 40 * DAY).says, "Error reading Mail")

    def test_email_is_not_said_to_be_coming_in_if_the_newest_is_old(self):
        app.create_notification(self.isp, self.source, received_at=NOON)

        for days, says, is_warning in ((7, "Email is coming in", False), (8, "No email for 8 days", True)):
            models.NotificationSource.objects.update(last_fetched_at=NOON + days * DAY)
            cache.clear()
            times = f"last arrived {days} d ago, last read now"
            self.assertEqual(self.line(NOON + days * DAY), MailLine(says, times, is_warning))

    def test_of_email_that_may_be_hidden_only_what_is_known_is_said(self):
        mine = users.viewer(
            models.NotificationSource,
            models.Notification,
            constraints={models.Notification: {"subject": "Mine"}},
        )
        known = MailLine("All mailboxes are read", "last read 1 h ago", False)
        app.create_notification(self.isp, self.source, received_at=NOON - 2 * HOUR, subject="Other")
        self.assertEqual(self.line(user=mine), known)
        old = app.create_notification(self.isp, self.source, received_at=NOON - 9 * DAY, subject="Mine")
        self.assertEqual(self.line(user=mine), known)

        models.Notification.objects.filter(pk=old.pk).update(received_at=NOON - 3 * HOUR)
        self.assertEqual(
            self.line(user=mine), MailLine("Email is coming in", "last arrived 3 h ago, last read 1 h ago", False)
        )

    def test_email_is_not_said_to_be_coming_in_from_a_source_that_was_never_read(self):
        """As after a takeover, which brings email and sources."""
        app.create_notification(self.isp, self.source, received_at=NOON - 2 * HOUR)
        models.NotificationSource.objects.update(last_fetched_at=None, created=NOON)

        line = self.line()
        self.assertEqual((line.says, line.is_warning), ("Mail has not been read yet", True))
        self.assertEqual(line.times, "last arrived 2 h ago, last read never")
        models.NotificationSource.objects.create(name="More")
        models.NotificationSource.objects.update(created=NOON)
        two = {
            "notification_sources": [{**CONFIG["notification_sources"][0], "name": name} for name in ("Mail", "More")]
        }
        with override_settings(PLUGINS_CONFIG={"nautobot_circuit_maintenance": two}):
            self.assertEqual(self.line().says, "2 sources have not been read yet")

    def test_nothing_is_said_where_no_source_is_configured(self):
        models.NotificationSource.objects.update(name="Other")

        self.assertIsNone(self.line())

    def schedule(self, interval, **fields):
        """Schedule the job."""
        job = Job.objects.get(job_class_name="HandleCircuitMaintenanceNotifications")
        return ScheduledJob.objects.create(
            name=f"Read {interval}",
            task=JOB,
            job_model=job,
            interval=interval,
            start_time=NOON,
            user=self.everyone,
            **fields,
        )

    def test_without_a_schedule_a_source_is_stale_after_a_day(self):
        self.assertEqual(self.state(NOON + 22 * HOUR).health, Health.OK)
        self.assertEqual(self.state(NOON + 24 * HOUR).health, Health.STALE)

    def test_with_a_schedule_it_is_stale_after_three_intervals(self):
        self.schedule("hourly")

        self.assertEqual(longest_pause(), 3 * HOUR)
        self.assertEqual(self.state(NOON + HOUR).health, Health.OK)
        self.assertEqual(self.state(NOON + 3 * HOUR).health, Health.STALE)
        ScheduledJob.objects.update(enabled=False)
        self.assertEqual(longest_pause(), 24 * HOUR)

    def test_intervals_are_the_longest_gap_of_a_schedule(self):
        for crontab, expected in (
            ("*/10 * * * *", 10 / 60),
            ("5,20 * * * *", 0.75),
            ("0 * * * *", 1),
            ("0 6,18 * * *", 12),
            ("0 6 * * 1-5", 72),
            ("0 6 1 * *", 31 * 24),
        ):
            with self.subTest(crontab):
                cron = ScheduledJob.get_crontab(crontab)
                self.assertEqual(interval_of(cron), timedelta(hours=expected))

    def test_a_source_that_was_never_read_is_stale_a_day_after_it_was_named(self):
        models.NotificationSource.objects.update(last_fetched_at=None, created=NOON)

        self.assertEqual(self.state(NOON + 23 * HOUR).health, Health.OK)
        self.assertEqual(self.state(NOON + 25 * HOUR).health, Health.STALE)

    def test_an_error_comes_first_and_a_source_without_settings_is_never_stale(self):
        models.NotificationSource.objects.update(last_error="IMAP-01: refused")
        self.assertEqual(self.state(NOON + 9 * DAY).health, Health.ERROR)

        models.NotificationSource.objects.update(last_error="")
        with override_settings(PLUGINS_CONFIG={"nautobot_circuit_maintenance": {}}):
            self.assertEqual(self.state(NOON + 9 * DAY).health, Health.NOT_CONFIGURED)

    def write(self, count, pause):
        """Receive emails with a pause between them, the last one at noon."""
        for number in range(count):
            app.create_notification(self.isp, self.source, received_at=NOON - number * pause)

    def health_after(self, days):
        """Return the state of the source, which is read every hour."""
        cache.clear()
        now = NOON + days * DAY
        models.NotificationSource.objects.update(last_fetched_at=now - HOUR)
        return self.state(now)

    def test_a_provider_that_wrote_weekly_and_stopped_makes_its_source_silent(self):
        self.write(8, 7 * DAY)

        self.assertEqual(self.health_after(27).health, Health.OK)
        state = self.health_after(29)
        self.assertEqual(
            (state.health, [(each.name, each.last) for each in state.silent]), (Health.SILENT, [("ISP", NOON)])
        )

    def test_a_provider_that_writes_daily_is_silent_after_two_weeks_and_a_rare_writer_never(self):
        self.write(20, DAY)
        self.assertEqual(self.health_after(13).health, Health.OK)
        self.assertEqual(self.health_after(15).health, Health.SILENT)

        models.Notification.objects.all().delete()
        self.write(4, 7 * DAY)
        self.assertEqual(self.health_after(100).health, Health.OK)

    def test_a_provider_of_which_someone_said_that_it_writes_rarely_is_not_silent(self):
        self.write(8, 7 * DAY)
        self.isp.cf[QUIET.key] = True
        self.isp.validated_save()

        state = self.health_after(29)
        self.assertEqual((state.health, state.silent), (Health.OK, ()))

    def test_a_hidden_provider_is_not_named(self):
        self.write(8, 7 * DAY)
        models.NotificationSource.objects.update(last_fetched_at=NOON + 60 * DAY)
        user = users.viewer(models.NotificationSource)

        self.assertEqual(self.state(NOON + 60 * DAY, user).silent, ())
