"""Jobs before and after windows, run by Nautobot: nothing is left drained, and nothing is put back while it is worked on."""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any
from unittest import mock

from django.core.cache import cache
from nautobot.apps.testing import TestCase
from nautobot.circuits.models import Circuit
from nautobot.extras.models import Job, JobResult

from nautobot_circuit_maintenance.channel_settings.job import JobSettings
from nautobot_circuit_maintenance.compat import enqueue_job
from nautobot_circuit_maintenance.models import CircuitImpact, CircuitMaintenance, Delivery, Subscription
from nautobot_circuit_maintenance.outbound.channels.job.drain import run_jobs
from nautobot_circuit_maintenance.outbound.channels.job.runs import may_have_been_refused
from nautobot_circuit_maintenance.outbound.outbox import retry
from nautobot_circuit_maintenance.tests.factories.app import create_impact, create_maintenance, create_subscription
from nautobot_circuit_maintenance.tests.factories.core import create_circuits, create_provider
from nautobot_circuit_maintenance.tests.factories.mail import NOON
from nautobot_circuit_maintenance.tests.factories.users import permit, superuser, viewer
from nautobot_circuit_maintenance.tests.outbound.job.jobs import Drain, OneAtATime, install
from nautobot_circuit_maintenance.tests.outbound.job.test_eligible import require_approval

CHANNELS = {"Drain": JobSettings(name="Drain", lag=15)}


def at(minutes: float) -> datetime:
    """Return the moment so many minutes from the start of the window."""
    return NOON + timedelta(minutes=minutes)


def none_lost(_tasks: Collection[str], _queues: Collection[str]) -> set[str]:
    """Answer that workers know all of these jobs."""
    return set()


def all_lost(tasks: Collection[str], _queues: Collection[str]) -> set[str]:
    """Answer that workers know none of these jobs."""
    return set(tasks)


class DrainTestCase(TestCase):
    """A confirmed maintenance from noon on for an hour, of two circuits; and a subscription that drains 20 minutes before."""

    def setUp(self) -> None:
        super().setUp()
        logs = mock.patch("nautobot.extras.models.jobs.JOB_LOGS", None)  # its connection does not see this transaction
        logs.start()
        self.addCleanup(logs.stop)
        self.jobs = install()
        self.provider = create_provider("ISP", "noc@isp.example")
        self.one, self.two = create_circuits(self.provider, "C-1", "C-2")
        self.maintenance = self.announce("M-1", self.one, self.two)
        self.owner = superuser()
        self.subscription = self.subscribe("Drain")

    def announce(self, name: str, *circuits: Circuit, start: float = 0, minutes: float = 60) -> CircuitMaintenance:
        found = create_maintenance(name, self.provider, start=at(start), hours=minutes / 60, status="CONFIRMED")
        for circuit in circuits:
            create_impact(found, circuit)
        return found

    def subscribe(self, job: str, **values: Any) -> Subscription:
        values = {
            "owner": self.owner,
            "name": job,
            "channel": "Drain",
            "job": self.jobs[job],
            "lead_minutes": 20,
            **values,
        }
        return create_subscription(**values)

    def run_at(
        self, minutes: float, *, lost: Any = none_lost, is_killed: bool = False
    ) -> list[tuple[str, str, list[str]]]:
        """Let the send job run, and the workers at once; return what has run since the last time."""
        before = len(Drain.ran)
        with self.captureOnCommitCallbacks(execute=not is_killed):
            run_jobs(CHANNELS, now=at(minutes), lost=lost)
        return Drain.ran[before:]

    def phases(self, *minutes: float) -> list[str]:
        """Let it run at these moments; return the phases that have run since."""
        return [phase for each in minutes for phase, _maintenance, _circuits in self.run_at(each)]

    def move(self, start: float, minutes: float = 60) -> None:
        self.maintenance.refresh_from_db()
        self.maintenance.start_time, self.maintenance.end_time = at(start), at(start + minutes)
        self.maintenance.save()

    def set_status(self, status: str, maintenance: CircuitMaintenance | None = None) -> None:
        maintenance = maintenance or self.maintenance
        maintenance.refresh_from_db()
        maintenance.status = status
        maintenance.save()

    def rows(self, phase: str) -> list[tuple[str, str]]:
        """Return state and code of the error of the rows of a phase."""
        found = Delivery.objects.filter(phase=phase).order_by("created")
        return [(row.state, row.error.partition(":")[0]) for row in found]


class Windows(DrainTestCase):
    """When jobs run."""

    def test_before_and_after_run_once_with_maintenance_and_circuits(self) -> None:
        self.assertEqual(self.run_at(-21), [])
        self.assertEqual(self.run_at(-20), [("before", "M-1", ["C-1", "C-2"])])
        self.assertEqual(self.phases(*range(-15, 60, 5)), [])
        self.assertEqual(self.run_at(60), [("after", "M-1", ["C-1", "C-2"])])
        self.assertEqual(self.phases(65, 70, 500), [])
        self.assertEqual((self.rows("before"), self.rows("after")), ([("sent", "")], [("sent", "")]))
        self.assertEqual({row.user for row in Delivery.objects.all()}, {self.owner})

    def test_a_window_that_began_too_long_ago_is_left_alone(self) -> None:
        self.assertEqual(self.phases(16, 30, 60, 65), [])

    def test_a_window_that_began_just_now_is_not(self) -> None:
        self.assertEqual(self.phases(14, 60), ["before", "after"])

    def test_circuits_without_an_impact_and_unknown_ones_are_not_handed_over(self) -> None:
        CircuitImpact.objects.filter(circuit=self.one).update(impact="NO-IMPACT")
        create_impact(self.maintenance, "UNKNOWN-7")
        self.assertEqual(self.run_at(-10), [("before", "M-1", ["C-2"])])

    def test_without_any_circuit_no_job_runs(self) -> None:
        CircuitImpact.objects.update(impact="NO-IMPACT")
        self.assertEqual(self.phases(-10, 60), [])

    def test_a_cancelled_window_ends_at_once_and_a_reinstated_one_runs_again(self) -> None:
        self.assertEqual(self.phases(-20), ["before"])
        self.set_status("CANCELLED")
        self.assertEqual(self.phases(-15, -10), ["after"])
        self.set_status("CONFIRMED")
        self.assertEqual(self.phases(-5, 0, 60), ["before", "after"])

    def test_a_window_that_is_reported_as_completed_ends_at_once(self) -> None:
        self.assertEqual(self.phases(-20), ["before"])
        self.set_status("COMPLETED")
        self.assertEqual(self.phases(30, 60), ["after"])

    def test_a_window_that_is_moved_ends_at_once_and_the_new_one_has_its_own_jobs(self) -> None:
        self.assertEqual(self.phases(-20), ["before"])
        self.move(24 * 60)
        self.assertEqual(self.phases(-15, 0, 60), ["after"])
        self.assertEqual(self.phases(24 * 60 - 20, 25 * 60), ["before", "after"])

    def test_a_window_that_is_extended_or_shortened_meanwhile_stays_drained_until_its_end(self) -> None:
        self.assertEqual(self.phases(-20), ["before"])
        self.move(0, 120)
        self.assertEqual(self.phases(5, 60, 119), [])
        self.move(0, 119)
        self.assertEqual(self.phases(119, 130), ["after"])

    def test_a_window_that_is_deleted_with_its_maintenance_ends_at_once(self) -> None:
        self.assertEqual(self.phases(-20), ["before"])
        self.maintenance.delete()
        self.assertEqual(self.run_at(-15), [("after", "", ["C-1", "C-2"])])

    def test_traffic_is_not_put_back_while_another_window_of_the_circuit_is_on(self) -> None:
        other = self.announce("M-2", self.two, start=50)
        self.assertEqual(self.phases(-20, 30), ["before", "before"])
        self.assertEqual(self.phases(60, 100), [])
        self.assertEqual(sorted(self.run_at(110)), [("after", "M-1", ["C-1", "C-2"]), ("after", "M-2", ["C-2"])])
        self.assertEqual(other.name, "M-2")

    def test_each_night_of_a_maintenance_is_drained_for(self) -> None:
        self.maintenance.set_windows([(at(0), at(60)), (at(1440), at(1500))])
        self.maintenance.save()
        self.assertEqual(self.phases(-20, 60, 1419, 1420, 1500), ["before", "after", "before", "after"])


class Owners(DrainTestCase):
    """Who may, and what became of the subscription."""

    def test_only_what_the_owner_may_see_is_handed_over(self) -> None:
        someone = viewer(CircuitMaintenance, CircuitImpact, Circuit, constraints={Circuit: {"cid": "C-2"}})
        permit(someone, Job, actions=("run",))
        self.subscription.owner = someone
        self.subscription.save()
        self.assertEqual(self.run_at(-10), [("before", "M-1", ["C-2"])])

    def test_an_inactive_owner_drains_nothing_more_and_is_red_for_what_is_drained(self) -> None:
        self.assertEqual(self.phases(-20), ["before"])
        self.owner.is_active = False
        self.owner.save()
        self.announce("M-2", self.one, start=60)
        self.assertEqual(self.phases(45, 60, 65, 120), [])
        self.assertEqual((self.rows("before"), self.rows("after")), ([("sent", "")], [("waiting", "DRAIN-03")]))
        self.owner.is_active = True
        self.owner.save()
        self.assertEqual(self.phases(200), ["after"])

    def test_a_subscription_that_is_disabled_deleted_or_runs_another_job_puts_traffic_back_at_once(self) -> None:
        def delete(subscription: Subscription) -> None:
            Subscription.objects.filter(pk=subscription.pk).delete()

        changes = [
            lambda each: Subscription.objects.filter(pk=each.pk).update(enabled=False),
            lambda each: Subscription.objects.filter(pk=each.pk).update(channel="Email"),
            lambda each: Subscription.objects.filter(pk=each.pk).update(job=None),
            delete,
        ]
        self.subscription.delete()
        for number, change in enumerate(changes):
            with self.subTest(number):
                subscription = self.subscribe("Drain", name=f"Drain {number}")
                self.assertEqual(self.phases(-20), ["before"])
                change(subscription)
                self.assertEqual(self.phases(-15, 60), ["after"])

    def test_a_filter_that_does_not_match_any_more_has_no_say_in_the_ending(self) -> None:
        self.subscription.maintenance_filter = {"status": ["CONFIRMED"]}
        self.subscription.save()
        self.assertEqual(self.phases(-20), ["before"])
        self.set_status("IN-PROCESS")
        self.assertEqual(self.phases(5, 55), [])
        self.assertEqual(self.phases(60), ["after"])

    def test_a_filter_that_is_not_valid_matches_nothing(self) -> None:
        self.subscription.maintenance_filter = {"no_such_filter": ["x"]}
        self.subscription.save()
        self.assertEqual(self.phases(-20, 0), [])

    def test_a_job_that_was_disabled_or_needs_approval_meanwhile_does_not_run_and_is_too_late_later(self) -> None:
        self.jobs["Drain"].enabled = False
        self.jobs["Drain"].save()
        self.assertEqual(self.phases(-20), [])
        self.assertEqual(self.rows("before"), [("waiting", "DRAIN-02")])
        self.jobs["Drain"].enabled = True
        self.jobs["Drain"].save()
        require_approval()
        self.assertEqual(self.phases(-15), [])
        self.assertEqual(self.rows("before"), [("waiting", "DRAIN-06")])
        self.assertEqual(self.phases(20, 60), [])
        self.assertEqual((self.rows("before"), self.rows("after")), ([("failed", "DRAIN-06")], []))


class Faults(DrainTestCase):
    """Kills, lost jobs, and jobs that fail."""

    def test_a_kill_before_the_job_was_enqueued_is_made_good_for_with_the_same_result(self) -> None:
        self.run_at(-20, is_killed=True)
        (result,) = JobResult.objects.filter(name="Drain")
        self.assertEqual(self.run_at(-19, lost=all_lost), [])
        self.assertEqual(self.run_at(-15, lost=none_lost), [])
        self.assertEqual(self.run_at(-10, lost=all_lost), [("before", "M-1", ["C-1", "C-2"])])
        self.assertEqual([each.pk for each in JobResult.objects.filter(name="Drain")], [result.pk])
        self.assertEqual(self.phases(-5, 60), ["after"])

    def test_a_job_that_was_lost_for_too_long_never_runs_and_nothing_runs_after_it(self) -> None:
        self.run_at(-20, is_killed=True)
        self.assertEqual(self.run_at(16, lost=all_lost), [])
        self.assertEqual((self.rows("before"), self.rows("after")), ([("failed", "DRAIN-11")], [("superseded", "")]))
        self.assertFalse(JobResult.objects.filter(name="Drain").exists())
        self.assertEqual(self.phases(60, 65), [])

    def test_after_waits_for_a_before_that_may_still_run(self) -> None:
        self.run_at(-20, is_killed=True)
        self.set_status("CANCELLED")
        self.assertEqual(self.phases(-15, -10), [])
        self.assertEqual(self.run_at(-5, lost=all_lost), [("before", "M-1", ["C-1", "C-2"])])
        self.assertEqual(self.phases(0, 5), ["after"])

    def test_an_after_that_got_lost_is_enqueued_until_it_has_run(self) -> None:
        self.assertEqual(self.phases(-20), ["before"])
        self.run_at(60, is_killed=True)
        self.run_at(65, lost=all_lost, is_killed=True)
        self.assertEqual(self.run_at(300, lost=all_lost), [("after", "M-1", ["C-1", "C-2"])])
        self.assertEqual(self.phases(305, 400), [])

    def test_a_singleton_that_still_runs_is_tried_again_whenever_jobs_are_looked_at(self) -> None:
        self.subscription.job = self.jobs["One At A Time"]
        self.subscription.save()
        cache.set(OneAtATime.singleton_cache_key, 1)
        for tried, minute in enumerate((-20, -19, -18, -17, -12), start=1):
            self.assertEqual(self.phases(minute), [])
            self.assertEqual(JobResult.objects.filter(name="One At A Time", status="FAILURE").count(), tried)
            self.assertTrue(may_have_been_refused(at(minute)))
        self.assertEqual(self.rows("before"), [("unsure", "DRAIN-09")])
        cache.delete(OneAtATime.singleton_cache_key)
        self.assertEqual(self.phases(-11), ["before"])
        self.assertFalse(may_have_been_refused(at(-9)))
        cache.set(OneAtATime.singleton_cache_key, 1)
        self.assertEqual(self.phases(-5, 60, 61), [])
        cache.delete(OneAtATime.singleton_cache_key)
        self.assertEqual(self.phases(62), ["after"])
        self.assertEqual((self.rows("before"), self.rows("after")), ([("sent", "")], [("unsure", "DRAIN-09")]))
        self.assertEqual(self.phases(63), [])
        self.assertEqual(self.rows("after"), [("sent", "")])

    def test_only_a_singleton_is_looked_at_between_runs(self) -> None:
        self.assertEqual(self.phases(-20), ["before"])
        self.assertFalse(may_have_been_refused(at(-20)))

    def test_a_singleton_that_runs_until_it_is_too_late_is_given_up(self) -> None:
        self.subscription.job = self.jobs["One At A Time"]
        self.subscription.save()
        cache.set(OneAtATime.singleton_cache_key, 1)
        self.addCleanup(cache.delete, OneAtATime.singleton_cache_key)
        self.assertEqual(self.phases(-20, -15, 15.5, 16, 60), [])
        self.assertEqual((self.rows("before"), self.rows("after")), ([("failed", "DRAIN-09")], [("superseded", "")]))

    def test_a_before_that_failed_may_have_done_half_of_it_so_after_runs(self) -> None:
        Drain.fails.add("before")
        self.assertEqual(self.phases(-20, -15, 0), ["before"])
        self.assertEqual(self.rows("before"), [("failed", "DRAIN-10")])
        self.assertEqual(self.phases(60, 65), ["after"])

    def test_a_before_that_a_person_tries_again_never_loses_its_after(self) -> None:
        Drain.fails.add("before")
        self.assertEqual(self.phases(-20, -15), ["before"])
        Drain.fails.clear()
        retry(Delivery.objects.get(phase="before").pk)
        Delivery.objects.update(next_attempt=at(-10))
        self.assertEqual(self.phases(-10, -5), ["before"])
        Delivery.objects.filter(phase="before").update(state="failed")
        retry(Delivery.objects.get(phase="before").pk)  # too late for it
        Delivery.objects.update(next_attempt=at(-10))
        self.assertEqual(self.phases(16, 60), ["after"])
        Delivery.objects.filter(phase="before").update(state="waiting", over_at=at(90), next_attempt=at(61))
        self.announce("M-2", self.one, self.two, start=70)
        CircuitMaintenance.objects.filter(pk=self.maintenance.pk).update(end_time=at(80))
        self.maintenance.windows.update(end_time=at(80))
        self.assertEqual(self.phases(62, 200, 205), ["before", "before", "after", "after"])

    def test_an_after_that_fails_is_tried_again_and_never_given_up(self) -> None:
        self.assertEqual(self.phases(-20), ["before"])
        Drain.fails.add("after")
        self.assertEqual(self.phases(60), ["after"])
        # Each is noticed by the next run, and then waits 1, 5, 15, 30, 30, ... minutes.
        self.assertEqual(self.phases(*range(61, 241, 5)), ["after"] * 7)
        self.assertEqual(self.rows("after"), [("unsure", "DRAIN-10")])  # red, also while it is tried again
        Drain.fails.clear()
        self.assertEqual(self.phases(25 * 60, 26 * 60, 27 * 60), ["after"])
        self.assertEqual(self.rows("after"), [("sent", "")])

    def test_a_worker_that_ended_while_it_ran_the_job_is_noticed(self) -> None:
        self.run_at(-20, is_killed=True)
        JobResult.objects.filter(name="Drain").update(status="STARTED")
        self.assertEqual(self.run_at(-15, lost=none_lost), [])
        self.assertEqual(self.run_at(-10, lost=all_lost), [])
        self.assertEqual(self.rows("before"), [("failed", "DRAIN-08")])
        self.assertEqual(self.phases(60), ["after"])

    def test_a_before_that_a_broker_delivers_once_more_is_followed_by_an_after_once_more(self) -> None:
        for minutes in (70, 30):  # after the window, and before its end
            with self.subTest(minutes):
                Delivery.objects.all().delete()
                self.assertEqual(self.phases(-20, -15), ["before"])
                self.assertEqual(self.phases(60, 65) if minutes > 60 else [], ["after"] if minutes > 60 else [])
                self.deliver_again(Delivery.objects.get(phase="before"))
                self.assertEqual(self.phases(minutes, minutes + 5, 80, 85), ["after"])
                self.assertEqual((self.rows("before"), self.rows("after")), ([("sent", "")], [("sent", "")]))

    def test_a_before_that_failed_and_is_delivered_once_more_is_followed_by_an_after_once_more(self) -> None:
        Drain.fails.add("before")
        self.assertEqual(self.phases(-20, -15, 60, 65), ["before", "after"])
        self.deliver_again(Delivery.objects.get(phase="before"))
        self.assertEqual(self.phases(70, 75, 80), ["after"])

    def test_a_before_that_runs_again_beside_its_after_is_followed_by_another(self) -> None:
        """The *after* has run, and no one has looked what became of it, when the *before* runs once more."""
        self.assertEqual(self.phases(-20, -15), ["before"])
        self.assertEqual(self.phases(60), ["after"])
        self.deliver_again(Delivery.objects.get(phase="before"))
        self.assertEqual(self.phases(65, 70, 75, 80), ["after"])
        self.assertEqual((self.rows("before"), self.rows("after")), ([("sent", "")], [("sent", "")]))

    def deliver_again(self, row: Delivery) -> None:
        """Let a worker take the same task once more, as Redis has it do when another worker was killed."""
        result, circuits = row.job_result, row.data["circuits"]
        data = {"maintenance": row.data["maintenance"], "circuits": circuits, "phase": "before"}
        runs = len(Drain.ran)
        with self.captureOnCommitCallbacks(execute=True):
            enqueue_job(self.jobs["Drain"], row.user, data, job_result=result)
        self.assertEqual([phase for phase, _maintenance, _circuits in Drain.ran[runs:]], ["before"])

    def test_a_result_that_was_deleted_is_no_proof(self) -> None:
        self.assertEqual(self.phases(-20, -15), ["before"])
        self.run_at(60, is_killed=True)
        JobResult.objects.all().delete()
        self.assertEqual(self.phases(65, 70), ["after"])

    def test_a_window_that_is_cancelled_while_its_job_waits_is_dropped(self) -> None:
        self.jobs["Drain"].enabled = False
        self.jobs["Drain"].save()
        self.run_at(-20)
        self.jobs["Drain"].enabled = True
        self.jobs["Drain"].save()
        self.set_status("CANCELLED")
        self.assertEqual(self.phases(-15, 0, 60), [])
        self.assertEqual(self.rows("before"), [("superseded", "DRAIN-02")])
