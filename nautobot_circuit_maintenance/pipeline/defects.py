"""What is told of a defect of ours, or of a library, that shows while a mailbox is read."""

import logging
import traceback

from nautobot_circuit_maintenance.app_settings import get_app_settings

logger = logging.getLogger(__name__)


def told(doing: str, error: Exception) -> str:
    """Log a defect and return a sentence about it, neither with the secret of a source.

    The log gets text: with the error itself, a log that is mailed to administrators would get the variables of every
    call, secrets among them.
    """
    clean = get_app_settings().without_secrets
    trace = clean("".join(traceback.format_exception(error)))
    logger.error("%s failed\n%s", doing, trace, extra={"skip_db_logging": True})
    return clean(f"Unexpected {type(error).__name__}: {error}")
