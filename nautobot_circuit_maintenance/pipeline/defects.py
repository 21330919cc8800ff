"""Logs unexpected errors: bugs of the app or of a library that must not stop the rest of a run."""

import logging
import traceback
from collections.abc import Callable

logger = logging.getLogger(__name__)


def describe(error: Exception) -> str:
    """Return a sentence about an unexpected error."""
    return f"Unexpected {type(error).__name__}: {error}"


def coded(sentence: str) -> str:
    """Return a sentence about an unexpected error with its code, as it is stored."""
    return f"RUN-03: {sentence}"


def log_and_describe(activity: str, error: Exception, redact: Callable[[str], str]) -> str:
    """Log an unexpected error and return a sentence about it, both without the secrets that were read.

    The traceback is logged as a string. With the exception itself, a log that is mailed to administrators would include
    the variables of every call, secrets among them.
    """
    trace = redact("".join(traceback.format_exception(error)))
    logger.error("%s failed\n%s", activity, trace, extra={"skip_db_logging": True})
    return redact(describe(error))
