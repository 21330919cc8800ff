"""Django system checks: what is wrong in PLUGINS_CONFIG, in words."""

from django.core.checks import Error, Warning as CheckWarning, register

from nautobot_circuit_maintenance.app_settings import get_app_settings

_PREFIX = "nautobot_circuit_maintenance"


def register_checks() -> None:
    """Have Django run the checks with every ``nautobot-server check``."""
    register(check_settings)


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
        if source.kind == "imap" and not source.tls
    ]
    return [*errors, *warnings]
