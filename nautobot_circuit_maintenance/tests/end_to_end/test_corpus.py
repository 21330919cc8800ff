"""Every message of the corpus, fetched over IMAP by the Job; collected only where the corpus is."""

import hashlib
from collections import defaultdict

from nautobot.apps.testing import TestCase
from nautobot.circuits.models import Circuit

from development.services.imap import ImapServer
from nautobot_circuit_maintenance.choices import NotificationStateChoices as State
from nautobot_circuit_maintenance.models import CircuitImpact, CircuitMaintenance, Notification, ParsedNotification
from nautobot_circuit_maintenance.tests.cases import create_circuits, create_provider
from nautobot_circuit_maintenance.tests.domain.oracle import outcome_of
from nautobot_circuit_maintenance.tests.end_to_end import corpus
from nautobot_circuit_maintenance.tests.end_to_end.world import configured, exact_rows, new_folder, reading, run_job


class TestCorpus(TestCase):
    """One mailbox with all messages, one source that reads it, every second circuit known to Nautobot."""

    server: ImapServer

    @classmethod
    def setUpTestData(cls):
        """Deliver everything and run the Job once."""
        cls.samples = corpus.samples()
        for parsers, addresses in corpus.addresses_by_parser().items():
            cids = {
                c["circuit_id"] for s in cls.samples if s.parser in parsers for i in s.expected for c in i["circuits"]
            }
            create_circuits(
                create_provider(f"Carrier {parsers[0]}", ",".join(addresses), ",".join(parsers)), *sorted(cids)[::2]
            )
        cls.folder = new_folder()
        cls.server.deliver_all([(sample.raw, sample.received_at) for sample in cls.samples], cls.folder)
        cls.result = cls.run_again()

    @classmethod
    def run_again(cls):
        """Run the Job on the mailbox as it is."""
        with configured(reading(cls.server, cls.folder)):
            return run_job()

    def of_folder(self, name):
        """Return the samples of a folder with their notifications."""
        rows = {hashlib.sha256(bytes(row.raw)).hexdigest(): row for row in Notification.objects.defer(None)}
        found = [(sample, rows[sample.sha256]) for sample in self.samples if sample.folder == name]
        self.assertTrue(found)
        return found

    def updates(self):
        """Return what all messages say about each maintenance, from the record of the corpus."""
        about = defaultdict(list)
        for sample, row in self.of_folder("parsable"):
            for name, update in sample.updates(row.fingerprint).items():
                about[row.provider_id, name].append(update)
        return about

    def test_the_job_succeeds_and_counts_every_message(self):
        """Its result adds up: every message is new, and parsed or failed."""
        folders = [sample.folder for sample in self.samples]
        self.assertEqual(self.result.status, "SUCCESS", self.result.traceback)
        self.assertEqual(self.result.result["recorded"], len(self.samples))
        expected = {"parsed": folders.count("parsable"), "failed": len(folders) - folders.count("parsable")}
        self.assertEqual(self.result.result["states"], expected)
        self.assertEqual(
            self.result.result["sources"],
            {"Mail": {"outcomes": {"new": len(self.samples), **expected}, "unknown_senders": {}, "error": ""}},
        )

    def test_no_message_is_lost_none_doubled_and_no_byte_changed(self):
        """There is one row a message, with the bytes that were delivered and the time of their arrival."""
        stored = [
            (hashlib.sha256(bytes(row.raw)).hexdigest(), row.received_at, row.size)
            for row in Notification.objects.defer(None)
        ]
        delivered = [(sample.sha256, sample.received_at, len(sample.raw)) for sample in self.samples]
        self.assertEqual(sorted(stored), sorted(delivered))
        self.assertEqual(Notification.objects.values("fingerprint").distinct().count(), len(self.samples))

    def test_every_parsable_message_has_the_expected_result(self):
        """It is parsed, and what is kept of it are the expected maintenances, item by item."""
        for sample, row in self.of_folder("parsable"):
            with self.subTest(sample.path.stem):
                kept = {
                    parsed.maintenance.name: corpus.stored(parsed.json, row.sent_at)
                    for parsed in row.parsed_notifications.all()
                }
                self.assertEqual((row.state, row.error), (State.PARSED, ""))
                self.assertEqual(kept, sample.items_by_id())

    def test_messages_that_cannot_be_read_fail_with_a_reason(self):
        """A reason of some words is on the row of each, and nothing else comes of it."""
        for sample, row in [*self.of_folder("negative"), *self.of_folder("unparsable")]:
            with self.subTest(sample.path.stem):
                self.assertEqual(row.state, State.FAILED)
                self.assertRegex(row.error, r"\w+ \w+")
                self.assertFalse(row.parsed_notifications.exists())

    def test_every_maintenance_is_what_all_messages_about_it_come_to(self):
        """Status, description, windows and impacts follow the rules, worked out from the record of the corpus."""
        about = self.updates()
        self.assertEqual(CircuitMaintenance.objects.count(), len(about))
        for (provider, name), updates in about.items():
            with self.subTest(name):
                maintenance, expected = CircuitMaintenance.objects.get(provider=provider, name=name), outcome_of(
                    updates
                )
                windows = [(window.start_time, window.end_time) for window in maintenance.windows.all()]
                impacts = {cid.casefold(): impact for cid, impact in maintenance.impacts.values_list("cid", "impact")}
                self.assertEqual(maintenance.status, expected.status)
                self.assertEqual(maintenance.description, expected.description)
                self.assertEqual(windows, expected.windows)
                self.assertEqual(maintenance.start_time, min((start for start, _ in windows), default=None))
                self.assertEqual(maintenance.end_time, max((end for _, end in windows), default=None))
                self.assertEqual(impacts, {cid: impact for cid, (impact, _) in expected.circuits.items()})

    def test_only_updates_of_which_something_stands_are_not_outdated(self):
        """Of several messages about one maintenance, those that were replaced wholly are outdated."""
        about = self.updates()
        standing = sorted(each for updates in about.values() for each in outcome_of(updates).standing)
        kept = ParsedNotification.objects.filter(outdated=False).values_list("fingerprint", flat=True)
        self.assertEqual(sorted(kept), standing)
        self.assertEqual(ParsedNotification.objects.count(), sum(map(len, about.values())))

    def test_known_circuits_are_linked_and_unknown_ones_kept(self):
        """An impact has its circuit where the provider has one of that id, and is there all the same where not."""
        known = set(Circuit.objects.values_list("provider", "cid"))
        linked = {
            (impact.maintenance.provider_id, impact.cid): impact.circuit.cid if impact.circuit else None
            for impact in CircuitImpact.objects.select_related("maintenance", "circuit")
        }
        self.assertEqual(linked, {key: key[1] if key in known else None for key in linked})
        self.assertIn(None, linked.values())
        self.assertTrue(any(linked.values()))

    def test_four_more_runs_change_no_row_and_fetch_nothing(self):
        """A mailbox without news leaves everything as it is, down to the primary keys."""
        before = exact_rows()
        for _ in range(4):
            result = self.run_again()
            self.assertEqual(result.status, "SUCCESS")
            self.assertEqual(result.result["sources"], {"Mail": {"outcomes": {}, "unknown_senders": {}, "error": ""}})
            self.assertEqual(result.result["recorded"], 0)
        self.assertEqual(exact_rows(), before)
