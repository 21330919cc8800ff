"""Django system checks of PLUGINS_CONFIG and the database."""

from importlib.util import find_spec

from django.conf import settings as django_settings
from django.core.checks import Error, Warning as CheckWarning, register
from django.db import DatabaseError

from nautobot_circuit_maintenance import unmigrated
from nautobot_circuit_maintenance.app_settings import get_app_settings
from nautobot_circuit_maintenance.channel_settings.chat import ChatSettings
from nautobot_circuit_maintenance.domain.errors import RiskError

_PREFIX = "nautobot_circuit_maintenance"


def register_checks() -> None:
    """Have Django run the checks with every ``nautobot-server check``."""
    register(check_settings)
    register(check_isolation)
    register(check_parser_library)
    register(check_risk_settings)
    register(check_metric_settings)
    register(check_dkim_libraries)
    register(check_chat_library)
    register(check_tables)


def check_settings(**_kwargs) -> list[Error | CheckWarning]:
    """Report each mistake in the settings, each of the older package, and what sends its password in clear text."""
    settings = get_app_settings()
    found = [(each, CheckWarning if each.is_warning else Error) for each in settings.problems]
    found += [(each, CheckWarning) for each in settings.warnings]
    problems = [level(each.message, hint=each.hint, id=f"{_PREFIX}.{each.id}") for each, level in found]
    warnings = [
        CheckWarning(
            f"Notification source '{source.name}' sends its password without TLS (clear text).",
            hint='Remove "tls": False, or use "starttls": True.',
            id=f"{_PREFIX}.W001",
        )
        for source in settings.sources
        if source.sends_clear_text
    ]
    warnings += [
        CheckWarning(
            f"Channel '{channel.name}' sends its password without TLS (clear text).",
            hint='Use https://, or remove "tls": False.',
            id=f"{_PREFIX}.W004",
        )
        for channel in settings.channels.entries
        if channel.sends_clear_text
    ]
    return [*problems, *warnings]


def check_isolation(**_kwargs) -> list[Error]:
    """Reject a MySQL isolation level whose transactions never see what others commit in the meantime.

    A worker that waited for a maintenance would conclude it without what the worker before it has stored.
    """
    database = django_settings.DATABASES["default"]
    level = database.get("OPTIONS", {}).get("isolation_level", "read committed")  # Django's default
    if "mysql" not in database["ENGINE"] or (level or "").lower() in ("read committed", "serializable"):
        return []
    hint = "Remove 'isolation_level' from the OPTIONS of DATABASES: Django then uses READ COMMITTED."
    message = f"MySQL's isolation level is {level}: a maintenance may be built without its latest notification."
    return [Error(message, hint=hint, id=f"{_PREFIX}.E013")]


def check_parser_library(**_kwargs) -> list[Error]:
    """Reject a parser library that lacks what we replace: it would read the time zones of one message into the next."""
    # pylint: disable-next=import-outside-toplevel  # not at each start
    from nautobot_circuit_maintenance.reading import library

    hint = "Install the versions of circuit-maintenance-parser and icalendar that the app's package asks for."
    return [
        Error(f"The parser library does not fit: {missing}.", hint=hint, id=f"{_PREFIX}.E019")
        for missing in library.missing_attributes()
    ]


def check_dkim_libraries(**_kwargs) -> list[Error]:
    """Report sources whose signatures cannot be verified for want of the libraries; all that need them is refused."""
    # pylint: disable-next=import-outside-toplevel  # not at each start
    from nautobot_circuit_maintenance.mail.dkim.fallback import missing_libraries

    verifying = get_app_settings().verifying_sources
    missing = missing_libraries() if verifying else []
    if not missing:
        return []
    message = f"Notification source '{min(verifying)}' has 'dkim', but its libraries are not installed."
    hint = "Install the app's extra 'dkim' (pip install dkimpy publicsuffixlist), or remove 'dkim'."
    return [Error(message, hint=hint, id=f"{_PREFIX}.E021")]


def check_chat_library(**_kwargs) -> list[Error]:
    """Report channels that lead to a chat service while the library is missing; all their messages would wait."""
    chats = [channel.name for channel in get_app_settings().channels.entries if channel.kind == ChatSettings.kind]
    if not chats or find_spec("apprise"):
        return []
    message = f"Channel '{min(chats)}' leads to a chat service, but the library apprise is not installed."
    hint = "Install the app's extra 'chat' (pip install apprise), or remove the channel."
    return [Error(message, hint=hint, id=f"{_PREFIX}.E054")]


def check_risk_settings(**_kwargs) -> list[Error]:
    """Reject settings about the risk that name what the database does not have; without a database nothing is checked."""
    settings = get_app_settings().risk
    if settings.problems or not settings.needs_lookup:  # mistakes in their form are reported above
        return []
    # pylint: disable-next=import-outside-toplevel  # needs the models, and not at each start
    from nautobot_circuit_maintenance.analysis.risk.counted import look_up

    try:
        circuits = look_up(settings).circuits
        if circuits.exists() or not circuits.model.objects.exists():
            return []
        hint = "Use a filter that finds the circuits whose loss matters."
        return [Error("The setting 'risk_circuits' selects no circuit.", hint=hint, id=f"{_PREFIX}.E035")]
    except RiskError as error:
        return [Error(error.message, hint=error.hint, id=f"{_PREFIX}.E034")]
    except DatabaseError:  # of look_up(): there is no database yet, or it is not migrated
        return []


def check_metric_settings(**_kwargs) -> list[Error]:
    """Reject labels of circuits that name a field which circuits do not have, or have several values of."""
    # pylint: disable-next=import-outside-toplevel  # needs the models, and not at each start
    from nautobot_circuit_maintenance.analysis.circuit_states import what_is_wrong_with

    labels = get_app_settings().metrics.circuit_labels
    wrong = {label: what_is_wrong_with(field) for label, field in labels.items()}
    hint = "Use a field with one value, as filters name it: 'cid', 'provider__name', 'cf_<key of a custom field>'."
    return [
        Error(f"The label '{label}' in 'circuit_metric_labels': {sentence}", hint=hint, id=f"{_PREFIX}.E073")
        for label, sentence in wrong.items()
        if sentence
    ]


def check_tables(**_kwargs) -> list[CheckWarning]:
    """Warn that the app is installed but not migrated; not an error, because migrating runs the checks first."""
    if not unmigrated.is_hidden():
        return []
    return [
        CheckWarning(
            unmigrated.WHAT_TO_RUN,
            hint="See 'Coming from the older package' if you come from it.",
            id=f"{_PREFIX}.W003",
        )
    ]
