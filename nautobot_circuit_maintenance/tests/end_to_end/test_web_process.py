"""What a web process loads when people look at sources: none of the libraries that talk to mail systems or verify mail."""

import json
import os
import subprocess
import sys
from pathlib import Path

from django.contrib.auth import get_user_model
from django.db import connection
from django.test import TransactionTestCase

from nautobot_circuit_maintenance.models import NotificationSource

ROOT = Path(__file__).resolve().parents[3]
LAZY = {
    "msal",
    "dkim",
    "dns",
    "publicsuffixlist",
    "imapclient",
    "googleapiclient",
    "httplib2",
    "circuit_maintenance_parser",
}
APPLICATION = {"tenant": "t", "client_id": "c", "client_secret": "s"}
ENTRIES = [
    {"name": "Password", "url": "imap://mail.example", "account": "a", "secret": "s", "tags": {"parsed": "Read"}},
    {"name": "Token", "url": "imap://outlook.office365.com", "account": "a", "login": "microsoft", **APPLICATION},
    {"name": "Graph", "url": "https://graph.microsoft.com", "account": "a", **APPLICATION},
    {"name": "Signed", "url": "file:///var/mail", "require_authentication": True, "dkim": "fallback"},
    {
        "name": "Consent",
        "url": "https://accounts.google.com",
        "account": "a",
        "client_id": "c",
        "client_secret": "s",
        "redirect_uri": "https://nautobot.example/consent/",
    },
]
PROGRAM = """
import json, sys
import nautobot
nautobot.setup()
from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.test import Client
from django.urls import URLResolver, get_resolver, reverse
from nautobot_circuit_maintenance.app_settings import get_app_settings
from nautobot_circuit_maintenance.models import NotificationSource

def walk(patterns):
    for each in patterns:
        if isinstance(each, URLResolver):
            yield from walk(each.url_patterns)
        else:
            yield each.callback

routes = len(list(walk(get_resolver().url_patterns)))
call_command("check")
client = Client(SERVER_NAME="localhost")
client.force_login(get_user_model().objects.get(username="operator"))
names = [each.name for each in get_app_settings().sources]
pages = [reverse("plugins:nautobot_circuit_maintenance:notificationsource_list")]
pages += [source.get_absolute_url() for source in NotificationSource.objects.filter(name__in=names)]
pages += [reverse("plugins-api:nautobot_circuit_maintenance-api:notificationsource-list"), "/plugins/circuit-maintenance/dashboard/"]
answers = {page: client.get(page).status_code for page in pages}
print(json.dumps({"modules": sorted(sys.modules), "routes": routes, "answers": answers}))
"""


class WebProcess(TransactionTestCase):
    """A process of its own, with a source of every kind."""

    def test_pages_of_sources_load_no_library_of_a_mail_system(self):
        """Start, every route, the system check, list and page of each source, REST, dashboard."""
        get_user_model().objects.create_superuser(username="operator")
        for entry in ENTRIES:
            NotificationSource.objects.create(name=entry["name"])
        config = {"notification_sources": ENTRIES}
        known = {
            **os.environ,
            "NAUTOBOT_CONFIG": str(ROOT / "development" / "nautobot_config.py"),
            "NAUTOBOT_DB_NAME": str(connection.settings_dict["NAME"]),
            "NCM_PLUGIN_CONFIG": json.dumps(config),
        }

        done = subprocess.run(
            [sys.executable, "-c", PROGRAM], cwd=ROOT, env=known, capture_output=True, text=True, check=False
        )

        self.assertEqual(done.returncode, 0, done.stderr[-2000:])
        found = json.loads(done.stdout.splitlines()[-1])
        self.assertGreater(found["routes"], 1000)
        self.assertEqual(set(found["answers"].values()), {200}, found["answers"])
        self.assertEqual(len(found["answers"]), len(ENTRIES) + 3)
        self.assertEqual(LAZY & set(found["modules"]), set())
