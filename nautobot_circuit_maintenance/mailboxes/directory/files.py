"""The files of a folder or a Maildir, each with a name that stays when a mail program marks the message."""

import os
import re
import stat
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

_FLAGS = re.compile(r"[:;!]2,")
"""Where the flags start in a name of a Maildir; programs for file systems without colons use another sign."""
_SETTLED = 2.0
"""Seconds after which a file in a folder counts as complete. In a Maildir, it is complete when it appears."""


_FOREIGN = 60.0
"""Seconds after which a file with another name is not one that will be renamed when it is complete."""


@dataclass(frozen=True)
class MessageFile:
    """A file with a message."""

    path: Path
    key: str
    """Its name without flags, in ASCII: a name may be any bytes."""
    size: int
    arrived: int
    """When it was put there or renamed (ctime, ns). Unlike its other times, no program can set it to an earlier one."""
    received: float
    """When it was written (mtime, s)."""


class StillWrittenError(OSError):
    """A file is not as it was when the folder was listed."""


def first_bytes(file: MessageFile, size: int) -> bytes:
    """Return the first bytes of a file; raises OSError.

    Anyone who may deliver could put a link to any file in its place, or a pipe that never ends: neither is opened.
    """
    descriptor = os.open(file.path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    with open(descriptor, "rb") as stream:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode) or status.st_size != file.size:
            raise StillWrittenError("it is still being written")
        return stream.read(size)


def is_elsewhere(folder: Path) -> bool:
    """Return whether messages seem to be there, but not as this kind reads them; raises OSError."""
    if (folder / "cur").is_dir() != (folder / "new").is_dir():
        return True
    with os.scandir(folder) as entries:
        names = [each for each in entries if not each.name.startswith(".") and each.is_file(follow_symlinks=False)]
        return any(each.stat().st_mtime < time.time() - _FOREIGN for each in names)


def message_files(folder: Path) -> Iterator[MessageFile]:
    """Yield the messages in a folder (*.eml) or a Maildir; raises OSError."""
    if (folder / "cur").is_dir() and (folder / "new").is_dir():
        for name in ("new", "cur"):
            yield from _files(folder / name, ending="", settled=float("inf"))
    else:
        yield from _files(folder, ending=".eml", settled=time.time() - _SETTLED)


def _files(folder: Path, *, ending: str, settled: float) -> Iterator[MessageFile]:
    """Yield the files that are neither links nor hidden nor empty, and that were written before a time."""
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.name.startswith(".") or not entry.name.lower().endswith(ending):
                continue
            try:
                status = entry.stat(follow_symlinks=False)
            except FileNotFoundError:  # entry.stat: removed, or renamed by a mail program
                continue
            if stat.S_ISREG(status.st_mode) and status.st_size and status.st_mtime <= settled:
                key = quote(os.fsencode(_FLAGS.split(entry.name)[0]), safe="")
                yield MessageFile(Path(entry.path), key, status.st_size, status.st_ctime_ns, status.st_mtime)
