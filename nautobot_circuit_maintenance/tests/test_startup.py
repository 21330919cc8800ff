"""What a process of Nautobot loads when it starts, with the app and without."""

import json
import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from unittest import TestCase

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = "nautobot_circuit_maintenance"
START = """
import json, sys
import nautobot
nautobot.setup()
from django.urls import get_resolver
get_resolver().url_patterns
print(json.dumps(sorted(sys.modules)))
"""


def loaded(**environment: str) -> set[str]:
    """Return the modules that a new process has after Nautobot is set up and knows its URLs."""
    config = {"NAUTOBOT_CONFIG": str(ROOT / "development" / "nautobot_config.py"), "NAUTOBOT_DB_NAME": "postgres"}
    known = {**os.environ, **config, **environment}
    command = [sys.executable, "-c", START]
    done = subprocess.run(command, cwd=ROOT, env=known, capture_output=True, text=True, check=True)
    return set(json.loads(done.stdout.splitlines()[-1]))


class StartupTest(TestCase):
    """Every command and every worker starts with this, so it loads what it needs."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.modules = loaded()
        cls.core = loaded(NCM_CORE_ONLY="1")

    def test_the_app_is_loaded_with_its_pages(self):
        """Or the rest would prove nothing."""
        self.assertLessEqual({f"{PACKAGE}.urls", f"{PACKAGE}.api.urls", f"{PACKAGE}.jobs"}, self.modules)
        self.assertFalse([name for name in self.core if name.startswith(PACKAGE)])

    def test_no_library_is_loaded_that_core_does_not_load(self):
        """Only who opens a mailbox, reads a message or tests a connection pays for the libraries that this takes."""
        ours = {name.partition(".")[0] for name in self.modules} - {name.partition(".")[0] for name in self.core}
        libraries = ours - set(sys.stdlib_module_names) - {PACKAGE}

        self.assertEqual(libraries, {"graphene_django_optimizer"}, "core loads this one with the first GraphQL query")

    def test_what_reads_messages_and_mailboxes_waits_for_its_first_use(self):
        """Settings are checked at the start, so the settings of each kind of mailbox are all that is loaded."""
        waiting = {
            f"{PACKAGE}.{name}"
            for name in (
                "analysis.changes",
                "analysis.dashboard",
                "analysis.inbox",
                "analysis.ledger",
                "analysis.manual_changes",
                "analysis.redundancy.values",
                "analysis.risk.report",
                "analysis.trends",
                "domain.conclusion",
                "domain.phrases",
                "domain.timeline",
                "mail.authentication",
                "mail.blocks",
                "mail.message",
                "mail.parts",
                "mail.rendering",
                "mailboxes.base",
                "mailboxes.opening",
                "outbound.audience",
                "outbound.calendars",
                "outbound.channels.alertmanager",
                "outbound.channels.opening",
                "outbound.channels.trying",
                "outbound.owners",
                "outbound.preview",
                "outbound.state",
                "pipeline.apply.apply",
                "pipeline.chunk",
                "pipeline.record",
                "pipeline.run",
                "reading",
                "ui.ics",
                "ui.tiles",
                "views.dashboard",
                "views.home_risk",
                "views.timeline",
            )
        }

        self.assertTrue(all(find_spec(name) for name in waiting), "a module was renamed")
        self.assertEqual(waiting & self.modules, set())
        self.assertFalse([name for name in self.modules if name.startswith(f"{PACKAGE}.reading")])
