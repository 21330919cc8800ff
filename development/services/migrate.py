"""Migrate the database that the environment names and show how far it has come; run by `development.services.database`."""

import contextlib
import io
import sys
import time
from pathlib import Path

import nautobot

EVERY_SECONDS = 3


class Progress:
    """The `stdout` of `migrate`: its line per migration becomes a count every few seconds."""

    def __init__(self, total: int) -> None:
        """Count up to `total` migrations."""
        self.total, self.done = total, 0
        self.started = self.shown = time.monotonic()

    def write(self, text: str) -> int:
        """Take a piece of the command's output."""
        if "Applying" in text:
            self.done += 1
            self.show(text.split("Applying")[-1].strip(" ."))
        return len(text)

    def show(self, doing: str, *, always: bool = False) -> None:
        """Say what is being done, unless something was said a moment ago."""
        now = time.monotonic()
        if always or now - self.shown >= EVERY_SECONDS:
            self.shown = now
            print(
                f"  {now - self.started:4.0f} s  {self.done:3} of {self.total} migrations  {doing}",
                flush=True,
                file=sys.stderr,
            )

    def flush(self) -> None:
        """Do nothing: every line is flushed."""

    def isatty(self) -> bool:
        """Refuse colours."""
        return False


def main() -> None:
    """Migrate everything."""
    nautobot.setup(str(Path(__file__).parents[1] / "nautobot_config.py"))
    # pylint: disable=import-outside-toplevel  # these need the settings
    from django.core.management import call_command
    from django.db import connection
    from django.db.migrations.executor import MigrationExecutor

    executor = MigrationExecutor(connection)
    progress = Progress(total=len(executor.migration_plan(executor.loader.graph.leaf_nodes())))
    with contextlib.redirect_stdout(io.StringIO()):  # Nautobot's data migrations print what they do
        call_command("migrate", interactive=False, stdout=progress)
    progress.show("done", always=True)


if __name__ == "__main__":
    sys.exit(main())
