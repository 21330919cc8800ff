"""Nautobot's configuration for `invoke sending-chaos`."""

from celery.signals import worker_process_init

# pylint: disable=wildcard-import,unused-wildcard-import  # how Nautobot's settings are extended
from development.nautobot_config import *  # noqa: F401,F403 - see above
from development.sending_chaos.hurry import hurry

# Redis delivers what a killed worker had reserved once more, after an hour by default.
CELERY_BROKER_TRANSPORT_OPTIONS = {"visibility_timeout": 15}
worker_process_init.connect(hurry)
