"""``nautobot-server ingest_notifications``: the pipeline for messages in files."""

import json
from collections import Counter
from dataclasses import asdict

from django.core.management.base import BaseCommand, CommandError

from nautobot_circuit_maintenance.app_settings import get_app_settings
from nautobot_circuit_maintenance.domain.errors import MailboxError
from nautobot_circuit_maintenance.mail.files import read_messages
from nautobot_circuit_maintenance.pipeline.import_messages import ImportedMessage, ingest
from nautobot_circuit_maintenance.service_errors import SERVICE_ERRORS


class Command(BaseCommand):
    """Record and digest messages from files, as if they had arrived in a mailbox."""

    help = "Read maintenance notifications from files, folders (*.eml, *.mbox), Maildirs, mboxes or standard input."

    def add_arguments(self, parser) -> None:
        """Add paths and the output format."""
        parser.add_argument(
            "paths", nargs="+", metavar="PATH", help="File, folder, Maildir or mbox; - reads one message."
        )
        parser.add_argument("--json", action="store_true", help="Print counts and one row per message as JSON.")

    def handle(self, *args, **options) -> None:
        """Ingest everything; raises CommandError if a path cannot be read or the database fails."""
        limit = get_app_settings().max_message_size
        ingested: list[ImportedMessage] = []
        try:
            for each in ingest(read_messages(options["paths"], limit)):
                ingested.append(each)
                if not options["json"]:
                    self.stdout.write(_line(each))
        except MailboxError as error:
            raise CommandError(str(error)) from error
        except SERVICE_ERRORS as error:
            raise CommandError(
                f"RUN-08: The database or Redis failed; run the command again, no message is stored twice: {error}"
            ) from error
        counts = Counter(each.outcome.value for each in ingested)
        if options["json"]:
            self.stdout.write(json.dumps({"counts": counts, "messages": [asdict(each) for each in ingested]}, indent=2))
        else:
            self.stdout.write(", ".join(f"{number} {outcome}" for outcome, number in sorted(counts.items())))


def _line(each: ImportedMessage) -> str:
    result = ", ".join(each.maintenances) or each.reason
    return f"{each.outcome.value:15} {each.name}: {each.subject}" + (f" -> {result}" if result else "")
