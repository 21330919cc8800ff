"""Mail layouts from Git repositories, so that a team keeps them under review."""

from pathlib import Path
from typing import Any

from nautobot.apps.datasources import DatasourceContent
from nautobot.extras.choices import LogLevelChoices

CONTENT = "nautobot_circuit_maintenance.maillayout"
FOLDER = "circuit_maintenance_layouts"
_GROUP = "mail layouts"
_MOST_FILES = 500


def refresh_mail_layouts(repository_record: Any, job_result: Any, delete: bool = False) -> None:
    """Import the layouts of a repository as drafts; what is live stays live while its file says the same.

    Layouts stay if their file or the repository is removed: they may be what reads the email of a provider.
    """
    if delete or CONTENT not in repository_record.provided_contents:
        return
    folder = Path(repository_record.filesystem_path) / FOLDER
    files = sorted([*folder.glob("*.yaml"), *folder.glob("*.yml")])[:_MOST_FILES]
    if not files:
        _log(job_result, f"There is no *.yaml file in {FOLDER}/.", LogLevelChoices.LOG_WARNING)
    for path in files:
        _import(path, job_result)


def _import(path: Path, job_result: Any) -> None:
    # What reads layouts is needed by workers only.
    from nautobot.circuits.models import Provider  # pylint: disable=import-outside-toplevel  # needs apps

    from nautobot_circuit_maintenance.pipeline.layouts import files  # pylint: disable=import-outside-toplevel  # above

    try:
        done = files.import_layouts(files.from_yaml(path.read_text("utf-8")), Provider.objects.all())
    except (OSError, UnicodeDecodeError, files.LayoutFileError) as error:
        _log(job_result, f"{path.name}: {error}", LogLevelChoices.LOG_ERROR)
        return
    counts = ", ".join(f"{len(layouts)} {result}" for result, layouts in done.items())
    _log(job_result, f"{path.name}: {counts}.", LogLevelChoices.LOG_INFO)


def _log(job_result: Any, message: str, level: str) -> None:
    job_result.log(message, level_choice=level, grouping=_GROUP)


datasource_contents = [
    (
        "extras.gitrepository",
        DatasourceContent(
            name="mail layouts",
            content_identifier=CONTENT,
            icon="mdi-email-search-outline",
            callback=refresh_mail_layouts,
        ),
    )
]
