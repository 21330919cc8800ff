"""Settings of a source that reads a folder of files, or a Maildir."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, ClassVar
from urllib.parse import SplitResult, unquote, urlsplit

from nautobot_circuit_maintenance.mailboxes.secret_settings import SettingsProblem
from nautobot_circuit_maintenance.mailboxes.settings import SourceSettings


@dataclass(frozen=True)
class DirectorySettings(SourceSettings):
    """The folder."""

    kind: ClassVar[str] = "directory"
    url_example: ClassVar[str] = "file:///path for a folder or a Maildir"

    @classmethod
    def reads(cls, url: SplitResult) -> bool:
        """Return whether this is the URL of a folder on this machine."""
        return url.scheme == "file" and url.netloc in ("", "localhost") and len(url.path) > 1

    @classmethod
    def problems(cls, entry: Mapping[str, Any]) -> Iterator[SettingsProblem]:
        """Yield what is wrong, a folder included that is not below the path of the URL."""
        yield from super().problems(entry)
        folder = PurePosixPath(entry.get("folder", "INBOX"))
        if folder.is_absolute() or ".." in folder.parts:
            message = f"'folder' of notification source '{entry['name']}' is not below the path of its url: {folder}"
            yield SettingsProblem("E024", message, "Use a name such as 'Colt', or another url.", entry["name"])

    @property
    def path(self) -> Path:
        """The folder; a name below it is that of a folder in it, or as Maildir++ has it: ".Carriers.Colt"."""
        root = Path(unquote(urlsplit(self.url).path))
        if self.folder.upper() == "INBOX":
            return root
        maildir = root / f".{self.folder.replace('/', '.')}"
        return maildir if maildir.is_dir() else root / self.folder

    def describe_connection(self) -> dict[str, str]:
        """Return the path."""
        return {"Path": str(self.path)}
