"""The Job *Replay Mail Layout*, run by Nautobot: what it reports, what it leaves, and what starts it."""

from nautobot.extras.models import Job

from nautobot_circuit_maintenance.choices import MailLayoutStateChoices as State
from nautobot_circuit_maintenance.models import MailLayout, Notification
from nautobot_circuit_maintenance.pipeline.layouts.replay import MOST_AT_ONCE
from nautobot_circuit_maintenance.pipeline.layouts.teaching import teach
from nautobot_circuit_maintenance.tests.end_to_end.world import log_lines, prepare_job, run_job
from nautobot_circuit_maintenance.tests.factories import app
from nautobot_circuit_maintenance.tests.page_case import PageTestCase, url_of
from nautobot_circuit_maintenance.tests.pipeline.test_layouts import LayoutCase, notice

REPLAY = "ReplayMailLayout"


class ReplayJobTest(LayoutCase, PageTestCase):
    """A layout that was taught, and not tried yet."""

    def setUp(self):
        super().setUp()
        self.receive(notice("CHG-2", 21), notice("CHG-3", 22))
        self.fill_in(self.notification("CHG-2"), "CHG-2", 23)
        self.taught = teach(self.row, MailLayout(provider=self.provider, name="Notices"))
        prepare_job(REPLAY)

    def run_replay(self):
        """Let Nautobot run the job on the layout."""
        result = run_job(REPLAY, layout=str(self.taught.pk))
        self.assertEqual(result.status, "SUCCESS", result.traceback)
        self.taught.refresh_from_db()
        return result

    def test_the_figures_are_its_result_and_kept_with_the_layout(self):
        result = self.run_replay()

        figures = {"total": 3, "tried": 3, "read": 3, "agree": 1, "wrong": 1, "new": 1, "is_complete": True}
        self.assertLessEqual(figures.items(), result.result.items())
        self.assertNotIn("differences", result.result)
        self.assertLessEqual(figures.items(), self.taught.replay.items())
        self.assertEqual([each["subject"] for each in self.taught.replay["differences"]], ["Planned work CHG-2"])
        self.assertEqual((self.taught.is_replayed, self.taught.may_go_live), (True, False))

    def test_without_time_it_says_how_far_it_came_and_nothing_goes_live(self):
        Job.objects.filter(job_class_name=REPLAY).update(soft_time_limit=0.001, soft_time_limit_override=True)

        result = self.run_replay()

        self.assertIn("Job time limit reached after 0 of 3 notifications.", log_lines(result))
        self.assertEqual((result.result["is_complete"], self.taught.is_replayed), (False, False))

    def test_many_notifications_are_left_to_the_job_and_without_a_worker_the_page_says_so(self):
        for _ in range(MOST_AT_ONCE):
            app.create_notification(self.provider)
        self.become_superuser()

        page = self.client.post(url_of("maillayout_replay", self.taught), follow=True).content.decode()

        self.assertIn("Replay Mail Layout", page)
        self.taught.refresh_from_db()
        self.assertFalse(self.taught.is_replayed)
        self.client.post(url_of("maillayout_live", self.taught))
        self.taught.refresh_from_db()
        self.assertEqual(self.taught.state, State.DRAFT)
        Notification.objects.exclude(pk=self.row.pk).delete()
        self.assertTrue(self.run_replay().result["is_complete"])
        self.client.post(url_of("maillayout_live", self.taught))
        self.taught.refresh_from_db()
        self.assertEqual(self.taught.state, State.LIVE)
