"""Secrets from Nautobot's secrets groups: read late, for each mailbox that is opened, and never shown."""

import os
from unittest import mock

from django.test import TestCase, override_settings
from django.utils import timezone
from nautobot.extras.choices import SecretsGroupAccessTypeChoices as Access, SecretsGroupSecretTypeChoices as Type
from nautobot.extras.models import Secret, SecretsGroup, SecretsGroupAssociation

from nautobot_circuit_maintenance.app_settings import get_app_settings
from nautobot_circuit_maintenance.domain.errors import MailboxError
from nautobot_circuit_maintenance.mailboxes.kinds import MAILBOX_KINDS
from nautobot_circuit_maintenance.models import NotificationSource
from nautobot_circuit_maintenance.pipeline import run
from nautobot_circuit_maintenance.pipeline.validate import validate
from nautobot_circuit_maintenance.tests.attacks.odd_imap import odd_server, repeating

IMAP = {"name": "Mail", "url": "imap://127.0.0.1", "account": "ops", "tls": False, "secrets_group": "Mail secrets"}
REPEATED = repeating(b"LOGIN", b"%t NO I was told %l")


class SecretsGroupTest(TestCase):
    """A source whose secret is in a group."""

    @classmethod
    def setUpTestData(cls):
        cls.source = NotificationSource.objects.create(name="Mail")
        cls.group = SecretsGroup.objects.create(name="Mail secrets")

    def setUp(self):
        self.enterContext(mock.patch.dict(os.environ))
        self.configure()

    def configure(self, **changes):
        """Configure the source."""
        config = {"notification_sources": [{**IMAP, **changes}]}
        self.enterContext(override_settings(PLUGINS_CONFIG={"nautobot_circuit_maintenance": config}))

    def keep(self, variable: str, *, access=Access.TYPE_GENERIC, secret_type=Type.TYPE_PASSWORD):
        """Put a secret into the group, which is in an environment variable."""
        secret = Secret.objects.create(
            name=f"{access} {variable}", provider="environment-variable", parameters={"variable": variable}
        )
        SecretsGroupAssociation.objects.create(
            secrets_group=self.group, secret=secret, access_type=access, secret_type=secret_type
        )

    def problem(self) -> MailboxError:
        """Return the error of reading the secrets."""
        with self.assertRaises(MailboxError) as caught:
            get_app_settings().source("Mail").read_secrets()
        return caught.exception

    def test_the_settings_are_right_without_the_secret_itself(self):
        with self.assertNumQueries(0):
            settings = get_app_settings()

        self.assertEqual(settings.problems, ())
        self.assertEqual([source.name for source in settings.sources], ["Mail"])

    def test_each_kind_may_have_its_secrets_in_a_group(self):
        for kind in MAILBOX_KINDS.values():
            for key, secret_type in kind.settings.secret_types().items():
                with self.subTest(kind.settings.kind, key=key):
                    self.assertIn(secret_type, Type.values())
                    asked = []
                    read = kind.settings.from_entry(
                        {"name": "Mail", "url": "x"},
                        lambda asked_type, asked=asked: asked.append(asked_type) or "hunter2",
                    )
                    self.assertEqual(asked, [])
                    self.assertEqual(getattr(read, key).value(), "hunter2")
                    self.assertEqual(asked, [secret_type])

    def test_the_value_of_today_is_used_in_each_run(self):
        self.keep("CM_SECRET")
        for value in ("hunter2", "hunter3"):
            os.environ["CM_SECRET"] = value
            settings = get_app_settings().source("Mail")
            settings.read_secrets()
            self.assertEqual(settings.secret.value(), value)

    def test_a_line_break_at_the_end_is_not_part_of_a_secret(self):
        self.keep("CM_SECRET")
        for value in ("hunter2\n", "hunter2\r\n", " hunter 2 \n"):
            os.environ["CM_SECRET"] = value
            self.assertEqual(get_app_settings().source("Mail").secret.value(), value.rstrip("\r\n"))
        self.configure(secret="hunter2\n")
        self.assertEqual(get_app_settings().source("Mail").secret.value(), "hunter2")

    def test_a_secret_of_another_access_type_and_a_group_that_is_deleted_between_two_runs(self):
        os.environ["CM_SECRET"] = "hunter2"
        self.keep("CM_SECRET", access=Access.TYPE_SSH)
        self.assertRegex(str(self.problem()), "MAILBOX-05: .*type Password.*access type Generic")

        self.group.delete()
        self.assertRegex(str(self.problem()), "SECRET-01: .*Existing groups: none")

    def test_http_is_the_second_access_type(self):
        os.environ |= {"CM_HTTP": "from http", "CM_GENERIC": "generic"}
        self.keep("CM_HTTP", access=Access.TYPE_HTTP)
        self.assertEqual(get_app_settings().source("Mail").secret.value(), "from http")

        self.keep("CM_GENERIC")
        self.assertEqual(get_app_settings().source("Mail").secret.value(), "generic")

    def test_parameters_may_name_the_source(self):
        self.keep("CM_{{ obj.name }}")
        os.environ |= {"CM_Mail": "hunter2"}

        self.assertEqual(get_app_settings().source("Mail").secret.value(), "hunter2")

    def test_a_value_in_the_settings_counts(self):
        self.configure(secret="hunter2")

        with self.assertNumQueries(0):
            self.assertEqual(get_app_settings().source("Mail").secret.value(), "hunter2")

    def test_a_group_that_does_not_exist(self):
        self.configure(secrets_group="Other")

        self.assertRegex(
            str(self.problem()), "SECRET-01: There is no secrets group 'Other'.*Existing groups: Mail secrets"
        )

    def test_a_group_without_the_secret(self):
        self.assertRegex(
            str(self.problem()), "MAILBOX-05: .*'Mail secrets' has no secret of the type Password.*Generic"
        )

    def test_a_secret_that_its_provider_cannot_read(self):
        self.keep("CM_MISSING")

        error = self.problem()

        self.assertRegex(str(error), "SECRET-02: .*'Mail secrets'.*CM_MISSING.*web server")
        self.assertFalse(error.permanent)

    def test_neither_validate_nor_a_run_repeats_what_the_server_does(self):
        self.keep("CM_SECRET")
        os.environ["CM_SECRET"] = "hunter2-hunter2"
        with odd_server(REPEATED) as server:
            self.configure(url=f"imap://127.0.0.1:{server.port}")
            with self.assertRaisesRegex(MailboxError, r"IMAP-07: .*\*\*\*") as caught:
                validate(self.source)
            run.run([self.source], run.RunOptions(now=timezone.now()))

        self.source.refresh_from_db()
        self.assertIn("***", self.source.last_error)
        self.assertNotIn("hunter2", self.source.last_error + str(caught.exception))

    def test_a_missing_secret_stops_only_its_source(self):
        run.run([self.source], run.RunOptions(now=timezone.now()))

        self.source.refresh_from_db()
        self.assertIn("MAILBOX-05", self.source.last_error)
