"""Which jobs the form offers, and what keeps a job from running later."""

from django.contrib.contenttypes.models import ContentType
from nautobot.apps.testing import TestCase
from nautobot.extras.models import ApprovalWorkflow, ApprovalWorkflowDefinition, Job, ScheduledJob

from nautobot_circuit_maintenance.outbound.channels.errors import MessageRefused
from nautobot_circuit_maintenance.outbound.channels.job.eligible import (
    check_job,
    checked_data,
    jobs_for,
    needs_approval,
)
from nautobot_circuit_maintenance.tests.cases import create_circuits, create_provider
from nautobot_circuit_maintenance.tests.factories.users import permit, superuser, viewer
from nautobot_circuit_maintenance.tests.outbound.job.jobs import install


def require_approval(**constraints: object) -> None:
    """Let someone have to approve scheduled jobs."""
    ApprovalWorkflowDefinition.objects.create(
        name="Four eyes",
        model_content_type=ContentType.objects.get_for_model(ScheduledJob),
        model_constraints=constraints,
        weight=1,
    )


class Eligible(TestCase):
    """Jobs and users of all kinds."""

    def setUp(self) -> None:
        super().setUp()
        self.jobs = install()
        self.owner = superuser()

    def offered(self, owner=None) -> list[str]:
        return [job.name for job in jobs_for(owner or self.owner) if job.name in self.jobs]

    def test_jobs_with_our_variables_are_offered_by_name_and_no_others(self) -> None:
        self.assertEqual(self.offered(), ["Drain", "One At A Time"])
        self.assertNotIn("nautobot", {job.module_name.split(".")[0] for job in jobs_for(self.owner)})

    def test_only_those_that_the_owner_may_run(self) -> None:
        someone = viewer(Job)
        self.assertEqual(self.offered(someone), [])
        permit(someone, Job, actions=("run",), constraints={Job: {"name": "Drain"}})
        self.assertEqual(self.offered(type(someone).objects.get(pk=someone.pk)), ["Drain"])

    def test_none_to_a_superuser_who_is_not_active(self) -> None:
        self.owner.is_active = False
        self.assertEqual(jobs_for(self.owner), [])
        with self.assertRaisesRegex(MessageRefused, "DRAIN-03"):
            check_job(self.jobs["Drain"], self.owner)

    def test_none_that_someone_would_have_to_approve_and_asking_leaves_nothing(self) -> None:
        require_approval(job_model__name="Drain")
        before = ScheduledJob.objects.count()

        self.assertEqual(self.offered(), ["One At A Time"])
        self.assertTrue(needs_approval(self.jobs["Drain"], self.owner, {}))
        self.assertEqual((ScheduledJob.objects.count(), ApprovalWorkflow.objects.count()), (before, 0))

    def test_what_has_changed_since_is_found_when_it_is_run(self) -> None:
        job = self.jobs["Drain"]
        check_job(job, self.owner)
        cases = [
            (None, self.owner, "DRAIN-01"),
            (job, viewer(Job), "DRAIN-03"),
            (job, None, "DRAIN-03"),
            (self.jobs["Sensitive"], self.owner, "DRAIN-04: .*sensitive"),
            (self.jobs["Without Phase"], self.owner, "DRAIN-04: .*no variable phase"),
            (self.jobs["With Ticket"], self.owner, "DRAIN-04: .*requires other variables: ticket"),
        ]
        for each, owner, expected in cases:
            with self.subTest(expected), self.assertRaisesRegex(MessageRefused, expected):
                check_job(each, owner)
        for field in ("enabled", "installed"):
            setattr(job, field, False)
            with self.subTest(field), self.assertRaisesRegex(MessageRefused, "DRAIN-02"):
                check_job(job, self.owner)
            setattr(job, field, True)

    def test_variables_are_checked_by_the_job_and_given_as_keys(self) -> None:
        (circuit,) = create_circuits(create_provider("ISP", "noc@isp.example"), "C-1")
        data = {"circuits": [str(circuit.pk)], "phase": "before"}

        found = checked_data(self.jobs["Drain"], self.owner, data)
        self.assertEqual((found["circuits"], found["phase"]), ([circuit.pk], "before"))
        circuit.delete()
        with self.assertRaisesRegex(MessageRefused, "DRAIN-05"):
            checked_data(self.jobs["Drain"], self.owner, data)

    def test_a_workflow_that_was_added_since_stops_it(self) -> None:
        (circuit,) = create_circuits(create_provider("ISP", "noc@isp.example"), "C-1")
        require_approval()
        with self.assertRaisesRegex(MessageRefused, "DRAIN-06"):
            checked_data(self.jobs["Drain"], self.owner, {"circuits": [str(circuit.pk)], "phase": "before"})
