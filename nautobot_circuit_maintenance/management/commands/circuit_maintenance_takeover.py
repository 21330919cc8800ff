"""Shows what was taken over from the older package of this name, drops its tables, or goes back to it."""

from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection

from nautobot_circuit_maintenance.takeover import aside, report
from nautobot_circuit_maintenance.takeover.tables import APP

_NOTHING = "TAKE-05: The tables of the older package are not set aside: there is nothing to report, drop or restore."


class Command(BaseCommand):
    """One of --report, --drop and --restore."""

    help = "Report on the takeover from the older package, drop its tables, or restore them."

    def add_arguments(self, parser: CommandParser) -> None:
        """Add what to do."""
        what = parser.add_mutually_exclusive_group(required=True)
        what.add_argument("--report", action="store_true", help="Show what became of each row.")
        what.add_argument("--drop", action="store_true", help="Drop the older package's tables.")
        what.add_argument(
            "--restore", action="store_true", help="Delete this app's tables and put the older package's back."
        )
        parser.add_argument("--no-input", action="store_true", help="Do not ask for confirmation.")

    def handle(self, *args: Any, **options: Any) -> None:
        """Do it."""
        if not aside.is_aside(connection):
            raise CommandError(_NOTHING)
        if options["report"]:
            self._report()
        elif options["drop"]:
            self._drop(ask=not options["no_input"])
        else:
            self._restore(ask=not options["no_input"])

    def _report(self) -> None:
        for table, numbers in report.counts().items():
            counted = ", ".join(f"{number:,} {outcome}" for outcome, number in numbers.items() if outcome != "rows")
            self.stdout.write(f"{table}: {numbers['rows']:,} rows: {counted}")
        for line in report.references():
            self.stdout.write(line)
        self.stdout.write("")
        for line in report.remarks():
            self.stdout.write(line)

    def _drop(self, *, ask: bool) -> None:
        left = report.unaccounted()
        if left:
            raise CommandError(f"TAKE-06: {left:,} rows are unaccounted for, so nothing was dropped. See --report.")
        self._confirm("This drops the older package's tables. There is no way back to it then.", ask=ask)
        with connection.schema_editor() as schema_editor:
            aside.drop(schema_editor)
        self.stdout.write("Dropped.")

    def _restore(self, *, ask: bool) -> None:
        self._confirm("This deletes everything that this app has stored, also what came after the takeover.", ask=ask)
        call_command("migrate", APP, "zero", interactive=False, stdout=self.stdout)
        self.stdout.write(
            "Restored. Install the older package again now, before Nautobot is started: "
            "pip install 'nautobot-circuit-maintenance<4'"
        )

    def _confirm(self, sentence: str, *, ask: bool) -> None:
        """Raise CommandError unless the operator agrees."""
        try:
            answer = input(f"{sentence} Type 'yes' to continue: ") if ask else "yes"
        except EOFError as error:  # input: no terminal
            raise CommandError("Nothing was changed. Without a terminal, use --no-input.") from error
        if answer != "yes":
            raise CommandError("Nothing was changed.")
