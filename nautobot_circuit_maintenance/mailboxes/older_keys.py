"""Settings of the older package of this name: what became of each, so that an upgrade needs no change of the settings."""

from collections.abc import Iterator, Mapping
from typing import Any

from nautobot_circuit_maintenance.mailboxes.secret_settings import SettingsProblem

_ID = "W002"
_HINT = "Remove it once the older package is no longer needed."
_OF_THE_APP = {
    "raw_notification_size": "Whole messages are stored now, up to 'max_message_size'.",
    "metrics": "The app's metrics are always there; 'circuit_metric_labels' chooses their labels.",
    "overlap_job_exclude_no_impact": "The job 'Find Sites At Risk' has settings of its own.",
}
_OF_A_SOURCE = {
    "labels": "'folder' names the label now.",
    "extra_scopes": "The app asks for permission to read email, and for nothing else.",
    "limit_emails_with_not_header_from": "Messages are found by the addresses of the source's providers.",
    "access_type": "It was for Exchange Web Services, which Microsoft has retired.",
    "authentication_user": "It was for Exchange Web Services, which Microsoft has retired.",
}


def app_warnings(config: Mapping[str, Any]) -> Iterator[SettingsProblem]:
    """Yield what became of each older setting of the app."""
    for key in sorted(_OF_THE_APP.keys() & config.keys()):
        yield SettingsProblem(_ID, f"The older setting '{key}' is ignored. {_OF_THE_APP[key]}", _HINT)


def is_app_key(key: Any) -> bool:
    """Return whether the older package has this setting, and we do not."""
    return key in _OF_THE_APP


def is_older(entry: Any) -> bool:
    """Return whether the entry of a source was written for the older package."""
    return isinstance(entry, Mapping) and (not _OF_A_SOURCE.keys().isdisjoint(entry) or _is_ews(entry))


def translated(entry: Mapping[str, Any]) -> dict[str, Any]:
    """Return the entry of a source in our words."""
    own = {key: value for key, value in entry.items() if key not in _OF_A_SOURCE}
    label = _only_label(entry)
    return {**own, "folder": label} if label else own


def source_warnings(entry: Mapping[str, Any]) -> Iterator[SettingsProblem]:
    """Yield what became of each older setting of a source."""
    name = str(entry.get("name", ""))
    for key in sorted(_OF_A_SOURCE.keys() & entry.keys()):
        what = f"The older setting '{key}' of notification source '{name}'"
        if key == "labels" and _only_label(entry):
            yield SettingsProblem(_ID, f"{what} is used as 'folder'.", "Rename it to 'folder'.", name)
        else:
            yield SettingsProblem(_ID, f"{what} is ignored. {_OF_A_SOURCE[key]}", _HINT, name)
    if _is_ews(entry):
        message = f"Notification source '{name}' cannot be read: Microsoft has retired Exchange Web Services."
        yield SettingsProblem(
            _ID, message, "Use 'https://graph.microsoft.com' as its 'url': see 'Microsoft 365'.", name
        )


def _only_label(entry: Mapping[str, Any]) -> str:
    """Return the label of a source that has exactly one, and no folder."""
    labels = entry.get("labels")
    if (
        isinstance(labels, (list, tuple))
        and len(labels) == 1
        and isinstance(labels[0], str)
        and not entry.get("folder")
    ):
        return labels[0]
    return ""


def _is_ews(entry: Mapping[str, Any]) -> bool:
    return str(entry.get("url", "")).lower().startswith("ews://")
