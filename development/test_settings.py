"""Django settings of the tests: starts what they need, then loads Nautobot's configuration as `nautobot-server` would.

The database is PostgreSQL, or MariaDB if `NCM_DATABASE` is "mariadb".

pytest-django imports this module (`DJANGO_SETTINGS_MODULE`) before anything else of ours. The services end with the
process, which releases their locks. Workers of pytest-xdist inherit the variables, so they share the services.
"""

import atexit
import contextlib
import importlib
import os
import sys
from pathlib import Path

from development.services import embedded

_running = contextlib.ExitStack()
atexit.register(_running.close)
_is_mariadb = os.environ.get("NCM_DATABASE") == "mariadb"
os.environ.update(_running.enter_context(embedded.redis()))  # first: migrating needs it
_database = importlib.import_module("development.services.mariadb").mariadb if _is_mariadb else embedded.postgres
os.environ.update(_running.enter_context(_database()))

# The sources of containers that run beside are not those of the tests.
os.environ.pop("NCM_PLUGIN_CONFIG", None)
_worker = os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")
# Each run and each worker has a database of its own (of MariaDB: a server of its own), and a Redis database of its own:
# every tearDown empties that.
if not _is_mariadb:
    os.environ["NAUTOBOT_DB_NAME"] = f"ncm_test_{os.getpid()}_{_worker}"

# Imported here: Nautobot's settings read the variables when they are imported, which this does.
importlib.import_module("nautobot.core.cli").load_settings(str(Path(__file__).with_name("nautobot_config.py")))
_config = sys.modules["nautobot_config"]
globals().update({name: value for name, value in vars(_config).items() if name.isupper()})

# The first two are the broker's and the cache's, where the Redis is that of a running Nautobot.
CACHES = {"default": {**_config.CACHES["default"], "LOCATION": embedded.redis_location(2 + int(_worker))}}
_config.DATABASES["default"]["TEST"] = {"NAME": _config.DATABASES["default"]["NAME"]}
ALLOWED_HOSTS = ["nautobot.example.com"]  # the host name that Nautobot's test client uses
CELERY_BROKER_URL = "memory://"
CELERY_TASK_ALWAYS_EAGER = True
CELERY_TASK_STORE_EAGER_RESULT = True
METRICS_ENABLED = True  # only here: before, Nautobot would have replaced the engine of MariaDB
CONSTANCE_BACKEND = "constance.backends.memory.MemoryBackend"
CONTENT_TYPE_CACHE_TIMEOUT = 0
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]  # the others are slow on purpose
