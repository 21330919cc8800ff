"""Django system checks: what is wrong in PLUGINS_CONFIG, in words."""

from django.conf import settings as django_settings
from django.core.checks import Error, Warning as CheckWarning, register

from nautobot_circuit_maintenance.app_settings import get_app_settings
from nautobot_circuit_maintenance.mailboxes.kinds import MAILBOX_KINDS

_PREFIX = "nautobot_circuit_maintenance"


def register_checks() -> None:
    """Have Django run the checks with every ``nautobot-server check``."""
    register(check_settings)
    register(check_isolation)


def check_settings(**_kwargs) -> list[Error | CheckWarning]:
    """Report each mistake in the settings, and each source whose password crosses the network in the clear."""
    settings = get_app_settings()
    errors = [Error(p.message, hint=p.hint, id=f"{_PREFIX}.{p.id}") for p in settings.problems]
    warnings = [
        CheckWarning(
            f"Notification source '{source.name}' logs in without TLS: its password crosses the network in the clear.",
            hint='Remove "tls": False, or use "starttls": True.',
            id=f"{_PREFIX}.W001",
        )
        for source in settings.sources
        if MAILBOX_KINDS[source.kind].has_tls_settings and not source.tls
    ]
    return [*errors, *warnings]


def check_isolation(**_kwargs) -> list[Error]:
    """Refuse a MySQL whose transactions go on reading what was there when they began.

    A worker that has waited for a maintenance would conclude it without what the worker before it has stored.
    """
    database = django_settings.DATABASES["default"]
    level = database.get("OPTIONS", {}).get("isolation_level", "read committed")  # Django's default
    if "mysql" not in database["ENGINE"] or (level or "").lower() in ("read committed", "serializable"):
        return []
    hint = "Remove 'isolation_level' from the OPTIONS of DATABASES: Django then uses READ COMMITTED."
    message = f"MySQL's isolation level is {level}: a maintenance may be concluded without its newest notification."
    return [Error(message, hint=hint, id=f"{_PREFIX}.E013")]
