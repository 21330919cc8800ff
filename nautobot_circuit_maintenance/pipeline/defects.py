"""Logs unexpected errors: bugs of the app or of a library that must not stop the rest of a run."""

import logging
import traceback

from nautobot_circuit_maintenance.app_settings import get_app_settings

logger = logging.getLogger(__name__)


def describe(error: Exception) -> str:
    """Return a sentence about an unexpected error."""
    return f"Unexpected {type(error).__name__}: {error}"


def coded(sentence: str) -> str:
    """Return a sentence about an unexpected error with its code, as it is stored."""
    return f"RUN-03: {sentence}"


def log_and_describe(activity: str, error: Exception) -> str:
    """Log an unexpected error and return a sentence about it, both without the secrets of the sources.

    The traceback is logged as a string. With the exception itself, a log that is mailed to administrators would include
    the variables of every call, secrets among them.
    """
    redact = get_app_settings().without_secrets
    trace = redact("".join(traceback.format_exception(error)))
    logger.error("%s failed\n%s", activity, trace, extra={"skip_db_logging": True})
    return redact(describe(error))
