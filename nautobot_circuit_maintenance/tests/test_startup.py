"""What a process of Nautobot loads when it starts, with the app and without."""

import json
import os
import subprocess
import sys
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

    def test_mail_sdks_and_the_parser_library_wait_for_their_first_use(self):
        """Only who validates a source or a parser name, or runs the job, pays for them."""
        lazy = {
            "circuit_maintenance_parser",
            "imapclient",
            "googleapiclient",
            "httplib2",
            "bs4",
            "pandas",
            "numpy",
            "msal",
        }

        self.assertEqual(lazy & self.core, set(), "core loads it anyway: it proves nothing here")
        self.assertEqual(lazy & self.modules, set())
