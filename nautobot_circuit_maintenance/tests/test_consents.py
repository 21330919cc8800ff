"""Consent of the owner of a Gmail account: to Google and back, kept encrypted, revoked."""

import json
from datetime import timedelta
from unittest import TestCase as PlainTestCase, mock
from urllib.parse import parse_qs, urlsplit

import httplib2
from cryptography.hazmat.primitives.asymmetric import rsa
from django.conf import settings as django_settings
from django.core import serializers
from django.test import override_settings
from django.urls import reverse
from django.utils import timezone
from nautobot.extras.models import ObjectChange

from nautobot_circuit_maintenance import models
from nautobot_circuit_maintenance.app_settings import get_app_settings, parse
from nautobot_circuit_maintenance.domain.errors import MailboxError
from nautobot_circuit_maintenance.mailboxes.gmail.mailbox import GmailMailbox
from nautobot_circuit_maintenance.stored_consents import read_consent, store_consent
from nautobot_circuit_maintenance.tests.mailboxes.contract import ContractCase, days_ago, mail, subjects
from nautobot_circuit_maintenance.tests.mailboxes.gmail_server import GmailAccount, Refusal, gmail_server
from nautobot_circuit_maintenance.tests.page_case import PageTestCase, url_of
from nautobot_circuit_maintenance.tests.test_sources_pages import configured

KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
ACCOUNT = "noc@example.net"
REDIRECT = "https://nautobot.example/plugins/circuit-maintenance/consent/"
CALLBACK = reverse("plugins:nautobot_circuit_maintenance:consent")


class ConsentCase(PageTestCase):
    """A source that is read by consent, and a login server on loopback."""

    def setUp(self):
        super().setUp()
        self.become_superuser()
        self.source = models.NotificationSource.objects.get(name="Source 1")
        self.account = self.enterContext(gmail_server(GmailAccount(ACCOUNT, KEY, redirect_uri=REDIRECT)))
        self.configure()

    def configure(self, **changes):
        """Configure the source."""
        client_id, client_secret = self.account.client
        entry = {"url": "https://accounts.google.com", "account": ACCOUNT, "client_id": client_id}
        client = {"client_secret": client_secret, "redirect_uri": REDIRECT, "login_url": self.account.url}
        configured(self, **{**entry, **client, **changes})

    def begin(self) -> dict[str, str]:
        """Click Authorize, and return what Google is asked for."""
        answer = self.client.post(url_of("notificationsource_authorize", self.source))
        self.assertEqual(answer.status_code, 302)
        self.asked_url = answer.url
        return {name: values[0] for name, values in parse_qs(urlsplit(answer.url).query).items()}

    def come_back(self, asked: dict[str, str], **changes) -> str:
        """Come back from Google, where the owner has agreed; return the messages of the next page."""
        code = f"4/0A{len(self.account.codes)}-code-of-google"
        self.account.codes[code] = asked["code_challenge"]
        answer = self.client.get(CALLBACK, {"state": asked["state"], "code": code, **changes}, follow=True)
        return " ".join(str(each) for each in answer.context["messages"])

    def stored(self) -> str:
        """Return the refresh token that is kept."""
        return read_consent(self.source.name, ACCOUNT)


class FlowTest(ConsentCase):
    """From the button to the stored token."""

    def test_what_google_is_asked_for(self):
        asked = self.begin()

        self.assertTrue(self.asked_url.startswith(f"{self.account.url}/o/oauth2/v2/auth?"))
        self.assertEqual(asked["redirect_uri"], REDIRECT)
        self.assertEqual(asked["scope"], "https://www.googleapis.com/auth/gmail.readonly")
        self.assertEqual(
            (asked["access_type"], asked["prompt"], asked["response_type"]), ("offline", "consent", "code")
        )
        self.assertEqual((asked["code_challenge_method"], asked["login_hint"]), ("S256", ACCOUNT))
        self.assertNotIn(self.account.client[1], self.asked_url)

    def test_the_consent_is_stored_and_the_mailbox_read(self):
        answer = self.come_back(self.begin())

        self.assertIn("may read the mailbox", answer)
        self.assertIn(self.stored(), self.account.refresh_tokens)
        self.assertIn("Revoke", self.page("notificationsource", self.source))
        self.account.tokens.clear()  # That of the exchange is not used.
        settings = get_app_settings().source("Source 1")
        settings.read_secrets()
        self.account.deliver(mail("1"), days_ago(0), "INBOX")
        here = type("Here", (GmailMailbox,), {"api_endpoint": self.account.url})
        with here.open(settings, max_message_size=10**6) as mailbox:
            self.assertEqual(subjects(mailbox.fetch(ContractCase.request(self))), ["1"])
        token = next(iter(self.account.tokens))
        self.assertEqual(settings.redact(f"{token} {self.stored()}"), "*** ***")

    def test_an_answer_counts_once_and_only_for_the_request_that_is_open(self):
        asked = self.begin()
        for state in ("", "x", asked["state"][:-1] + "é"):
            with self.subTest(state):
                self.assertIn("does not belong", self.come_back(asked, state=state))
                self.assertEqual(self.stored(), "")
        asked = self.begin()
        self.come_back(asked)
        self.assertIn("does not belong", self.come_back(asked))

    def test_an_answer_that_comes_too_late(self):
        asked = self.begin()
        session = self.client.session
        begun = session["nautobot_circuit_maintenance.consent"]
        late = (timezone.now() - timedelta(minutes=11)).isoformat()
        session["nautobot_circuit_maintenance.consent"] = {**begun, "at": late}
        session.save()

        self.assertIn("ten minutes", self.come_back(asked))
        self.assertEqual(self.stored(), "")

    def test_what_can_go_wrong_at_google(self):
        for change, words in (
            ({"granted": "openid"}, "CONSENT-03: .*leave the box"),
            ({"gives_refresh_token": False}, "CONSENT-04: .*myaccount.google.com"),
            ({"redirect_uri": "https://else.example/"}, "CONSENT-09: .*invalid_grant"),
            (
                {"client": ("client.apps.googleusercontent.com", "other")},
                r"CONSENT-09: .*Unauthorized \*\*\*.*'client_secret'",
            ),
            ({"token_refusal": Refusal(503, b"<html>busy</html>")}, "CONSENT-08"),
            (
                {
                    "token_refusal": Refusal(
                        400, {"error": "invalid_grant", "error_description": "Malformed auth code."}
                    )
                },
                "CONSENT-09: .*invalid_grant Malformed auth code.*code was used or has expired",
            ),
            (
                {"token_refusal": Refusal(400, {"error": "redirect_uri_mismatch"})},
                f"CONSENT-09: .*Authorized redirect URIs.*{REDIRECT}",
            ),
            ({"token_refusal": Refusal(403, {"error": "org_internal"})}, "CONSENT-09: .*org_internal.*Internal"),
            ({"token_refusal": Refusal(400, {"error": "something_new"})}, "CONSENT-09: .*something_new"),
            ({"token_refusal": Refusal(500, {"error": "internal_failure"})}, "CONSENT-06: .*temporary"),
            ({"token_refusal": Refusal(400, {"error": "temporarily_unavailable"})}, "CONSENT-06: .*temporary"),
            ({"token_refusal": Refusal(400, {"error": {"code": 400}})}, "CONSENT-09"),
            ({"token_refusal": Refusal(400, b"[" * 100_000)}, "CONSENT-08"),
        ):
            with self.subTest(words):
                before = {name: getattr(self.account, name) for name in change}
                asked = self.begin()
                for name, value in change.items():
                    setattr(self.account, name, value)
                answer = self.come_back(asked)
                self.assertRegex(answer, words)
                self.assertNotIn("client/secret", answer)
                self.assertNotIn("code-of-google", answer)
                self.assertEqual(self.stored(), "")
                for name, value in before.items():
                    setattr(self.account, name, value)

    def test_an_owner_who_refuses(self):
        for error, shown in (
            ("access_denied", "(access_denied)"),
            ("admin_policy_enforced", "(admin_policy_enforced)"),
            ("<b>Call 555", "(access_denied)"),
        ):
            asked = self.begin()
            answer = self.client.get(CALLBACK, {"state": asked["state"], "error": error}, follow=True)

            self.assertIn(shown, " ".join(map(str, answer.context["messages"])))
            self.assertEqual(self.stored(), "")

    def test_a_source_that_is_removed_or_renamed_while_the_owner_consents(self):
        """The consent is of no use to anyone: it ends at Google as well."""
        sources = models.NotificationSource.objects.filter(pk=self.source.pk)
        for change in (lambda: sources.update(name="Other"), sources.delete):
            asked = self.begin()
            ask = httplib2.Http.request

            def request(http, uri, *args, change=change, ask=ask, **kwargs):
                answer = ask(http, uri, *args, **kwargs)
                change()
                return answer

            with mock.patch.object(httplib2.Http, "request", request):
                answer = self.come_back(asked)

            self.assertIn("was removed or renamed", answer)
            self.assertEqual(self.account.refresh_tokens, set())
            self.assertFalse(models.MailboxConsent.objects.exists())
            sources.update(name="Source 1")

    def test_who_may_not_change_the_source_can_do_nothing(self):
        asked = self.begin()
        self.user.is_superuser = False
        self.user.save()
        self.add_permissions("nautobot_circuit_maintenance.view_notificationsource")

        self.assertEqual(self.client.get(CALLBACK, {"state": asked["state"], "code": "x"}).status_code, 404)
        for name in ("authorize", "revoke"):
            self.assertIn(self.client.post(url_of(f"notificationsource_{name}", self.source)).status_code, (403, 404))
        page = self.page("notificationsource", self.source)
        self.assertNotIn("Authorize", page)

    def test_get_does_not_begin_anything(self):
        for name in ("authorize", "revoke"):
            self.assertEqual(self.client.get(url_of(f"notificationsource_{name}", self.source)).status_code, 405)

    def test_a_source_without_consent_has_no_button(self):
        configured(self, url="imap://mail.example")

        self.assertNotIn("Authorize", self.page("notificationsource", self.source))
        self.client.post(url_of("notificationsource_authorize", self.source))
        self.assertNotIn("nautobot_circuit_maintenance.consent", self.client.session)


class EndTest(ConsentCase):
    """A consent that ends."""

    def setUp(self):
        super().setUp()
        self.come_back(self.begin())

    def refusal(self) -> str:
        """Return the error of opening the mailbox."""
        settings = get_app_settings().source("Source 1")
        settings.read_secrets()
        here = type("Here", (GmailMailbox,), {"api_endpoint": self.account.url, "retries": 0})
        with self.assertRaises(MailboxError) as caught, here.open(settings, max_message_size=10**6):
            self.fail("opened")
        return str(caught.exception)

    def test_revoke_deletes_it_here_and_at_google(self):
        answer = self.client.post(url_of("notificationsource_revoke", self.source), follow=True)

        self.assertIn("deleted and revoked", " ".join(map(str, answer.context["messages"])))
        self.assertEqual((self.stored(), self.account.refresh_tokens), ("", set()))
        self.assertIn("CONSENT-05: The app is not authorized", self.refusal())

    def test_revoke_deletes_it_here_even_if_google_cannot_be_reached(self):
        self.account.token_refusal = Refusal(503, b"busy")

        answer = self.client.post(url_of("notificationsource_revoke", self.source), follow=True)

        self.assertIn("not at Google", " ".join(map(str, answer.context["messages"])))
        self.assertEqual(self.stored(), "")

    def test_each_way_in_which_it_ends_has_its_words(self):
        for error, words in (
            (
                {"error": "invalid_grant", "error_description": "Token has been expired or revoked."},
                "password.*seven days",
            ),
            (
                {"error": "invalid_grant", "error_subtype": "invalid_rapt", "error_description": "reauth"},
                "session control",
            ),
            ({"error": "deleted_client"}, "create a new one"),
            ({"error": "invalid_client"}, "'client_id' and 'client_secret'"),
            ({"error": "admin_policy_enforced"}, "API controls"),
            ({"error": "something_new"}, "see Google's answer"),
        ):
            with self.subTest(error):
                self.account.token_refusal = Refusal(400, error)
                self.assertRegex(self.refusal(), f"CONSENT-07: .*{words}.*click Authorize")

    def test_a_login_server_that_fails_has_not_ended_it(self):
        for refusal in (
            Refusal(503, b"<html>busy</html>"),
            Refusal(500, {"error": "internal_failure"}),
            Refusal(429, {"error": "rate_limit_exceeded"}),
            Refusal(403, b"<html>proxy</html>"),
        ):
            with self.subTest(refusal.body):
                self.account.token_refusal = refusal
                self.assertRegex(self.refusal(), "CONSENT-06: .*temporary")

    def test_a_changed_account_and_a_row_that_was_copied(self):
        self.configure(account="else@example.net")
        with self.assertRaisesRegex(MailboxError, f"CONSENT-02: .*for account '{ACCOUNT}'"):
            get_app_settings().source("Source 1").read_secrets()

        other = models.NotificationSource.objects.get(name="Source 2")
        row = models.MailboxConsent.objects.get()
        models.MailboxConsent.objects.create(source=other, token=row.token)
        with self.assertRaisesRegex(MailboxError, "CONSENT-02"):
            read_consent("Source 2", ACCOUNT)


class AtRestTest(ConsentCase):
    """What the database has."""

    def setUp(self):
        super().setUp()
        store_consent(self.source, ACCOUNT, "1//refresh-token")

    def test_the_token_is_encrypted_and_in_no_record(self):
        row = models.MailboxConsent.objects.get()
        everything = json.dumps(list(ObjectChange.objects.values("object_data", "object_data_v2")), default=str)

        self.assertNotIn("refresh-token", row.token)
        self.assertNotIn(row.token, everything)
        self.assertNotIn("refresh-token", serializers.serialize("json", [row]))
        self.assertFalse(hasattr(models.MailboxConsent, "to_objectchange"))

    def test_a_new_secret_key(self):
        before = models.MailboxConsent.objects.get().token
        with override_settings(SECRET_KEY="another key of fifty characters or more, as Django wants"):
            with self.assertRaisesRegex(MailboxError, "CONSENT-01: .*SECRET_KEY was changed"):
                self.stored()
        old = django_settings.SECRET_KEY
        with override_settings(
            SECRET_KEY="another key of fifty characters or more, as Django wants", SECRET_KEY_FALLBACKS=[old]
        ):
            self.assertEqual(self.stored(), "1//refresh-token")
        self.assertNotEqual(models.MailboxConsent.objects.get().token, before)
        with override_settings(SECRET_KEY="another key of fifty characters or more, as Django wants"):
            self.assertEqual(self.stored(), "1//refresh-token")

    def test_no_page_and_no_api_has_it(self):
        token = models.MailboxConsent.objects.get().token
        rest = reverse("plugins-api:nautobot_circuit_maintenance-api:notificationsource-detail", args=[self.source.pk])
        shown = self.page("notificationsource", self.source) + self.client.get(rest, {"depth": 1}).content.decode()

        self.assertNotIn(token, shown)
        self.assertNotIn("refresh-token", shown)

    def test_it_goes_with_its_source(self):
        self.source.delete()

        self.assertFalse(models.MailboxConsent.objects.exists())


class SettingsTest(PlainTestCase):
    """A client needs its secret and the address that Google sends browsers back to."""

    def test_required_keys(self):
        entry = {"name": "G", "url": "https://accounts.google.com", "account": ACCOUNT, "client_id": "c"}
        whole = {**entry, "client_secret": "s", "redirect_uri": REDIRECT}
        self.assertEqual(parse({"notification_sources": [whole]}).problems, ())
        for key in ("account", "client_secret", "redirect_uri"):
            [problem] = parse({"notification_sources": [{k: v for k, v in whole.items() if k != key}]}).problems
            self.assertIn(f"'{key}'", problem.message)
