"""Keeps what libraries log and trace of a request to themselves: the address of a webhook or a chat is a secret."""

import logging
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from contextvars import ContextVar
from typing import Any

_is_quiet: ContextVar[bool] = ContextVar("circuit_maintenance_is_quiet", default=False)
_LOGGERS = ("apprise", "urllib3.connection", "urllib3.connectionpool", "urllib3.util.retry")
"""Those that write paths, queries or whole addresses: urllib3 at DEBUG, apprise at any level."""


class _Filter(logging.Filter):
    """Drops what is logged while this task or thread is quiet; other requests of the process are logged as ever."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Return whether a line is logged."""
        return not _is_quiet.get()


_FILTER = _Filter()


@contextmanager
def quiet() -> Iterator[None]:
    """Have the libraries neither log nor trace what the block does."""
    for name in _LOGGERS:
        logging.getLogger(name).addFilter(_FILTER)  # which is added once only
    token = _is_quiet.set(True)
    try:
        with _untraced():
            yield
    finally:
        _is_quiet.reset(token)


def _untraced() -> AbstractContextManager[Any]:
    """Return what keeps OpenTelemetry, which Nautobot 3.2 may have, from exporting addresses in its spans."""
    try:
        # pylint: disable-next=import-outside-toplevel  # Nautobot 3.1 is without it
        from opentelemetry.instrumentation.utils import suppress_instrumentation
    except ImportError:
        return nullcontext()
    return suppress_instrumentation()
