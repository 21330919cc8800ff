"""Linking a circuit ID to a circuit: it becomes an alias, and all impacts of the provider with this ID are linked."""

from django.contrib.messages import get_messages
from django.core.exceptions import ValidationError
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from nautobot.apps.testing import TestCase
from nautobot.circuits.models import Circuit, Provider
from nautobot.users.models import Token

from nautobot_circuit_maintenance.choices import MatchedByChoices as MatchedBy
from nautobot_circuit_maintenance.domain.custom_fields import ALIASES
from nautobot_circuit_maintenance.models import CircuitImpact, CircuitMaintenance, CircuitMatcher
from nautobot_circuit_maintenance.models.linking import link_circuit_id
from nautobot_circuit_maintenance.models.providers import circuit_aliases
from nautobot_circuit_maintenance.tests.factories import app, core
from nautobot_circuit_maintenance.tests.page_case import PageTestCase, url_of
from nautobot_circuit_maintenance.tests.test_api_content import ApiTestCase
from nautobot_circuit_maintenance.ui import formatting


def aliases(circuit: Circuit) -> tuple[str, ...]:
    """Return the aliases of a circuit as the database has them."""
    return circuit_aliases(Circuit.objects.get(pk=circuit.pk))


class Announced(TestCase):
    """A provider that announces an ID which is not in Nautobot."""

    def setUp(self):
        super().setUp()
        self.provider, self.other = core.create_provider("ISP"), core.create_provider("Other")
        self.circuit = core.create_circuit(self.provider, "C-1")
        self.impacts = [
            app.create_impact(app.create_maintenance(name, self.provider), "WAVE 77") for name in ("M-1", "M-2", "M-3")
        ]

    def linked(self) -> list[str]:
        """Return the maintenances whose impact is linked to the circuit, with how it was found."""
        rows = CircuitImpact.objects.filter(circuit=self.circuit).order_by("maintenance__name")
        return [f"{row.maintenance.name} {row.matched_by}" for row in rows]


class LinkTest(Announced):
    """Two providers that announce the same ID."""

    def test_all_impacts_with_the_id_are_linked_those_to_come_too(self):
        link_circuit_id(self.impacts[0], self.circuit)

        self.assertEqual(self.linked(), [f"M-{number} {MatchedBy.ALIAS}" for number in (1, 2, 3)])
        self.assertEqual(aliases(self.circuit), ("WAVE 77",))
        wanted = (self.provider.pk, "WAVE 77")
        self.assertEqual(CircuitMatcher().match([wanted])[wanted], (self.circuit.pk, MatchedBy.ALIAS))

    def test_known_aliases_are_kept(self):
        self.circuit.cf[ALIASES.key] = "OLD-1, OLD-2"
        self.circuit.validated_save()

        link_circuit_id(self.impacts[0], self.circuit)

        self.assertEqual(aliases(self.circuit), ("OLD-1", "OLD-2", "WAVE 77"))

    def test_an_impact_whose_link_a_person_removed_is_linked_by_this_person(self):
        CircuitImpact.objects.filter(pk=self.impacts[1].pk).update(matched_by=MatchedBy.MANUAL)

        link_circuit_id(self.impacts[1], self.circuit)

        self.assertEqual(len(self.linked()), 3)

    def test_an_impact_of_a_third_circuit_stays_there(self):
        """Who may change this circuit may not be allowed to change that one."""
        third = core.create_circuit(self.provider, "C-3")
        CircuitImpact.objects.filter(pk=self.impacts[1].pk).update(circuit=third, matched_by=MatchedBy.PORT)

        link_circuit_id(CircuitImpact.objects.get(pk=self.impacts[0].pk), self.circuit)

        self.assertEqual(self.linked(), [f"M-1 {MatchedBy.ALIAS}", f"M-3 {MatchedBy.ALIAS}"])
        self.assertEqual(CircuitImpact.objects.get(pk=self.impacts[1].pk).circuit, third)

    def test_an_impact_that_someone_links_in_the_meantime_is_not_taken_from_there(self):
        third = core.create_circuit(self.provider, "C-3")
        seen = CircuitImpact.objects.get(pk=self.impacts[0].pk)
        CircuitImpact.objects.filter(pk=seen.pk).update(circuit=third, matched_by=MatchedBy.MANUAL)

        with self.assertRaisesMessage(ValidationError, "in the meantime"):
            link_circuit_id(seen, self.circuit)

        self.assertEqual((self.linked(), aliases(self.circuit)), ([], ()))

    def test_impacts_of_another_provider_are_left_alone(self):
        theirs = app.create_impact(app.create_maintenance("M-9", self.other), "WAVE 77")

        link_circuit_id(self.impacts[0], self.circuit)

        theirs.refresh_from_db()
        self.assertIsNone(theirs.circuit)
        with self.assertRaisesMessage(ValidationError, "belongs to a different provider"):
            link_circuit_id(theirs, self.circuit)

    def test_an_id_that_means_another_circuit_is_refused(self):
        core.create_circuit(self.provider, "WAVE 77")
        CircuitImpact.objects.update(circuit=None)

        with self.assertRaisesMessage(ValidationError, "already means"):
            link_circuit_id(self.impacts[0], self.circuit)

        self.assertEqual((self.linked(), aliases(self.circuit)), ([], ()))

    def test_an_id_with_a_comma_is_refused(self):
        impact = app.create_impact(self.impacts[0].maintenance, "A-1, A-2")

        with self.assertRaisesMessage(ValidationError, "comma"):
            link_circuit_id(impact, self.circuit)

        self.assertEqual(aliases(self.circuit), ())


class UnlinkTest(Announced):
    """A link by an alias is taken back where it was made."""

    def setUp(self):
        super().setUp()
        self.right = core.create_circuit(self.provider, "C-2")
        link_circuit_id(self.impacts[0], self.circuit)
        self.circuit.refresh_from_db()

    def set_aliases(self, text: str) -> None:
        """Save the field as its form does."""
        self.circuit.cf[ALIASES.key] = text
        self.circuit.validated_save()

    def links(self) -> set[tuple[str | None, str]]:
        """Return the circuits of the impacts of this ID, with how they were found."""
        return set(CircuitImpact.objects.filter(cid="WAVE 77").values_list("circuit__cid", "matched_by"))

    def test_removing_the_alias_unlinks_what_it_linked(self):
        app.create_impact(app.create_maintenance("M-4", self.provider), "wave-77")
        self.assertEqual(self.linked()[3:], [f"M-4 {MatchedBy.SEPARATORS}"])
        before = CircuitMaintenance.objects.get(name="M-1").revision

        self.set_aliases("OTHER")

        self.assertEqual(self.linked(), [])
        self.assertEqual(self.links(), {(None, "")})
        self.assertGreater(CircuitMaintenance.objects.get(name="M-1").revision, before)
        self.set_aliases("WAVE 77")
        self.assertEqual(len(self.linked()), 4)

    def test_what_another_id_of_the_circuit_means_stays(self):
        self.set_aliases("WAVE  77, X")
        self.assertEqual(len(self.linked()), 3)
        self.circuit.cid = "wave/77"
        self.circuit.validated_save()

        self.set_aliases("X")

        self.assertEqual(self.links(), {("wave/77", MatchedBy.SEPARATORS)})

    def test_what_a_person_selected_or_the_id_itself_links_stays(self):
        self.impacts[0].refresh_from_db()
        CircuitImpact.objects.filter(pk=self.impacts[0].pk).update(matched_by=MatchedBy.MANUAL)
        own = app.create_impact(self.impacts[0].maintenance, "C-1")

        self.set_aliases("")

        self.assertCountEqual(self.linked(), [f"M-1 {MatchedBy.EXACT}", f"M-1 {MatchedBy.MANUAL}"])
        self.assertEqual(CircuitImpact.objects.get(pk=own.pk).circuit, self.circuit)

    def test_an_id_that_comes_to_mean_another_circuit_is_linked_to_that(self):
        core.create_circuit(self.provider, "wave/77")

        self.set_aliases("")

        self.assertEqual(self.links(), {("wave/77", MatchedBy.SEPARATORS)})

    def test_a_circuit_that_loses_no_alias_costs_one_statement_more(self):
        self.set_aliases("WAVE 77, X")
        with CaptureQueriesContext(connection) as queries:
            self.circuit.save()

        about = [each["sql"] for each in queries if "circuitimpact" in each["sql"]]
        self.assertEqual(len(about), 1, about)  # what is unmatched
        with CaptureQueriesContext(connection) as fewer:
            self.circuit.save(update_fields=["description"])
        self.assertEqual(len(queries) - len(fewer), 1)  # the aliases as they are stored

    def test_an_old_copy_that_saves_other_fields_unlinks_nothing(self):
        old = Circuit.objects.get(pk=self.circuit.pk)
        old.cf[ALIASES.key] = ""

        old.save(update_fields=["description"])

        self.assertEqual((aliases(self.circuit), len(self.linked())), (("WAVE 77",), 3))

    def test_linking_to_another_circuit_moves_the_alias(self):
        chosen = CircuitImpact.objects.get(pk=self.impacts[2].pk)
        chosen.circuit = core.create_circuit(self.provider, "C-3")
        chosen.save()

        link_circuit_id(CircuitImpact.objects.get(pk=self.impacts[0].pk), self.right)

        self.assertEqual((aliases(self.circuit), aliases(self.right)), ((), ("WAVE 77",)))
        self.assertEqual(self.links(), {("C-2", MatchedBy.ALIAS), ("C-3", MatchedBy.MANUAL)})
        link_circuit_id(chosen, self.right)
        self.assertEqual(self.links(), {("C-2", MatchedBy.ALIAS)})

    def test_an_id_that_is_the_circuits_own_is_not_moved(self):
        own = app.create_impact(self.impacts[0].maintenance, "C-1")

        with self.assertRaisesMessage(ValidationError, "already means"):
            link_circuit_id(own, self.right)

        self.assertEqual((aliases(self.circuit), aliases(self.right)), (("WAVE 77",), ()))

    def test_a_refusal_leaves_the_alias_where_it_was(self):
        core.create_circuit(self.provider, "WAVE/77")
        theirs = core.create_circuit(self.other, "C-9")

        with self.assertRaises(ValidationError):
            link_circuit_id(CircuitImpact.objects.get(pk=self.impacts[0].pk), theirs)

        self.assertEqual(aliases(self.circuit), ("WAVE 77",))


class LinkPageTest(PageTestCase):
    """The form."""

    def setUp(self):
        super().setUp()
        self.impact = CircuitImpact.objects.get(cid="UNKNOWN-1")
        self.circuit = Circuit.objects.get(cid="C-1")

    def post(self, **data):
        """Send the form, and once more if it asks."""
        url, data = url_of("circuitimpact_link", self.impact), {"circuit": self.circuit.pk, **data}
        response = self.client.post(url, data)
        asked = response.context["form"].data.get("confirmed") if response.status_code == 200 else ""
        return self.client.post(url, {**data, "confirmed": asked}) if asked else response

    def test_the_form_links_the_id_and_comes_back(self):
        self.permit("view_circuitimpact", "change_circuitimpact")
        self.add_permissions("circuits.view_circuit", "circuits.change_circuit")
        self.assertIn("UNKNOWN-1", self.page("circuitimpact_link", self.impact))
        self.assertIn(url_of("circuitimpact_link", self.impact), self.page("circuitimpact", self.impact))

        self.assertRedirects(self.post(return_url=url_of("circuitimpact_list")), url_of("circuitimpact_list"))

        self.assertEqual(aliases(self.circuit), ("UNKNOWN-1",))
        self.assertIn("Link to Another Circuit", self.page("circuitimpact", self.impact))

    def test_a_linked_impact_is_moved_by_who_may_change_both_circuits(self):
        self.become_superuser()
        self.post()
        self.circuit = core.create_circuit(self.circuit.provider, "C-7")
        self.user.is_superuser = False
        self.user.save()
        self.permit("view_circuitimpact", "change_circuitimpact")
        self.add_permissions("circuits.view_circuit", "circuits.change_circuit", constraints={"cid": "C-7"})
        self.assertNotIn(url_of("circuitimpact_link", self.impact), self.page("circuitimpact", self.impact))
        self.assertHttpStatus(self.post(), 403)
        self.assertEqual(aliases(self.circuit), ())
        self.user.object_permissions.update(constraints=None)
        self.assertIn("Link to Another Circuit", self.page("circuitimpact", self.impact))

        self.assertHttpStatus(self.post(), 302)

        self.assertEqual(aliases(self.circuit), ("UNKNOWN-1",))
        self.assertEqual(aliases(Circuit.objects.get(cid="C-1")), ())

    def test_it_asks_once_if_the_maintenance_names_the_circuit_itself(self):
        self.become_superuser()
        url, data = url_of("circuitimpact_link", self.impact), {"circuit": self.circuit.pk}

        asking = self.client.post(url, data)

        self.assertContains(asking, "names circuit C-1 itself, as C-1, so UNKNOWN-1 may be another. Click Link again")
        self.assertEqual(aliases(self.circuit), ())
        other = core.create_circuit(self.circuit.provider, "C-7")
        confirmed = asking.context["form"].data["confirmed"]
        self.assertHttpStatus(self.client.post(url, {**data, "confirmed": confirmed}), 302)
        self.assertEqual(aliases(self.circuit), ("UNKNOWN-1",))
        self.assertHttpStatus(self.client.post(url, {"circuit": other.pk}), 302)
        self.assertEqual(aliases(other), ("UNKNOWN-1",))

    def test_it_asks_without_the_name_of_a_maintenance_that_the_user_may_not_view(self):
        self.permit("view_circuitimpact", "change_circuitimpact")
        self.add_permissions("circuits.view_circuit", "circuits.change_circuit")
        url, data = url_of("circuitimpact_link", self.impact), {"circuit": self.circuit.pk}

        asking = self.client.post(url, data)

        self.assertContains(asking, "The maintenance names circuit C-1 itself, as C-1, so UNKNOWN-1 may be another.")
        self.assertNotContains(asking, self.impact.maintenance.name)
        self.permit("view_circuitmaintenance")
        self.assertContains(
            self.client.post(url, data), f"Maintenance {self.impact.maintenance.name} names circuit C-1"
        )

    def test_a_circuit_that_the_maintenance_does_not_name_is_linked_at_once(self):
        self.become_superuser()
        other = core.create_circuit(self.circuit.provider, "C-7")

        response = self.client.post(url_of("circuitimpact_link", self.impact), {"circuit": other.pk})

        self.assertHttpStatus(response, 302)
        self.assertIn(other.get_absolute_url(), str(list(get_messages(response.wsgi_request))[0]))

    def fill(self):
        """Write an email about the maintenance, and give the circuit a site; return both."""
        raw = (
            b"From: noc@isp.example\nSubject: Work\nContent-Type: text/plain\n\n"
            b"First line, unknown-10\nSecond line\nThird <b>line</b>\nCircuit: unknown-1 (Oslo)\n\n \nFifth\nSixth\nSeventh\n"
        )
        email = app.create_notification(self.circuit.provider, raw=raw, subject="About UNKNOWN")
        app.create_parsed(email, self.impact.maintenance)
        [site] = core.create_locations("Bispevika")
        return email, core.create_circuit(self.circuit.provider, "UNKNOWN-2", location=site)

    def test_it_shows_windows_email_and_similar_circuits_with_their_sites(self):
        self.become_superuser()
        email, similar = self.fill()

        page = self.page("circuitimpact_link", self.impact)

        lines = "Second line\nThird &lt;b&gt;line&lt;/b&gt;\nCircuit: <mark>unknown-1</mark> (Oslo)\nFifth\nSixth"
        self.assertIn(lines, page)
        self.assertNotIn("First line", page)
        self.assertNotIn("Seventh", page)
        self.assertIn(email.get_absolute_url(), page)
        self.assertIn(self.impact.maintenance.get_absolute_url(), page)
        window = self.impact.maintenance.windows.first()
        self.assertIn(formatting.window(window.start_time, window.end_time), page)
        self.assertLess(page.index(">UNKNOWN-2</a> (Bispevika)"), page.index(">C-1</a>"))
        self.assertIn(f"?circuit={similar.pk}", page)
        chosen = self.client.get(f"{url_of('circuitimpact_link', self.impact)}?circuit={similar.pk}")
        select = chosen.content.decode().partition('name="circuit"')[2].partition("</select>")[0]
        self.assertRegex(select, f'value="{similar.pk}"\\s+selected')
        strange = self.client.get(f"{url_of('circuitimpact_link', self.impact)}?circuit=x")
        self.assertHttpStatus(strange, 200)

    def test_what_the_user_may_not_view_is_left_out(self):
        self.fill()
        core.create_circuit(self.circuit.provider, "HIDDEN-1")
        self.permit("view_circuitimpact", constraints={"cid": "UNKNOWN-1"})
        self.permit("change_circuitimpact")
        self.add_permissions("circuits.view_circuit", constraints={"cid": "UNKNOWN-2"})
        self.add_permissions("circuits.change_circuit")

        page = self.page("circuitimpact_link", self.impact)

        self.assertIn(">UNKNOWN-2</a>", page)
        for hidden in (">C-1<", "HIDDEN-1", "Bispevika", "About UNKNOWN", "Third", "<mark>"):
            self.assertNotIn(hidden, page)
        self.assertNotIn(self.impact.maintenance.get_absolute_url(), page)
        answer = self.client.post(url_of("circuitimpact_link", self.impact), {"circuit": self.circuit.pk})
        self.assertContains(answer, "not one of the available choices")

    def test_the_page_takes_as_many_queries_for_many_emails_and_circuits(self):
        self.become_superuser()
        self.fill()
        counts = []
        for start in (0, 9):
            self.page("circuitimpact_link", self.impact)
            with CaptureQueriesContext(connection) as queries:
                self.page("circuitimpact_link", self.impact)
            counts.append(len(queries))
            for number in range(start, start + 9):
                email = app.create_notification(self.circuit.provider)
                app.create_parsed(email, self.impact.maintenance)
                core.create_circuit(self.circuit.provider, f"MORE-{number}")
        # The raw bytes are read one email after the other, of three at most.
        self.assertLessEqual(counts[1] - counts[0], 2, counts)

    def test_a_refusal_is_explained_in_the_form(self):
        self.become_superuser()
        self.circuit = core.create_circuit(Provider.objects.get(name="ISP 2"), "C-9")

        self.assertIn("belongs to a different provider", self.post().content.decode())

    def test_it_needs_the_permissions_to_change_impact_and_circuit(self):
        self.permit("view_circuitimpact")
        self.add_permissions("circuits.view_circuit", "circuits.change_circuit")
        self.assertHttpStatus(self.post(), 403)
        self.assertNotIn(url_of("circuitimpact_link", self.impact), self.page("circuitimpact", self.impact))
        self.user.object_permissions.all().delete()
        self.permit("view_circuitimpact", "change_circuitimpact")
        self.add_permissions("circuits.view_circuit")
        self.assertHttpStatus(self.post(), 200)

        self.assertEqual(aliases(self.circuit), ())


class LinkApiTest(ApiTestCase):
    """POST circuitimpact/<id>/link/."""

    def test_it_answers_with_the_linked_impact(self):
        circuit, impact = Circuit.objects.get(cid="C-1"), CircuitImpact.objects.get(cid="UNKNOWN-1")
        url, body = self.url("circuitimpact-link", pk=impact.pk), {"circuit": str(circuit.pk)}
        self.assertHttpStatus(self.client.post(url, body, format="json", **self.header), 403)
        self.permit("change_circuitimpact")
        self.assertHttpStatus(self.client.post(url, body, format="json", **self.header), 400)
        self.assertEqual(aliases(circuit), ())
        self.add_permissions("circuits.change_circuit")

        response = self.client.post(url, body, format="json", **self.header)

        self.assertHttpStatus(response, 200)
        self.assertEqual((response.json()["circuit"]["id"], response.json()["matched_by"]), (str(circuit.pk), "alias"))

    def test_a_linked_impact_is_moved_by_who_may_change_both_circuits(self):
        before, impact = Circuit.objects.get(cid="C-1"), CircuitImpact.objects.get(cid="UNKNOWN-1")
        link_circuit_id(impact, before)
        right = core.create_circuit(before.provider, "C-7")
        url, body = self.url("circuitimpact-link", pk=impact.pk), {"circuit": str(right.pk)}
        self.permit("change_circuitimpact")
        self.add_permissions("circuits.change_circuit", constraints={"cid": "C-7"})

        response = self.client.post(url, body, format="json", **self.header)

        self.assertContains(response, "You may not change the circuit", status_code=400)
        self.assertEqual((aliases(before), aliases(right)), (("UNKNOWN-1",), ()))
        self.user.object_permissions.update(constraints=None)
        self.assertHttpStatus(self.client.post(url, body, format="json", **self.header), 200)
        self.assertEqual((aliases(before), aliases(right)), ((), ("UNKNOWN-1",)))


class LinkOnSaveTest(PageTestCase):
    """An ID that Nautobot knows, entered by a person or a script."""

    def setUp(self):
        super().setUp()
        self.become_superuser()
        self.maintenance = app.create_maintenance("NEW", Provider.objects.get(name="ISP 1"))
        self.circuit = Circuit.objects.get(cid="C-1")

    def assert_linked(self, cid: str, how: str = MatchedBy.CASE):
        """Check the impact, and remove it."""
        impact = self.maintenance.impacts.get(cid=cid)
        self.assertEqual((impact.circuit, impact.matched_by), (self.circuit, how))
        impact.delete()

    def test_form_rest_import_and_scripts_link_it_alike(self):
        known = {"maintenance": str(self.maintenance.pk), "impact": "OUTAGE"}
        self.client.post(url_of("circuitimpact_add"), {**known, "cid": "c-1"})
        self.assert_linked("c-1")

        rest = reverse("plugins-api:nautobot_circuit_maintenance-api:circuitimpact-list")
        token = Token.objects.create(user=self.user)
        headers = {"HTTP_AUTHORIZATION": f"Token {token.key}"}
        self.client.post(rest, {**known, "cid": "c-1"}, content_type="application/json", **headers)
        self.assert_linked("c-1")

        rows = f"maintenance,cid,impact\n{self.maintenance.pk},c-1,OUTAGE\n"
        self.client.post(rest, rows, content_type="text/csv", **headers)
        self.assert_linked("c-1")

        CircuitImpact.objects.create(maintenance=self.maintenance, cid="C-1")
        self.assert_linked("C-1", MatchedBy.EXACT)

    def test_a_changed_id_is_linked_and_a_removed_link_stays_removed(self):
        impact = app.create_impact(self.maintenance, "X")
        impact.cid = "C-1"
        impact.save()
        self.assertEqual(impact.circuit, self.circuit)

        impact.circuit = None
        impact.save()
        CircuitImpact.objects.get(pk=impact.pk).save()

        self.assertEqual(CircuitImpact.objects.get(pk=impact.pk).circuit, None)

    def test_circuits_of_other_providers_are_neither_linked_nor_offered(self):
        self.assertIsNone(app.create_impact(self.maintenance, "C-2").circuit)
        url = reverse("circuits-api:circuit-list")
        offered = self.client.get(url, {"nautobot_circuit_maintenance_of_provider": str(self.maintenance.pk)}).json()
        self.assertEqual([row["cid"] for row in offered["results"]], ["C-1"])
        page = self.page("circuitimpact_add")
        self.assertIn("nautobot_circuit_maintenance_of_provider", page)
        without = app.create_maintenance("WITHOUT")
        offered = self.client.get(url, {"nautobot_circuit_maintenance_of_provider": str(without.pk)}).json()
        self.assertEqual(offered["count"], 3)
