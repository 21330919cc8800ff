"""A reader of another make subscribes to a calendar feed: Debian's vdirsyncer, which mirrors it into a folder."""

import shutil
import subprocess  # nosec B404 # the reader is a program of its own
import tempfile
from datetime import datetime, timedelta, timezone
from pathlib import Path

from django.contrib.contenttypes.models import ContentType
from django.core.cache import cache
from django.test import LiveServerTestCase, override_settings
from nautobot.users.models import ObjectPermission

from nautobot_circuit_maintenance.models import CircuitMaintenance, Subscription
from nautobot_circuit_maintenance.outbound.feed_tokens import new_token, revoke
from nautobot_circuit_maintenance.tests.factories.app import create_maintenance, create_subscription
from nautobot_circuit_maintenance.tests.factories.core import create_provider
from nautobot_circuit_maintenance.tests.factories.users import viewer

CONFIG = {"instance": "live", "channels": [{"name": "Calendar", "kind": "calendar"}]}
READER = """
[general]
status_path = "{folder}/status"
[pair feed]
a = "there"
b = "here"
collections = null
conflict_resolution = "a wins"
[storage there]
type = "http"
url = "{url}"
[storage here]
type = "filesystem"
path = "{folder}/entries"
fileext = ".ics"
"""


@override_settings(
    PLUGINS_CONFIG={"nautobot_circuit_maintenance": CONFIG}, ALLOWED_HOSTS=["localhost", "nautobot.example.com"]
)
class Reader(LiveServerTestCase):
    """Two maintenances, and someone who may view them."""

    def setUp(self) -> None:
        """Let the reader know the address."""
        super().setUp()
        cache.clear()
        provider = create_provider("ISP", "noc@isp.example")
        now = datetime.now(tz=timezone.utc)
        for number in (1, 2):
            create_maintenance(f"M-{number}", provider, start=now + timedelta(days=number), status="CONFIRMED")
        owner = viewer(CircuitMaintenance)
        self.subscription = create_subscription(owner, 'Tonight, and "tomorrow"; ü', channel="Calendar")
        self.folder = Path(tempfile.mkdtemp(prefix="ncm-reader-"))
        self.addCleanup(shutil.rmtree, self.folder)
        (self.folder / "entries").mkdir()
        token = new_token(self.subscription)
        url = f"{self.live_server_url}/plugins/circuit-maintenance/feed/{token}.ics"
        (self.folder / "config").write_text(READER.format(folder=self.folder, url=url), "utf-8")
        self.assertEqual(self._vdirsyncer("discover")[0], 0)

    def _vdirsyncer(self, *words: str) -> tuple[int, str]:
        program = shutil.which("vdirsyncer")
        assert program, "No vdirsyncer: install Debian's package vdirsyncer."  # nosec B101 # a test
        command = [program, "--config", str(self.folder / "config"), *words]
        done = subprocess.run(  # nosec B603 # our own command
            command, capture_output=True, text=True, timeout=60, input="y\n", check=False
        )
        return done.returncode, done.stdout + done.stderr

    def entries(self) -> list[str]:
        """Let it read the calendar, five minutes later; return the summaries of its entries."""
        cache.clear()
        code, words = self._vdirsyncer("sync", "--force-delete")
        self.assertEqual(code, 0, words)
        texts = [path.read_text("utf-8") for path in (self.folder / "entries").glob("*.ics")]
        return sorted(line.strip() for text in texts for line in text.splitlines() if line.startswith("SUMMARY:"))

    def test_its_entries_follow_what_is_announced_changed_and_deleted(self) -> None:
        self.assertEqual(self.entries(), ["SUMMARY:ISP M-1", "SUMMARY:ISP M-2"])
        first = CircuitMaintenance.objects.get(name="M-1")
        first.status = "CANCELLED"
        first.save()
        self.assertEqual(self.entries(), ["SUMMARY:CANCELLED: ISP M-1", "SUMMARY:ISP M-2"])
        first.delete()
        self.assertEqual(self.entries(), ["SUMMARY:ISP M-2"])
        Subscription.objects.update(maintenance_filter={"status": ["TENTATIVE"]})
        self.assertEqual(self.entries(), [])

    def test_its_entries_stay_when_the_owner_may_view_nothing_any_more_or_the_address_is_revoked(self) -> None:
        self.assertEqual(len(self.entries()), 2)
        ObjectPermission.objects.filter(object_types=ContentType.objects.get_for_model(CircuitMaintenance)).delete()
        self._is_refused("Not Found")
        revoke(self.subscription)
        self._is_refused("Gone")

    def _is_refused(self, reason: str) -> None:
        cache.clear()
        code, words = self._vdirsyncer("sync", "--force-delete")
        self.assertNotEqual(code, 0)
        self.assertIn(reason, words)
        self.assertEqual(len(list((self.folder / "entries").glob("*.ics"))), 2)
