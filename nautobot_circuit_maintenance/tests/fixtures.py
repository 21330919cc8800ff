"""Former place of `factories`, until tests that are being written use that; to be removed."""

# pylint: disable=wildcard-import,unused-wildcard-import
from nautobot_circuit_maintenance.tests.factories.app import *  # noqa: F401,F403
from nautobot_circuit_maintenance.tests.factories.core import *  # noqa: F401,F403
