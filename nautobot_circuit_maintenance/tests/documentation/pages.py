"""The pages of the documentation, and the examples in them."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
DOCS = ROOT / "docs"
_FENCE = re.compile(r"^(?P<indent> *)(?P<ticks>`{3,}|~{3,})(?P<info>.*)$")
_INFO = re.compile(r"(?P<language>[a-z]+)(?: title=\"[^\"]+\")?")
_RUN_BY = re.compile(r"<!-- run by: (\S+) -->")


@dataclass(frozen=True)
class Example:
    """A fenced block."""

    page: Path
    line: int
    language: str
    """Empty where none is written, or something else is beside it."""
    text: str
    run_by: str
    """Another test that runs it, named in a comment above the fence; empty if this package does."""

    def __str__(self) -> str:
        return f"{self.page.relative_to(ROOT)}:{self.line}"


def pages() -> list[Path]:
    """List what people read; fragments of the release notes and generated pages have no examples of their own."""
    mine = [path for path in DOCS.rglob("*.md") if path.relative_to(DOCS).parts[0] not in ("changes", "reference")]
    return [ROOT / "README.md", ROOT / "FAQ.md", *sorted(mine)]


def tree() -> set[str]:
    """List files and folders of the clone, these with a slash at their end; nothing hidden."""
    found = [*ROOT.glob("[!.]*"), *ROOT.glob("[!.]*/**/*")]
    return {f"{path.relative_to(ROOT)}{'/' if path.is_dir() else ''}" for path in found}


def examples(page: Path) -> list[Example]:
    """List the fenced blocks of a page."""
    return list(_examples(page, page.read_text(encoding="utf-8").splitlines()))


def _examples(page: Path, lines: list[str]) -> Iterator[Example]:
    rest = iter(enumerate(lines, start=1))
    above = ""
    for number, line in rest:
        fence = _FENCE.match(line)
        if not fence:
            above = line.strip() or above
            continue
        inside = []
        for _, each in rest:
            if each.strip() == fence["ticks"]:
                break
            inside.append(each.removeprefix(fence["indent"]))
        info, comment = _INFO.fullmatch(fence["info"].strip()), _RUN_BY.fullmatch(above)
        yield Example(page, number, info["language"] if info else "", "\n".join(inside), comment[1] if comment else "")
        above = ""
