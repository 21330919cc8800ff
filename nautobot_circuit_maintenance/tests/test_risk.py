"""The risk where it is asked for: REST API, command, job."""

import json
from io import StringIO

from django.core.management import CommandError, call_command
from django.urls import reverse
from django.utils import timezone
from nautobot.apps.testing import TransactionTestCase, run_job_for_testing
from nautobot.circuits.models import Circuit
from nautobot.dcim.models import Location
from nautobot.extras.models import Job, JobLogEntry
from rest_framework.test import APIClient

from nautobot_circuit_maintenance import models
from nautobot_circuit_maintenance.choices import CircuitMaintenanceStatusChoices as Status
from nautobot_circuit_maintenance.tests.factories import app, core, users
from nautobot_circuit_maintenance.tests.risk_case import HOUR, RiskCase, configured

URL = reverse("plugins-api:nautobot_circuit_maintenance-api:risk")
ALL = (models.CircuitMaintenance, models.CircuitImpact, Circuit, Location)


class AskingCase(RiskCase):
    """Work on one way of Athens tonight."""

    def setUp(self):
        super().setUp()
        self.now = timezone.now().replace(microsecond=0)
        self.one = self.work("one", "A-1")
        self.client = APIClient(SERVER_NAME="nautobot.example.com")

    def get(self, user=None, **parameters):
        """Return the response of the REST API."""
        self.client.force_authenticate(user or self.user)
        return self.client.get(URL, parameters)

    def question(self, *cids, start=2, end=3):
        """Return the parameters of a question."""
        return {
            "circuit": [str(self.circuits[cid].pk) for cid in cids],
            "start": (self.now + start * HOUR).isoformat(),
            "end": (self.now + end * HOUR).isoformat(),
        }


class RestTest(AskingCase):
    """The endpoint."""

    def test_the_risk_as_it_is(self):
        answer = self.get().json()

        (finding,) = answer["findings"]
        self.assertEqual((finding["name"], finding["kind"], finding["link_count"]), ("Athens", "one left", 2))
        self.assertEqual(finding["why"], "1 of 2 links down: ISP 1 one; hangs on A-2")
        self.assertEqual(finding["phases"][0]["maintenances"], [{"id": str(self.one.pk), "name": "ISP 1 one"}])
        self.assertIsNone(answer["makes_dark"])
        self.assertFalse(answer["partial"])

    def test_what_the_work_adds(self):
        answer = self.get(**self.question("A-2")).json()

        self.assertTrue(answer["makes_dark"])
        self.assertEqual([(each["name"], each["kind"]) for each in answer["added"]], [("Athens", "dark")])
        self.assertFalse(self.get(**self.question("B-1")).json()["makes_dark"])

    def test_free_slots(self):
        slots = self.get(**self.question("A-2"), slots="true").json()["slots"]

        self.assertEqual([each["free"] for each in slots["days"]], [False] + [True] * 13)
        self.assertEqual(len(slots["gaps"]), 1, "an hour until the maintenance is too short by what the request takes")
        alone = self.get(**self.question("C-1"), slots="true").json()["slots"]
        self.assertEqual(alone, {"alone": [str(self.cork.pk)], "days": [], "gaps": []})

    def test_circuits_of_which_nothing_can_be_said_are_an_error(self):
        self.circuits["LAN"] = self.circuit("LAN", self.athens, self.athens)
        for parameters in (self.question("LAN"), {**self.question("A-2"), "circuit": [str(self.athens.pk)]}):
            response = self.get(**parameters)
            self.assertEqual(response.status_code, 400)
            self.assertIn("RISK-06", str(response.content))

    def test_wrong_parameters_are_an_error(self):
        wrong = (
            {"circuits": "1"},
            {"circuit": "x"},
            {"circuit": str(self.circuits["A-2"].pk)},
            {"start": self.now.isoformat(), "end": self.now.isoformat()},
            self.question("A-2", start=3, end=3),
            self.question("A-2", end=24 * 31),
            {"kind": "dim"},
        )
        for parameters in wrong:
            with self.subTest(parameters):
                self.assertEqual(self.get(**parameters).status_code, 400)

    def test_unknown_circuits_of_the_same_provider_at_that_time(self):
        app.create_impact(self.one, "XX-9")

        unknown = self.get(**self.question("B-1")).json()["unknown_circuits"]
        self.assertEqual([(each["name"], each["cid"]) for each in unknown], [("one", "XX-9")])
        self.assertEqual(self.get(**self.question("B-1", start=30, end=31)).json()["unknown_circuits"], [])

    def test_scopes(self):
        other = core.create_provider("ISP 2")
        cases = (
            ({"location": str(self.athens.pk)}, 1),
            ({"location": str(self.berlin.pk)}, 0),
            ({"provider": str(self.isp.pk)}, 1),
            ({"provider": str(other.pk)}, 0),
            ({"kind": "dark"}, 0),
            ({"confirmed": "true"}, 1),
            ({"single_homed": "true"}, 0),
        )
        for parameters, count in cases:
            with self.subTest(parameters):
                self.assertEqual(len(self.get(**parameters).json()["findings"]), count)

    def test_without_all_permissions_there_is_no_false_zero(self):
        for model in ALL:
            user = users.viewer(*(each for each in ALL if each is not model))
            self.assertEqual(self.get(user).status_code, 403)
        user = users.viewer(*ALL, constraints={Circuit: {"cid": "A-1"}})
        (finding,) = self.get(user).json()["findings"]
        self.assertEqual((finding["link_count"], finding["phases"][0]["hangs_on"]), (None, []))
        self.assertEqual(finding["why"], "1 link down: ISP 1 one; hangs on a circuit that you may not view")
        self.assertTrue(self.get(user).json()["partial"])
        self.assertIn(self.client_without_user().status_code, (401, 403))

    def client_without_user(self):
        """Return the response to someone who is not logged in."""
        return APIClient(SERVER_NAME="nautobot.example.com").get(URL)

    def test_wrong_settings_are_no_empty_answer(self):
        with configured(hub_locations=["Atlantis"]):
            response = self.get()

        self.assertEqual(response.status_code, 503)
        self.assertIn("RISK-04", response.json()["detail"])


class CommandTest(AskingCase):
    """The command, whose exit code a pipeline reads."""

    def ask(self, *words):
        """Return the output and the exit code."""
        output = StringIO()
        try:
            call_command("circuit_risk", *words, stdout=output)
        except CommandError as error:
            return f"{output.getvalue()}{error}", error.returncode
        return output.getvalue(), 0

    def times(self, start=2, end=3):
        """Return the options with the time."""
        return ["--start", (self.now + start * HOUR).isoformat(), "--end", (self.now + end * HOUR).isoformat()]

    def test_the_risk_as_it_is(self):
        output, code = self.ask()

        self.assertEqual(code, 0)
        self.assertIn("Athens: one left", output)
        self.assertEqual(json.loads(self.ask("--json")[0])["findings"][0]["name"], "Athens")

    def test_exit_codes(self):
        self.assertEqual(self.ask("A-2", *self.times())[1], 1)
        self.assertEqual(self.ask("A-2", *self.times(30, 31))[1], 0)
        self.assertEqual(self.ask(str(self.circuits["A-1"].pk), *self.times()), ("Nothing is added.\n", 0))
        self.assertEqual(self.ask("unheard", *self.times())[1], 2)
        self.assertEqual(self.ask("A-2")[1], 2)
        self.assertEqual(self.ask("A-2", *self.times(3, 3))[1], 2)
        self.circuits["LAN"] = self.circuit("LAN", self.athens, self.athens)
        self.assertEqual(self.ask("LAN", *self.times())[1], 2)
        with configured(risk_circuits={"cid": ["none"]}):
            self.assertEqual(self.ask("A-2", *self.times())[1], 2)

    def test_what_is_not_known_is_said(self):
        app.create_impact(self.one, "XX-9")

        self.assertIn("XX-9", self.ask("B-1", *self.times())[0])


class JobTest(TransactionTestCase):
    """The job *Find Sites At Risk*."""

    databases = ("default", "job_logs")

    def test_the_table_and_the_file(self):
        RiskCase.setUpTestData.__func__(RiskCase)
        case = RiskCase()
        case.now = timezone.now()
        case.work("=one|two", "A-1", status=Status.TENTATIVE)
        case.work("three", "A-2")
        job = Job.objects.get(job_class_name="FindSitesAtRisk")

        result = run_job_for_testing(job, username=RiskCase.user.username, days=30)

        self.assertEqual(result.status, "SUCCESS", result.traceback)
        self.assertEqual(result.result, {"dark": 1, "one_left": 0})
        logs = [each.message for each in JobLogEntry.objects.filter(job_result=result, grouping="run")]
        self.assertEqual(len([each for each in logs if each.startswith("| What |")]), 1)
        file = result.files.get().file.read().decode()
        self.assertIn("site,Athens,dark", file)
