"""Set up Nautobot in a command whose screen shows its own progress and results only."""

import logging
from pathlib import Path

import nautobot


def setup(config: Path) -> None:
    """Set up Nautobot; of what it logs during that, show only warnings and errors."""
    logging.disable(logging.INFO)
    try:
        nautobot.setup(str(config))
    finally:
        logging.disable(logging.NOTSET)
