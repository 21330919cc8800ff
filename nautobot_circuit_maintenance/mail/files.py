"""Messages from files: single ones, folders, Maildir, mbox, standard input."""

import mailbox
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from nautobot_circuit_maintenance.domain.errors import MailboxError
from nautobot_circuit_maintenance.mail.headers import MAX_HEADER_BYTES, parse_header
from nautobot_circuit_maintenance.mail.message import MailMessage

STANDARD_INPUT = "-"
_SUFFIXES = (".eml", ".emlx", ".mbox")
_MBOX_START = b"From "
_SHORTEST = 20


_KINDS = (
    (b"\xd0\xcf\x11\xe0", "it looks like an Outlook .msg file; save it as .eml"),
    (b"\x1f\x8b", "it is compressed with gzip; unpack it first"),
    (b"PK\x03\x04", "it is a zip archive; unpack it first"),
    (b"%PDF", "it is a PDF"),
)
"""What files that are not messages start with."""


class FileMessage(NamedTuple):
    """A message, and where it was found."""

    name: str
    """The path, followed by the key if the file contains several messages; "-" is standard input."""
    message: MailMessage
    problem: str = ""
    """Why it is not a message; empty if it is one."""


def read_messages(paths: list[str], max_message_size: int) -> Iterator[FileMessage]:
    """Yield the messages of these files, folders (*.eml, *.emlx, *.mbox), Maildirs and mboxes; "-" is standard input.

    Of a message over the size limit (bytes) only the header is kept. Raises MailboxError for a path that cannot be read
    or contains no messages.
    """
    for path in paths:
        if path == STANDARD_INPUT:
            yield read_message(STANDARD_INPUT, sys.stdin.buffer.read(), max_message_size)
            continue
        files = _files(Path(path))
        if not files:
            sentence = f"{path} contains no messages (expected *.eml or *.mbox files, or a Maildir)."
            raise MailboxError("FILE-01", sentence)
        for file in files:
            yield from _messages(file, max_message_size)


def _files(path: Path) -> list[Path]:
    """Return the files of a path in the order of their names."""
    if not path.is_dir():
        return [path]
    if (path / "cur").is_dir() and (path / "new").is_dir():
        return sorted(file for part in ("cur", "new") for file in (path / part).iterdir() if file.is_file())
    return sorted(file for file in path.rglob("*") if file.suffix.lower() in _SUFFIXES and file.is_file())


def _messages(file: Path, max_message_size: int) -> Iterator[FileMessage]:
    try:
        with open(file, "rb") as stream:
            is_mbox = stream.read(len(_MBOX_START)) == _MBOX_START
            stream.seek(0)
            raw = b"" if is_mbox else stream.read(max(max_message_size, MAX_HEADER_BYTES) + 1)
        size = file.stat().st_size
    except OSError as error:
        raise MailboxError("FILE-02", f"{file} cannot be read: {error.strerror}.") from error
    if not is_mbox:
        yield read_message(str(file), raw, max_message_size, size)
        return
    box = mailbox.mbox(file, create=False)
    for key in box.iterkeys():
        yield read_message(f"{file}#{key}", box.get_bytes(key), max_message_size)
    box.close()


def read_message(name: str, raw: bytes, max_message_size: int, size: int | None = None) -> FileMessage:
    """Read a message whose time of receipt is only in its own header; the size is that of the file, if not all is read."""
    size = len(raw) if size is None else size
    if size > max_message_size:
        return FileMessage(name, MailMessage.oversize(raw[:MAX_HEADER_BYTES], size=size))
    return FileMessage(name, MailMessage.from_bytes(raw), _problem(raw))


def _problem(raw: bytes) -> str:
    """Return why bytes are not a message; empty if they have a header."""
    for start, what in _KINDS:
        if raw.startswith(start):
            return f"FILE-03: This is not a message: {what}."
    if len(raw) > _SHORTEST and b"\n" not in raw.strip():
        return "FILE-04: This is not a message: it has no line ends. If it was sent with curl, use --data-binary."
    if not parse_header(raw).keys():
        return "FILE-05: This is not a message: it has no header."
    return ""
