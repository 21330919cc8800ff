"""Nautobot app that turns the maintenance mails of network providers into circuit maintenances."""

import gc
from importlib import metadata

from celery.utils.log import get_task_logger
from nautobot.apps import NautobotAppConfig, nautobot_database_ready

__version__ = metadata.version("nautobot-circuit-maintenance")


class CircuitMaintenanceConfig(NautobotAppConfig):
    """What Nautobot knows about the app."""

    name = "nautobot_circuit_maintenance"
    verbose_name = "Circuit Maintenance"
    description = "Tracks circuit maintenances announced by provider email notifications."
    version = __version__
    author = "The nautobot-circuit-maintenance developers"
    base_url = "circuit-maintenance"
    min_version = "3.1.5"
    max_version = "3.99"
    home_view_name = "plugins:nautobot_circuit_maintenance:dashboard"
    docs_view_name = "plugins:nautobot_circuit_maintenance:docs"
    searchable_models = ["circuitmaintenance", "notification", "notificationsource"]

    def ready(self) -> None:
        """Wire checks, signals and the logger."""
        # What Nautobot has loaded so far lives as long as the process. Unless it is frozen, what this app adds makes the
        # garbage collector look at all of it once more during the start, for a quarter of a second.
        gc.freeze()
        super().ready()
        # pylint: disable=import-outside-toplevel  # need apps
        from django.db.backends.signals import connection_created
        from django.db.models.signals import pre_migrate

        from nautobot_circuit_maintenance import checks, signals, unmigrated

        checks.register_checks()
        signals.connect_signals()
        connection_created.connect(unmigrated.look, dispatch_uid="circuit_maintenance_look")
        pre_migrate.connect(unmigrated.show, dispatch_uid="circuit_maintenance_show")
        nautobot_database_ready.connect(signals.prepare_database, sender=self)
        # Nautobot stores in the job log what reaches Celery's task logger: this makes it the parent of ours. At its
        # default level, DEBUG, every line would be a database row.
        get_task_logger(self.name).setLevel("INFO")


config = CircuitMaintenanceConfig  # pylint: disable=invalid-name  # Nautobot looks it up under this name
