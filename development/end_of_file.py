"""Correct files so that they end with exactly one line end and no line ends with a space; fail if one was wrong."""

import re
import sys
from pathlib import Path

_TRAILING = re.compile(rb"[ \t]+(?=\r?\n)")


def corrected(content: bytes, *, keeps_spaces: bool = False) -> bytes:
    """Return the corrected content. ``keeps_spaces`` is for Markdown, where two spaces at the end are a line break."""
    content = content if keeps_spaces else _TRAILING.sub(b"", content)
    return content.rstrip(b"\r\n") + b"\n" if content.strip() else content


def main(names: list[str]) -> int:
    """Correct the files, print those that were wrong, and return the exit code."""
    wrong = []
    for path in map(Path, names):
        content = path.read_bytes()
        right = corrected(content, keeps_spaces=path.suffix == ".md")
        if right != content:
            path.write_bytes(right)
            wrong.append(path)
    print("".join(f"corrected: {path}\n" for path in wrong), end="")
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
