"""Errors of the services that a run needs: they say nothing about the message at hand."""

from celery.exceptions import SoftTimeLimitExceeded
from django.db import InterfaceError, OperationalError
from kombu.exceptions import OperationalError as BrokerError
from redis.exceptions import RedisError

DATABASE_ERRORS = (OperationalError, InterfaceError)

SERVICE_ERRORS = (*DATABASE_ERRORS, RedisError, BrokerError)
"""The database, the cache or the broker does not answer, or ended what was asked of it."""

ABORTS_THE_RUN = (SoftTimeLimitExceeded, *SERVICE_ERRORS)
"""Errors that end a run: the next one continues."""
