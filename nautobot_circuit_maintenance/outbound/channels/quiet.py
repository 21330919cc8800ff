"""Keeps what libraries log and trace of a request to themselves: the address of a webhook or a chat is a secret."""

import logging
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from contextvars import ContextVar
from typing import Any

_lines: ContextVar[list[str] | None] = ContextVar("circuit_maintenance_quiet_lines", default=None)
"""What was dropped; None while everything is logged."""
_MOST_LINES = 20
_LOGGERS = ("apprise", "urllib3.connection", "urllib3.connectionpool", "urllib3.util.retry")
"""Those that write paths, queries or whole addresses: urllib3 at DEBUG, apprise at any level."""


class _Filter(logging.Filter):
    """Drops what is logged while this task or thread is quiet; other requests of the process are logged as ever."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Return whether a line is logged; one that is not is kept."""
        lines = _lines.get()
        if lines is not None and len(lines) < _MOST_LINES and record.levelno >= logging.WARNING:
            lines.append(record.getMessage())
        return lines is None


_FILTER = _Filter()


@contextmanager
def quiet() -> Iterator[list[str]]:
    """Have the libraries neither log nor trace what the block does; yields the list of their warnings, with secrets."""
    for name in _LOGGERS:
        logging.getLogger(name).addFilter(_FILTER)  # which is added once only
    lines: list[str] = []
    token = _lines.set(lines)
    try:
        with _untraced():
            yield lines
    finally:
        _lines.reset(token)


def _untraced() -> AbstractContextManager[Any]:
    """Return what keeps OpenTelemetry, which Nautobot 3.2 may have, from exporting addresses in its spans."""
    try:
        # pylint: disable-next=import-outside-toplevel  # Nautobot 3.1 is without it
        from opentelemetry.instrumentation.utils import suppress_instrumentation
    except ImportError:
        return nullcontext()
    return suppress_instrumentation()
