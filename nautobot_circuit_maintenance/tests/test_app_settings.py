"""Settings: parsed once into values; every mistake is a system check with a sentence and a hint."""

from dataclasses import replace
from unittest import mock

from django.conf import settings as django_settings
from django.core.checks import Error, Warning as CheckWarning, run_checks
from django.test import SimpleTestCase, override_settings

from nautobot_circuit_maintenance.app_settings import AppSettings, get_app_settings, parse
from nautobot_circuit_maintenance.checks import check_isolation
from nautobot_circuit_maintenance.mailboxes.credentials import Secret
from nautobot_circuit_maintenance.mailboxes.kinds import MAILBOX_KINDS, source_settings

SECRET = "correct horse battery staple"
IMAP = {"name": "Mail", "url": "imap://mail.example", "account": "ops@customer.example", "secret": SECRET}
GMAIL = {
    "name": "Gmail",
    "url": "https://accounts.google.com/o/oauth2/auth",
    "account": "ops@customer.example",
    "credentials_file": "/etc/key.json",
}
TRUST = {"require_authentication": True, "trusted_authserv_ids": ["MX.example"]}


def checked(**config) -> list:
    """Return the results of the system checks of these settings."""
    with override_settings(PLUGINS_CONFIG={"nautobot_circuit_maintenance": config}):
        found = run_checks()
    return [each for each in found if each.id and each.id.startswith("nautobot_circuit_maintenance.")]


class Databases(SimpleTestCase):
    """What workers rely on in the database."""

    def reported(self, engine: str, **options) -> list[str]:
        """Return the IDs of the checks' messages for a database with these options; none is opened."""
        database = {"ENGINE": f"django.db.backends.{engine}", "OPTIONS": options}
        with mock.patch.dict(django_settings.DATABASES["default"], database):
            return [each.id for each in check_isolation()]

    def test_mysql_must_read_what_others_have_committed(self):
        """Which is Django's default; None means the server's own, and that is REPEATABLE READ."""
        for level in (None, "repeatable read", "REPEATABLE READ", "read uncommitted"):
            with self.subTest(level):
                self.assertEqual(self.reported("mysql", isolation_level=level), ["nautobot_circuit_maintenance.E013"])
        for options in ({}, {"isolation_level": "read committed"}, {"isolation_level": "serializable"}):
            with self.subTest(options):
                self.assertEqual(self.reported("mysql", **options), [])

    def test_postgresql_refuses_a_transaction_that_would_miss_something(self):
        """Then it is repeated, so any level is good."""
        self.assertEqual(self.reported("postgresql", isolation_level=3), [])


class Secrets(SimpleTestCase):
    """The secret settings of each mailbox kind."""

    def test_each_secret_is_redacted_once_it_was_read(self):
        keys = [(kind.settings, key) for kind in MAILBOX_KINDS.values() for key in kind.settings.secret_keys()]
        self.assertIn("secret", [key for _, key in keys])
        for settings, key in keys:
            with self.subTest(settings.kind, key=key):
                source = settings.from_entry({"name": "NOC", "url": "imap://mail.example", key: "hunter2"})
                self.assertNotIn("hunter2", repr(source))

                self.assertEqual(getattr(source, key).value(), "hunter2")

                self.assertEqual(source.redact("Wrong: hunter2"), "Wrong: ***")

    def test_parsing_the_settings_reads_no_secret(self):
        """The value may be kept elsewhere; only the mailbox that is opened needs it."""
        [source] = parse({"notification_sources": [IMAP]}).sources
        reads = []
        secret = Secret(lambda: reads.append(1) or "hunter2")
        source = replace(source, secret=secret)

        source.describe(), repr(source), source.redact(
            "hunter2"
        )  # pylint: disable=expression-not-assigned  # its effect is what is tested
        self.assertEqual(reads, [])

        self.assertEqual([secret.value(), secret.value()], ["hunter2", "hunter2"])
        self.assertEqual(reads, [1])


class Kinds(SimpleTestCase):
    """What pages and checks ask the settings of a source."""

    def test_a_source_is_described_without_its_secret(self):
        entries = [{**IMAP, **TRUST, "starttls": True}, GMAIL]

        imap, gmail = (source.describe() for source in parse({"notification_sources": entries}).sources)

        self.assertEqual((imap["Port"], imap["Encryption"]), ("143", "STARTTLS"))
        self.assertEqual(imap["Authentication"], "required (trusted: MX.example)")
        self.assertNotIn("Port", gmail)
        self.assertNotIn(SECRET, str(imap))

    def test_a_setting_of_another_kind_is_ignored(self):
        """A source that moves to Gmail may keep its old settings."""
        self.assertEqual(checked(notification_sources=[{**GMAIL, "tls": False, "secret": "x"}]), [])
        [error] = checked(notification_sources=[{**GMAIL, "tls": "no"}])
        self.assertIn("'tls'", error.msg)

    def test_each_kind_is_found_by_its_own_name(self):
        self.assertEqual([kind.settings.kind for kind in MAILBOX_KINDS.values()], list(MAILBOX_KINDS))


class UnknownKeys(SimpleTestCase):
    """Misspelt settings."""

    def test_an_unknown_key_is_reported(self):
        """One letter less, and no mailbox would be read."""
        (error,) = checked(notification_source=[IMAP])

        self.assertIn("'notification_source'", error.msg)
        self.assertIn("notification_sources", error.hint)


class Names(SimpleTestCase):
    """What distinguishes sources."""

    def test_names_that_differ_in_capitals_only_are_the_same(self):
        """To a MySQL they are, and its unique key would stop the job."""
        (error,) = checked(notification_sources=[IMAP, {**IMAP, "name": "MAIL"}])

        self.assertEqual(error.id, "nautobot_circuit_maintenance.E006")
        self.assertIn("case-insensitive", error.msg)


class Values(SimpleTestCase):
    """What right settings become."""

    def test_nothing_configured_means_the_documented_defaults(self):
        """No source, 7 days, 25 MiB, 30 days, no mistake."""
        settings = parse({})

        self.assertEqual(settings, AppSettings())
        self.assertEqual((settings.sources, settings.problems), ((), ()))
        self.assertEqual(settings.raw_notification_initial_days_since, 7)
        self.assertEqual((settings.max_message_size, settings.dashboard_n_days), (25 * 1024 * 1024, 30))

    def test_settings_are_read_from_plugins_config(self):
        """At each time that they are asked for."""
        config = {"notification_sources": [IMAP], "max_message_size": 1000}
        with override_settings(PLUGINS_CONFIG={"nautobot_circuit_maintenance": config}):
            settings = get_app_settings()

        self.assertEqual(([s.name for s in settings.sources], settings.max_message_size), (["Mail"], 1000))

    def test_imap_means_tls_on_port_993_with_the_inbox(self):
        """imaps is the same; STARTTLS and plain text have their own port; a port that is written counts."""
        for changes, port in (
            ({}, 993),
            ({"url": "imaps://mail.example"}, 993),
            ({"starttls": True}, 143),
            ({"tls": False}, 143),
            ({"url": "imap://mail.example:1993"}, 1993),
        ):
            with self.subTest(changes=changes):
                source = parse({"notification_sources": [{**IMAP, **changes}]}).sources[0]
                self.assertEqual((source.kind, source.host, source.port), ("imap", "mail.example", port))
                self.assertEqual((source.folder, source.source_header), ("INBOX", "From"))

    def test_the_address_of_googles_accounts_selects_gmail(self):
        """After the spec."""
        self.assertEqual(parse({"notification_sources": [GMAIL]}).sources[0].kind, "gmail")

    def test_the_repr_of_a_source_hides_its_secret(self):
        """Also inside that of all settings."""
        settings = parse({"notification_sources": [IMAP]})

        self.assertEqual(settings.sources[0].secret.value(), SECRET)
        self.assertNotIn(SECRET, repr(settings))
        self.assertNotIn(SECRET, repr(settings.sources[0]))
        self.assertIn("Mail", repr(settings.sources[0]))

    def test_values_are_frozen(self):
        """No one changes settings by accident."""
        with self.assertRaises(AttributeError):
            parse({"notification_sources": [IMAP]}).sources[0].secret = ""  # type: ignore[misc]  # it is frozen


class Mistakes(SimpleTestCase):
    """Each has an id, a sentence that names it, and a hint about what to write."""

    def assert_refused(self, words: str, **config) -> None:
        """Expect one error with these words; the secret is in none."""
        found = checked(**config)
        self.assertEqual([type(each) for each in found], [Error], found)
        self.assertIn(words, found[0].msg)
        self.assertTrue(found[0].hint)
        self.assertRegex(found[0].id, r"^nautobot_circuit_maintenance\.E\d{3}$")
        self.assertNotIn(SECRET, found[0].msg + found[0].hint)

    def assert_source_refused(self, words: str, **changes) -> None:
        """Expect an error about one source, which is not read; the others are."""
        entry = {key: value for key, value in {**IMAP, **changes}.items() if value is not None}
        self.assert_refused(words, notification_sources=[entry, GMAIL])
        self.assertEqual([s.name for s in parse({"notification_sources": [entry, GMAIL]}).sources], ["Gmail"])

    def test_right_settings_are_silent(self):
        """No error, no warning."""
        self.assertEqual(checked(notification_sources=[{**IMAP, **TRUST}, GMAIL], max_message_size=1), [])
        self.assertEqual(checked(), [])

    def test_numbers_that_are_none(self):
        """The default stands in for them."""
        for name in ("raw_notification_initial_days_since", "max_message_size", "dashboard_n_days"):
            for value in (0, -1, "7", 1.5, True, None):
                with self.subTest(name=name, value=value):
                    self.assert_refused(name, **{name: value})
                    self.assertEqual(getattr(parse({name: value}), name), getattr(AppSettings(), name))

    def test_sources_that_are_no_list_or_no_dictionaries(self):
        """A single dictionary is the likeliest mistake."""
        self.assert_refused("notification_sources", notification_sources=IMAP)
        self.assert_refused("Entry 1", notification_sources=["Mail"])
        self.assert_refused("Entry 2", notification_sources=[GMAIL, {"url": "imap://mail.example"}])

    def test_mistakes_in_a_source(self):
        """Each names the source and the key."""
        for words, changes in (
            ("'acount'", {"acount": "ops"}),
            ("'tls' of notification source 'Mail'", {"tls": "no"}),
            ("'secret' of notification source 'Mail'", {"secret": 4711}),
            ("url of notification source 'Mail'", {"url": None}),
            ("url of notification source 'Mail'", {"url": "pop3://mail.example"}),
            ("url of notification source 'Mail'", {"url": "https://mail.example"}),
            ("url of notification source 'Mail'", {"url": "imap://"}),
            ("url of notification source 'Mail'", {"url": "imap://mail.example:port"}),
            ("url of notification source 'Mail'", {"url": "imap://mail.example:99999"}),
            ("url of notification source 'Mail'", {"url": "imap://[::1"}),
            ("'account'", {"account": None}),
            ("'secret'", {"secret": ""}),
            ("starttls", {"starttls": True, "tls": False}),
            ("too long", {"name": "M" * 101}),
            ("'source_header' of notification source 'Mail' is not a string or a list", {"source_header": 7}),
            ("contains 'From:', which is not a header name", {"source_header": "From:"}),
            ("contains 'a) b', which is not a header name", {"source_header": ["From", "a) b"]}),
            ("contains None", {"source_header": ["From", None]}),
            ("contains ''", {"source_header": ""}),
            ("contains ''", {"source_header": []}),
        ):
            with self.subTest(words=words, changes=changes):
                self.assert_source_refused(words, **changes)

    def test_one_header_or_several_name_the_sender(self):
        """The page of the source lists them."""
        for value, names in (("X-From", ["X-From"]), (["X-Original-From", "From"],) * 2, (("Sender",), ["Sender"])):
            with self.subTest(value):
                [source] = parse({"notification_sources": [{**IMAP, "source_header": value}]}).sources
                self.assertEqual(list(source.sender_headers), names)
                self.assertEqual(source.describe()["Sender Header"], ", ".join(names))

    def test_mistakes_in_what_a_source_demands_of_its_mail(self):
        """Each is one error, and the source is not read."""
        for words, changes in (
            (
                "'require_authentication' of notification source 'Mail' is not True or False",
                {"require_authentication": 1},
            ),
            ("'require_authentication' of notification source 'Mail'", {**TRUST, "require_authentication": "yes"}),
            (
                "'trusted_authserv_ids' of notification source 'Mail' is not a list",
                {"trusted_authserv_ids": "mx.example"},
            ),
            ("requires authentication but has no trusted servers", {"require_authentication": True}),
            ("requires authentication but has no trusted servers", {**TRUST, "trusted_authserv_ids": []}),
            ("contains 4711, which is not a host name", {**TRUST, "trusted_authserv_ids": ["mx.example", 4711]}),
            ("contains '', which is not a host name", {**TRUST, "trusted_authserv_ids": [""]}),
            ("contains 'mx.example; dkim=pass'", {**TRUST, "trusted_authserv_ids": ["mx.example; dkim=pass"]}),
            ("contains 'mx.example 1'", {"trusted_authserv_ids": ["mx.example 1"]}),
        ):
            with self.subTest(words=words, changes=changes):
                self.assert_source_refused(words, **changes)

    def test_an_unknown_key_is_answered_with_all_keys(self):
        """Those of the authentication among them."""
        hint = checked(notification_sources=[{**IMAP, "trusted_authserv_id": ["mx.example"]}])[0].hint

        self.assertIn("require_authentication, trusted_authserv_ids", hint)

    def test_a_source_that_demands_authentication_never_demands_nothing(self):
        """Whatever is wrong with it: then it trusts those who are named rightly, or no one."""
        for changes, hosts in (
            (TRUST, {"mx.example"}),
            ({**TRUST, "url": None}, {"mx.example"}),
            ({**TRUST, "acount": "ops"}, {"mx.example"}),
            ({**TRUST, "require_authentication": "no"}, {"mx.example"}),
            ({**TRUST, "trusted_authserv_ids": None}, set()),
            ({**TRUST, "trusted_authserv_ids": "mx.example"}, set()),
            ({**TRUST, "trusted_authserv_ids": ["", "MX.example", None, "a b"]}, {"mx.example"}),
        ):
            with self.subTest(changes=changes):
                entry = {**IMAP, **changes}
                self.assertEqual(parse({"notification_sources": [entry, GMAIL]}).trusted_hosts, {"Mail": hosts})

    def test_a_source_requires_no_authentication_by_default(self):
        """Listed hosts alone demand nothing; sources without a usable name have no mail."""
        entries = [IMAP, {**GMAIL, **TRUST, "require_authentication": False}, {**TRUST, "name": 1}, TRUST, "Mail"]

        self.assertEqual(parse({"notification_sources": entries}).trusted_hosts, {})

    def test_gmail_needs_an_account_and_a_credentials_file(self):
        """There is no password."""
        for key in ("account", "credentials_file"):
            entry = {name: value for name, value in GMAIL.items() if name != key}
            self.assert_refused(f"'{key}'", notification_sources=[entry])

    def test_each_way_to_log_in_needs_its_own_keys(self):
        """A secret may be in a secrets group; nothing else may."""
        application = {"tenant": "t", "client_id": "c", "client_secret": "s"}
        for entry, keys in (
            ({**IMAP, "login": "microsoft", **application}, ("account", "tenant", "client_id", "client_secret")),
            ({**IMAP, "login": "google", "credentials_file": "/k"}, ("account", "credentials_file")),
            ({**IMAP, "url": "https://graph.microsoft.com", **application}, ("tenant", "client_secret")),
        ):
            self.assertEqual(checked(notification_sources=[entry]), [])
            for key in keys:
                without = {name: value for name, value in entry.items() if name != key}
                self.assert_refused(f"'{key}'", notification_sources=[without])
                in_group = {**without, "secrets_group": "Mail"}
                problems = parse({"notification_sources": [in_group]}).problems
                self.assertEqual(not problems, key in ("client_secret", "credentials_file"))

    def test_a_folder_that_leads_out_of_the_path_of_a_source(self):
        folder = {"name": "Folder", "url": "file:///var/spool/carriers"}
        for name in ("Colt", "Carriers/Colt", "INBOX", "..Colt"):
            self.assertEqual(checked(notification_sources=[{**folder, "folder": name}]), [])
        for name in ("..", "../other", "Colt/../../other", "/etc"):
            self.assert_refused("'folder'", notification_sources=[{**folder, "folder": name}])

    def test_a_login_that_is_not_known(self):
        self.assert_refused("'login'", notification_sources=[{**IMAP, "login": "kerberos"}])

    def test_a_cloud_of_graph_that_is_not_known_needs_its_login_server(self):
        entry = {
            **IMAP,
            "url": "https://graph.cloud.example/v1.0",
            "tenant": "t",
            "client_id": "c",
            "client_secret": "s",
        }

        self.assert_refused("'login_url'", notification_sources=[entry])
        self.assertEqual(checked(notification_sources=[{**entry, "login_url": "https://login.cloud.example"}]), [])

    def test_a_login_server_of_another_cloud(self):
        """Its tokens are accepted by no mail server of this one; a server that is not known may be right."""
        entry = {**IMAP, "tenant": "t", "client_id": "c", "client_secret": "s", "login": "microsoft"}
        for url, right, wrong in (
            ("https://graph.microsoft.com", "login.microsoftonline.com", "login.microsoftonline.us"),
            ("https://graph.microsoft.us", "login.microsoftonline.us/", "login.microsoftonline.com"),
            ("https://dod-graph.microsoft.us", "login.example", "login.partner.microsoftonline.cn"),
            ("https://microsoftgraph.chinacloudapi.cn", "login.chinacloudapi.cn", "login.microsoftonline.com"),
            ("imaps://outlook.office365.com", "login.microsoftonline.com", "login.microsoftonline.us"),
            ("imaps://partner.outlook.cn", "login.partner.microsoftonline.cn", "login.microsoftonline.com"),
            ("imaps://mail.example", "login.microsoftonline.us", "login.microsoftonline.com/common"),
        ):
            with self.subTest(url):
                known = {**entry, "url": url}
                self.assertEqual(checked(notification_sources=[{**known, "login_url": f"https://{right}"}]), [])
                for login_url in (f"https://{wrong}", f"http://{right}", f"https://{right}/tenant", "https://[", "x"):
                    self.assert_refused("'login_url'", notification_sources=[{**known, "login_url": login_url}])

    def test_exchange_online_is_trusted_only_where_it_delivers(self):
        """Elsewhere, a sender may write a field without a name."""
        trust = {"require_authentication": True, "trusted_authserv_ids": ["exchange-online"]}
        graph = {"url": "https://graph.microsoft.com", "tenant": "t", "client_id": "c", "client_secret": "s"}
        for changes in (graph, {"url": "imaps://outlook.office365.com"}, {"url": "imaps://outlook.office365.us:993"}):
            self.assertEqual(checked(notification_sources=[{**IMAP, **trust, **changes}]), [])
        for entry in ({**IMAP, **trust}, {**GMAIL, **trust}):
            self.assert_refused("'exchange-online'", notification_sources=[entry])

    def test_two_sources_of_one_name(self):
        """The first one is read."""
        twice = [IMAP, {**IMAP, "url": "imap://other.example"}]

        self.assert_refused("'Mail'", notification_sources=twice)
        self.assertEqual([s.host for s in parse({"notification_sources": twice}).sources], ["mail.example"])

    def test_a_password_in_the_clear_is_a_warning(self):
        """It works, and someone should know."""
        found = checked(notification_sources=[{**IMAP, "tls": False}])

        self.assertEqual([type(each) for each in found], [CheckWarning])
        self.assertIn("'Mail'", found[0].msg)
        self.assertTrue(found[0].hint)
        self.assertEqual(parse({"notification_sources": [{**IMAP, "tls": False}]}).sources[0].tls, False)

    def test_a_source_can_be_built_from_its_keys(self):
        """Every key of the settings is a field."""
        self.assertEqual(source_settings(IMAP).account, IMAP["account"])
