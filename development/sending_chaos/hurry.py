"""Short time-outs, so that a server that hangs costs a second."""

from functools import partial
from typing import Any

SECONDS = 1.0


def hurry(**_kwargs: Any) -> None:
    """Shorten the time-outs of the channels in this process; also a receiver of Celery's signals."""
    # pylint: disable=import-outside-toplevel  # they need settings
    from nautobot_circuit_maintenance.outbound.channels.alertmanager import client
    from nautobot_circuit_maintenance.outbound.channels.email import channel, session
    from nautobot_circuit_maintenance.outbound.channels.job import workers

    channel.connect = partial(session.connect, timeout=SECONDS)
    client.TIMEOUT = client.ANSWER_WITHIN = SECONDS
    workers.ANSWER_WITHIN = SECONDS
