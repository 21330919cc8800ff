"""What pages, REST and GraphQL show of two nights, one of them cancelled, of doubts and of replacements."""

from datetime import timedelta

from nautobot_circuit_maintenance import models
from nautobot_circuit_maintenance.tests.factories import app, core
from nautobot_circuit_maintenance.tests.factories.mail import NOON
from nautobot_circuit_maintenance.tests.page_case import HTMX, PageTestCase, url_of

API = "/api/plugins/circuit-maintenance/"
DAY = timedelta(days=1)
DOUBT = "Another window was announced: a second night, or a new date?"


class TwoNightsTest(PageTestCase):
    """A maintenance of two nights and a cancelled third one; it has a doubt, and replaced another maintenance."""

    @classmethod
    def setUpTestData(cls):
        cls.isp = core.create_provider("Night ISP")
        cls.circuit = core.create_circuit(cls.isp, "A-12-3")
        cls.notification = app.create_notification(cls.isp, subject="Second night", error="READ-06: No DTSTART.")
        cancelled = [(NOON + 5 * DAY).isoformat(), (NOON + 5 * DAY + DAY / 12).isoformat()]
        cls.nights = app.create_maintenance(
            "Ours",
            cls.isp,
            provider_maintenance_id="CHG-1",
            other_ids=["CHG-1-a"],
            cancelled_windows=[cancelled],
            doubts=[{"kind": "second-window", "sentence": DOUBT, "fingerprint": cls.notification.fingerprint}],
        )
        cls.second = app.add_window(cls.nights, NOON + DAY)
        app.create_impact(cls.nights, "EVERY-NIGHT", "DEGRADED")
        impact = app.create_impact(cls.nights, "A12-3")
        models.CircuitImpact.objects.filter(pk=impact.pk).update(circuit=cls.circuit, matched_by="separators")
        impact.refresh_from_db()
        impact.limit_to([cls.second])
        app.create_impact(cls.nights, "NO-LONGER").limit_to([])
        cls.old = app.create_maintenance("Old", cls.isp, replaced_by=cls.nights)

    def setUp(self):
        super().setUp()
        self.become_superuser()

    def get(self, path: str, **query):
        """Return the answer of the REST API."""
        return self.client.get(f"{API}{path}", query).json()

    def test_the_page_shows_them(self):
        page = self.page("circuitmaintenance", self.nights)

        for text in ("<del>", DOUBT, "Doubtful", "CHG-1", "CHG-1-a", "On record, not affected", "Circuit A-12-3"):
            self.assertIn(text, page)
        self.assertIn(self.notification.get_absolute_url(), page)
        self.assertIn(self.old.get_absolute_url(), page)
        self.assertIn(self.nights.get_absolute_url(), self.page("circuitmaintenance", self.old))

    def test_lists_mark_what_is_doubtful_replaced_or_partly_read(self):
        page = self.client.get(url_of("circuitmaintenance_list"), **HTMX).content.decode()

        self.assertEqual((page.count(">Doubtful: windows<"), page.count(">Replaced<")), (1, 1))
        self.assertIn(">Partly Read<", self.client.get(url_of("notification_list"), **HTMX).content.decode())
        self.assertIn(">Partly Read<", self.page("notification", self.notification))

    def test_rest_has_windows_doubts_and_ids(self):
        data = self.get(f"maintenance/{self.nights.pk}/")

        own = {each["cid"]: (each["in_all_windows"], len(each["windows"])) for each in data["impacts"]}
        self.assertEqual(own, {"EVERY-NIGHT": (True, 0), "A12-3": (False, 1), "NO-LONGER": (False, 0)})
        self.assertEqual([each["start_time"] for each in data["cancelled_windows"]], ["2026-11-25T12:00:00Z"])
        self.assertEqual((data["doubts"][0]["sentence"], data["other_ids"]), (DOUBT, ["CHG-1-a"]))
        self.assertEqual((data["circuit_count"], data["provider_maintenance_id"]), (2, "CHG-1"))
        self.assertEqual(self.get(f"maintenance/{self.old.pk}/")["replaced_by"]["id"], str(self.nights.pk))

    def test_filters_ask_a_circuit_for_its_own_windows(self):
        def names(path: str = "maintenance/", **query) -> list[str]:
            return [row["display"] for row in self.get(path, provider="Night ISP", **query)["results"]]

        first, second = (NOON + timedelta(hours=1)).isoformat(), self.second.start_time.isoformat()
        ours = str(self.nights)
        self.assertIn(ours, names(active_at=first))
        self.assertEqual(names(active_at=first, circuit="A-12-3"), [])
        self.assertEqual(names(active_at=second, circuit="A-12-3"), [ours])
        self.assertEqual(names(overlaps_until=first, circuit_id="A12-3"), [])
        self.assertEqual(names(overlaps_from=second, overlaps_until=second, impact="OUTAGE"), [ours])
        self.assertEqual(len(names("circuitimpact/", active_at=second)), 2)
        self.assertEqual(len(names("circuitimpact/", affected=False)), 1)
        self.assertEqual(len(names("circuitimpact/", matched_by="separators")), 1)
        self.assertEqual(names(needs_attention=True), [ours])
        self.assertEqual(names(is_replaced=True), [str(self.old)])
        self.assertEqual((names(q="chg-1"), names(q="CHG-1-A"), names(q="CHG-2")), ([ours], [ours], []))
        self.assertEqual(names("notification/", needs_attention=True), ["Second night"])

    def test_windows_are_chosen_by_rest(self):
        impact = models.CircuitImpact.objects.get(cid="EVERY-NIGHT")
        url = f"{API}circuitimpact/{impact.pk}/"

        def patched(**body) -> tuple[int, bool, int]:
            answer = self.client.patch(url, body, content_type="application/json")
            impact.refresh_from_db()
            return answer.status_code, impact.in_all_windows, impact.windows.count()

        night = {"start_time": self.second.start_time.isoformat(), "end_time": self.second.end_time.isoformat()}
        self.assertEqual(patched(windows=[night]), (200, False, 1))
        self.assertEqual(patched(impact="OUTAGE"), (200, False, 1))
        self.assertEqual(patched(windows=[{**night, "end_time": "2030-01-01T00:00:00Z"}]), (400, False, 1))
        self.assertEqual(patched(windows=[night], in_all_windows=True), (400, False, 1))
        self.assertEqual(patched(in_all_windows=True), (200, True, 0))

    def test_a_window_that_a_person_moves_keeps_its_circuits(self):
        later = self.second.start_time + DAY
        self.nights.set_windows([(NOON, NOON + DAY / 6), (later, later + DAY / 6)])
        self.nights.save()

        impact = models.CircuitImpact.objects.get(cid="A12-3")
        self.assertEqual([window.start_time for window in impact.own_windows], [later])

    def test_csv_has_one_cell_for_cancelled_windows_and_doubts(self):
        lines = self.client.get(f"{API}maintenance/?format=csv&name=Ours").getvalue().decode()

        self.assertIn("2026-11-25T12:00:00Z/2026-11-25T14:00:00Z", lines)
        self.assertIn(DOUBT, lines)

    def test_graphql_has_them(self):
        query = """{ circuit_maintenances(name: "Ours") { cancelled_windows { start_time } doubts { kind sentence }
            other_ids replaces { name } impacts { cid in_all_windows windows { start_time } matched_by } } }"""
        answer = self.client.post("/api/graphql/", {"query": query}, content_type="application/json").json()

        (row,) = answer["data"]["circuit_maintenances"]
        self.assertEqual(row["doubts"], [{"kind": "second-window", "sentence": DOUBT}])
        self.assertEqual((len(row["cancelled_windows"]), row["other_ids"]), (1, ["CHG-1-a"]))
        self.assertEqual(row["replaces"], [{"name": "Old"}])
        self.assertEqual(sorted(len(each["windows"]) for each in row["impacts"]), [0, 0, 1])

    def test_links_and_doubts_respect_permissions(self):
        self.user.is_superuser = False
        self.user.save()
        self.permit("view_circuitmaintenance", constraints={"name": "Old"})

        page = self.page("circuitmaintenance", self.old)

        self.assertNotIn("Replaced By", page)
        self.assertNotIn("Ours", page)
