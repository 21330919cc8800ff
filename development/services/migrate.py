"""Migrate the database that the environment names, and show progress; run by `development.services.database`.

Nautobot's migrations and loggers write a lot, to both standard streams: all of it goes to the log file that the command
line names, and only the progress to the screen.
"""

import os
import sys
import time
from pathlib import Path
from typing import IO

EVERY_SECONDS = 3


class Progress:
    """The `stdout` of `migrate`: its line per migration becomes a count every few seconds."""

    def __init__(self, total: int, screen: IO[str]) -> None:
        """Count up to `total` migrations."""
        self.total, self.done, self.screen = total, 0, screen
        self.started = self.shown = time.monotonic()

    def write(self, text: str) -> int:
        """Count the migrations in a piece of the command's output, which goes to the log."""
        sys.stdout.write(text)
        if "Applying" in text:
            self.done += 1
            self.show(text.split("Applying")[-1].strip(" ."))
        return len(text)

    def show(self, doing: str) -> None:
        """Show the count and the migration under way, at most every few seconds."""
        now = time.monotonic()
        if now - self.shown >= EVERY_SECONDS:
            self.shown = now
            line = f"  {now - self.started:4.0f} s  {self.done:3} of {self.total} migrations  {doing}"
            print(line, flush=True, file=self.screen)

    def flush(self) -> None:
        """Do nothing: every line is flushed."""

    def isatty(self) -> bool:
        """Refuse colors."""
        return False


def redirect_output(log: Path) -> IO[str]:
    """Send both standard streams of this process to a file; return the old standard error."""
    screen = os.fdopen(os.dup(sys.stderr.fileno()), "w")
    descriptor = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    for stream in (sys.stdout, sys.stderr):
        os.dup2(descriptor, stream.fileno())
    os.close(descriptor)
    return screen


def main(log: str) -> None:
    """Migrate everything."""
    screen = redirect_output(Path(log))
    # pylint: disable=import-outside-toplevel  # importing writes too, and the last three need the settings
    import nautobot

    nautobot.setup(str(Path(__file__).parents[1] / "nautobot_config.py"))
    from django.core.management import call_command
    from django.db import connection
    from django.db.migrations.executor import MigrationExecutor

    executor = MigrationExecutor(connection)
    progress = Progress(len(executor.migration_plan(executor.loader.graph.leaf_nodes())), screen)
    call_command("migrate", interactive=False, stdout=progress)


if __name__ == "__main__":
    main(*sys.argv[1:])
