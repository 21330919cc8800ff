"""The pages of mail layouts: teach, read in words, replay, go live, share."""

from django.test import Client

from nautobot_circuit_maintenance.choices import MailLayoutStateChoices as State
from nautobot_circuit_maintenance.datasources import CONTENT, FOLDER, refresh_mail_layouts
from nautobot_circuit_maintenance.models import MailLayout
from nautobot_circuit_maintenance.pipeline.layouts.files import as_yaml
from nautobot_circuit_maintenance.tests.page_case import PageTestCase, url_of
from nautobot_circuit_maintenance.tests.pipeline.test_layouts import LayoutCase, notice, window


class TeachingPagesTest(LayoutCase, PageTestCase):
    """From a notification that was filled in to a live layout."""

    def setUp(self):
        super().setUp()
        self.become_superuser()

    def post(self, route, instance, **data):
        """Press a button, and return the page that follows."""
        return self.client.post(url_of(route, instance), data, follow=True).content.decode()

    def taught(self) -> MailLayout:
        """Teach a layout on the page."""
        self.post("notification_teach", self.row, layout="", name="Notices")
        return MailLayout.objects.get(provider=self.provider)

    def test_three_clicks_from_the_notification_to_a_live_layout(self):
        self.assertIn("Teach This Layout", self.page("notification", self.row))
        self.assertIn('value="ISP"', self.page("notification_teach", self.row))

        html = self.post("notification_teach", self.row, layout="", name="Notices")

        layout = MailLayout.objects.get(provider=self.provider)
        self.assertIn("Reads 1 of 1", html)
        self.assertIn("Nothing is complete but wrong: the layout can go live.", html)
        self.assertIn("after &quot;change&quot;", html)
        self.assertIn("written like A-0", html)
        self.assertIn("Planned work CHG-4711", html)
        html = self.post("maillayout_live", layout)
        self.assertIn("Notices is live", html)
        self.receive(notice("CHG-5200", 20))
        self.assertEqual(self.notification("CHG-5200").state, "parsed")

    def test_what_differs_stands_side_by_side_and_stops_it(self):
        self.receive(notice("CHG-2", 21))
        self.fill_in(self.notification("CHG-2"), "CHG-2", 23)
        layout = self.taught()
        html = self.page("maillayout", layout)

        self.assertIn("1 agree with what is on record, 1 differ", html)
        self.assertIn("2027-01-23 22:00 UTC - 2027-01-24 02:00 UTC", html)
        self.assertIn("2027-01-21 22:00 UTC - 2027-01-22 02:00 UTC", html)
        self.assertNotIn("Go Live", html)
        self.assertIn("It reads 1 of the stored notifications wrong", self.post("maillayout_live", layout))

    def test_a_difference_names_the_circuits_of_single_windows(self):
        self.receive(notice("CHG-2", 21, circuits="C-1, C-2"))
        both = {"circuits": ["C-1", "C-2"], "windows": [window(21), window(22)]}
        self.fill_in(self.notification("CHG-2"), "CHG-2", 21, **both, circuits_of={window(22): ["C-2"]})

        html = self.page("maillayout", self.taught())

        self.assertIn("2027-01-22 22:00 UTC - 2027-01-23 02:00 UTC, only C-2", html)

    def test_a_refusal_is_corrected_with_the_layout_that_is_chosen_already(self):
        layout = self.taught()
        self.post("maillayout_live", layout)
        self.receive(notice("CHG-1", 20, more="Alternate night: 2027-01-25 22:00 - 2027-01-26 02:00 UTC"))
        row = self.notification("CHG-1")
        self.fill_in(row, "CHG-1", 20)
        page = self.client.get(url_of("notification_teach", row))
        self.assertEqual(page.context["form"]["layout"].value(), layout.pk)

        html = self.post("notification_teach", row, layout=layout.pk, name="")

        self.assertIn("Reads 2 of 2", html)
        layout.refresh_from_db()
        self.assertEqual((layout.version, layout.state), (2, "draft"))

    def test_a_name_is_needed_and_used_once(self):
        self.taught()
        self.assertIn(
            "Enter a name, or choose a layout.", self.post("notification_teach", self.row, layout="", name="")
        )
        html = self.post("notification_teach", self.row, layout="", name="Notices")
        self.assertIn("This provider has a layout of this name.", html)

    def test_what_cannot_be_taught_says_why(self):
        self.receive(notice("CHG-2", 21))
        row = self.notification("CHG-2")
        self.fill_in(row, "OTHER", 21)
        html = self.post("notification_teach", row, layout="", name="Other")

        self.assertIn("OTHER does not stand in the email as a word of its own", html)
        self.assertFalse(MailLayout.objects.filter(name="Other").exists())

    def test_trial_suspension_and_replay_are_buttons(self):
        layout = self.taught()
        self.assertIn("is on trial", self.post("maillayout_trial", layout))
        self.assertIn("is suspended", self.post("maillayout_suspend", layout))
        layout.refresh_from_db()
        self.assertEqual((layout.state, layout.suspended_because), ("suspended", f"Suspended by {self.user.username}."))
        self.receive(notice("CHG-2", 21))
        self.assertIn("Reads 2 of 2", self.post("maillayout_replay", layout))

    def test_a_file_is_exported_and_imported(self):
        layout = self.taught()
        text = self.client.get(url_of("maillayout_yaml", layout)).content.decode()
        layout.delete()
        self.assertRedirects(
            self.client.post(url_of("maillayout_import_yaml"), {"text": text}), url_of("maillayout_list")
        )

        self.assertEqual(MailLayout.objects.get(provider=self.provider).state, "draft")
        html = self.client.post(url_of("maillayout_import_yaml"), {"text": "a: ["}).content.decode()
        self.assertIn("The file is not valid YAML", html)


class PermissionsTest(LayoutCase, PageTestCase):
    """Who may teach, and what is hidden."""

    def test_nothing_without_permission(self):
        layout = self.layout()
        self.permit("view_notification", "view_maillayout", "view_parsednotification")

        self.assertNotIn("Teach This Layout", self.page("notification", self.row))
        self.assertHttpStatus(self.client.get(url_of("notification_teach", self.row)), 403)
        html = self.page("maillayout", layout)
        for route in ("live", "trial", "suspend", "replay"):
            self.assertNotIn(url_of(f"maillayout_{route}", layout), html)
            self.assertHttpStatus(self.client.post(url_of(f"maillayout_{route}", layout)), 403)
        self.assertHttpStatus(self.client.get(url_of("maillayout_import_yaml")), 403)
        layout.refresh_from_db()
        self.assertEqual(layout.state, "live")

    def test_a_replay_lists_only_notifications_that_may_be_viewed(self):
        self.receive(notice("CHG-2", 21))
        self.fill_in(self.notification("CHG-2"), "CHG-2", 23)
        layout = self.layout(State.DRAFT)
        self.permit("view_maillayout")
        self.assertNotIn("CHG-2", self.page("maillayout", layout))

        self.permit("view_notification")
        self.assertIn("CHG-2", self.page("maillayout", layout))

    def test_anonymous_users_see_nothing(self):
        layout = self.layout()
        response = Client(SERVER_NAME="nautobot.example.com").get(url_of("maillayout", layout))
        self.assertEqual(response.status_code, 302)


class RestTest(LayoutCase, PageTestCase):
    """The same by REST."""

    def call(self, layout, action, **data):
        """Call an action."""
        url = f"/api/plugins/circuit-maintenance/maillayout/{f'{layout.pk}/' if layout else ''}{action}/"
        return self.client.post(url, data, content_type="application/json")

    def test_replay_and_state(self):
        layout = self.layout(State.DRAFT)
        self.permit("view_maillayout", "change_maillayout")

        replayed = self.call(layout, "replay").json()
        self.assertEqual((replayed["replay"]["read"], replayed["replay"]["wrong"]), (1, 0))
        self.assertNotIn("differences", replayed["replay"])
        self.assertEqual(self.call(layout, "state", state="live").json()["state"], "live")
        self.assertHttpStatus(self.call(layout, "state", state="draft"), 400)
        MailLayout.objects.filter(pk=layout.pk).update(version=2)
        response = self.call(layout, "state", state="live")
        self.assertHttpStatus(response, 400)
        self.assertIn("Replay this version", response.json()["state"][0])

    def test_import_needs_the_permission_to_add(self):
        text = as_yaml([self.layout()])
        self.permit("view_maillayout")
        self.add_permissions("circuits.view_provider")
        self.assertHttpStatus(self.call(None, "import", text=text), 403)
        self.permit("add_maillayout")
        self.assertHttpStatus(self.call(None, "import", text=text), 200)
        response = self.call(None, "import", text="- 1")
        self.assertEqual(response.json(), {"text": ["Layout 1 is not an object."]})


class GitRepositoryTest(LayoutCase):
    """Layouts of a Git repository; the files are there as after a synchronization."""

    def refresh(self, folder, **files):
        """Refresh from a folder with these files; return the lines of the log."""
        target = folder / FOLDER
        target.mkdir(exist_ok=True)
        for name, text in files.items():
            (target / f"{name}.yaml").write_text(text, "utf-8")

        class Repository:
            """What a datasource gets of a Git repository."""

            provided_contents = [CONTENT]
            filesystem_path = str(folder)

        lines = []

        class Result:
            """What a datasource logs to: its own database, which tests leave alone."""

            @staticmethod
            def log(message, *, level_choice, grouping):
                """Keep a line."""
                lines.append((level_choice, grouping, message))

        refresh_mail_layouts(Repository(), Result())
        return lines

    def test_layouts_become_drafts_and_mistakes_are_in_the_log(self):
        import tempfile  # pylint: disable=import-outside-toplevel  # only here
        from pathlib import Path  # pylint: disable=import-outside-toplevel  # only here

        layout = self.layout()
        text = as_yaml([layout])
        with tempfile.TemporaryDirectory() as folder:
            lines = self.refresh(Path(folder), isp=text, wrong="- provider: ISP\n  name: Wrong\n")
            self.assertEqual(
                lines,
                [
                    ("info", "mail layouts", "isp.yaml: 0 added, 0 changed, 1 unchanged."),
                    ("error", "mail layouts", 'wrong.yaml: Layout 1 (Wrong): "applies_to" is not an object.'),
                ],
            )
            layout.refresh_from_db()
            self.assertEqual(layout.state, "live")

            layout.delete()
            self.refresh(Path(folder))
        self.assertEqual([(each.name, each.state) for each in MailLayout.objects.all()], [("Notices", "draft")])

    def test_nautobot_offers_it(self):
        from nautobot.extras.registry import registry  # pylint: disable=import-outside-toplevel  # needs apps

        contents = [each.content_identifier for each in registry["datasource_contents"]["extras.gitrepository"]]
        self.assertIn(CONTENT, contents)
